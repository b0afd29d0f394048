"""The lines of a journal: what each tells, which of them stand, and which cannot be read."""

import os
import time as clock
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from core.data.labels import tiles
from core.data.labels.model import LabelObject, Labels
from core.data.labels.tiles import Tile
from core.errors import LabelError
from core.paths import StudyDir, check_name
from core.records import files

FOLDER = "journal"
"""Below the labels of an image."""

LINES = "entries.jsonl"
LEARNED = "rest of the image"
"""What an entry is called with which all is decided that the learner made of strokes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One stroke, click, undo or redo."""

    number: int
    what: str
    """In words for the history, e.g. `brush`, `box`, `undo`."""
    author: str
    time: float
    """Seconds since 1970; later than that of the entry before."""
    tiles: tuple[Tile, ...]
    """(row, column) of each tile it changed."""
    objects: tuple[LabelObject, ...]
    """The table after the stroke."""
    undoes: int | None = None
    """The entry it takes back."""
    redoes: int | None = None
    """The entry it brings again."""
    cause: str = ""
    """What the editor calls the gesture behind it, so that none is done twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cause:
    cause: str = ""


@dataclass(slots=True, kw_only=True, eq=False)
class Replay:
    """What a journal's lines come to."""

    labels: Labels
    """As they stand after the last entry that can be read."""
    entries: list[Entry] = field(default_factory=list)
    whole: int = 0
    """Bytes up to the end of that entry; what follows rests on what cannot be read."""


def folder(study_dir: StudyDir, image_id: str) -> Path:
    """Return where the journals of an image lie, one folder for each editor."""
    return study_dir.labels / check_name(image_id, "image") / FOLDER


def tiles_file(place: Path, number: int) -> Path:
    """Return where the tiles of an entry lie."""
    return place / f"{number:06d}.tiles"


def replay(place: Path, labels: Labels) -> Replay:
    """Return what the lines in the journal's folder make of the labels it started from.

    Stops before the first entry that is damaged: what comes later rests on it. Raises StudyError
    where a file cannot be read at the moment.
    """
    found = Replay(labels=labels)
    path, at = place / LINES, 0
    undoable: list[int] = []
    redoable: list[int] = []
    for line in path.read_bytes().splitlines(keepends=True) if path.exists() else ():
        at += len(line)
        entry = _decoded(line)
        if entry is None:
            continue  # torn by a crash, and never confirmed: what follows does not rest on it
        if entry.number != len(found.entries) or not _follow(entry, undoable, redoable):
            break
        try:
            _, after = tiles.read(tiles_file(place, entry.number))
            found.labels = tiles.put(found.labels, entry.tiles, after, entry.objects)
        except LabelError:
            break
        found.entries.append(entry)
        found.whole = at
    return found


def standing(told: list[Entry]) -> tuple[list[int], list[int]]:
    """Return which entries can be taken back and which be brought again, the next one last."""
    undoable: list[int] = []
    redoable: list[int] = []
    for entry in told:
        _follow(entry, undoable, redoable)
    return undoable, redoable


def set_aside(place: Path, whole: int, count: int) -> Path | None:
    """Move lines that cannot be read out of a journal, with their tiles; return where they are.

    `whole` and `count` are the bytes and the entries that can be read. What was written behind a
    bad line would be unread for ever. None where every line can be read.
    """
    path = place / LINES
    tail = path.read_bytes()[whole:] if path.exists() else b""
    if not tail.strip():
        return None
    kept = _torn(place)
    files.write_bytes(kept / LINES, tail)
    for each in sorted(place.glob("*.tiles")):
        if each.stem.isdigit() and int(each.stem) >= count:
            os.replace(each, kept / each.name)
    if not whole:
        path.unlink()
        return kept
    with path.open("rb+") as file:
        file.truncate(whole)
        file.flush()
        os.fsync(file.fileno())
    return kept


def set_file_aside(path: Path) -> Path | None:
    """Move a damaged file out of its journal and return where it is; None: there is none."""
    kept = _torn(path.parent) / path.name
    kept.parent.mkdir(parents=True)
    try:
        os.replace(path, kept)
    except FileNotFoundError:
        kept.parent.rmdir()
        return None
    return kept


def keep(study_dir: StudyDir, image_id: str, told: list[Entry]) -> None:
    """Add entries that went into a version to the image's history.

    The version holds the objects: a table of thousands a stroke would be read at every opening.
    """
    files.append(_history(study_dir, image_id), *(replace(each, objects=()) for each in told))


def strokes(study_dir: StudyDir, image_id: str) -> list[Entry]:
    """Return every stroke that ever went into a version of the image, oldest first."""
    found = files.read_lines(_history(study_dir, image_id), Entry)
    # A full disk may have taken half of them before all were written again.
    return list({(each.time, each.number, each.author): each for each in found}.values())


def causes(study_dir: StudyDir, image_id: str) -> set[str]:
    """Return the gestures behind those strokes."""
    found = files.read_lines(_history(study_dir, image_id), _Cause)
    return {each.cause for each in found if each.cause}


def _torn(place: Path) -> Path:
    """Return a new folder for what cannot be read of the journal in `place`."""
    return place.parent.parent / "torn" / f"{place.name}-{clock.time_ns()}"


def _history(study_dir: StudyDir, image_id: str) -> Path:
    return folder(study_dir, image_id).parent / "strokes.jsonl"


def _follow(entry: Entry, undoable: list[int], redoable: list[int]) -> bool:
    """Take the entry into both lists; return whether it fits what came before."""
    if entry.undoes is not None:
        if not undoable or undoable[-1] != entry.undoes:
            return False
        redoable.append(undoable.pop())
    elif entry.redoes is not None:
        if not redoable or redoable[-1] != entry.redoes:
            return False
        undoable.append(redoable.pop())
    else:
        redoable.clear()
        undoable.append(entry.number)
    return True


def _decoded(line: bytes) -> Entry | None:
    try:
        return msgspec.json.decode(line, type=Entry)
    except files.NO_RECORD:
        return None
