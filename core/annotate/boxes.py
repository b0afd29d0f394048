"""A rough box -> the outline of the object in it, within a fraction of a second.

Colours, edges and the box itself each tell a pixel's side; where objects of the study are done,
trees have learned how far to believe each of them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.annotate.clicks import Proposals, gradient, smoothed, tidy, window_around
from core.pipeline import pixel_features

Mask = NDArray[np.bool_]
Floats = NDArray[np.float32]
Box = tuple[float, float, float, float]
"""Top, left, bottom, right, in pixels of the image."""
# Half of the box's width and height: nearly always inside, whatever the object's shape.
_SURE = 0.55
# Boxes are drawn roughly: a fifth beyond them may still be the object.
_ROUGH = 1.2
# 2 is an ellipse; nuclei fill their boxes a little better.
_FULLNESS = 2.5
# Of the watershed's line and of the box, against the colours' log odds (-4 to 4); the best of
# 2 and 4 on 15 images of three kinds (tests/benchmarks/README.md).
_WEIGHT = 4.0
# As far as rays from the middle are followed, in half boxes.
_RAY_END, _RAY_STEPS, _RAYS = 1.5, 30, 48


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """What is seen of one box: a window of the image, and what speaks for inside there."""

    offset_yx: tuple[int, int]
    """Where the upper left corner of the window lies in the image."""
    middle: tuple[int, int]
    """The box's centre in the window."""
    free: Mask
    """What is no other object's and near the box."""
    alike: Floats
    """Log odds of the colours, -4 to 4."""
    parted: Floats
    """The watershed's side, -1 to 1."""
    shaped: Floats
    """How deep in a shape that fills the box; 1 in the middle, 0 on its outline."""
    told: Floats
    """(rows, columns, features): all of that and more, for trees."""

    @property
    def window(self) -> pixel_features.Window:
        """Return the window's rows and columns."""
        (top, left), (rows, columns) = self.offset_yx, self.alike.shape
        return slice(top, top + rows), slice(left, left + columns)


def window_of(shape_yx: tuple[int, ...], box: Box) -> pixel_features.Window:
    """Return the window of an image that is looked at for a box."""
    return _around(shape_yx, box)[0]


def _sides_and_centre(box: Box) -> tuple[tuple[float, float], tuple[float, float]]:
    top, left, bottom, right = box
    sides = max(bottom - top, 3.0), max(right - left, 3.0)
    return sides, ((top + bottom) / 2, (left + right) / 2)


def _around(shape_yx: tuple[int, ...], box: Box) -> tuple[pixel_features.Window, tuple[int, int]]:
    """Return the window around a box, and its upper left corner."""
    sides, centre = _sides_and_centre(box)
    return window_around(shape_yx, centre, 0.8 * max(sides) + 4)


def look(
    image_cyx: NDArray[np.generic],
    box: Box,
    taken_yx: Mask | None = None,
    inside_yx: Floats | None = None,
) -> View:
    """Return what is seen of a box.

    `taken_yx` is what other objects have already, `inside_yx` how likely each pixel is an object's.
    """
    (rows, columns), centre = _sides_and_centre(box)
    window, offset = _around(image_cyx.shape[1:], box)
    shape = image_cyx[0][window].shape
    free = np.ones(shape, bool) if taken_yx is None else ~taken_yx[window]
    y, x = np.ogrid[: shape[0], : shape[1]]
    down = (y + offset[0] + 0.5 - centre[0]) / (rows / 2) + 0 * x
    along = (x + offset[1] + 0.5 - centre[1]) / (columns / 2) + 0 * y
    square, round_ = np.maximum(np.abs(down), np.abs(along)), np.hypot(down, along)
    planes = smoothed(image_cyx[(slice(None), *window)], max(0.7, min(rows, columns) / 20))
    learned = [] if inside_yx is None else [inside_yx[window]]
    slopes = gradient([*planes, *(3 * each for each in learned)])
    alike = _alike(np.stack([*planes, *learned]), round_ < 0.7, square > 1.15)
    # Objects fill a box as a shape between ellipse and rectangle does.
    power = np.abs(down) ** _FULLNESS + np.abs(along) ** _FULLNESS
    parted = _parted(slopes, square > 1.1, round_, free)
    told = [*_geometry(down, along, (rows, columns)), alike, parted, slopes]
    told += _rays([alike, slopes, *planes[:3]], (down, along), (centre, offset), (rows, columns))
    return View(
        offset_yx=offset,
        middle=(round(centre[0] - offset[0]), round(centre[1] - offset[1])),
        free=free & (square < _ROUGH),
        alike=alike,
        parted=parted,
        shaped=np.asarray(1 - power ** (2 / _FULLNESS), np.float32),
        told=np.stack(told, axis=-1).astype(np.float32),
    )


def believed(view: View) -> Floats:
    """Return log odds of inside as nobody has learned them: colours, watershed, box."""
    from scipy.ndimage import gaussian_filter

    belief = view.alike + _WEIGHT * (view.shaped + view.parted)
    return np.asarray(gaussian_filter(belief, 1.0), np.float32)


def proposals(view: View, belief: Floats, levels: Sequence[float]) -> Proposals:
    """Return an outline at each level of the log odds, the smallest first; the middle is chosen."""
    masks = tuple(tidy((belief > level) & view.free, *view.middle) for level in levels)
    return Proposals(masks=masks, offset_yx=view.offset_yx, chosen=len(masks) // 2)


def _geometry(
    down: NDArray[np.floating], along: NDArray[np.floating], sides: tuple[float, float]
) -> list[NDArray[np.floating]]:
    """Return where each pixel lies in the box, whichever way that is turned, and the box's form."""
    rows, columns = sides
    one, other = np.abs(down), np.abs(along)
    # The longer side first: a box and the same box upright are alike.
    if rows < columns:
        one, other = other, one
    same = np.ones_like(one)
    return [
        one,
        other,
        np.hypot(down, along),
        np.maximum(one, other),
        abs(math.log(rows / columns)) * same,
        math.log(rows * columns) / 2 * same,
    ]


def _rays(
    planes: Sequence[NDArray[np.floating]],
    place: tuple[NDArray[np.floating], NDArray[np.floating]],
    at: tuple[tuple[float, float], tuple[int, int]],
    sides: tuple[float, float],
) -> list[NDArray[np.floating]]:
    """Return what lies between the middle and each pixel: the steepest slope, the least alike ...

    Rays go out from the box's centre, stretched like the box.
    """
    from scipy.ndimage import map_coordinates

    (centre, offset), (down, along) = at, place
    radii = np.linspace(0, _RAY_END, _RAY_STEPS)
    angles = np.linspace(0, 2 * np.pi, _RAYS, endpoint=False)
    rows = centre[0] - offset[0] - 0.5 + np.sin(angles)[:, None] * radii * sides[0] / 2
    columns = centre[1] - offset[1] - 0.5 + np.cos(angles)[:, None] * radii * sides[1] / 2
    seen = [map_coordinates(each, [rows, columns], order=1, mode="nearest") for each in planes]
    alike, slopes, *colours = seen
    core = radii < _SURE
    made = [
        np.minimum.accumulate(alike, axis=1),
        np.maximum.accumulate(np.where(core, 0, slopes), axis=1),
        # The steepest of the whole ray lies at the object's edge more often than not.
        np.maximum.accumulate(np.where(core, 0, slopes)[:, ::-1], axis=1)[:, ::-1],
        *(np.cumsum(each, axis=1) / np.arange(1, _RAY_STEPS + 1) - each for each in colours),
        *(each - np.median(each[:, core]) for each in colours),
        *(each - np.median(each[:, radii > 1.2]) for each in colours),
    ]
    turned = (np.arctan2(down, along) / (2 * np.pi) % 1) * _RAYS
    far = np.hypot(down, along) / _RAY_END * (_RAY_STEPS - 1)
    far = np.minimum(far, _RAY_STEPS - 1)
    around = [np.concatenate([each, each[:1]]) for each in made]
    return [map_coordinates(each, [turned, far], order=1, mode="nearest") for each in around]


def _parted(slopes: Floats, outer: Mask, round_: NDArray[np.floating], free: Mask) -> Floats:
    """Return 1 on the watershed's inner side and -1 on its outer one, softened."""
    from scipy.ndimage import gaussian_filter
    from skimage.segmentation import watershed

    outside = outer | (round_ > 1.3) | ~free
    markers = np.where(outside, 2, np.where(round_ < _SURE, 1, 0)).astype(np.int32)
    inner = (watershed(slopes, markers) == 1).astype(np.float32)
    return np.asarray(gaussian_filter(2 * inner - 1, 1.0), np.float32)


def _alike(planes: NDArray[np.float32], inner: Mask, outer: Mask) -> Floats:
    """Return the log odds that a pixel looks like the inner ones, by a linear discriminant."""
    values = planes.reshape(len(planes), -1)
    one, other = values[:, inner.ravel()], values[:, outer.ravel()]
    if one.shape[1] < 4 or other.shape[1] < 4:
        return np.zeros(inner.shape, np.float32)
    spread = (np.cov(one) + np.cov(other)).reshape(len(planes), -1) / 2
    spread += 0.05 * np.eye(len(planes))
    difference = np.median(one, axis=1) - np.median(other, axis=1)
    weights = np.linalg.solve(spread, difference)
    middle = (np.median(one, axis=1) + np.median(other, axis=1)) / 2
    odds = weights @ (values - middle[:, None])
    return np.clip(odds, -4, 4).reshape(inner.shape).astype(np.float32)
