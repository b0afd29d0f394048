"""A click -> the outline of one object, within a fraction of a second.

Only a window around the place is looked at, so that the size of the image does not matter.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Floats = NDArray[np.float32]
# Without any object marked yet: a nucleus at the magnification that most screens are done with.
USUAL_DIAMETER_PX = 24.0
# Nested proposals between "hardly more than the click" and "all that is alike".
_LEVELS = 20
# An object's diameter is rarely more than 1.6 times off what its neighbours have.
_SIZE_SPREAD = math.log(1.6)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Proposals:
    """Nested outlines around one click, the smallest first; a further click changes `chosen`."""

    masks: tuple[Mask, ...]
    offset_yx: tuple[int, int]
    """Where the upper left corner of the masks lies in the image."""
    chosen: int
    """Which is the most likely."""

    def stepped(self, step: int) -> "Proposals":
        """Return the same with a larger (1) or smaller (-1) outline, as far as there is one."""
        at = min(max(self.chosen + step, 0), len(self.masks) - 1)
        return Proposals(masks=self.masks, offset_yx=self.offset_yx, chosen=at)

    def placed(self, shape_yx: tuple[int, int]) -> Mask:
        """Return the chosen outline's pixels in an image of this size; empty without proposals."""
        whole = np.zeros(shape_yx, dtype=bool)
        if self.masks:
            mask, (top, left) = self.masks[self.chosen], self.offset_yx
            whole[top : top + mask.shape[0], left : left + mask.shape[1]] = mask
        return whole


def at_point(
    image_cyx: NDArray[np.generic],
    row: int,
    column: int,
    *,
    diameter_px: float | None = None,
    inside_yx: Floats | None = None,
    taken_yx: Mask | None = None,
) -> Proposals:
    """Return outlines of what lies under the click.

    `diameter_px` is what objects have here (None: nobody knows yet), `inside_yx` how likely each
    pixel is an object's, in [0, 1] (None: nothing was learned yet), `taken_yx` what other objects
    have already.
    """
    size = diameter_px or USUAL_DIAMETER_PX
    window, (top, left) = window_around(image_cyx.shape[1:], (row, column), 1.6 * size)
    free = np.ones(image_cyx[0][window].shape, bool) if taken_yx is None else ~taken_yx[window]
    seed = (row - top, column - left)
    free[seed] = True
    smooth = smoothed(image_cyx[(slice(None), *window)], max(1.0, size / 16))
    maps = [_unlike(smooth, seed)]
    if inside_yx is not None:
        maps.append(1 - inside_yx[window])
    slopes = gradient(smooth if inside_yx is None else [*smooth, inside_yx[window]])
    found = [mask for each in maps for mask in _nested(each, seed, free, size)]
    found.append(_watershed(slopes, _disc(free.shape, seed, size / 4), free, seed, size))
    found = sorted((mask for mask in found if mask.sum() >= 5), key=lambda mask: int(mask.sum()))
    if not found:
        found = [_disc(free.shape, seed, 2.0) & free]
    scores = [_fit(mask, slopes, diameter_px) for mask in found]
    return Proposals(
        masks=tuple(found), offset_yx=(top, left), chosen=int(np.argmax(np.array(scores)))
    )


def window_around(
    shape_yx: Sequence[int], centre: tuple[float, float], half: float
) -> tuple[tuple[slice, slice], tuple[int, int]]:
    """Return the part of the image within `half` pixels of the centre."""
    sides = []
    for at, length in zip(centre, shape_yx, strict=True):
        start = min(max(0, math.floor(at - half)), max(0, length - 3))
        sides.append(slice(start, max(start + 3, min(length, math.ceil(at + half) + 1))))
    return (sides[0], sides[1]), (sides[0].start, sides[1].start)


def smoothed(window_cyx: NDArray[np.generic], sigma: float) -> list[Floats]:
    """Return the channels, blurred, each with a spread of 1 in the window."""
    from scipy.ndimage import gaussian_filter

    found = []
    for plane in window_cyx.astype(np.float32):
        blurred = gaussian_filter(plane, sigma)
        found.append(np.asarray(blurred / max(float(blurred.std()), 1e-6), np.float32))
    return found


def gradient(planes: Sequence[Floats]) -> Floats:
    """Return the steepest channel's gradient."""
    slopes = [np.hypot(*np.gradient(plane)) for plane in planes]
    return np.asarray(np.max(slopes, axis=0), np.float32)


def _unlike(planes: Sequence[Floats], seed: tuple[int, int]) -> Floats:
    """Return how far each pixel's colours are from those around the click."""
    row, column = seed
    near = (slice(max(0, row - 1), row + 2), slice(max(0, column - 1), column + 2))
    squares = [(plane - np.median(plane[near])) ** 2 for plane in planes]
    return np.asarray(np.sqrt(np.sum(squares, axis=0)), np.float32)


def _nested(unlike: Floats, seed: tuple[int, int], free: Mask, size: float) -> list[Mask]:
    """Return the connected surroundings of the click at rising thresholds."""
    near = _disc(unlike.shape, seed, size)
    low, high = np.quantile(unlike[near], (0.05, 0.95))
    found: list[Mask] = []
    for level in np.linspace(low, high, _LEVELS):
        mask = tidy((unlike <= level) & free, *seed)
        if not found or mask.sum() > found[-1].sum():
            found.append(mask)
    return found


def _watershed(
    gradient: Floats, core: Mask, free: Mask, seed: tuple[int, int], size: float
) -> Mask:
    from skimage.segmentation import watershed

    far = ~_disc(free.shape, seed, 0.9 * size)
    markers = np.where(far | ~free, 2, np.where(core & free, 1, 0)).astype(np.int32)
    return tidy(watershed(gradient, markers) == 1, *seed)


def tidy(mask: Mask, row: int, column: int) -> Mask:
    """Return the piece under the click, thin bridges cut, edges smoothed, holes filled."""
    from scipy import ndimage

    rows, columns = mask.shape
    row, column = min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)
    smooth = ndimage.binary_opening(mask, structure=_CROSS, iterations=1)
    for each in (smooth, mask):
        pieces, count = ndimage.label(each)
        near = pieces[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
        told = near[near > 0]
        if count and len(told):
            piece = pieces == int(np.bincount(told).argmax())
            return np.asarray(ndimage.binary_fill_holes(piece), dtype=bool)
    return np.zeros(mask.shape, dtype=bool)


_CROSS = np.array([(0, 1, 0), (1, 1, 1), (0, 1, 0)], dtype=bool)


def _disc(shape_yx: Sequence[int], centre: tuple[float, float], radius: float) -> Mask:
    y, x = np.ogrid[: shape_yx[0], : shape_yx[1]]
    return np.asarray((y - centre[0]) ** 2 + (x - centre[1]) ** 2 <= radius**2)


def _fit(mask: Mask, gradient: Floats, diameter_px: float | None) -> float:
    """Return how much an outline looks like an object's: steep, round, of the usual size."""
    from scipy.ndimage import binary_dilation, binary_erosion

    edge = binary_dilation(mask, _CROSS) & ~binary_erosion(mask, _CROSS)
    touches = mask[0].any() + mask[-1].any() + mask[:, 0].any() + mask[:, -1].any()
    area, around = float(mask.sum()), float(max(1, (mask & edge).sum()))
    steep = float(gradient[edge].mean()) if edge.any() else 0.0
    round_ = min(1.0, 4 * math.pi * area / (around * 1.1) ** 2)
    size = 2 * math.sqrt(area / math.pi)
    off = 0.0 if diameter_px is None else math.log(size / diameter_px) / _SIZE_SPREAD
    return float(steep * round_ * math.exp(-(off**2) / 2) * 0.7**touches)
