"""Objects from a network's maps, for the rivals that bring no way of their own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage
from skimage.segmentation import watershed


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """How objects are cut out of the maps."""

    seed: float = 0.6
    """A seed is where the height is above."""
    foreground: float = 0.5
    smallest_px: float = 0.0


@dataclass(frozen=True, slots=True)
class Maps:
    """What a network says of one image, both in [0, 1]."""

    height_yx: np.ndarray
    """High inside objects, low between them."""
    foreground_yx: np.ndarray


def border_classes(ids_yx: np.ndarray, border_px: int = 2) -> np.ndarray:
    """Return background 0, inside 1, border 2: the outermost pixels of each object.

    Objects that are nothing but border keep all of it as inside, or they could never be found.
    """
    size = 2 * border_px + 1
    mixed = ndimage.maximum_filter(ids_yx, size) != ndimage.minimum_filter(ids_yx, size)
    classes = np.where(ids_yx > 0, np.where(mixed, 2, 1), 0)
    lost = np.setdiff1d(ids_yx[ids_yx > 0], ids_yx[classes == 1])
    classes[np.isin(ids_yx, lost)] = 1
    return classes.astype(np.uint8)


def relative_distance(ids_yx: np.ndarray) -> np.ndarray:
    """Return each object pixel's distance to its object's border over the object's largest."""
    padded = np.pad(ids_yx, 1, mode="edge")
    inner = ids_yx > 0
    for dy, dx in ((0, 1), (2, 1), (1, 0), (1, 2)):
        inner &= padded[dy : dy + ids_yx.shape[0], dx : dx + ids_yx.shape[1]] == ids_yx
    distance = ndimage.distance_transform_edt(inner) + (ids_yx > 0)
    largest = np.ones(int(ids_yx.max(initial=0)) + 1)
    np.maximum.at(largest, ids_yx.ravel(), distance.ravel())
    return (distance / largest[ids_yx] * (ids_yx > 0)).astype(np.float32)


def grown(maps: Maps, cut: Cut) -> np.ndarray:
    """Return object ids: seeds of the height, grown within the foreground."""
    foreground = maps.foreground_yx > cut.foreground
    seeds, _ = ndimage.label((maps.height_yx > cut.seed) & foreground)
    labels = watershed(-maps.height_yx, seeds, mask=foreground)
    small = np.bincount(labels.ravel()) < cut.smallest_px
    labels[small[labels]] = 0
    return labels


def tuned(shown: Sequence[tuple[np.ndarray, Maps]], median_area_px: float) -> Cut:
    """Return the cut with the best mean AP at IoU 0.5 and 0.75 on true ids and maps."""
    best = Cut()
    tries = {
        "seed": (0.3, 0.4, 0.5, 0.6, 0.7, 0.8),
        "foreground": (0.3, 0.4, 0.5, 0.6, 0.7),
        "smallest_px": tuple(share * median_area_px for share in (0.0, 0.05, 0.1, 0.2)),
    }
    for name, values in tries.items():
        cuts = [replace(best, **{name: value}) for value in values]
        reached = [
            average_precision([(known, grown(maps, cut)) for known, maps in shown]) for cut in cuts
        ]
        best = cuts[int(np.argmax(reached))]
    return best


def average_precision(
    pairs: Sequence[tuple[np.ndarray, np.ndarray]], thresholds: Sequence[float] = (0.5, 0.75)
) -> float:
    """Return TP / (TP + FP + FN) pooled over images, mean over IoU thresholds of 0.5 and more.

    From 0.5 on, nearly no object has two partners, so pairs are counted without assigning them.
    """
    hits, objects = np.zeros(len(thresholds)), 0
    for known, found in pairs:
        width = int(found.max(initial=0)) + 1
        table = np.bincount(known.ravel().astype(np.int64) * width + found.ravel())
        table = np.pad(table, (0, -len(table) % width)).reshape(-1, width)
        areas = table.sum(axis=1, keepdims=True) + table.sum(axis=0, keepdims=True)
        iou = (table / np.maximum(areas - table, 1))[1:, 1:]
        hits += [(iou > threshold).sum() for threshold in thresholds]
        objects += sum(int((table[1:].sum(axis=1) > 0).sum()) for table in (table, table.T))
    return float(np.mean(hits / np.maximum(objects - hits, 1)))


def median_area(masks: Sequence[np.ndarray]) -> float:
    """Return the median object's pixels."""
    areas = np.concatenate([np.bincount(mask.ravel())[1:] for mask in masks])
    return float(np.median(areas[areas > 0])) if areas.any() else 1.0
