"""One job's process: `python -m core.jobs.worker JOB_DIR`.

It talks to the world through the files of its folder and never opens the library.
"""

import faulthandler
import os
import signal
import sys
import time
import traceback
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import filelock

from core.errors import AIxCellError, RunError
from core.jobs import attempt, machine, states, turns
from core.jobs.work import NEEDS_TURN, WORK, Order
from core.paths import JobDir, StudyDir
from core.progress import Progress, Stopped
from core.records import JobRequest, is_disk_full, throw_away_drafts

PREDECESSOR_S = 20.0
"""How long the process of an earlier attempt may take to go after it has written its end."""

DRAFT_S = 2.0
"""Nobody writes longer on one of the small files that others than the worker write."""

EARLY = "Ended early, as asked; the best weights so far were scored."


class Terminated(BaseException):
    """The process was told to end by a signal."""


def main(arguments: list[str]) -> int:
    """Do the job in the folder; return 0 where it finished, 1 otherwise.

    Does nothing where another worker has the job: two who look at the same moment may both start
    a queued one.
    """
    sys.stderr.write(f"{states.BEGINS}\n")
    sys.stderr.flush()
    faulthandler.enable()
    signal.signal(signal.SIGTERM, _terminate)
    job_dir = JobDir(Path(arguments[0]).resolve())
    try:
        with filelock.FileLock(job_dir.root / ".worker.lock", timeout=PREDECESSOR_S):
            return _alone(job_dir)
    except filelock.Timeout:
        return 1


def _alone(job_dir: JobDir) -> int:
    if states.written_status(job_dir).state != "queued":
        return 1
    request = states.request(job_dir)
    status = replace(
        states.written_status(job_dir),
        pid=os.getpid(),
        pid_started=machine.start_time(os.getpid()),
        host=machine.host(),
        boot_id=machine.boot_id(),
        device=machine.device(),
    )
    with Progress(job_dir, status) as progress:
        progress.update()
        if status.cluster:
            attempt.tie(job_dir, status)
        throw_away_drafts(job_dir.root, older_than_s=DRAFT_S)
        return _end(job_dir, request, progress)


def _end(job_dir: JobDir, request: JobRequest, progress: Progress) -> int:
    """Do the work and write how it ended, whatever happens."""
    try:
        _work(job_dir, request, progress)
    except Stopped:
        progress.finish("cancelled", message="Cancelled.")
    except Terminated:
        if job_dir.stop.exists():
            progress.finish("cancelled", message="Cancelled.")
        # A machine that goes down ends all: what only waited is queued still, and starts again.
        elif progress.status.state != "queued":
            progress.finish("failed", "killed", "The process was ended from outside.")
    except Exception as error:  # noqa: BLE001 - the one place that tells every failure of a job
        cause, sentence = reason(error)
        if cause == "disk_full":
            progress.use_reserve()
        traceback.print_exc()
        progress.finish("failed", cause, sentence)
    else:
        asked = progress.enough() and request.kind == "train"
        progress.finish("finished", message=EARLY if asked else "Done.")
    return 0 if progress.status.state == "finished" else 1


def _work(job_dir: JobDir, request: JobRequest, progress: Progress) -> None:
    """Wait for the turn where the kind needs one, then work."""
    arrived = time.time()

    def look(before: int) -> None:
        progress.check_stop()
        progress.stage("starting", f"Waiting for its turn; {before} in front")

    needs_turn = request.kind in NEEDS_TURN
    waiting = (
        turns.turn(job_dir, machine.device(), request.created, look)
        if needs_turn
        else nullcontext()
    )
    with waiting as slot:
        progress.check_stop()
        if slot is not None:
            machine.occupy(slot)
            progress.update(device=slot.device)
        waited = time.time() - arrived
        began = _budget_from(request, progress) + (waited if waited > turns.LOOK_EVERY_S else 0.0)
        progress.update(state="running", started=time.time(), message="Starting", budget_from=began)
        progress.event("state", state="running", device=progress.status.device)
        order = Order(
            study_dir=StudyDir(job_dir.root.parent.parent),
            job_dir=job_dir,
            request=request,
            progress=progress,
            budget_from=began,
        )
        WORK[request.kind](order)


def _budget_from(request: JobRequest, progress: Progress) -> float:
    """Return when the budget began to count, before what was waited now."""
    resumed = progress.status.budget_from
    return resumed if resumed is not None else request.options.get("ordered", request.created)


def reason(error: Exception) -> tuple[str, str]:
    """Return the cause (one of core.records.CAUSES) and a plain sentence."""
    if isinstance(error, RunError):
        return error.cause, str(error)
    if isinstance(error, AIxCellError):
        return "bad_input", str(error)
    text = str(error).lower()
    if isinstance(error, MemoryError) or "out of memory" in text or "allocate memory" in text:
        return "out_of_memory", (
            "The memory did not suffice. Close other programs, or choose a smaller pipeline."
        )
    if is_disk_full(error):
        return "disk_full", (
            "The disk is full. Free some space and resume: it goes on from its last checkpoint."
        )
    return "error", (
        f"The program made a mistake ({type(error).__name__}: {error}). "
        "log.txt in the job's folder tells where."
    )


def _terminate(number: int, frame: object) -> None:
    raise Terminated


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
