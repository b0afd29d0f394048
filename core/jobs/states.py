"""How jobs stand; whoever looks finds out what is lost, nobody writes it."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from core import progress
from core.errors import JobError, StudyError
from core.jobs import machine
from core.paths import JobDir, StudyDir, Workspace
from core.records import Event, JobRequest, JobStatus, read

OPEN = ("queued", "running")
"""States of jobs that have not ended."""
STARTING_S = 60.0
"""A process on a busy machine may need this long until it writes its first word."""
SILENT_S = 60.0
"""A job on another machine is lost when its heartbeat is older: thirty beats missed."""
LOOK_EVERY_S = 0.2
LOG_END_BYTES = 2**16
BEGINS = "A worker begins."
"""What each worker writes first into log.txt."""
CRASHED = "Fatal Python error"
"""Where native code gives up, Python can only tell where it was."""
NO_MEMORY = ("memory allocation of", "bad_alloc", "allocate memory")
WAITS = "Waiting for a machine of the cluster"


def status(job_dir: JobDir) -> JobStatus:
    """Return how the job stands, with `lost` (or `cancelled`) found out by looking.

    Raises JobError where the folder holds no job.
    """
    written = written_status(job_dir)
    if written.state not in OPEN or lives(written):
        return written
    if job_dir.stop.exists():
        return replace(written, state="cancelled", message="Cancelled.", remaining_s=None)
    if written.cluster and _is_kept(job_dir):
        waits = WAITS
        if written.pid is not None:
            waits = f"{waits}: {written.host} is gone, another goes on from the last checkpoint"
        return replace(written, state="queued", remaining_s=None, message=waits)
    cause, message = _death(job_dir, written.kind)
    return replace(written, state="lost", remaining_s=None, cause=cause, message=message)


def written_status(job_dir: JobDir) -> JobStatus:
    """Return what the worker wrote last; JobError where the folder holds no job."""
    try:
        return read(job_dir.status, JobStatus)
    except StudyError as error:
        raise JobError(f"there is no job in {job_dir.root}: {error}") from error


def request(job_dir: JobDir) -> JobRequest:
    """Return what was ordered."""
    return read(job_dir.request, JobRequest)


def listing(workspace: Workspace, study: str | None = None) -> list[JobStatus]:
    """Return all jobs of the workspace or of one study, newest first.

    Without those whose status cannot be read: `damaged` tells of them.
    """
    folders = [workspace.study(study)] if study else workspace.study_dirs()
    found = []
    for job_dir in (each for folder in folders for each in job_dirs(folder)):
        with suppress(JobError):
            found.append(status(job_dir))
    return sorted(found, key=lambda each: (each.created, each.id), reverse=True)


def damaged(workspace: Workspace) -> list[str]:
    """Return a sentence for each job of the workspace whose status cannot be read."""
    told = []
    for job_dir in (each for folder in workspace.study_dirs() for each in job_dirs(folder)):
        try:
            written_status(job_dir)
        except JobError as error:
            told.append(
                f"{error}. The job is left out of every list; put this file back from a copy, or "
                "delete the job's folder."
            )
    return told


def job_dirs(study_dir: StudyDir) -> list[JobDir]:
    """Return the folders of all jobs of a study, oldest first."""
    return [JobDir(path.parent) for path in sorted(study_dir.jobs.glob("*/status.json"))]


def events(job_dir: JobDir, offset: int = 0) -> tuple[list[Event], int]:
    """Return the events after `offset`, and the offset to go on from."""
    return progress.events(job_dir.events, offset)


def wait(job_dir: JobDir, on_status: Callable[[JobStatus], None] | None = None) -> JobStatus:
    """Return how the job ended; `on_status` hears of it five times a second."""
    while True:
        now = status(job_dir)
        if on_status is not None:
            on_status(now)
        if now.state not in OPEN:
            return now
        time.sleep(LOOK_EVERY_S)


def lives(job: JobStatus) -> bool:
    """Return whether the job's process lives, or may still be starting."""
    if job.pid is None:
        return time.time() - max(job.created, job.heartbeat) < STARTING_S
    if job.host != machine.host():
        return time.time() - job.heartbeat < SILENT_S
    return machine.is_this_boot(job.boot_id) and machine.alive(job.pid, job.pid_started)


def _death(job_dir: JobDir, kind: str) -> tuple[str | None, str]:
    """Return the cause, where it can be known, and the sentence for a process that is gone."""
    told = _last_words(job_dir)
    if CRASHED not in told:
        again = "go on from its last checkpoint" if kind == "train" else "begin anew"
        return None, (
            "The process of this job is gone (killed, or the machine was restarted). "
            f"Resume it to {again}."
        )
    if any(sign in told for sign in NO_MEMORY):
        return "out_of_memory", (
            "The memory did not suffice, and the system ended the process. Close other "
            "programs and resume it, or start again with a smaller pipeline."
        )
    return "error", (
        "The process of this job crashed, perhaps because the memory did not suffice; log.txt in "
        "the job's folder tells where. Close other programs and resume it."
    )


def _last_words(job_dir: JobDir) -> str:
    """Return the end of what the last worker wrote into its log."""
    try:
        with job_dir.log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - LOG_END_BYTES))
            told = log.read().decode(errors="replace")
    except OSError:
        return ""
    return told.rpartition(BEGINS)[2]


def _is_kept(job_dir: JobDir) -> bool:
    try:
        return time.time() - job_dir.keeper.stat().st_mtime < SILENT_S
    except FileNotFoundError:
        return False
