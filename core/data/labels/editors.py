"""Who draws on an image, and whose strokes wait: each browser tab is an editor with a journal."""

import os
import shutil
import time as clock
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import msgspec
from filelock import FileLock

from core.data.labels import history, store
from core.data.labels import journal as journals
from core.data.labels.entries import LINES, folder
from core.data.labels.journal import IN, Journal, editor, waiting
from core.data.labels.model import empty
from core.data.regions import Region
from core.errors import ConflictError, ImageError, StudyError
from core.paths import StudyDir

# Who drew within these seconds is still at work; a tab that was closed earlier is gone for good.
_AT_WORK_S = 120.0

Became = Literal["here", "beside", "saved"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Strokes that a closed tab left on an image."""

    author: str
    time: float
    """Of the last one; seconds since 1970."""
    became: Became
    """here: it is gone on with; beside: a version that does not count, as the labels were changed
    since; saved: it counts, in another part of the image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Author:
    author: str


def others_at_work(study_dir: StudyDir, image_id: str, who: str) -> list[str]:
    """Return the authors who drew on the image in the last two minutes in other editors."""
    found = set()
    for name in waiting(study_dir, image_id):
        path = folder(study_dir, image_id) / name / LINES
        if editor(name) != who and _is_at_work([path]):
            found.add(_last_author(path))
    return sorted(found)


def take_over(mine: Journal, is_open: Callable[[str], bool]) -> list[Left]:
    """Go on with what closed tabs left on the image; return whose that was and what became of it.

    `is_open` tells of an editor whether a browser still shows it. What waits because `mine` has
    strokes of its own, or because its files are damaged, is not among it.
    """
    found = []
    # Whoever holds two journals holds this first: two that wait for each other cannot be.
    with FileLock(mine.folder.parent / ".taking-over.lock"), mine.turn():
        for name in reversed(_abandoned(mine, is_open)):
            try:
                left = _taken(mine, name)
            except (StudyError, ImageError):  # it must not close the image for everybody
                continue
            found += [left] if left is not None else []
    return found


def _taken(mine: Journal, name: str) -> Left | None:
    """Take one journal over, or make a version of it; None where it has to wait, or is empty."""
    theirs = _opened(mine, name)
    with theirs.turn():
        if _is_at_work(_files(mine, name)):
            return None  # it came back
        mine.mended += theirs.take_told()
        is_here = theirs.place == mine.place
        if is_here:
            mine.take_lessons(theirs)
        if not (theirs.folder / LINES).is_file():
            return None
        time = theirs.entries[-1].time if theirs.entries else clock.time()
        became = _became(mine, theirs, is_here=is_here)
    return Left(author=theirs.author, time=time, became=became) if became is not None else None


def _became(mine: Journal, theirs: Journal, *, is_here: bool) -> Became | None:
    is_current, is_busy = _rests_on_what_counts(theirs), (mine.folder / LINES).is_file()
    if is_current and is_busy:
        return None
    if is_current and is_here:
        shutil.rmtree(mine.folder)
        os.rename(theirs.folder, mine.folder)
        os.utime(mine.folder / LINES)  # somebody is at work on it from now on
        mine.read()
        return "here"
    try:
        version = history.finish(theirs, complete=theirs.complete)
    except ConflictError:
        return "beside"
    mine.read()
    return "saved" if version is not None and not is_here else None


def _opened(mine: Journal, name: str) -> Journal:
    place, shape_yx = mine.place, mine.shape_yx
    region = name.removeprefix(editor(name)).removeprefix(IN)
    if place is not None and region != place.region.name:
        place = replace(place, region=Region.named(region))
        shape_yx = place.region.rows, place.region.columns
    return journals.open_(
        mine.study_dir,
        mine.image_id,
        editor(name),
        shape_yx,
        author=_last_author(mine.folder.parent / name / LINES),
        place=place,
    )


def _rests_on_what_counts(theirs: Journal) -> bool:
    now = store.head(theirs.study_dir, theirs.image_id)
    if now == theirs.base or theirs.place is None or now is None:
        return now == theirs.base
    # Of a large image another part may have been saved since.
    there = store.load(theirs.study_dir, theirs.image_id, now, theirs.place.region)
    return there is not None and store.is_same(there, theirs.before or empty(theirs.shape_yx))


def _abandoned(mine: Journal, is_open: Callable[[str], bool]) -> list[str]:
    """Return the other journals where nobody is at work, the latest last.

    Of a large image also those of other parts: hands seldom choose the very same one again.
    """
    own = mine.folder.name
    taught = (each.stem for each in (mine.folder.parent.parent / "taught").glob("*.jsonl"))
    drawn = waiting(mine.study_dir, mine.image_id)
    region = own.removeprefix(editor(own))
    found = {each for each in taught if each.removeprefix(editor(each)) == region}
    found |= {each for each in drawn if (IN in each) == (mine.place is not None)}
    mine_too = editor(own)  # on another part, as it was before a reload
    gone = [each for each in found - {own} if editor(each) == mine_too or not is_open(editor(each))]
    left = [each for each in gone if not _is_at_work(_files(mine, each))]
    return sorted(left, key=lambda each: _latest(_files(mine, each)))


def _files(mine: Journal, name: str) -> list[Path]:
    place = mine.folder.parent
    return [place / name / LINES, place.parent / "taught" / f"{name}.jsonl"]


def _is_at_work(paths: list[Path]) -> bool:
    return clock.time() - _latest(paths) < _AT_WORK_S


def _latest(paths: list[Path]) -> float:
    times = [0.0]
    for each in paths:
        with suppress(FileNotFoundError):
            times.append(each.stat().st_mtime)
    return max(times)


def _last_author(path: Path) -> str:
    for line in reversed(path.read_bytes().splitlines() if path.exists() else []):
        with suppress(msgspec.MsgspecError):
            return msgspec.json.decode(line, type=_Author).author
    return ""
