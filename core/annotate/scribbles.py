"""A few strokes a class -> the rest of the image, better with each stroke.

The trees of `pipeline.boosted` judge each pixel by its surroundings; objects are cut out of their
probabilities by a watershed.
"""

import importlib
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import LabelError
from core.pipeline import boosted, pixel_features

Floats = NDArray[np.float32]
UNKNOWN = -1
"""A pixel no stroke went over."""
BEHIND, INSIDE = 0, 1
"""Background, and objects of the first class; those of the n-th behind it are INSIDE + n."""
# Asking takes longest: with 60 trees and every pixel, 5 s at 1024 x 1024 on one core.
_ROUNDS = 30
# Above, every second row and column is asked; what lies between is in between, as the features
# are smooth.
_ASKED_PIXELS = 400_000
# Half as many pixels as a training uses: strokes are alike within themselves.
_MOST_PIXELS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Learned:
    """What the strokes taught."""

    model: boosted.BoostedPixels

    def probabilities(self, table: Floats) -> Floats:
        """Return how likely each pixel of `features` is of each class, in [0, 1].

        (classes, rows, columns), BEHIND first; a class that no stroke showed is never likely.
        """
        from scipy.ndimage import affine_transform

        rows, columns = table.shape[:2]
        step = max(1, math.ceil(math.sqrt(rows * columns / _ASKED_PIXELS)))
        asked = np.ascontiguousarray(table[::step, ::step])
        wide = np.zeros((max(self.model.classes) + 1, rows, columns), np.float32)
        for index, told in zip(self.model.classes, boosted.judged(self.model, asked), strict=True):
            wide[index] = (
                told
                if step == 1
                else affine_transform(
                    told, [1 / step] * 2, output_shape=(rows, columns), order=1, mode="nearest"
                )
            )
        return wide


def load() -> None:
    """Import what learning needs, which takes seconds at the first time."""
    for name in ("lightgbm", "scipy.ndimage", "skimage.feature", "skimage.segmentation"):
        importlib.import_module(name)


def features(image_cyx: NDArray[np.generic]) -> Floats:
    """Return what the trees see; kept by the caller while an image is under the pen."""
    return pixel_features.features(image_cyx)


def learn(tables: list[Floats], strokes: list[NDArray[np.int32]], *, seed: int = 0) -> Learned:
    """Return what strokes on one or more images teach.

    `tables` are `features` of the images, `strokes` hold a class index or -1 at each pixel.
    Raises LabelError before two classes have a stroke.
    """
    told = {int(each) for one in strokes for each in np.unique(one[one >= 0])}
    if len(told) < 2:
        raise LabelError("draw a stroke of a second class, e.g. one on the background")
    model = boosted.fit_tables(tables, strokes, rounds=_ROUNDS, most_pixels=_MOST_PIXELS, seed=seed)
    return Learned(model=model)


def objects(
    inside_yx: Floats,
    *,
    diameter_px: float | None = None,
    edge_yx: Floats | None = None,
    threshold: float = 0.5,
) -> NDArray[np.int32]:
    """Return object ids 1..N out of probabilities: regions, parted where they have waists.

    `diameter_px` is what objects have here; None: that of the regions found. `edge_yx` are
    probabilities of the seams between touching objects.
    """
    from scipy import ndimage
    from skimage.feature import peak_local_max
    from skimage.segmentation import watershed

    from core.pipeline.objects import compact, drop_small

    clean = inside_yx if edge_yx is None else inside_yx + 0.5 * edge_yx
    mask = ndimage.binary_fill_holes(
        ndimage.binary_opening(ndimage.gaussian_filter(clean, 1.0) > threshold)
    )
    regions, count = ndimage.label(mask)
    if not count:
        return np.zeros(inside_yx.shape, np.int32)
    size = diameter_px or _usual_diameter(regions)
    depth = ndimage.distance_transform_edt(mask).astype(np.float32)
    if edge_yx is not None:
        depth *= 1 - edge_yx
    # Distance tells of the shape, probability of dark seams; both smoothed to the object's size.
    height = ndimage.gaussian_filter(depth, size / 10) * (0.5 + ndimage.gaussian_filter(clean, 1.0))
    peaks = peak_local_max(
        height, min_distance=max(2, round(0.3 * size)), labels=regions, exclude_border=False
    )
    seeds = np.zeros(mask.shape, np.int32)
    seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    parts = watershed(-height, seeds, mask=mask)
    # A sixteenth of the usual area is dust.
    return compact(drop_small(parts.astype(np.int32), max(4, round((size / 4) ** 2 * 0.785))))


def likeliest(found_yx: NDArray[np.int32], told_cyx: Floats) -> dict[int, int]:
    """Return the class of each object: the one that all its pixels together tell most of.

    `told_cyx` are probabilities with BEHIND first, which no object is of.
    """
    ids = found_yx.ravel()
    sums = np.stack([np.bincount(ids, told.ravel()) for told in told_cyx[INSIDE:]])
    return {each: INSIDE + int(sums[:, each].argmax()) for each in np.unique(ids).tolist() if each}


def _usual_diameter(regions: NDArray[np.signedinteger]) -> float:
    """Return the diameter of the middle region, weighed by area so that dust does not count."""
    areas = np.sort(np.bincount(regions.ravel())[1:])
    middle = areas[np.searchsorted(np.cumsum(areas), areas.sum() / 2)]
    return float(2 * np.sqrt(middle / np.pi))
