"""Records on disk: a file appears whole or not at all."""

import errno
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from core.errors import StudyError

SCHEMA_VERSION = 1
"""Written beside every record; raised when a field changes its meaning."""

Record = TypeVar("Record")

NO_RECORD = (msgspec.MsgspecError, UnicodeDecodeError)
"""What reading raises where bytes are no record; torn ones may hold any byte."""

# No space, no quota, no larger file allowed.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

# What `drafted` names its drafts, and safetensors its own.
_DRAFT = re.compile(r"\..+\.\w{8}|\.tmp\w{6}")


def encode(record: Any) -> bytes:
    """Return the record as indented JSON with its schema version first."""
    plain = msgspec.to_builtins(record)
    return msgspec.json.format(msgspec.json.encode({"schema": SCHEMA_VERSION, **plain}), indent=1)


def decode(data: bytes, kind: type[Record]) -> Record:
    """Return the record in `data`; unknown fields of newer versions are ignored.

    Raises StudyError where `data` is no such record.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except NO_RECORD as error:
        raise StudyError(f"this is no {kind.__name__} record: {error}") from error


def to_plain(record: Any) -> Any:
    """Return the record as dicts, lists, strings and numbers."""
    return msgspec.to_builtins(record)


def read(path: Path, kind: type[Record]) -> Record:
    """Return the record in the file.

    Raises StudyError naming the file where it is missing or damaged.
    """
    try:
        return decode(path.read_bytes(), kind)
    except FileNotFoundError as error:
        raise StudyError(f"{path} is missing") from error
    except StudyError as error:
        raise StudyError(f"{path} cannot be read: {error}") from error


def write(path: Path, record: Any) -> None:
    """Put the record at `path`, whole or not at all."""
    write_bytes(path, encode(record))


def write_json(path: Path, plain: Any) -> None:
    """Put dicts, lists, strings and numbers at `path` as indented JSON, whole or not at all."""
    write_bytes(path, msgspec.json.format(msgspec.json.encode(plain), indent=1))


def is_disk_full(error: BaseException) -> bool:
    """Return whether the disk refused to take more."""
    return isinstance(error, OSError) and error.errno in _FULL


def append(path: Path, *records: Any) -> None:
    """Add the records to `path`, each a line of JSON, on the disk when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        if file.tell() > 0:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":  # a line torn by a crash must not merge with this one
                file.write(b"\n")
        file.write(b"".join(msgspec.json.encode(record) + b"\n" for record in records))
        file.flush()
        os.fsync(file.fileno())


def read_lines(path: Path, kind: type[Record]) -> list[Record]:
    """Return the records of a file that `append` wrote; torn lines are skipped, none: empty."""
    found = []
    for line in path.read_bytes().splitlines() if path.exists() else ():
        try:
            found.append(msgspec.json.decode(line, type=kind))
        except NO_RECORD:
            continue
    return found


def write_bytes(path: Path, data: bytes) -> None:
    """Put `data` at `path`: draft beside it, flush to the disk, rename, flush the folder."""
    with drafted(path) as draft:
        draft.write_bytes(data)


@contextmanager
def drafted(path: Path) -> Iterator[Path]:
    """Give a draft beside `path` to write to; it takes its place, flushed, where all went well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    draft = Path(name)
    try:
        yield draft
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def throw_away_drafts(folder: Path, *, older_than_s: float = 0.0) -> None:
    """Delete what deaths in the middle of writing left in `folder` and below.

    Where others may be writing at this moment, `older_than_s` spares what is still being written.
    """
    now = time.time()
    for path in folder.rglob(".*"):
        with suppress(FileNotFoundError):
            if _DRAFT.fullmatch(path.name) and now - path.stat().st_mtime >= older_than_s:
                path.unlink()


def _flush_folder(folder: Path) -> None:
    if os.name != "posix":  # Windows cannot open a folder
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
