"""Exact outlines: along the edges between pixels, so that area and pixels are those of the mask.

Outlines through pixel centres lose half a pixel all around, which other programs' users notice.
A corner is (x, y) with the origin at the picture's upper left corner, as COCO, QuPath and ImageJ
count: the first pixel reaches from 0 to 1.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Corner = tuple[float, float]
Ring = tuple[Corner, ...]
# A pixel's centre lies half a pixel from its corner; `shapes` counts from centre to centre.
HALF_PX = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Polygon:
    """One connected piece of an object."""

    outer: Ring
    holes: tuple[Ring, ...] = ()

    def scaled(self, factor: float) -> "Polygon":
        """Return it in a picture so many times as wide."""
        outer, *holes = (
            tuple((x * factor, y * factor) for x, y in ring) for ring in (self.outer, *self.holes)
        )
        return Polygon(outer=outer, holes=tuple(holes))


def polygons(mask_yx: NDArray[np.bool_], offset_yx: tuple[int, int] = (0, 0)) -> list[Polygon]:
    """Return the mask's pieces; filled again they give the same pixels.

    No ring touches or crosses itself; pieces that meet at a corner only are two. `offset_yx` is
    where the mask lies in its picture.
    """
    rings = [_moved(ring, offset_yx) for ring in _trace(mask_yx)]
    outer = [ring for ring in rings if area(ring) > 0]
    holes: dict[int, list[Ring]] = {}
    for ring in rings:
        if area(ring) < 0:
            around = [at for at, other in enumerate(outer) if contains(other, _inside(ring))]
            holes.setdefault(min(around, key=lambda at: area(outer[at])), []).append(ring)
    return [Polygon(outer=ring, holes=tuple(holes.get(at, ()))) for at, ring in enumerate(outer)]


def area(ring: Ring) -> float:
    """Return the area in square pixels; below 0 for a hole."""
    x, y = np.array(ring).T
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def contains(ring: Ring, point: Corner) -> bool:
    """Return whether the point lies inside; points on the line may fall on either side."""
    x, y = np.array(ring).T
    x2, y2 = np.roll(x, -1), np.roll(y, -1)
    crossed = (y > point[1]) != (y2 > point[1])
    across = x[crossed] + (point[1] - y[crossed]) * (x2 - x)[crossed] / (y2 - y)[crossed]
    return bool(np.count_nonzero(across > point[0]) % 2)


def centred(ring: Iterable[Corner]) -> tuple[Corner, ...]:
    """Return corners counted from the first pixel's centre, as `shapes.fill` does."""
    return tuple((x - HALF_PX, y - HALF_PX) for x, y in ring)


def _trace(mask_yx: NDArray[np.bool_]) -> list[Ring]:
    """Return rings of whole numbers, the inside always to the same side of the way."""
    padded = np.pad(mask_yx, 1).astype(np.int8)
    down, right = np.diff(padded, axis=0)[:, 1:-1], np.diff(padded, axis=1)[1:-1]
    ways: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for edges, step in (
        (down == 1, (1, 0)),  # inside below: to the right
        (down == -1, (-1, 0)),
        (right == -1, (0, 1)),  # inside to the left: downwards
        (right == 1, (0, -1)),
    ):
        rows, columns = np.nonzero(edges)
        back = (max(0, -step[0]), max(0, -step[1]))
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            start = (column + back[0], row + back[1])
            ways.setdefault(start, []).append((start[0] + step[0], start[1] + step[1]))
    rings = []
    while ways:
        rings += _walk(ways)
    return rings


def _walk(ways: dict[tuple[int, int], list[tuple[int, int]]]) -> list[Ring]:
    """Follow the edges from any corner on; wherever a corner is met again, a ring is complete."""
    rings = []
    path = [next(iter(ways))]
    place = {path[0]: 0}
    while path[-1] in ways:
        ends = ways[path[-1]]
        corner = ends.pop()
        if not ends:
            del ways[path[-1]]
        if corner not in place:
            place[corner] = len(path)
            path.append(corner)
            continue
        loop = path[place[corner] :]
        rings.append(_straight(loop))
        for gone in loop[1:]:
            del place[gone]
        path = path[: place[corner] + 1]
    return rings


def _straight(loop: list[tuple[int, int]]) -> Ring:
    """Return the ring without the corners at which it does not turn."""
    points = np.array(loop)
    turn = (points - np.roll(points, 1, axis=0) != np.roll(points, -1, axis=0) - points).any(axis=1)
    return tuple((float(x), float(y)) for x, y in points[turn])


def _moved(ring: Ring, offset_yx: tuple[int, int]) -> Ring:
    return tuple((x + offset_yx[1], y + offset_yx[0]) for x, y in ring)


def _inside(ring: Ring) -> Corner:
    """Return the centre of a pixel beside the ring's first edge, on the hole's side."""
    (x, y), (x2, y2) = ring[0], ring[1]
    along = (np.sign(x2 - x), np.sign(y2 - y))
    # To the left of the way, the inside being to the right, in a picture whose rows go down.
    return (
        float(x + along[0] * HALF_PX + along[1] * HALF_PX),
        float(y + along[1] * HALF_PX - along[0] * HALF_PX),
    )
