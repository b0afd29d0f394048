"""A job on a machine of a cluster: taken up, worked on, and never by two at once.

Whoever had it before is waited for: a process of this machine until it is gone, one of another
machine until its heartbeat has stood still. Then the same worker starts as everywhere else.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from core.errors import JobError
from core.jobs import ending, machine, orders, states
from core.paths import JobDir
from core.progress import HEARTBEAT_S, Progress
from core.records import JobStatus

LOOK_EVERY_S = 0.5
MOST_DEATHS = 3
"""A worker that dies this often on one machine without a word will do so again."""
PREDECESSOR_S = 20.0
"""A worker on this machine whose parent is gone ends by itself within this."""


def run(job_dir: JobDir, environment: Mapping[str, str]) -> None:
    """Work on the job until it has ended, or until it is the cluster's no longer.

    `environment` tells the worker its device. The worker ends with this process.
    """
    for _ in range(MOST_DEATHS):
        last = _free(job_dir)
        if last is None:
            return
        if job_dir.stop.exists():
            Progress(job_dir, last).finish("cancelled", message="Cancelled.")
            return
        orders.take_up(job_dir, last)
        _worker(job_dir, environment)
    last = _free(job_dir)
    if last is not None:
        Progress(job_dir, last).finish(
            "failed",
            "killed",
            f"Its process on {machine.host()} was ended from outside {MOST_DEATHS} times, perhaps "
            "because the memory did not suffice. log.txt in the job's folder may tell more.",
        )


def _free(job_dir: JobDir) -> JobStatus | None:
    """Return how the job stood when its last worker was gone; None where there is nothing to do."""
    began = time.monotonic()
    beat, heard = -1.0, began
    while True:
        last = states.written_status(job_dir)
        if last.state not in states.OPEN or not last.cluster:
            return None
        if last.pid is None:
            return last
        if last.host == machine.host() and machine.is_this_boot(last.boot_id):
            if not machine.alive(last.pid, last.pid_started):
                return last
            if time.monotonic() - began > PREDECESSOR_S:
                ending.signal_worker(job_dir, getattr(signal, "SIGKILL", signal.SIGTERM))
        elif last.heartbeat != beat:
            # Seen to stand still by this machine's clock: those of two machines may differ.
            beat, heard = last.heartbeat, time.monotonic()
        elif time.monotonic() - heard > states.SILENT_S:
            return last
        time.sleep(LOOK_EVERY_S)


def _worker(job_dir: JobDir, environment: Mapping[str, str]) -> None:
    """Run the worker to its end; the pipe tells it when this process is gone."""
    with orders.process(
        job_dir, "worker", stdin=subprocess.PIPE, environment=environment
    ) as worker:
        worker.wait()


def tie(job_dir: JobDir, mine: JobStatus) -> None:
    """End this worker with the process that started it, and when another has taken the job up.

    The first is told by the end of standard input. The second can happen to a machine that stood
    still or was cut off for a minute: of two that wrote, the one that wrote last goes on.
    """
    for watch in (_until_parent_ends, lambda: _until_taken(job_dir, mine)):
        threading.Thread(target=_end_after, args=(watch,), daemon=True).start()


def _end_after(watch: Callable[[], None]) -> None:
    watch()
    if hasattr(os, "killpg"):
        os.killpg(os.getpgid(0), signal.SIGKILL)
    else:
        os.kill(os.getpid(), signal.SIGTERM)  # on Windows this ends a process at once


def _until_parent_ends() -> None:
    while os.read(0, 1):
        pass


def _until_taken(job_dir: JobDir, mine: JobStatus) -> None:
    while True:
        time.sleep(HEARTBEAT_S)
        with suppress(JobError, OSError):  # the share may be away for a moment
            now = states.written_status(job_dir)
            if (now.pid, now.host, now.pid_started) != (mine.pid, mine.host, mine.pid_started):
                return
