"""One pure function a meta-feature.

Each takes the prepared material and returns a number, or raises LabelError with the reason why
there is none. In a semantic task a connected region of a class counts as an object.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from core.errors import LabelError
from core.fingerprint.material import Marks, Material, View
from core.records import Kind, Preprocess
from core.records.pipeline import STRIDE_PX

# Density is given for a tile as the networks see it.
TILE_PX = Preprocess().tile_px

# A grey step cannot tell less than this share of itself: noise of rounding.
_ROUNDING = 12**-0.5

# Two colour channels count as different from this mean difference, as a share of the range.
_COLOUR_STEP = 0.01


def log_images(material: Material) -> float:
    """Return log10 of the number of images to learn from."""
    return float(np.log10(max(1, material.images)))


def log_objects(material: Material) -> float:
    """Return log10 of the number of objects in all images, estimated from the sample."""
    _marked(material)
    per_image = [
        len(view.marks.regions.areas_px) / view.share for view in material.views if view.marks
    ]
    return float(np.log10(1 + np.mean(per_image) * material.images))


def classes(material: Material) -> float:
    """Return the number of classes the task tells apart."""
    return float(len(material.task.classes))


def channels(material: Material) -> float:
    """Return the median number of channels."""
    return float(np.median([view.image_cyx.shape[0] for view in _views(material)]))


def colour(material: Material) -> float:
    """Return the share of images whose three channels differ, in [0, 1]."""
    return float(np.mean([_is_colour(view.image_cyx) for view in _views(material)]))


def side_px(material: Material) -> float:
    """Return the median over the images of the side of a square of equal area."""
    return float(np.median([float(np.prod(view.shape_yx)) ** 0.5 for view in _views(material)]))


def foreground(material: Material) -> float:
    """Return the share of annotated pixels that belong to objects, in [0, 1].

    Where no background is declared, the class of most pixels counts as one.
    """
    marked = _marked(material)
    annotated = sum(int(marks.annotated_yx.sum()) for marks in marked)
    if annotated == 0:
        raise LabelError("no pixel is annotated")
    return sum(int(marks.foreground_yx.sum()) for marks in marked) / annotated


def diameter_px(material: Material) -> float:
    """Return the median diameter of discs of the objects' areas."""
    return _median([marks.regions.diameters_px for marks in _marked(material)])


def diameter_over_tile(material: Material) -> float:
    """Return the median diameter over the side of a tile (or of the image, where smaller)."""
    tile_px = min(TILE_PX, max(STRIDE_PX, side_px(material)))
    return diameter_px(material) / tile_px


def density(material: Material) -> float:
    """Return the objects per tile of `TILE_PX` squared."""
    marked = _marked(material)
    objects = sum(len(marks.regions.areas_px) for marks in marked)
    area = sum(int(marks.annotated_yx.sum()) for marks in marked)
    if area == 0:
        raise LabelError("no pixel is annotated")
    return objects / area * TILE_PX**2


def touching(material: Material) -> float:
    """Return the share of objects with another one at most two pixels away, in [0, 1]."""
    contacts = np.concatenate([marks.regions.touching for marks in _marked(material)])
    if len(contacts) == 0:
        raise LabelError("no object is marked")
    return float(contacts.mean())


def boundary(material: Material) -> float:
    """Return the median of outline over circumference of the disc of equal area.

    About 1 for discs, larger for branched or ragged objects.
    """
    return _median(
        [
            marks.regions.outlines_px / (np.pi * marks.regions.diameters_px)
            for marks in _marked(material)
        ]
    )


def thickness_px(material: Material) -> float:
    """Return how wide the objects are: four times the mean distance to their outside.

    Equals the width of a long stripe, and two thirds of a disc's diameter.
    """
    from scipy import ndimage

    total = pixels = 0.0
    for marks in _marked(material):
        if marks.foreground_yx.any():
            distance = ndimage.distance_transform_edt(np.pad(marks.foreground_yx, 1))
            total += float(distance.sum())
            pixels += float(marks.foreground_yx.sum())
    if pixels == 0:
        raise LabelError("no object is marked")
    # Distances are taken between centres of pixels: half a pixel beyond the edge.
    return 4 * (total / pixels - 0.5)


def contrast_to_noise(material: Material) -> float:
    """Return the median contrast over noise of the images' best channel.

    Contrast is the difference between the means of foreground and background; in a
    classification task the range of the middle nine tenths of all pixels.
    """
    best = [max(ratios) for view in _views(material) if (ratios := _contrasts(view, material))]
    if not best:
        raise LabelError("no image has both foreground and background")
    return float(np.median(best))


def class_imbalance(material: Material) -> float:
    """Return 1 - entropy of the class shares over its maximum: 0 is balanced, 1 a single class."""
    counts = material.class_counts
    if len(counts) < 2:
        raise LabelError("there is only one class")
    if counts.sum() == 0:
        raise LabelError("nothing carries a class")
    shares = counts[counts > 0] / counts.sum()
    return float(1 + (shares * np.log(shares)).sum() / np.log(len(counts)))


def noise(channel_yx: NDArray[np.float32]) -> float:
    """Return the standard deviation of the noise of one channel, robust against structure.

    Never below the noise of rounding to the channel's grey steps; 0.0 for a flat channel.
    Source: Immerkaer, CVIU 1996, with the median in place of the mean.
    """
    values = np.unique(channel_yx[:: max(1, channel_yx.shape[0] // 256)])
    if len(values) < 2:
        return 0.0
    step = float(np.min(np.diff(values)))
    rounding = step * _ROUNDING
    if min(channel_yx.shape) < 3:
        return rounding
    rows = channel_yx[:-2] - 2 * channel_yx[1:-1] + channel_yx[2:]
    laplace = rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]
    # The kernel [1 -2 1] x [1 -2 1] has norm 6; 0.6745 makes a median a standard deviation.
    return max(rounding, float(np.median(np.abs(laplace))) / (6 * 0.6745))


def _contrasts(view: View, material: Material) -> list[float]:
    """Return contrast over noise a channel; empty where there is no contrast to measure."""
    found = []
    for channel_yx in view.image_cyx:
        sigma = noise(channel_yx)
        if sigma == 0:
            continue
        if material.task.kind is Kind.CLASSIFICATION:
            low, high = np.percentile(channel_yx, [5, 95])
            found.append(float(high - low) / sigma)
        elif view.marks is not None:
            inside_yx = view.marks.foreground_yx
            outside_yx = view.marks.annotated_yx & ~inside_yx
            if outside_yx.any() and inside_yx.any():
                gap = channel_yx[inside_yx].mean() - channel_yx[outside_yx].mean()
                found.append(abs(float(gap)) / sigma)
    return found


def _is_colour(image_cyx: NDArray[np.float32]) -> bool:
    if image_cyx.shape[0] != 3:
        return False
    spread = float(np.ptp(image_cyx))
    differences = float(np.abs(np.diff(image_cyx, axis=0)).mean())
    return spread > 0 and differences / spread > _COLOUR_STEP


def _views(material: Material) -> tuple[View, ...]:
    if not material.views:
        raise LabelError("there is no image to learn from")
    return material.views


def _marked(material: Material) -> list[Marks]:
    if material.task.kind is Kind.CLASSIFICATION:
        raise LabelError("whole images are classified: no objects are marked")
    marked = [view.marks for view in _views(material) if view.marks is not None]
    if not marked:
        raise LabelError("no sampled image has labels")
    return marked


def _median(of_each_image: list[NDArray[np.float64]]) -> float:
    values = np.concatenate(of_each_image)
    if len(values) == 0:
        raise LabelError("no object is marked")
    return float(np.median(values))


FEATURES: dict[str, Callable[[Material], float]] = {
    "log_images": log_images,
    "log_objects": log_objects,
    "classes": classes,
    "channels": channels,
    "colour": colour,
    "side_px": side_px,
    "foreground": foreground,
    "diameter_px": diameter_px,
    "diameter_over_tile": diameter_over_tile,
    "density": density,
    "touching": touching,
    "contrast_to_noise": contrast_to_noise,
    "boundary": boundary,
    "class_imbalance": class_imbalance,
    "thickness_px": thickness_px,
}
"""Name -> function, cheap ones first."""
