"""What a hand did since the last version: one entry a stroke, on the disk before it is shown.

labels/IMAGE/journal/WHO/entries.jsonl   one line a stroke: what, when, which tiles, which objects
labels/IMAGE/journal/WHO/000012.tiles    the touched tiles before and after the stroke, zlib

WHO is one editor (a browser tab). An entry counts once its line is there; the tiles are written
first, so a crash loses at most the stroke it fell into. Undo is an entry as well, so there is no
end to it. `finish` makes one version of all and keeps the lines as the image's history.
"""

import shutil
import time as clock
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from core.data.labels import placed, store
from core.data.labels.model import MAIN, LabelObject, Labels, empty, ids_in
from core.data.labels.placed import Place
from core.errors import StudyError
from core.paths import StudyDir, check_name
from core.records import files

TILE_PX = 128
"""A stroke touches a few; each is some hundred bytes once it is packed."""
# Who drew within these seconds is still at work.
_AT_WORK_S = 120.0
Tile = tuple[int, int]
_IN = "."
"""Stands between an editor and the region of a large image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One stroke, click, undo or redo."""

    number: int
    what: str
    """In words for the history, e.g. `brush`, `box`, `undo`."""
    author: str
    time: float
    """Seconds since 1970."""
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
class _Base:
    version: str | None


@dataclass(slots=True, kw_only=True, eq=False)
class Journal:
    """One editor's work on one image; what is in memory is what is on the disk."""

    folder: Path
    author: str
    base: str | None
    """The version it started from; None: the image had no labels."""
    labels: Labels
    """As they stand after the last entry."""
    place: Place | None = None
    """The region they are cut from; None: they are the whole image's."""
    entries: list[Entry] = field(default_factory=list)
    cause: str = ""
    """Goes into the next entries."""
    size: int = 0
    """Of the lines that it knows, in bytes."""

    def turn(self) -> FileLock:
        """Return the lock under which this editor writes: after a reload two may stand for it."""
        return FileLock(self.folder.parent / f".{self.folder.name}.lock")

    @property
    def is_behind(self) -> bool:
        """Return whether another wrote here, or made a version of it, since this one looked."""
        return self._size() != self.size

    def _size(self) -> int:
        lines = self.folder / "entries.jsonl"
        return lines.stat().st_size if lines.exists() else 0

    @property
    def can_undo(self) -> bool:
        """Return whether there is a stroke to take back."""
        return bool(_standing(self.entries)[0])

    @property
    def can_redo(self) -> bool:
        """Return whether something was taken back last."""
        return bool(_standing(self.entries)[1])

    def record(self, after: Labels, what: str) -> Entry | None:
        """Put a change on the disk and return its entry; None where nothing changed."""
        tiles = _changed(self.labels, after)
        if not tiles and self.labels.objects == after.objects:
            return None
        return self._write(after, tiles, what)

    def undo(self) -> Entry | None:
        """Take the last stroke back; None where there is none."""
        undoable, _ = _standing(self.entries)
        return self._step(undoable[-1], "undo") if undoable else None

    def redo(self) -> Entry | None:
        """Bring back what was taken back last; None where there is nothing."""
        _, redoable = _standing(self.entries)
        return self._step(redoable[-1], "redo") if redoable else None

    def _step(self, number: int, what: str) -> Entry:
        entry = self.entries[number]
        before, after = _unpacked(self.folder, entry)
        earlier = self.entries[number - 1].objects if number else self._first_objects()
        target, objects = (before, earlier) if what == "undo" else (after, entry.objects)
        changed = _with_tiles(self.labels, entry.tiles, target, objects)
        return self._write(
            changed,
            entry.tiles,
            what,
            undoes=number if what == "undo" else None,
            redoes=number if what == "redo" else None,
        )

    def _first_objects(self) -> tuple[LabelObject, ...]:
        return files.read(self.folder / "objects.json", _Objects).objects

    def _write(
        self,
        after: Labels,
        tiles: tuple[Tile, ...],
        what: str,
        *,
        undoes: int | None = None,
        redoes: int | None = None,
    ) -> Entry:
        entry = Entry(
            number=len(self.entries),
            what=what,
            author=self.author,
            time=clock.time(),
            tiles=tiles,
            objects=after.objects,
            undoes=undoes,
            redoes=redoes,
            cause=self.cause,
        )
        packed = b"".join(
            _coded(labels, tile).tobytes() for labels in (self.labels, after) for tile in tiles
        )
        files.write_bytes(_file(self.folder, entry.number), zlib.compress(packed, 1))
        files.append(self.folder / "entries.jsonl", entry)
        self.entries.append(entry)
        self.labels, self.size = after, self._size()
        return entry


@dataclass(frozen=True, slots=True, kw_only=True)
class _Objects:
    objects: tuple[LabelObject, ...]


def open_(
    study_dir: StudyDir,
    image_id: str,
    who: str,
    shape_yx: tuple[int, int],
    *,
    author: str,
    place: Place | None = None,
) -> Journal:
    """Return the editor's journal, gone on from where it stopped.

    Starts from the version that counts; with a place, each region has a journal of its own.
    Raises StudyError where its base is damaged.
    """
    region = place.region if place is not None else None
    name = who if region is None else f"{who}{_IN}{region.name}"
    folder = _folder(study_dir, image_id) / check_name(name, "editor")
    # Without a stroke there is nothing that rests on the base: another version may count by now.
    is_fresh = not (folder / "base.json").is_file() or not (folder / "entries.jsonl").is_file()
    head = store.head(study_dir, image_id)
    base = head if is_fresh else files.read(folder / "base.json", _Base).version
    loaded = store.load(study_dir, image_id, base, region) if base else None
    labels = loaded or empty(shape_yx)
    if is_fresh:
        files.write(folder / "objects.json", _Objects(objects=labels.objects))
        files.write(folder / "base.json", _Base(version=base))
    journal = Journal(folder=folder, author=author, base=base, labels=labels, place=place)
    journal.size = journal._size()
    for entry in files.read_lines(folder / "entries.jsonl", Entry):
        if entry.number != len(journal.entries) or not _file(folder, entry.number).is_file():
            break  # torn by a crash: what comes later rests on it
        _, after = _unpacked(folder, entry)
        journal.labels = _with_tiles(journal.labels, entry.tiles, after, entry.objects)
        journal.entries.append(entry)
    return journal


def finish(study_dir: StudyDir, image_id: str, journal: Journal, *, labels: Labels) -> str | None:
    """Make one version of the journal's work and return it; None where nothing was done.

    `labels` are the journal's, perhaps with another annotated area. Raises ConflictError where
    somebody saved meanwhile: then both versions stay, and the other's counts.
    """
    place = journal.place
    region = place.region if place is not None else None
    before = store.load(study_dir, image_id, journal.base, region) if journal.base else None
    if not journal.entries and before is not None and store.is_same(before, labels):
        drop(journal)
        return None
    try:
        if place is not None:
            return placed.save(
                study_dir, image_id, place, labels, author=journal.author, parent=journal.base
            )
        return store.save(study_dir, image_id, labels, author=journal.author, parent=journal.base)
    finally:  # a version holds the work now, be it the one that counts or not
        for entry in journal.entries:
            files.append(_folder(study_dir, image_id).parent / "strokes.jsonl", entry)
        drop(journal)


def drop(journal: Journal) -> None:
    """Forget what is not finished."""
    shutil.rmtree(journal.folder, ignore_errors=True)


def waiting(study_dir: StudyDir, image_id: str) -> list[str]:
    """Return the editors with unfinished strokes on the image, the latest last."""
    found = []
    for path in _folder(study_dir, image_id).glob("*/entries.jsonl"):
        found.append((path.stat().st_mtime, path.parent.name))
    return [who for _, who in sorted(found)]


def editor(who: str) -> str:
    """Return the editor of a journal, whatever region of the image it is for."""
    return who.split(_IN, maxsplit=1)[0]


def others_at_work(study_dir: StudyDir, image_id: str, who: str) -> list[str]:
    """Return the authors who drew on the image in the last two minutes in other editors."""
    found = []
    for path in _folder(study_dir, image_id).glob("*/entries.jsonl"):
        is_other = editor(path.parent.name) != who
        if is_other and clock.time() - path.stat().st_mtime < _AT_WORK_S:
            lines = files.read_lines(path, Entry)
            found += [lines[-1].author] if lines else []
    return found


def strokes(study_dir: StudyDir, image_id: str) -> list[Entry]:
    """Return every stroke that ever went into a version of the image, oldest first."""
    return files.read_lines(_folder(study_dir, image_id).parent / "strokes.jsonl", Entry)


def _folder(study_dir: StudyDir, image_id: str) -> Path:
    return study_dir.labels / check_name(image_id, "image") / "journal"


def _file(folder: Path, number: int) -> Path:
    return folder / f"{number:06d}.tiles"


def _standing(entries: list[Entry]) -> tuple[list[int], list[int]]:
    """Return which entries can be taken back and which be brought again, the next one last."""
    undoable: list[int] = []
    redoable: list[int] = []
    for entry in entries:
        if entry.undoes is not None:
            undoable.pop()
            redoable.append(entry.undoes)
        elif entry.redoes is not None:
            redoable.pop()
            undoable.append(entry.redoes)
        else:
            redoable.clear()
            undoable.append(entry.number)
    return undoable, redoable


def _place(tile: Tile) -> tuple[slice, slice]:
    return (
        slice(tile[0] * TILE_PX, (tile[0] + 1) * TILE_PX),
        slice(tile[1] * TILE_PX, (tile[1] + 1) * TILE_PX),
    )


def _coded(labels: Labels, tile: Tile) -> NDArray[np.int32]:
    """Return ids and annotated area of a tile in one number each."""
    place = _place(tile)
    return np.ascontiguousarray(
        labels.layers[MAIN][place] * 2 + labels.annotated_yx[place], dtype="<i4"
    )


def _changed(before: Labels, after: Labels) -> tuple[Tile, ...]:
    differs = (before.layers[MAIN] != after.layers[MAIN]) | (
        before.annotated_yx != after.annotated_yx
    )
    starts = [np.arange(0, side, TILE_PX) for side in differs.shape]
    touched = np.logical_or.reduceat(np.logical_or.reduceat(differs, starts[0], 0), starts[1], 1)
    return tuple((int(row), int(column)) for row, column in np.argwhere(touched))


def _unpacked(folder: Path, entry: Entry) -> tuple[bytes, bytes]:
    """Return the tiles before and after; StudyError where the file is damaged."""
    path = _file(folder, entry.number)
    try:
        packed = zlib.decompress(path.read_bytes())
    except (zlib.error, OSError) as error:
        raise StudyError(f"{path} cannot be read: {error}; earlier strokes are whole") from error
    return packed[: len(packed) // 2], packed[len(packed) // 2 :]


def _with_tiles(
    labels: Labels, tiles: tuple[Tile, ...], data: bytes, objects: tuple[LabelObject, ...]
) -> Labels:
    layer, annotated = labels.layers[MAIN].copy(), labels.annotated_yx.copy()
    at = 0
    for tile in tiles:
        place = _place(tile)
        shape = layer[place].shape
        count = shape[0] * shape[1]
        coded = np.frombuffer(data, dtype="<i4", count=count, offset=at).reshape(shape)
        layer[place], annotated[place] = coded >> 1, (coded & 1).astype(bool)
        at += 4 * count
    drawn = set(ids_in(layer))
    kept = tuple(item for item in objects if item.layer != MAIN or item.id in drawn)
    return replace(
        labels, layers={**labels.layers, MAIN: layer}, annotated_yx=annotated, objects=kept
    )
