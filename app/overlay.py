"""What is marked as a picture over the image; only the rectangle that changed is painted again."""

import uuid
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app import look, pictures
from app.studio import Studio
from core.data.labels.model import MAIN

MOST_SIDE_PX = 2048
"""Larger pictures are shown scaled down; strokes stay in pixels of the image."""
_TINT, _EDGE, _TAUGHT = 70, 255, 150
_SELECTED = (255, 255, 255)
Window = tuple[int, int, int, int]
"""First row, first column, and the row and column behind the last."""
# What the browser holds is seldom this far behind; older rectangles are sent as the whole.
_REMEMBERED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A rectangle of the overlay, painted as it stands now."""

    window: Window
    """In pixels of the overlay."""
    painted: NDArray[np.uint8]
    """(rows, columns, 4)."""
    since: int
    """It holds all that changed after this revision; 0: it is the whole overlay."""


@dataclass(slots=True, eq=False)
class Overlay:
    """The overlay of one studio: what was painted last, and where it changed since when."""

    token: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    """Names the overlay to the browser."""
    revision: int = 0
    """Rises with every change; 0: nothing was painted yet."""
    _seen: "_Look | None" = None
    _windows: dict[int, Window] = field(default_factory=dict)

    def patch(self, studio: Studio, held: int) -> Patch | None:
        """Return what the browser lacks that holds revision `held`; None: nothing."""
        looks = _look(studio)
        if self._seen is None:
            self.revision = 1
        elif (window := _difference(self._seen, looks)) is not None:
            self.revision += 1
            self._windows[self.revision] = window
            self._windows.pop(self.revision - _REMEMBERED, None)
        self._seen = looks
        if held == self.revision:
            return None
        missing = range(held + 1, self.revision + 1)
        if held < 1 or any(each not in self._windows for each in missing):
            rows, columns = looks.ids_yx.shape
            whole = (0, 0, rows, columns)
            return Patch(window=whole, painted=_painted(looks, whole), since=0)
        window = _around([self._windows[each] for each in missing])
        return Patch(window=window, painted=_painted(looks, window), since=held)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Look:
    """Everything the overlay depends on, at the size it is shown."""

    ids_yx: NDArray[np.int32]
    table: NDArray[np.uint8]
    """(ids, 5): red, green, blue, opacity, selected or not."""
    taught_yx: NDArray[np.int32] | None
    taught_table: NDArray[np.uint8]
    """(classes, 3): the background first."""
    proposed_table: NDArray[np.uint8]
    """(ids, 3)."""
    proposed_yx: NDArray[np.int32] | None
    proposal: NDArray[np.int32] | None
    """The same before it is made smaller: another array is another proposal."""


def _look(studio: Studio) -> _Look:
    labels_yx = studio.labels.layers[MAIN]
    every = max(1, -(-max(labels_yx.shape) // MOST_SIDE_PX))
    highest = max((item.id for item in studio.labels.objects), default=0)
    table = np.zeros((highest + 1, 5), np.uint8)
    colors = {
        name: look.rgb(studio.color(name)) for name in {o.class_name for o in studio.labels.objects}
    }
    proposed_table = np.zeros((max(studio.proposed.classes, default=0) + 1, 3), np.uint8)
    for each, name in studio.proposed.classes.items():
        proposed_table[each] = look.rgb(studio.color(name))
    taught_colors = [look.BACKGROUND_COLOR, *map(studio.color, studio.taught.classes)]
    chosen = set(studio.selected)
    for item in studio.labels.objects:
        table[item.id] = (*colors[item.class_name], _TINT, item.id in chosen)
    taught, proposed = studio.taught.strokes_yx, studio.proposed.ids_yx
    return _Look(
        ids_yx=labels_yx[::every, ::every],
        table=table,
        # The studio paints into its own array; what was seen must stay as it was.
        taught_yx=None if taught is None else taught[::every, ::every].copy(),
        taught_table=np.array([look.rgb(each) for each in taught_colors], np.uint8),
        proposed_table=proposed_table,
        proposed_yx=None if proposed is None else proposed[::every, ::every],
        proposal=proposed,
    )


def _difference(before: _Look, after: _Look) -> Window | None:
    """Return the rectangle around all that looks different; None: all is as it was."""
    differs = before.ids_yx != after.ids_yx
    shared = min(len(before.table), len(after.table))
    recolored = np.flatnonzero((before.table[:shared] != after.table[:shared]).any(axis=1))
    if len(recolored):
        differs |= np.isin(after.ids_yx, recolored)
    if after.taught_yx is not None:
        known = before.taught_yx
        differs |= after.taught_yx >= 0 if known is None else after.taught_yx != known
    if before.proposal is not after.proposal:
        for ids_yx in (before.proposed_yx, after.proposed_yx):
            differs |= False if ids_yx is None else ids_yx > 0
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    if not len(rows):
        return None
    # The border of a neighbour changes with what it touches.
    bottom, right = differs.shape
    return (
        max(0, int(rows[0]) - 1),
        max(0, int(columns[0]) - 1),
        min(bottom, int(rows[-1]) + 2),
        min(right, int(columns[-1]) + 2),
    )


def _around(windows: list[Window]) -> Window:
    tops, lefts, bottoms, rights = zip(*windows, strict=True)
    return min(tops), min(lefts), max(bottoms), max(rights)


def _painted(looks: _Look, window: Window) -> NDArray[np.uint8]:
    """Return the rectangle with transparency: tint, borders, selection, strokes that teach."""
    top, left, bottom, right = window
    # One more pixel on each side, without which the borders at the rim are not known.
    rows, columns = slice(max(0, top - 1), bottom + 1), slice(max(0, left - 1), right + 1)
    inner = (
        slice(top - rows.start, bottom - rows.start),
        slice(left - columns.start, right - columns.start),
    )
    edge = pictures.edges(looks.ids_yx[rows, columns])[inner]
    ids = looks.ids_yx[top:bottom, left:right]
    edge &= ids > 0
    painted = looks.table[:, :4][ids]
    if looks.proposed_yx is not None:
        found = looks.proposed_yx[top:bottom, left:right]
        free = (found > 0) & (ids == 0)
        painted[free, :3], painted[free, 3] = looks.proposed_table[found[free]], _TINT
        proposed = pictures.edges(looks.proposed_yx[rows, columns])[inner] & (found > 0)
        painted[proposed] = (*look.rgb(look.PREDICTED_COLOR), _EDGE)
    painted[edge, 3] = _EDGE
    painted[edge & (looks.table[:, 4] > 0)[ids]] = (*_SELECTED, _EDGE)
    if looks.taught_yx is not None:
        taught = looks.taught_yx[top:bottom, left:right]
        shown = taught >= 0
        painted[shown, :3], painted[shown, 3] = looks.taught_table[taught[shown]], _TAUGHT
    return painted
