"""Strokes of the Shapes editor that are not saved yet: one file for each tab.

labels/IMAGE/draft.TAB.json, and draft.TAB.REGION.json for a part of a large image. A tab changes
its own alone; what one left behind that is gone can be taken over.
"""

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.data import regions
from core.paths import StudyDir, check_name
from core.records import ImageRecord

ABANDONED_S = 300.0
"""A younger one may belong to a browser that is about to connect again."""
_HEAD, _TAIL = "draft", ".json"


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


def path_of(study_dir: StudyDir, image: ImageRecord, tab: str) -> Path:
    """Return where a tab's strokes on an image, or on a part of it, wait."""
    name = f"{_HEAD}.{check_name(tab, 'editor')}{_part(image)}{_TAIL}"
    return study_dir.labels / image.id / name


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
    """Make another tab's strokes those of this one."""
    os.replace(left.path, own)


def _part(image: ImageRecord) -> str:
    region = regions.of(image)
    return "" if region is None else f".{region.name}"
