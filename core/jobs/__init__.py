"""Work in processes of its own: ordered, watched, cancelled, resumed through files alone.

orders.py   start, resume, restart_queued: a folder and a worker process
states.py   status (lost is derived), listing, damaged, events, wait
ending.py   cancel, finish_early
address.py  which cluster jobs go to; nothing where they stay on this machine
keeper.py   the process that hands a job to the cluster and keeps an eye on it
cluster.py  the door of Ray: a job's place on a cluster
attempt.py  a job on one machine of the cluster, never on two at once
turns.py    who may use the device next
machine.py  which host, which boot, is this process alive
worker.py   the process itself: `python -m core.jobs.worker JOB_DIR`
work.py     what each kind of job does
"""

from core.jobs.ending import cancel, finish_early
from core.jobs.orders import restart_queued, resume, start
from core.jobs.states import damaged, events, listing, status, wait

__all__ = [
    "cancel",
    "damaged",
    "events",
    "finish_early",
    "listing",
    "restart_queued",
    "resume",
    "start",
    "status",
    "wait",
]
