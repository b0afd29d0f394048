"""Strokes of the Shapes editor that are not saved yet: one file for each tab.

labels/IMAGE/draft.TAB.json      what is drawn; draft.TAB.REGION.json for a part of a large image
labels/IMAGE/complete.TAB.json   whether all of it is marked, told before or after the first stroke

A tab changes its own alone; what one left behind that is gone can be taken over.
"""

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from core.data import regions
from core.errors import StudyError
from core.paths import StudyDir, check_name
from core.records import ImageRecord, read, write

ABANDONED_S = 300.0
"""A younger one may belong to a browser that is about to connect again."""
_HEAD, _TAIL = "draft", ".json"
_ANSWER = "complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Strokes of another tab."""

    path: Path
    tab: str
    """Empty: it was written before tabs had drafts of their own."""
    author: str
    time: float
    """Seconds since 1970 of its last stroke."""

    @property
    def is_old(self) -> bool:
        """Return whether nobody has drawn there for some minutes."""
        return time.time() - self.time > ABANDONED_S


class _Author(msgspec.Struct):
    author: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """Whether all of it is marked, which no version tells yet."""

    basis: str | None
    """The labels it was told of, as in the draft."""
    complete: bool


def path_of(study_dir: StudyDir, image: ImageRecord, tab: str) -> Path:
    """Return where a tab's strokes on an image, or on a part of it, wait."""
    name = f"{_HEAD}.{check_name(tab, 'editor')}{_part(image)}{_TAIL}"
    return study_dir.labels / image.id / name


def drawn(draft: Path) -> dict[str, Any] | None:
    """Return what is drawn, and on which labels; None: nothing is."""
    if not draft.exists():
        return None
    plain: dict[str, Any] = msgspec.json.decode(draft.read_bytes())
    return plain


def is_complete(draft: Path, basis: str | None) -> bool | None:
    """Return whether all of it is marked; None: nobody told since these labels count."""
    with suppress(StudyError):  # it is not there
        told = read(_answer(draft), _Answer)
        return told.complete if told.basis == basis else None
    return None


def tell_complete(draft: Path, basis: str | None, complete: bool) -> None:
    """Keep whether all of it is marked, of the labels that count by now."""
    write(_answer(draft), _Answer(basis=basis, complete=complete))


def drop(draft: Path) -> None:
    """Forget what is drawn and whether that was all."""
    draft.unlink(missing_ok=True)
    _answer(draft).unlink(missing_ok=True)


def of_others(study_dir: StudyDir, image: ImageRecord, tab: str) -> list[Left]:
    """Return what other tabs have drawn on the image, or on this part of it, the latest first."""
    end = _part(image) + _TAIL
    own = path_of(study_dir, image, tab)
    found = []
    for path in own.parent.glob(f"{_HEAD}*{end}"):
        if path == own:
            continue
        with suppress(FileNotFoundError):  # it was saved at this moment
            told = msgspec.json.decode(path.read_bytes(), type=_Author)
            of = path.name[len(_HEAD) : -len(end)].lstrip(".")
            when = path.stat().st_mtime
            found.append(Left(path=path, tab=of, author=told.author, time=when))
    return sorted(found, key=lambda each: -each.time)


def take_over(left: Left, own: Path) -> None:
    """Make another tab's strokes those of this one, with what was told of them."""
    drop(own)
    with suppress(FileNotFoundError):  # nothing was told
        os.replace(_answer(left.path), _answer(own))
    os.replace(left.path, own)


def _answer(draft: Path) -> Path:
    return draft.with_name(draft.name.replace(_HEAD, _ANSWER, 1))


def _part(image: ImageRecord) -> str:
    region = regions.of(image)
    return "" if region is None else f".{region.name}"
