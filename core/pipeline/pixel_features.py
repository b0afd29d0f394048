"""What each pixel's surroundings look like at several scales, as numbers for trees.

Source: the features of ilastik's pixel classification (Berg et al., Nature Methods 2019).
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# ilastik's scales, and the step at which each is computed: wide blurs need no fine grid.
SCALES = ((0.7, 1), (1.6, 1), (3.5, 2), (10.0, 4))
# Gaussian, gradient, Laplacian, two of the Hessian, two of the structure tensor.
FEATURES_A_SCALE = 7
# Beyond three sigmas lies 0.3 % of a Gaussian.
TRUNCATE = 3.0
# As far as a feature sees: the widest Gaussian reaches 32 px, the structure tensor blurs its slopes
# once more.
REACH_PX = 72
# Where a window may begin: at a square of the coarsest grid.
STEP_PX = 4
# A quarter of a gigabyte: each core of a large machine makes one such table at a time.
LARGEST_TABLE = 64_000_000
Window = tuple[slice, slice]
"""Rows and columns."""


def width(channels: int) -> int:
    """Return how many features a pixel of so many channels has."""
    return channels * len(SCALES) * FEATURES_A_SCALE


def windows(image_cyx: NDArray[np.generic]) -> list[Window]:
    """Return windows of about one size that cover the image, each with a table of bearable size.

    Of most images that is one window, the whole image.
    """
    channels, *sides = image_cyx.shape
    if width(channels) * math.prod(sides) <= LARGEST_TABLE:
        return [(slice(0, sides[0]), slice(0, sides[1]))]
    most_px = max(STEP_PX, math.isqrt(LARGEST_TABLE // width(channels)) // STEP_PX * STEP_PX)
    rows, columns = (_parts(side, most_px) for side in sides)
    return [(row, column) for row in rows for column in columns]


def _parts(side: int, most_px: int) -> list[slice]:
    """Return slices of about one length, `most_px` at most, that begin at multiples of four."""
    each = -(-side // -(-side // most_px))
    each = -(-each // STEP_PX) * STEP_PX
    return [slice(start, min(start + each, side)) for start in range(0, side, each)]


def spreads(image_cyx: NDArray[np.generic]) -> list[tuple[float, float]]:
    """Return mean and standard deviation, above 0, of each channel."""
    planes = (channel.astype(np.float32) for channel in image_cyx)
    return [(float(plane.mean()), max(float(plane.std()), 1e-6)) for plane in planes]


def features(
    image_cyx: NDArray[np.generic],
    window: Window | None = None,
    known: Sequence[tuple[float, float]] | None = None,
) -> NDArray[np.float32]:
    """Return (rows, columns, features) of all channels, of the whole image or a window of it.

    Each channel is brought to mean 0 and spread 1 first; then, at each scale: Gaussian,
    gradient magnitude, Laplacian, eigenvalues of Hessian and structure tensor. A window's are
    those of the whole image there; it begins at a multiple of four pixels. `known` are the image's
    `spreads`, which whoever looks at several windows need not find for each.
    """
    rows, columns = window or (slice(0, image_cyx.shape[1]), slice(0, image_cyx.shape[2]))
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    around = tuple(slice(max(0, at.start - REACH_PX), at.stop + REACH_PX) for at in (rows, columns))
    top, left = rows.start - around[0].start, columns.start - around[1].start
    found = np.empty((*shape, width(len(image_cyx))), np.float32)
    place = 0
    for channel, (mean, spread) in zip(image_cyx, known or spreads(image_cyx), strict=True):
        even = (channel[around].astype(np.float32) - np.float32(mean)) / spread
        for sigma, step in SCALES:
            for feature in _at_scale(_shrunk(even, step), sigma / step):
                wide = np.repeat(np.repeat(feature, step, axis=0), step, axis=1)
                found[..., place] = wide[top : top + shape[0], left : left + shape[1]]
                place += 1
    return found


def _shrunk(plane: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """Return means over squares of `step` pixels; the last squares repeat the edge."""
    rows, columns = plane.shape
    padded = np.pad(plane, ((0, -rows % step), (0, -columns % step)), mode="edge")
    squares = padded.reshape(padded.shape[0] // step, step, padded.shape[1] // step, step)
    return np.asarray(squares.mean(axis=(1, 3)), np.float32)


def _at_scale(plane: NDArray[np.float32], sigma: float) -> list[NDArray[np.float32]]:
    from scipy.ndimage import gaussian_filter

    smooth = gaussian_filter(plane, sigma, truncate=TRUNCATE)
    # Derivatives times sigma do not shrink with the scale.
    dy, dx = (sigma * _slope(smooth, axis) for axis in (0, 1))
    dyy, dyx, dxx = sigma * _slope(dy, 0), sigma * _slope(dy, 1), sigma * _slope(dx, 1)
    tensor = (
        gaussian_filter(part, sigma, truncate=TRUNCATE) for part in (dy * dy, dy * dx, dx * dx)
    )
    return [
        smooth,
        np.hypot(dy, dx),
        dyy + dxx,
        *_eigenvalues(dyy, dyx, dxx),
        *_eigenvalues(*tensor),
    ]


def _slope(plane: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Return the central difference; pictures one pixel wide have none."""
    if plane.shape[axis] < 2:
        return np.zeros_like(plane)
    return np.asarray(np.gradient(plane, axis=axis), np.float32)


def _eigenvalues(
    yy: NDArray[np.float32], yx: NDArray[np.float32], xx: NDArray[np.float32]
) -> list[NDArray[np.float32]]:
    """Return the larger and the smaller eigenvalue of a symmetric 2 x 2 matrix at each pixel."""
    middle, spread = (yy + xx) / 2, np.hypot((yy - xx) / 2, yx)
    return [np.asarray(middle + spread), np.asarray(middle - spread)]
