"""How a job tells what it does: its state, its events, and the file that asks it to stop."""

import os
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from core.paths import JobDir
from core.records import Event, JobStatus, write

HEARTBEAT_S = 2.0
"""A worker in the middle of a long step still says that it lives."""
STATUS_EVERY_S = 0.5
"""Nobody reads mere progress more often; each write flushes to the disk."""
STOP_EVERY_S = 0.2
"""The stop file may lie on a network share: looking at every step would cost."""
RESERVE_BYTES = 1 << 18
"""Room for a status, some events and a log's last lines, on disks with blocks of any size."""


class Stopped(Exception):  # noqa: N818 - no error: the user wanted it
    """The job was asked to stop and did."""


class Progress:
    """Writes one job's state and events; safe to call from several threads.

    As a context manager it keeps the heartbeat going during long steps.
    """

    def __init__(self, job_dir: JobDir, status: JobStatus | None = None) -> None:
        self._job_dir = job_dir
        self._status = status or JobStatus(id=job_dir.id, kind="train", study="")
        self._lock = threading.RLock()
        self._written = 0.0
        self._looked = 0.0
        self._stop = False
        self._enough = False
        self._end = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        job_dir.root.mkdir(parents=True, exist_ok=True)
        _end_torn_line(job_dir.events)

    def __enter__(self) -> Self:
        """Start the heartbeat, and hold room for the last words."""
        self._heart.start()
        with suppress(OSError):  # a full disk is told by who does the work
            self._job_dir.reserve.write_bytes(os.urandom(RESERVE_BYTES))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the heartbeat."""
        self._end.set()
        self._heart.join()
        self.use_reserve()

    def use_reserve(self) -> None:
        """Give the room back: the disk is full, or the job has ended."""
        self._job_dir.reserve.unlink(missing_ok=True)

    @property
    def status(self) -> JobStatus:
        """Return the state as last told."""
        return self._status

    def event(self, name: str, **values: Any) -> None:
        """Append one line to `events.jsonl`; values are numbers, texts, lists and dicts of them."""
        line = msgspec.json.encode(
            Event(time=time.time(), name=name, values=values), enc_hook=_number
        )
        with self._lock, self._job_dir.events.open("ab") as file:
            file.write(line + b"\n")

    def stage(
        self,
        stage: str,
        message: str,
        progress: float | None = None,
        remaining_s: float | None = None,
    ) -> None:
        """Tell what happens now, how much is done in [0, 1], and how long the rest may take.

        A change of stage is written at once and becomes an event; mere progress is thinned out.
        Without `progress` the last share stays.
        """
        with self._lock:
            changed = stage != self._status.stage or self._written == 0
            share = self._status.progress if progress is None else min(max(progress, 0.0), 1.0)
            self._status = replace(
                self._status,
                stage=stage,
                message=message,
                progress=float(share),
                remaining_s=None if remaining_s is None else max(0.0, float(remaining_s)),
            )
            if changed or time.time() - self._written >= STATUS_EVERY_S:
                self._write()
        if changed:
            self.event("stage", stage=stage, message=message)

    def update(self, **fields: Any) -> None:
        """Change other fields of the status (process, device, times) and write it at once."""
        with self._lock:
            self._status = replace(self._status, **fields)
            self._write()

    def should_stop(self) -> bool:
        """Return whether somebody asked the job to stop; cheap enough for every step."""
        self._look()
        return self._stop

    def enough(self) -> bool:
        """Return whether somebody asked a training to end its learning and to report."""
        self._look()
        return self._enough

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked >= STOP_EVERY_S:
            self._looked = now
            self._stop = self._stop or self._job_dir.stop.exists()
            self._enough = self._enough or self._job_dir.enough.exists()

    def check_stop(self) -> None:
        """Raise Stopped where somebody asked the job to stop."""
        if self.should_stop():
            raise Stopped

    def finish(self, state: str, cause: str | None = None, message: str = "") -> None:
        """Write how it ended: finished, cancelled or failed, the cause and one sentence."""
        with self._lock:
            done = state == "finished"
            self._status = replace(
                self._status,
                state=state,
                stage="done" if done else self._status.stage,
                cause=cause,
                message=message,
                progress=1.0 if done else self._status.progress,
                remaining_s=None,
                ended=time.time(),
            )
            self.event("end", state=state, cause=cause, message=message)
            self._write()

    def _write(self) -> None:
        self._written = time.time()
        self._status = replace(self._status, heartbeat=self._written)
        write(self._job_dir.status, self._status)

    def _beat(self) -> None:
        while not self._end.wait(HEARTBEAT_S):
            with self._lock, suppress(OSError):  # a full disk is told by who does the work
                if self._status.ended is None and time.time() - self._written >= HEARTBEAT_S / 2:
                    self._write()


def events(path: Path, offset: int = 0) -> tuple[list[Event], int]:
    """Return the events after `offset` bytes, and the offset to go on from.

    A last line that is not complete yet is left for the next look; a line torn by a crash is
    skipped. Empty where the file does not exist yet.
    """
    try:
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read()
    except FileNotFoundError:
        return [], offset
    whole = data[: data.rfind(b"\n") + 1]
    found = [event for line in whole.splitlines() if (event := _event(line)) is not None]
    return found, offset + len(whole)


def _event(line: bytes) -> Event | None:
    try:
        return msgspec.json.decode(line, type=Event)
    except msgspec.MsgspecError:
        return None


def _end_torn_line(path: Path) -> None:
    """Close a line that a crash cut off, so that the next event does not merge with it."""
    if not path.exists() or path.stat().st_size == 0:
        return
    with path.open("rb+") as file:
        file.seek(-1, 2)
        if file.read(1) != b"\n":
            file.write(b"\n")


def _number(value: Any) -> Any:
    """Return a plain number for numpy's and torch's scalars."""
    if hasattr(value, "item"):
        return value.item()
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError(f"an event cannot hold {type(value).__name__}")
