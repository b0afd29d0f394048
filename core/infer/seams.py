"""Objects found block by block become those of the whole image.

Every pixel's answer comes from the block whose core it lies in, and each block is looked at with a
margin. Objects of two neighbouring blocks that overlap by more than half in the strip around their
border, which both saw, are one object. So what is found does not depend on the blocks' order, and
an object may be larger than any block.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from core.infer import table
from core.infer.table import Regions
from core.pipeline.answers import Answer
from core.records import Postprocess

Labels = npt.NDArray[np.int32]
Window = tuple[slice, slice]


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the image: the core it answers for, and the window it is looked at with."""

    core: Window
    window: Window

    @property
    def core_in_window(self) -> Window:
        """Return where the core lies within the window."""
        return within(self.core, self.window)


@dataclass(frozen=True, slots=True)
class Objects:
    """All objects of an image."""

    regions: Regions
    """Ids 0 (nothing) to N."""
    classes: dict[int, int]
    scores: dict[int, float]
    final: Labels
    """Id in the blocks' cores -> final id, 0 for what was dropped."""


def blocks(shape_yx: tuple[int, int], core_px: int, margin_px: int) -> Iterator[Block]:
    """Yield blocks whose cores tile the image, row by row."""
    for top in range(0, shape_yx[0], core_px):
        for left in range(0, shape_yx[1], core_px):
            core = (
                slice(top, min(top + core_px, shape_yx[0])),
                slice(left, min(left + core_px, shape_yx[1])),
            )
            yield Block(core, (_wider(core[0], margin_px, shape_yx[0]),
                               _wider(core[1], margin_px, shape_yx[1])))  # fmt: skip


def within(part: Window, window: Window) -> Window:
    """Return a part of the image as counted from a window's first pixel."""
    rows, columns = (
        slice(inner.start - outer.start, inner.stop - outer.start)
        for inner, outer in zip(part, window, strict=True)
    )
    return rows, columns


@dataclass(slots=True)
class Joiner:
    """Collects the blocks' objects, in the order of `blocks`."""

    shape_yx: tuple[int, int]
    margin_px: int
    _count: int = 0
    _regions: list[Regions] = field(default_factory=list)
    _classes: list[npt.NDArray[np.int64]] = field(default_factory=list)
    _scores: list[npt.NDArray[np.float64]] = field(default_factory=list)
    _pairs: list[npt.NDArray[np.int64]] = field(default_factory=list)
    _strips: dict[tuple[int, int, int], Labels] = field(default_factory=dict)
    """(axis, border, where the core begins along it) -> the strip as its first block saw it."""

    def add(self, block: Block, answer: Answer) -> Labels:
        """Return the core's objects by ids that no other block has, and remember the rest."""
        found = answer.labels_yx
        assert found is not None
        count = int(found.max(initial=0))
        labels = np.where(found > 0, found + self._count, 0).astype(np.int32)
        core = np.ascontiguousarray(found[block.core_in_window])
        corner = (block.core[0].start, block.core[1].start)
        # Id 0 of a block stands for nothing and is left out: ids go on where the last ones ended.
        ids = np.arange(1, count + 1)
        self._regions.append(table.measure(core, count, corner).taken(ids))
        self._classes.append(_filled(answer.object_classes, count, -1).astype(np.int64))
        self._scores.append(_filled(answer.object_scores, count, np.nan))
        self._compare(block, labels)
        self._count += count
        return labels[block.core_in_window]

    def _compare(self, block: Block, labels: Labels) -> None:
        """Match the strips along the upper and left border, and keep those of the others."""
        for axis, side in enumerate(self.shape_yx):
            for border in (block.core[axis].start, block.core[axis].stop):
                if border in (0, side) or not self.margin_px:
                    continue
                around = _wider(slice(border, border), self.margin_px // 2, side)
                strip = (around, block.core[1]) if axis == 0 else (block.core[0], around)
                seen = labels[within(strip, block.window)]
                key = (axis, border, block.core[1 - axis].start)
                before = self._strips.pop(key, None)
                if before is None:
                    self._strips[key] = seen.copy()
                else:
                    self._pairs.append(same(before, seen))

    def finish(self, post: Postprocess) -> Objects:
        """Return the objects that are not too small, numbered by their uppermost row."""
        owner, count = self._owners()
        parts = table.joined([table.none_yet(), *self._regions])
        whole = parts.joined(owner, count)
        areas = parts.area
        classes = np.concatenate([[-1], *self._classes]).astype(np.int64)
        least = np.full(count, max(post.smallest_px, 1))
        if post.class_smallest_px:
            told = _vote(owner, classes, areas)
            sizes = np.array(post.class_smallest_px)[list(told.values())]
            least[list(told)] = np.maximum(least[list(told)], sizes)
        kept = np.flatnonzero(whole.area >= least)
        kept = kept[np.lexsort((whole.left[kept], whole.top[kept]))]
        number = np.zeros(count, dtype=np.int32)
        number[kept] = np.arange(1, len(kept) + 1)
        regions = whole.taken(np.concatenate([owner[:1], kept]))
        final = number[owner]
        scores = np.concatenate([[np.nan], *self._scores])
        return Objects(regions, _vote(final, classes, areas), _mean(final, scores, areas), final)

    def _owners(self) -> tuple[npt.NDArray[np.int32], int]:
        """Return for each id the object it is part of, and how many objects there are."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        pairs = np.concatenate([np.zeros((0, 2), np.int64), *self._pairs])
        size = self._count + 1
        graph = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), (size, size))
        count, owner = connected_components(graph, directed=False)
        return owner, int(count)


def same(one_yx: Labels, other_yx: Labels) -> npt.NDArray[np.int64]:
    """Return pairs (n, 2) of ids that cover each other by more than half of their union."""
    seen = (one_yx > 0) | (other_yx > 0)
    both = (one_yx[seen].astype(np.int64) << 32) | other_yx[seen]
    joint, shared = np.unique(both, return_counts=True)
    pairs = np.stack([joint >> 32, joint & 0xFFFFFFFF], axis=1)
    _, one = np.unique(pairs[:, 0], return_inverse=True)
    _, other = np.unique(pairs[:, 1], return_inverse=True)
    union = np.bincount(one, shared)[one] + np.bincount(other, shared)[other] - shared
    matched: npt.NDArray[np.int64] = pairs[(pairs > 0).all(axis=1) & (2 * shared > union)]
    return matched


def _vote(
    final: Labels, classes: npt.NDArray[np.int64], areas: npt.NDArray[np.float64]
) -> dict[int, int]:
    """Return object -> class of most of its area; parts nearly always agree."""
    told = (classes >= 0) & (final > 0) & (areas > 0)
    if not told.any():
        return {}
    width = int(classes.max()) + 1
    votes = np.bincount(final[told] * np.int64(width) + classes[told], areas[told])
    votes = np.pad(votes, (0, -len(votes) % width)).reshape(-1, width)
    present = np.flatnonzero(votes.any(axis=1))
    return dict(zip(present.tolist(), votes[present].argmax(axis=1).tolist(), strict=True))


def _mean(
    final: Labels, scores: npt.NDArray[np.float64], areas: npt.NDArray[np.float64]
) -> dict[int, float]:
    """Return object -> mean score of its parts by area."""
    told = np.isfinite(scores) & (final > 0) & (areas > 0)
    weights = np.bincount(final[told], areas[told])
    present = np.flatnonzero(weights)
    means = np.bincount(final[told], (areas * scores)[told])[present] / weights[present]
    return dict(zip(present.tolist(), np.round(means, 4).tolist(), strict=True))


def _filled(
    known: dict[int, int] | dict[int, float], count: int, empty: float
) -> npt.NDArray[np.float64]:
    """Return the values of ids 1..count."""
    filled = np.full(count + 1, float(empty))
    filled[np.fromiter(known.keys(), np.intp)] = np.fromiter(known.values(), np.float64)
    return filled[1:]


def _wider(core: slice, by_px: int, side: int) -> slice:
    return slice(max(core.start - by_px, 0), min(core.stop + by_px, side))
