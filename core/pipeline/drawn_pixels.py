"""Pixels drawn from annotated images, for trees to learn from: their features and classes."""

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.errors import LabelError
from core.pipeline import pixel_features

# More pixels hardly change trees that are stopped after seconds.
MOST_PIXELS = 60_000


def from_images(
    images: Sequence[NDArray[np.generic]],
    class_maps: Sequence[NDArray[np.int32]],
    end: float,
    seed: int,
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Return features and classes of pixels drawn from the images in random order, until `end`.

    As evenly over classes as they occur. Raises LabelError where nothing is annotated.
    """
    rng = np.random.default_rng(seed)
    marked = [index for index, classes in enumerate(class_maps) if (classes >= 0).any()]
    if not marked:
        raise LabelError("there is no annotated pixel to learn from; mark some of each class")
    each = MOST_PIXELS // len(marked)
    rows, targets = [], []
    for index in rng.permutation(marked):
        classes = class_maps[index].ravel()
        present = np.unique(classes[classes >= 0])
        chosen = np.concatenate(
            [
                _some(np.flatnonzero(classes == one), max(1, each // len(present)), rng)
                for one in present
            ]
        )
        seen, places = _seen(images[index], chosen, end)
        rows.append(seen)
        targets.append(classes[chosen[places]])
        if time.monotonic() > end:
            break
    return np.concatenate(rows), np.concatenate(targets)


def from_tables(
    tables: Sequence[NDArray[np.float32]],
    class_maps: Sequence[NDArray[np.int32]],
    most_pixels: int,
    seed: int,
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Return the same of `most_pixels` at most, an equal share a class, from their features."""
    rng = np.random.default_rng(seed)
    present = np.unique(np.concatenate([np.unique(each[each >= 0]) for each in class_maps]))
    share = max(1, most_pixels // max(1, len(present) * len(tables)))
    rows, targets = [], []
    for table, class_map in zip(tables, class_maps, strict=True):
        classes = class_map.ravel()
        chosen = np.concatenate(
            [_some(np.flatnonzero(classes == one), share, rng) for one in present]
        )
        rows.append(table.reshape(classes.size, -1)[chosen])
        targets.append(classes[chosen])
    return np.concatenate(rows), np.concatenate(targets)


def _seen(
    image_cyx: NDArray[np.generic], chosen: NDArray[np.int64], end: float
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return features of the pixels `chosen`, and the places in it of those seen until `end`.

    Of a large image only windows with such pixels are looked at, those with most of them first.
    """
    row, column = np.divmod(chosen, image_cyx.shape[2])
    inside = [
        (window, np.flatnonzero(_is_in(row, window[0]) & _is_in(column, window[1])))
        for window in pixel_features.windows(image_cyx)
    ]
    found = np.empty((len(chosen), pixel_features.width(len(image_cyx))), np.float32)
    known = np.zeros(len(chosen), bool)
    spreads = pixel_features.spreads(image_cyx)
    for window, places in sorted(inside, key=lambda one: len(one[1]), reverse=True):
        if not len(places) or (known.any() and time.monotonic() > end):
            break
        within = row[places] - window[0].start, column[places] - window[1].start
        found[places] = pixel_features.features(image_cyx, window, spreads)[within]
        known[places] = True
    return found[known], np.flatnonzero(known)


def _is_in(places: NDArray[np.int64], part: slice) -> NDArray[np.bool_]:
    return np.asarray((places >= part.start) & (places < part.stop))


def _some(places: NDArray[np.int64], most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return places if len(places) <= most else rng.choice(places, most, replace=False)
