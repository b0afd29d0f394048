"""Predicted objects to true ones, one to one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# A table of pairs up to this many cells (32 MiB) is counted directly; larger ones are sorted.
DENSE_CELLS = 4_000_000
# A predicted object is left out where more than this share of it lies on not annotated pixels.
IGNORED_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlaps:
    """Where the objects of two label maps meet; not annotated pixels are left out."""

    true_ids: NDArray[np.int64]
    predicted_ids: NDArray[np.int64]
    """The counted ones: those mostly on not annotated pixels are missing."""
    true_index: NDArray[np.int64]
    """One row a pair that shares a pixel: position in `true_ids`."""
    predicted_index: NDArray[np.int64]
    """One row a pair: position in `predicted_ids`."""
    iou: NDArray[np.float64]
    """One row a pair: intersection over union, in (0, 1]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """Who is whom at one IoU threshold."""

    threshold: float
    true_ids: NDArray[np.int64]
    predicted_ids: NDArray[np.int64]
    pairs: NDArray[np.int64]
    """(n, 2): true id, predicted id."""
    iou: NDArray[np.float64]
    """(n,): the pairs' intersection over union."""

    @property
    def true_positives(self) -> int:
        """Return how many objects were found."""
        return len(self.pairs)

    @property
    def false_positives(self) -> int:
        """Return how many predicted objects have no true one."""
        return len(self.predicted_ids) - len(self.pairs)

    @property
    def false_negatives(self) -> int:
        """Return how many true objects were missed."""
        return len(self.true_ids) - len(self.pairs)


def match(true_yx: NDArray[np.int32], predicted_yx: NDArray[np.int32], iou: float = 0.5) -> Matches:
    """Match the objects of two label maps one to one at an IoU of at least `iou`.

    Ids above 0 are objects, 0 is background, -1 in `true_yx` is not annotated.
    """
    return assign(overlaps(true_yx, predicted_yx), iou)


def overlaps(true_yx: NDArray[np.int32], predicted_yx: NDArray[np.int32]) -> Overlaps:
    """Return every pair of objects that shares a pixel, with its IoU on annotated pixels."""
    if true_yx.shape != predicted_yx.shape:
        raise ValueError(f"label maps differ in size: {true_yx.shape} and {predicted_yx.shape}")
    rows, columns, counts = contingency(true_yx.ravel(), predicted_yx.ravel())
    predicted_ids, lost = _summed(columns, np.where(rows < 0, counts, 0))
    area = _summed(columns, counts)[1]
    kept = (predicted_ids > 0) & (lost <= IGNORED_SHARE * area)
    known = rows >= 0
    rows, columns, counts = rows[known], columns[known], counts[known]
    true_ids, true_area = _summed(rows, counts)
    predicted_area = area - lost
    row, column = np.searchsorted(true_ids, rows), np.searchsorted(predicted_ids, columns)
    pair = (rows > 0) & kept[column]
    row, column, shared = row[pair], column[pair], counts[pair]
    first = int(len(true_ids) > 0 and true_ids[0] == 0)
    return Overlaps(
        true_ids=true_ids[first:],
        predicted_ids=predicted_ids[kept],
        true_index=row - first,
        predicted_index=(np.cumsum(kept) - 1)[column],
        iou=shared / (true_area[row] + predicted_area[column] - shared),
    )


def assign(found: Overlaps, iou: float = 0.5) -> Matches:
    """Choose, among the pairs of at least `iou`, as many as possible, then those of highest IoU.

    Source: the optimal assignment of `stardist.matching`.
    """
    enough = found.iou >= iou
    rows, columns, ious = found.true_index[enough], found.predicted_index[enough], found.iou[enough]
    # Above an IoU of 0.5 nobody can have two partners; then there is nothing to choose.
    if len(np.unique(rows)) < len(rows) or len(np.unique(columns)) < len(columns):
        chosen = _best(rows, columns, ious)
        rows, columns, ious = rows[chosen], columns[chosen], ious[chosen]
    return Matches(
        threshold=iou,
        true_ids=found.true_ids,
        predicted_ids=found.predicted_ids,
        pairs=np.stack([found.true_ids[rows], found.predicted_ids[columns]], axis=1),
        iou=ious,
    )


def _best(
    rows: NDArray[np.int64], columns: NDArray[np.int64], ious: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return which of the pairs the optimal assignment keeps."""
    from scipy.optimize import linear_sum_assignment

    row_ids, row = np.unique(rows, return_inverse=True)
    column_ids, column = np.unique(columns, return_inverse=True)
    gain = np.zeros((len(row_ids), len(column_ids)))
    # One more pair always weighs more than any IoU: the second term stays below 1 in sum.
    gain[row, column] = 1 + ious / (2 * min(gain.shape))
    pair = np.full(gain.shape, -1, np.int64)
    pair[row, column] = np.arange(len(ious))
    chosen: NDArray[np.int64] = pair[linear_sum_assignment(gain, maximize=True)]
    return chosen[chosen >= 0]


def contingency(
    true: NDArray[np.int32], predicted: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs of ids that occur, true ones from -1 on, and on how many pixels."""
    if not true.size:
        nothing = np.zeros(0, np.int64)
        return nothing, nothing, nothing
    width = int(predicted.max()) + 1
    keys = (true.astype(np.int64) + 1) * width + predicted
    cells = (int(true.max()) + 2) * width
    if cells <= max(DENSE_CELLS, 2 * true.size):
        table = np.bincount(keys)
        met = np.flatnonzero(table)
        counts = table[met]
    else:
        met, counts = np.unique(keys, return_counts=True)
    return met // width - 1, met % width, counts.astype(np.int64)


def _summed(
    ids: NDArray[np.int64], counts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the different ids in order and the sum of the counts of each."""
    names, place = np.unique(ids, return_inverse=True)
    return names, np.bincount(place, counts, minlength=len(names)).astype(np.int64)
