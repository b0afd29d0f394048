"""Whose turn it is: trainings use the devices one after the other, in the order they came.

No daemon: ticket files give the order, a lock file for each slot gives the turn, and the system
frees the lock when its process dies. Both lie outside any workspace, because the devices are shared
by all. Trainings of one account take turns: the jobs of another cannot be looked at.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from core.errors import JobError
from core.jobs import machine, states
from core.paths import JobDir
from core.records import write_bytes

LOOK_EVERY_S = 0.2


def folder() -> Path:
    """Return where tickets and locks lie: AIXCELL_TURNS, else below the system's temp folder."""
    named = os.environ.get("AIXCELL_TURNS")
    if named:
        return Path(named)
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "")
    return Path(tempfile.gettempdir()) / f"aixcell-turns-{user}"


def draw(job_dir: JobDir, device: str, created: float) -> Path:
    """Put the job's ticket into the queue and return it; who was created first goes first."""
    ticket = _place(device) / f"{created:017.6f}_{job_dir.id}.ticket"
    with _of_this_account():
        write_bytes(ticket, str(job_dir.root).encode())
    return ticket


@contextmanager
def turn(
    job_dir: JobDir, device: str, created: float, look: Callable[[int], None]
) -> Iterator[machine.Slot]:
    """Wait for a slot of the device, hold it, and tell which it is.

    `look(before)` is called while waiting, with the number of jobs in front; it may raise to give
    up.
    """
    ticket = draw(job_dir, device, created)
    slots = machine.slots()
    held: filelock.BaseFileLock | None = None
    try:
        while True:
            with _of_this_account():
                before = _before(ticket)
                # Whoever has as many in front as there are slots cannot be next.
                for slot in slots if before < len(slots) else ():
                    held = _taken(_place(device) / f"{slot.name}.lock")
                    if held is not None:
                        break
            if held is not None:
                break
            look(max(before - len(slots) + 1, 1))
            time.sleep(LOOK_EVERY_S)
        yield slot
    finally:
        ticket.unlink(missing_ok=True)
        if held is not None:
            held.release()


def _place(device: str) -> Path:
    return folder() / f"{machine.host()}-{device}"


@contextmanager
def _of_this_account() -> Iterator[None]:
    """Tell in words that others take turns in the folder, too: their files may not be read."""
    try:
        yield
    except PermissionError as error:
        raise JobError(
            f"{error.filename or folder()} may not be read or changed by this account. Trainings "
            "of one account take turns: let AIXCELL_TURNS name a folder of its own, or leave it out"
        ) from error


def _taken(path: Path) -> filelock.BaseFileLock | None:
    lock = filelock.FileLock(path)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return None
    return lock


def _before(mine: Path) -> int:
    """Return how many living jobs are in front; tickets of ended ones are thrown away."""
    count = 0
    for ticket in sorted(mine.parent.glob("*.ticket")):
        if ticket.name >= mine.name:
            break
        if _waits(ticket):
            count += 1
        else:
            ticket.unlink(missing_ok=True)
    return count


def _waits(ticket: Path) -> bool:
    try:
        job_dir = JobDir(Path(ticket.read_text()))
        return states.status(job_dir).state in states.OPEN
    except (FileNotFoundError, JobError):  # ended or deleted meanwhile
        return False
