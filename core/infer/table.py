"""Where objects lie and how large they are, measured for all of them at once."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.infer import summary

OBJECT_COLUMNS = (
    "image", "object", "class", "probability", "area_px", "row", "column",
    "top", "left", "bottom", "right",
)  # fmt: skip
IMAGE_COLUMNS = ("image", "class", "probability")

Ints = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Regions:
    """Size and place of objects, one entry an id from 0 (nothing) on; area 0: no such object."""

    area: Numbers
    row_sum: Numbers
    """Of the rows of all its pixels."""
    column_sum: Numbers
    top: Ints
    left: Ints
    bottom: Ints
    """One past its last row."""
    right: Ints

    def joined(self, owner: npt.NDArray[np.integer], count: int) -> "Regions":
        """Return `count` regions, each made of all regions whose `owner` it is."""
        return Regions(
            area=_sum(owner, self.area, count),
            row_sum=_sum(owner, self.row_sum, count),
            column_sum=_sum(owner, self.column_sum, count),
            top=_lowest(owner, self.top, count),
            left=_lowest(owner, self.left, count),
            bottom=_highest(owner, self.bottom, count),
            right=_highest(owner, self.right, count),
        )

    def taken(self, ids: npt.NDArray[np.integer]) -> "Regions":
        """Return the regions of these ids, in this order."""
        return Regions(*(each[ids] for each in self.fields()))

    def middle(self, at: int) -> tuple[int, int]:
        """Return row and column of the middle of one region."""
        area = self.area[at]
        return round(self.row_sum[at] / area), round(self.column_sum[at] / area)

    def fields(self) -> tuple[npt.NDArray[Any], ...]:
        """Return all figures in the order of the record."""
        return (
            self.area, self.row_sum, self.column_sum, self.top, self.left, self.bottom, self.right,
        )  # fmt: skip


def measure(labels_yx: npt.NDArray[np.integer], count: int, corner_yx: tuple[int, int]) -> Regions:
    """Return the regions 0..count of a label map whose first pixel lies at `corner_yx`."""
    rows, columns = labels_yx.shape
    # Runs of one id along a row: some twenty times fewer than pixels.
    change = np.ones((rows, columns), dtype=bool)
    np.not_equal(labels_yx[:, 1:], labels_yx[:, :-1], out=change[:, 1:])
    start = np.flatnonzero(change)
    length = np.diff(start, append=rows * columns)
    ids = labels_yx.ravel()[start]
    kept = ids > 0
    start, length, ids = start[kept], length[kept], ids[kept]
    row, first = start // columns + corner_yx[0], start % columns + corner_yx[1]
    return Regions(
        area=_sum(ids, length, count + 1),
        row_sum=_sum(ids, length * row, count + 1),
        column_sum=_sum(ids, length * (first + (length - 1) / 2), count + 1),
        top=_lowest(ids, row, count + 1),
        left=_lowest(ids, first, count + 1),
        bottom=_highest(ids, row + 1, count + 1),
        right=_highest(ids, first + length, count + 1),
    )


def none_yet() -> Regions:
    """Return the regions of an empty map: id 0 alone."""
    return measure(np.zeros((1, 1), np.int32), 0, (0, 0))


def joined(parts: Sequence[Regions]) -> Regions:
    """Return the regions of several parts one after the other."""
    return Regions(
        *(np.concatenate(each) for each in zip(*(p.fields() for p in parts), strict=True))
    )


def rows(
    name: str,
    regions: Regions,
    classes: Sequence[str],
    object_classes: Mapping[int, int],
    object_scores: Mapping[int, float],
) -> Iterator[tuple[Any, ...]]:
    """Yield a row an object: class, probability, area, centre (row, column), box, all in px.

    Ids have no gaps. Without a known class it is the first one; without a score it is empty.
    """
    own = regions.taken(np.arange(1, len(regions.area)))
    ids = range(1, len(own.area) + 1)
    named = [classes[object_classes.get(index, 0)] for index in ids]
    scored = [object_scores.get(index, "") for index in ids]
    places = (own.row_sum / own.area, own.column_sum / own.area)
    figures = (
        own.area.astype(np.int64),
        *(np.round(place, 2) for place in places),
        *own.fields()[3:],
    )
    columns = [each.tolist() for each in figures]
    return zip([name] * len(ids), ids, named, scored, *columns, strict=True)


def further(name: str) -> str:
    """Return what the column of a fact about the image is called: a plate has rows as well."""
    own = {*OBJECT_COLUMNS, *summary.in_um2(OBJECT_COLUMNS).values(), summary.PIXEL_SIZE}
    return f"image {name}" if name in own or summary.is_figure(name) else name


def read(path: Path) -> Iterator[dict[str, str]]:
    """Yield the lines of a table of answers, column -> text; none where there is no file."""
    if path.is_file():
        with path.open(newline="", encoding="utf-8") as file:
            yield from csv.DictReader(file)


def _sum(ids: npt.NDArray[np.integer], values: npt.NDArray[Any], count: int) -> Numbers:
    total: Numbers = np.bincount(ids, values, count).astype(np.float64, copy=False)
    return total


def _lowest(ids: npt.NDArray[np.integer], values: Ints, count: int) -> Ints:
    lowest = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(lowest, ids, values)
    return lowest


def _highest(ids: npt.NDArray[np.integer], values: Ints, count: int) -> Ints:
    highest = np.zeros(count, dtype=np.int64)
    np.maximum.at(highest, ids, values)
    return highest
