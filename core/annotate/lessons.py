"""What images that are done teach about the next one: a draw of their pixels.

Whole tables of features would fill the memory, and making them takes longer than a person waits:
the pixels come from one window of each image.
"""

import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.annotate import outlines, scribbles
from core.data.labels.model import MAIN, Labels
from core.paths import StudyDir
from core.pipeline import pixel_features

# More hardly help: the played person of tests/benchmarks/annotation_effort.py starts from three.
MOST_IMAGES = 3
# A window of this side has features in a third of a second on one core.
WINDOW_PX = 512
# Of background and of objects; with three images and the strokes, more than the trees are given.
_MOST_PIXELS = 5_000
# Windows begin at multiples of this.
_STEP_PX = 64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lesson:
    """Some pixels of an image that is done."""

    table: scribbles.Floats
    """(pixels, 1, features)."""
    known: NDArray[np.int32]
    """(pixels, 1): classes as scribbles numbers them."""


def known(labels: Labels, classes: tuple[str, ...] = ()) -> NDArray[np.int32]:
    """Return the class of each pixel as scribbles numbers it, UNKNOWN where it is not annotated.

    Below two `classes` every object is INSIDE; else one of another class is UNKNOWN.
    """
    found = np.where(labels.annotated_yx, scribbles.BEHIND, scribbles.UNKNOWN).astype(np.int32)
    ids_yx = labels.layers[MAIN]
    if len(classes) < 2:
        found[ids_yx > 0] = scribbles.INSIDE
        return found
    told = {name: at for at, name in enumerate(classes, start=scribbles.INSIDE)}
    table = np.full(int(ids_yx.max(initial=0)) + 1, scribbles.UNKNOWN, np.int32)
    for item in labels.objects:
        if item.layer == MAIN and item.class_name is not None:
            table[item.id] = told.get(item.class_name, scribbles.UNKNOWN)
    return np.where(ids_yx > 0, table[ids_yx], found).astype(np.int32)


def draw(image_cyx: NDArray[np.generic], known_yx: NDArray[np.int32]) -> Lesson | None:
    """Return pixels of background and objects, of each class as many, out of one window.

    It is the window where most of both are; None: there is none.
    """
    window = best_window(known_yx)
    classes = known_yx[window].ravel()
    rng = np.random.default_rng(0)
    present = np.unique(classes[classes >= 0]).tolist()
    if not present:
        return None
    inside = max(1, sum(each >= scribbles.INSIDE for each in present))
    drawn = [
        rng.permutation(np.flatnonzero(classes == each))[
            : _MOST_PIXELS if each == scribbles.BEHIND else _MOST_PIXELS // inside
        ]
        for each in present
    ]
    chosen = np.concatenate(drawn)
    table = pixel_features.features(image_cyx, window)
    return Lesson(
        table=table.reshape(classes.size, -1)[chosen][:, None],
        known=classes[chosen][:, None],
    )


def boxes(
    image_cyx: NDArray[np.generic], known_yx: NDArray[np.int32], ids_yx: NDArray[np.int32]
) -> outlines.Examples | None:
    """Return what the objects in that window show in boxes; None: there is none."""
    window = best_window(known_yx)
    seen = window, pixel_features.features(image_cyx, window)
    return outlines.examples(image_cyx, ids_yx, seen)


def best_window(known_yx: NDArray[np.int32]) -> pixel_features.Window:
    """Return the window in which the rarer of the two kinds is met most; small images whole."""
    rows, columns = known_yx.shape
    starts = [
        np.arange(0, max(1, side - WINDOW_PX + _STEP_PX), _STEP_PX) for side in known_yx.shape
    ]
    counts = []
    for kind in (known_yx == scribbles.BEHIND, known_yx >= scribbles.INSIDE):
        summed = np.zeros((rows + 1, columns + 1), np.int64)
        np.cumsum(np.cumsum(kind, axis=0), axis=1, out=summed[1:, 1:])
        top, left = np.ix_(*starts)
        bottom, right = np.minimum(top + WINDOW_PX, rows), np.minimum(left + WINDOW_PX, columns)
        counts.append(
            summed[bottom, right] - summed[top, right] - summed[bottom, left] + summed[top, left]
        )
    rarer = np.minimum(*counts)
    # Where the two never meet, a window of either is better than none.
    score = rarer if rarer.any() else np.maximum(*counts)
    at = np.unravel_index(int(score.argmax()), score.shape)
    first = [int(start[place]) for start, place in zip(starts, at, strict=True)]
    return (
        slice(first[0], min(first[0] + WINDOW_PX, rows)),
        slice(first[1], min(first[1] + WINDOW_PX, columns)),
    )


def newest(study_dir: StudyDir, labelled: list[str], but: str) -> list[str]:
    """Return the images whose labels were changed last, the latest first, without one of them."""
    heads = {each: study_dir.labels / each / "head.json" for each in labelled if each != but}
    changed = {each: os.stat(path).st_mtime_ns for each, path in heads.items() if path.is_file()}
    return sorted(changed, key=lambda each: -changed[each])[:MOST_IMAGES]
