"""Objects that are done teach how an outline lies in a box: trees on what a box shows.

A box drawn by hand around each object that is known, and what is inside of it, are the examples.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.annotate import boxes
from core.annotate.boxes import Box, View
from core.annotate.clicks import Proposals
from core.pipeline import pixel_features

Floats = NDArray[np.float32]
# A hand is this far off at each side of a box, in parts of the object's side.
TREMBLE = 0.05
# Objects of one image that are looked at, each through so many boxes.
MOST_OBJECTS, BOXES_EACH = 24, 2
# Pixels a box: the window has more, and neighbours tell the same.
PIXELS_A_BOX = 160
# Fewer objects teach their own accidents.
FEWEST_OBJECTS = 12
# Objects of fewer pixels have no outline to speak of.
LEAST_AREA_PX = 12
_ROUNDS = 80
# Log odds of the tighter, the likeliest and the wider outline. The overlap to be expected is best a
# little below even odds (six images of dsb2018_histology: 0.791 at -0.4, 0.786 at 0).
_LEVELS = (1.0, -0.3, -1.6)
_TREES = {
    "objective": "binary",
    "num_leaves": 15,
    "learning_rate": 0.1,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "min_data_in_leaf": 40,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Examples:
    """Pixels in boxes around objects that are known."""

    told: Floats
    """(pixels, features) of `View.told` and of `pixel_features.features`."""
    inside: NDArray[np.bool_]
    """(pixels,)"""
    objects: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outliner:
    """What the examples taught."""

    text: str
    """LightGBM's own text form."""


def examples(
    image_cyx: NDArray[np.generic],
    ids_yx: NDArray[np.int32],
    seen: tuple[pixel_features.Window, Floats],
    *,
    seed: int = 0,
) -> Examples | None:
    """Return what objects of an image show in boxes drawn by a trembling hand; None: there is none.

    `seen` is a window of the image with its `pixel_features.features`; what lies near its border
    is left out.
    """
    from scipy import ndimage

    window, features = seen
    rng = np.random.default_rng(seed)
    areas = np.bincount(ids_yx.ravel())
    known = [each for each in range(1, len(areas)) if areas[each] >= LEAST_AREA_PX]
    spans = ndimage.find_objects(ids_yx)
    told, inside, objects = [], [], 0
    for each in rng.permutation(known):
        drawn = [trembled(spans[each - 1], rng) for _ in range(BOXES_EACH)]
        shape_yx = image_cyx.shape[1:]
        if not all(_is_within(boxes.window_of(shape_yx, box), window) for box in drawn):
            continue
        for view in (boxes.look(image_cyx, box) for box in drawn):
            rows, columns = (
                slice(one.start - of.start, one.stop - of.start)
                for one, of in zip(view.window, window, strict=True)
            )
            table = np.concatenate([view.told, features[rows, columns]], axis=-1)
            places = rng.permutation(table.shape[0] * table.shape[1])[:PIXELS_A_BOX]
            told.append(table.reshape(-1, table.shape[-1])[places])
            inside.append((ids_yx[view.window] == each).ravel()[places])
        objects += 1
        if objects == MOST_OBJECTS:
            break
    if not told:
        return None
    return Examples(told=np.concatenate(told), inside=np.concatenate(inside), objects=objects)


def _is_within(one: pixel_features.Window, other: pixel_features.Window) -> bool:
    pairs = zip(one, other, strict=True)
    return all(of.start <= each.start and each.stop <= of.stop for each, of in pairs)


def trembled(span: tuple[slice, slice], rng: np.random.Generator) -> Box:
    """Return the box of an object as a hand would draw it."""
    rows, columns = span
    exact = (rows.start, columns.start, rows.stop, columns.stop)
    sides = (rows.stop - rows.start, columns.stop - columns.start) * 2
    top, left, bottom, right = (
        float(at + rng.normal(0, TREMBLE) * side) for at, side in zip(exact, sides, strict=True)
    )
    return top, left, bottom, right


def learn(known: Sequence[Examples], *, seed: int = 0) -> Outliner | None:
    """Return what the examples of some images teach; None where they are too few."""
    import lightgbm

    if sum(each.objects for each in known) < FEWEST_OBJECTS:
        return None
    told = np.concatenate([each.told for each in known])
    inside = np.concatenate([each.inside for each in known])
    settings = _TREES | {"seed": seed}
    data = lightgbm.Dataset(told, inside.astype(np.float32), params=settings)
    return Outliner(text=lightgbm.train(settings, data, _ROUNDS).model_to_string())


def in_box(
    image_cyx: NDArray[np.generic],
    box: Box,
    *,
    outliner: Outliner | None = None,
    inside_yx: Floats | None = None,
    taken_yx: NDArray[np.bool_] | None = None,
) -> Proposals:
    """Return outlines of what fills a rough box, as objects that are done suggest.

    Without an outliner colours, edges and the box are weighed alike everywhere, with `inside_yx`,
    how likely each pixel is an object's (in [0, 1]), where strokes taught that.
    """
    view = boxes.look(image_cyx, box, taken_yx, inside_yx)
    if outliner is None:
        return boxes.proposals(view, boxes.believed(view), (2.0, 0.0, -2.0))
    return boxes.proposals(view, _judged(outliner, _table(image_cyx, view)), _LEVELS)


def _judged(outliner: Outliner, table: Floats) -> Floats:
    """Return the log odds of inside of each pixel."""
    import lightgbm
    from scipy.ndimage import gaussian_filter

    booster = lightgbm.Booster(model_str=outliner.text)
    rows = table.reshape(-1, table.shape[-1])
    odds = np.asarray(booster.predict(rows, raw_score=True, num_threads=1))
    return np.asarray(gaussian_filter(odds.reshape(table.shape[:2]), 0.7), np.float32)


def _table(image_cyx: NDArray[np.generic], view: View) -> Floats:
    """Return (rows, columns, features) of the box and of each pixel's surroundings."""
    rows, columns = view.window
    # Features of a window begin at a multiple of four.
    top, left = rows.start % 4, columns.start % 4
    wide = (slice(rows.start - top, rows.stop), slice(columns.start - left, columns.stop))
    around = pixel_features.features(image_cyx, wide)[top:, left:]
    return np.concatenate([view.told, around], axis=-1)
