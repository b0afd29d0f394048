"""What a hand did since the last version: one entry a stroke, on the disk before it is shown.

labels/IMAGE/journal/WHO/entries.jsonl   one line a stroke: what, when, which tiles, which objects
labels/IMAGE/journal/WHO/000012.tiles    the touched tiles before and after the stroke, zlib

WHO is one editor (a browser tab). An entry counts once its line is there; the tiles are written
first, so a crash loses at most the stroke it fell into. Undo is an entry as well, so there is no
end to it. `history.finish` makes one version of all.

Two may stand for one editor: a tab that was reloaded, or a link that was copied. Each writes in a
turn, which begins with reading what the other wrote.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock

from core.data.labels import basis, recovery, steps, store, teaching, tiles
from core.data.labels import entries as lines
from core.data.labels.entries import LEARNED, LINES, Entry
from core.data.labels.model import Labels, empty
from core.data.labels.placed import Place
from core.data.labels.shapes import Point
from core.data.labels.steps import Step
from core.data.labels.teaching import Shown, Teaching
from core.data.labels.tiles import Tile
from core.errors import ConflictError, StudyError
from core.paths import StudyDir, check_name
from core.records import files

IN = "."
"""Stands between an editor and the region of a large image."""


@dataclass(slots=True, kw_only=True, eq=False)
class Journal:
    """One editor's work on one image; what is in memory is what is on the disk."""

    study_dir: StudyDir
    image_id: str
    folder: Path
    shape_yx: tuple[int, int]
    author: str
    place: Place | None = None
    """The region the labels are cut from; None: they are the whole image's."""
    base: str | None = None
    """The version it started from; None: the image had no labels."""
    complete: bool | None = None
    """Whether all is marked, as told since that version; None: nobody told, the version does."""
    labels: Labels = field(init=False)
    """As they stand after the last entry."""
    entries: list[Entry] = field(default_factory=list)
    teaching: Teaching = field(init=False)
    """Strokes for the learner, which are no labels."""
    cause: str = ""
    """Goes into the next entries."""
    mended: list[str] = field(default_factory=list)
    """What was damaged and what became of it, in sentences that nobody was told yet."""
    _causes: set[str] = field(default_factory=set)
    _whole: int = 0
    _seen: tuple[str, int, int] = ("nothing", 0, 0)
    _lock: FileLock = field(init=False)

    def __post_init__(self) -> None:
        """Know the lock; nothing is read yet."""
        self._lock = FileLock(self.folder.parent / f".{self.folder.name}.lock")

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Let nobody else write here meanwhile; give whether others had written, which is read.

        What is changed has to be computed from `labels` within the turn.
        """
        with self._lock:
            was_behind = self._now() != self._seen
            if was_behind:
                self.read()
            yield was_behind

    @property
    def before(self) -> Labels | None:
        """Return the labels it started from, read from the disk; None: there were none."""
        return self.load(self.base)

    @property
    def is_torn(self) -> bool:
        """Return whether there are lines that cannot be read; they are set aside, not deleted."""
        return self._seen[1] > self._whole

    def load(self, version: str | None) -> Labels | None:
        """Return a version's labels in this place, read from the disk; None: it is no version."""
        region = self.place.region if self.place is not None else None
        if version is None:
            return None
        return store.load(self.study_dir, self.image_id, version, region)

    def take_told(self) -> list[str]:
        """Return what was mended since it was asked last."""
        told, self.mended = self.mended, []
        return told

    def knows(self, cause: str) -> bool:
        """Return whether the gesture is in here already, or in a version of the image."""
        return cause in self._causes or cause in self.teaching.causes

    def record(self, after: Labels, what: str) -> Entry | None:
        """Put a change on the disk and return its entry; None where nothing changed."""
        touched = tiles.changed(self.labels, after)
        if not touched and self.labels.objects == after.objects:
            return None
        return self._write(after, touched, what)

    def teach(
        self, value: int, points: Sequence[Point], width_px: float, class_name: str = ""
    ) -> None:
        """Put a stroke for the learner on the disk."""
        told = Shown(
            time=steps.next_time(self.entries, self.teaching),
            value=value,
            class_name=class_name,
            points=tuple(points),
            width_px=width_px,
            cause=self.cause,
        )
        with self._writing():
            self.teaching.add(told)

    def take_lessons(self, theirs: "Journal") -> None:
        """Go on with what another editor showed the learner."""
        with self._writing():
            self.teaching.take_in(theirs.teaching)

    def settle(self) -> None:
        """Let go of what the learner was shown, as far as a version holds what it made of that."""
        standing, _ = lines.standing(self.entries)
        learned = [each for each in standing if self.entries[each].what == LEARNED]
        if learned and self.teaching.standing:
            with self._writing():
                self.teaching.add(Shown(what="saved", time=self.entries[learned[-1]].time))

    def tell_complete(self, complete: bool) -> None:
        """Keep whether all is marked beside the strokes, until a version tells it."""
        with self._writing():
            basis.tell_complete(self.folder, complete)
        self.complete = complete

    def undo(self) -> bool:
        """Take back what was done last, to the labels or for the learner; False: nothing was."""
        return self._step(steps.last_done(self.entries, self.teaching), "undo")

    def redo(self) -> bool:
        """Bring back what was taken back last; False: nothing was, or something was done since."""
        return self._step(steps.last_undone(self.entries, self.teaching), "redo")

    def read(self) -> None:
        """Read what is on the disk; without a stroke, it starts from what counts by now.

        A damaged base is mended, see `mended`. Raises StudyError where the labels are damaged,
        or a file cannot be read at the moment.
        """
        try:
            told = basis.read(self.folder)
        except StudyError as error:
            self.mended.append(recovery.mend(self, error))
            told = basis.read(self.folder)
        if told is not None and (self.folder / LINES).is_file():
            self.base = told.version
        else:
            self.base = store.head(self.study_dir, self.image_id)
        before = self.before
        if told is None or told.version != self.base:
            told = basis.begin(self.folder, self.base, before.objects if before is not None else ())
        self.complete = told.complete
        now = self._now()
        found = lines.replay(self.folder, before or empty(self.shape_yx))
        self.labels, self.entries, self._whole = found.labels, found.entries, found.whole
        self.teaching = teaching.read(self._taught())
        saved = lines.causes(self.study_dir, self.image_id)
        self._causes = saved | {each.cause for each in self.entries if each.cause}
        self._seen = now

    def set_aside(self) -> None:
        """Move lines that cannot be read out of the way: nothing may be written behind them."""
        if self.is_torn:
            lines.set_aside(self.folder, self._whole, len(self.entries))

    def forget(self) -> None:
        """Throw away what is in a version now; what could not be read stays beside."""
        self.set_aside()
        # A death in the middle of the next line must not leave strokes without their base.
        (self.folder / LINES).unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _taught(self) -> Path:
        return self.folder.parent.parent / "taught" / f"{self.folder.name}.jsonl"

    def _now(self) -> tuple[str, int, int]:
        """Return what tells whether somebody else wrote here or made a version of it."""
        path = self.folder / LINES
        size = path.stat().st_size if path.exists() else 0
        return basis.token(self.folder), size, teaching.size(self._taught())

    def _step(self, target: Step | None, what: str) -> bool:
        if isinstance(target, Shown):
            with self._writing():
                time = steps.next_time(self.entries, self.teaching)
                self.teaching.add(Shown(what=what, time=time, cause=self.cause))
        elif target is not None:
            number, is_undo = target.number, what == "undo"
            before, after = tiles.read(lines.tiles_file(self.folder, number))
            earlier = self.entries[number - 1].objects if number else basis.objects(self.folder)
            data, objects = (before, earlier) if is_undo else (after, target.objects)
            changed = tiles.put(self.labels, target.tiles, data, objects)
            undoes, redoes = (number, None) if is_undo else (None, number)
            self._write(changed, target.tiles, what, undoes=undoes, redoes=redoes)
        return target is not None

    def _write(
        self,
        after: Labels,
        touched: tuple[Tile, ...],
        what: str,
        *,
        undoes: int | None = None,
        redoes: int | None = None,
    ) -> Entry:
        entry = Entry(
            number=len(self.entries),
            what=what,
            author=self.author,
            time=steps.next_time(self.entries, self.teaching),
            tiles=touched,
            objects=after.objects,
            undoes=undoes,
            redoes=redoes,
            cause=self.cause,
        )
        with self._writing():
            self.set_aside()
            path = lines.tiles_file(self.folder, entry.number)
            tiles.write(path, self.labels, after, touched)
            files.append(self.folder / LINES, entry)
        self.entries.append(entry)
        self.labels, self._whole = after, self._seen[1]
        if self.cause:
            self._causes.add(self.cause)
        return entry

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Refuse to write over what another wrote: it was not looked at."""
        with self._lock:
            if self._now() != self._seen:
                raise ConflictError(
                    f"somebody else drew on {self.image_id!r} in this place meanwhile; nothing was "
                    "written: draw that again"
                )
            yield
            self._seen = self._now()


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
    Lines that cannot be read, and what rests on them, are left out, see `is_torn`.
    """
    name = who if place is None else f"{who}{IN}{place.region.name}"
    journal = Journal(
        study_dir=study_dir,
        image_id=image_id,
        folder=lines.folder(study_dir, image_id) / check_name(name, "editor"),
        shape_yx=shape_yx,
        author=author,
        place=place,
    )
    with journal.turn():
        return journal


def waiting(study_dir: StudyDir, image_id: str) -> list[str]:
    """Return the editors with unfinished strokes on the image, the latest last.

    An editor of a part of the image is named with it, see `editor`.
    """
    found = []
    for path in lines.folder(study_dir, image_id).glob(f"*/{LINES}"):
        with suppress(FileNotFoundError):  # saved at this moment
            found.append((path.stat().st_mtime, path.parent.name))
    return [who for _, who in sorted(found)]


def editor(who: str) -> str:
    """Return the editor of a journal, whatever region of the image it is for."""
    return who.split(IN, maxsplit=1)[0]
