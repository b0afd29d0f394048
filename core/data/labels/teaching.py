"""Strokes that show the learner what is an object and what is not: on the disk, but no labels.

labels/IMAGE/taught/WHO.jsonl   one line a stroke, an undo, a redo, a save; only ever added to
"""

from dataclasses import dataclass, field
from pathlib import Path

from core.data.labels.shapes import Point
from core.records import files


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One stroke for the learner, or what became of earlier ones."""

    what: str = "stroke"
    """stroke, undo, redo, or saved: what the strokes up to `time` taught is in a version now."""
    time: float
    """Seconds since 1970."""
    value: int = -1
    """Whether the stroke shows background or an object, as the learner numbers them."""
    class_name: str = ""
    """Of which class the object is; empty: of the first one."""
    points: tuple[Point, ...] = ()
    """(column, row) in pixels of the image."""
    width_px: float = 1.0
    cause: str = ""
    """What the editor calls the gesture behind it, so that none is done twice."""


@dataclass(slots=True, kw_only=True, eq=False)
class Teaching:
    """What one editor shows the learner about one image."""

    path: Path
    standing: list[Shown] = field(default_factory=list)
    """The strokes that count, by time."""
    gone: list[Shown] = field(default_factory=list)
    """What was taken back, the last one last."""
    taken: list[float] = field(default_factory=list)
    """When each of them was taken back."""
    causes: set[str] = field(default_factory=set)

    def add(self, told: Shown) -> None:
        """Put a stroke, or what became of earlier ones, on the disk."""
        files.append(self.path, told)
        self._follow(told)

    def take_in(self, others: "Teaching") -> None:
        """Go on with what another editor showed; its file is no more."""
        for each in others.standing:
            self.add(each)
        others.path.unlink(missing_ok=True)

    def _follow(self, told: Shown) -> None:
        if told.cause:
            self.causes.add(told.cause)
        if told.what == "undo" and self.standing:
            self.gone.append(self.standing.pop())
            self.taken.append(told.time)
        elif told.what == "redo" and self.gone:
            self.standing.append(self.gone.pop())
            self.taken.pop()
        elif told.what == "saved":
            self.standing = [each for each in self.standing if each.time > told.time]
            self._end()
        elif told.what == "stroke":
            self.standing = sorted([*self.standing, told], key=lambda each: each.time)
            self._end()

    def _end(self) -> None:
        self.gone.clear()
        self.taken.clear()


def size(path: Path) -> int:
    """Return how many bytes were written; a file that is not there has none."""
    return path.stat().st_size if path.exists() else 0


def read(path: Path) -> Teaching:
    """Return what was shown before; lines that a crash has torn are left out."""
    found = Teaching(path=path)
    for told in files.read_lines(path, Shown):
        found._follow(told)
    return found
