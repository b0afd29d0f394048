"""Work in processes of its own: ordered, watched, cancelled, resumed through files alone.

orders.py   start, resume, restart_queued: a folder and a worker process
states.py   status (lost is derived), listing, events, wait
ending.py   cancel, finish_early
turns.py    who may use the device next
machine.py  which host, which boot, is this process alive
worker.py   the process itself: `python -m core.jobs.worker JOB_DIR`
work.py     what each kind of job does
"""

from core.jobs.ending import cancel, finish_early
from core.jobs.orders import restart_queued, resume, start
from core.jobs.states import events, listing, status, wait

__all__ = [
    "cancel",
    "events",
    "finish_early",
    "listing",
    "restart_queued",
    "resume",
    "start",
    "status",
    "wait",
]
