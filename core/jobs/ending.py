"""Ending a job early: politely, then firmly."""

import os
import signal
import time
from contextlib import suppress

from core.errors import JobError
from core.jobs import machine, states
from core.paths import JobDir
from core.records import JobStatus

GRACE_S = 15.0
"""A step, its validation and a checkpoint end within this on the slowest machine measured."""
TERM_S = 5.0
"""From SIGTERM to SIGKILL: one long step in native code may keep Python from hearing the first."""


def cancel(job_dir: JobDir, *, grace_s: float = GRACE_S) -> JobStatus:
    """Stop the job, queued or running, and return how it ended.

    The worker is asked first and writes its state; after `grace_s` its process group gets SIGTERM,
    then SIGKILL. A job on another machine is only asked. JobError where it has ended already.
    """
    now = states.status(job_dir)
    if now.state not in states.OPEN:
        raise JobError(f"job {job_dir.id} has ended already: {now.state}")
    job_dir.stop.touch()
    if _ended_within(job_dir, grace_s):
        return states.status(job_dir)
    signal_worker(job_dir, signal.SIGTERM)
    if not _ended_within(job_dir, TERM_S):
        signal_worker(job_dir, getattr(signal, "SIGKILL", signal.SIGTERM))  # Windows has no SIGKILL
        _ended_within(job_dir, TERM_S)
    return states.status(job_dir)


def finish_early(job_dir: JobDir) -> None:
    """Ask a running training to learn no more, and to score the best weights so far.

    It ends as finished, within what its tuning and report take. JobError where it does not run.
    """
    now = states.status(job_dir)
    if now.state != "running" or now.kind != "train":
        raise JobError(
            f"job {job_dir.id} is {now.state}: only a running training can be finished early"
        )
    job_dir.enough.touch()


def _ended_within(job_dir: JobDir, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while states.status(job_dir).state in states.OPEN:
        if time.monotonic() >= end:
            return False
        time.sleep(0.1)
    return True


def signal_worker(job_dir: JobDir, number: int) -> None:
    """Signal the worker's whole group: its children are in it, nobody else is."""
    job = states.written_status(job_dir)
    ours = job.host == machine.host() and machine.is_this_boot(job.boot_id)
    if job.pid is None or not ours or not machine.alive(job.pid, job.pid_started):
        return
    with suppress(ProcessLookupError):  # it ended meanwhile
        if hasattr(os, "killpg"):
            os.killpg(job.pid, number)
        else:
            os.kill(job.pid, number)
