"""Brightness and contrast: numbers taken from the whole image, applied to any part of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Image = npt.NDArray[np.generic]

# Every 4th pixel each way of a large image tells the percentiles to a fraction of a grey level;
# of the largest ones, as many as this do.
THINNED_PX = 512 * 512
SAMPLE_PX = 4_000_000
# Rows read at once where every pixel counts: a strip of the widest image is some 20 MB.
STRIP_ROWS = 256
# Adaptive equalisation as scikit-image does it: 8 x 8 regions, 256 grey levels. At 0.02 noise in
# empty regions stays noise.
REGIONS, BINS, CLIP_LIMIT = 8, 256, 0.02


class Normaliser(Protocol):
    """What turns pixels into the network's numbers, the same for every part of one image."""

    def __call__(self, part_cyx: Image, corner_yx: tuple[int, int] = (0, 0)) -> Floats:
        """Return the part whose first pixel lies at `corner_yx` of the image."""


@dataclass(frozen=True, slots=True)
class Linear:
    """Shift and stretch each channel, then clip."""

    low: npt.NDArray[np.floating]
    """(channels, 1, 1), or (1, 1, 1) for all alike."""
    span: npt.NDArray[np.floating]
    factor: float
    offset: float
    limits: tuple[float, float]

    def __call__(self, part_cyx: Image, corner_yx: tuple[int, int] = (0, 0)) -> Floats:
        """Return clip((part - low) / span * factor + offset)."""
        pixels = np.asarray(part_cyx, dtype=np.float32)
        scaled = (pixels - self.low) / self.span * self.factor + self.offset
        clipped: Floats = np.clip(scaled, *self.limits).astype(np.float32)
        return clipped


@dataclass(frozen=True, slots=True)
class Evened:
    """Contrast-limited adaptive histogram equalisation."""

    stretch: Linear
    curves: Floats
    """(channels, regions down, regions across, bins): grey level -> output in [0, 1]."""
    shape_yx: tuple[int, int]

    def __call__(self, part_cyx: Image, corner_yx: tuple[int, int] = (0, 0)) -> Floats:
        """Return each pixel by the curves of the four regions around it, in [-1, 1]."""
        levels = grey_levels(self.stretch(part_cyx))
        down, across = self.curves.shape[1:3]
        top, bottom, dy = _between(levels.shape[1], corner_yx[0], self.shape_yx[0], down)
        left, right, dx = _between(levels.shape[2], corner_yx[1], self.shape_yx[1], across)
        evened = np.empty(levels.shape, np.float32)
        for level, curve, out in zip(levels, self.curves, evened, strict=True):
            flat = curve.ravel()

            corners = [
                flat[(rows[:, None] * across + columns[None]) * BINS + level]
                for rows in (top, bottom)
                for columns in (left, right)
            ]
            upper = corners[0] * (1 - dx) + corners[1] * dx
            lower = corners[2] * (1 - dx) + corners[3] * dx
            out[:] = (upper * (1 - dy[:, None]) + lower * dy[:, None]) * 2 - 1
        return evened


def percentile(image_cyx: Image, chosen: tuple[int, ...], colour: bool) -> Linear:
    """Map the 1st to 99.8th percentile to [-1, 1]; a constant channel becomes -1.

    A colour picture is stretched as one, so that its hues stay. Source: CSBDeep's normalisation.
    """
    rows, columns = image_cyx.shape[1:]
    step = 1
    if rows * columns > THINNED_PX:
        step = max(4, int(np.ceil(np.sqrt(rows * columns / SAMPLE_PX))))
    sample = image_cyx[:, ::step, ::step][list(chosen)].astype(np.float32)
    axes = (0, 1, 2) if colour else (1, 2)
    low, high = np.percentile(sample, (1.0, 99.8), axis=axes, keepdims=True)
    return Linear(low, np.maximum(high - low, 1e-6), 2.0, -1.0, (-1.2, 1.6))


def zscore(image_cyx: Image, chosen: tuple[int, ...], colour: bool) -> Linear:
    """Map to mean 0 and standard deviation 0.5 (the spread ImageNet weights are used to)."""
    axes = (0, 1, 2) if colour else (1, 2)
    strips = [slice(top, top + STRIP_ROWS) for top in range(0, image_cyx.shape[1], STRIP_ROWS)]
    count = image_cyx[0].size * (len(chosen) if colour else 1)

    def mean(power: int, around: float | npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        total = np.zeros((1, 1, 1))
        for rows in strips:
            part = image_cyx[:, rows][list(chosen)].astype(np.float64)
            total = total + ((part - around) ** power).sum(axis=axes, keepdims=True)
        return np.asarray(total / count)

    middle = mean(1, 0.0)
    deviation = np.sqrt(mean(2, middle))
    span = np.maximum(deviation, 1e-6).astype(np.float32)
    return Linear(middle.astype(np.float32), span, 0.5, 0.0, (-3.0, 3.0))


def clahe(image_cyx: Image, chosen: tuple[int, ...], colour: bool) -> Evened:
    """Even out light and contrast region by region, channel by channel.

    Source: Zuiderveld, Contrast limited adaptive histogram equalization, Graphics Gems IV, 1994.
    """
    stretch = percentile(image_cyx, chosen, colour)
    rows, columns = (_borders(side) for side in image_cyx.shape[1:])
    shape = (len(chosen), len(rows) - 1, len(columns) - 1, BINS)
    curves = np.empty(shape, np.float32)
    for i, j in np.ndindex(shape[1:3]):
        region = image_cyx[:, rows[i] : rows[i + 1], columns[j] : columns[j + 1]][list(chosen)]
        for channel, levels in enumerate(grey_levels(stretch(region))):
            curves[channel, i, j] = _curve(levels)
    return Evened(stretch, curves, (image_cyx.shape[1], image_cyx.shape[2]))


def grey_levels(stretched_cyx: Floats) -> npt.NDArray[np.intp]:
    """Return 0 to BINS - 1 for -1 to 1; what lies outside is brought to the ends."""
    levels: npt.NDArray[np.intp] = ((stretched_cyx + 1) * (BINS / 2)).astype(np.intp)
    return np.clip(levels, 0, BINS - 1, out=levels)


def _curve(levels: Image) -> Floats:
    """Return the cumulated histogram, its peaks cut off and spread over all levels."""
    counts = np.bincount(levels.ravel(), minlength=BINS) / levels.size
    cut = np.minimum(counts, CLIP_LIMIT)
    curve: Floats = np.cumsum(cut + (1 - cut.sum()) / BINS).astype(np.float32)
    return curve


def _borders(side: int) -> npt.NDArray[np.intp]:
    regions = min(REGIONS, side)
    return (np.arange(regions + 1) * side) // regions


def _between(
    length: int, first: int, side: int, regions: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Floats]:
    """Return for each pixel the regions before and after it, and how near the latter is."""
    place = (np.arange(first, first + length) + 0.5) / side * regions - 0.5
    place = np.clip(place, 0, regions - 1)
    before = place.astype(np.intp)
    return before, np.minimum(before + 1, regions - 1), (place - before).astype(np.float32)


Fit = Callable[[Image, tuple[int, ...], bool], Normaliser]
NORMALISE: dict[str, Fit] = {
    "percentile": percentile,
    "zscore": zscore,
    "clahe": clahe,
}
