"""Boosted trees on pixels: each pixel is judged by its surroundings at several scales.

Source: the features of ilastik's pixel classification (Berg et al., Nature Methods 2019).
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import LabelError

# ilastik's scales, and the step at which each is computed: wide blurs need no fine grid.
SCALES = ((0.7, 1), (1.6, 1), (3.5, 2), (10.0, 4))
# Gaussian, gradient, Laplacian, two of the Hessian, two of the structure tensor.
FEATURES_A_SCALE = 7
# Beyond three sigmas lies 0.3 % of a Gaussian.
TRUNCATE = 3.0
# As far as a feature sees: the widest Gaussian reaches 32 px, the structure tensor blurs its slopes
# once more.
REACH_PX = 72
Window = tuple[slice, slice]
"""Rows and columns."""
# More pixels hardly change trees that are stopped after seconds.
MOST_PIXELS = 60_000
MOST_ROUNDS = 200
# The clock is looked at after so many rounds of trees.
ROUNDS_AT_ONCE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class BoostedPixels:
    """A fitted pixel classifier; everything in it is text or numbers."""

    text: str
    """LightGBM's own text form; empty where only one class was seen."""
    classes: tuple[int, ...]
    """The class indices seen, in the order of the trees."""


def features(image_cyx: NDArray[np.generic], window: Window | None = None) -> NDArray[np.float32]:
    """Return (rows, columns, features) of all channels, of the whole image or a window of it.

    Each channel is brought to mean 0 and spread 1 first; then, at each scale: Gaussian,
    gradient magnitude, Laplacian, eigenvalues of Hessian and structure tensor. A window's are
    those of the whole image there; it begins at a multiple of four pixels.
    """
    rows, columns = window or (slice(0, image_cyx.shape[1]), slice(0, image_cyx.shape[2]))
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    around = tuple(slice(max(0, at.start - REACH_PX), at.stop + REACH_PX) for at in (rows, columns))
    top, left = rows.start - around[0].start, columns.start - around[1].start
    found = np.empty((*shape, len(image_cyx) * len(SCALES) * FEATURES_A_SCALE), np.float32)
    place = 0
    for plane in image_cyx.astype(np.float32):
        even = (plane[around] - plane.mean()) / max(float(plane.std()), 1e-6)
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


def fit(
    images: Sequence[NDArray[np.generic]],
    class_maps: Sequence[NDArray[np.int32]],
    *,
    seconds: float,
    seed: int = 0,
) -> BoostedPixels:
    """Return a classifier of pixels, learned from the pixels of 0 and above in `class_maps`.

    At most 60 000 pixels are drawn, as evenly over classes as they occur; features and trees end
    within about `seconds`. Raises LabelError where nothing is annotated.
    """
    end = time.monotonic() + seconds
    rows, targets = _draw(images, class_maps, time.monotonic() + seconds / 2, seed)
    return _grown(rows, targets, end=end, rounds=MOST_ROUNDS, seed=seed)


def fit_tables(
    tables: Sequence[NDArray[np.float32]],
    class_maps: Sequence[NDArray[np.int32]],
    *,
    rounds: int,
    most_pixels: int,
    seed: int = 0,
) -> BoostedPixels:
    """Return a classifier from `features` that are there already; same rounds, same answer.

    Of each class at most an equal share of `most_pixels` is drawn.
    """
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
    return _grown(
        np.concatenate(rows), np.concatenate(targets), end=math.inf, rounds=rounds, seed=seed
    )


def judged(model: BoostedPixels, table: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (classes seen, rows, columns) in [0, 1] for `features` that are there already."""
    raw = _summed(model, table, math.inf)
    shares = np.exp(raw - raw.max(axis=0))
    return np.asarray(shares / shares.sum(axis=0), np.float32)


def _grown(
    rows: NDArray[np.float32],
    targets: NDArray[np.int32],
    *,
    end: float,
    rounds: int,
    seed: int,
) -> BoostedPixels:
    import lightgbm

    classes = np.unique(targets)
    if len(classes) == 1:
        return BoostedPixels(text="", classes=(int(classes[0]),))
    settings = {
        "objective": "multiclass",
        "num_class": len(classes),
        "num_leaves": 31,
        "learning_rate": 0.1,
        "feature_fraction": 0.5,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        # 60 000 rows are too few for two threads to be quicker than one, and waiting threads
        # are slow on a machine that is busy otherwise.
        "num_threads": 1,
        "verbosity": -1,
    }
    booster = lightgbm.Booster(
        settings, lightgbm.Dataset(rows, np.searchsorted(classes, targets), params=settings)
    )
    for _ in range(rounds):
        booster.update()
        if time.monotonic() > end:
            break
    return BoostedPixels(
        text=booster.model_to_string(), classes=tuple(int(index) for index in classes)
    )


def predict(
    model: BoostedPixels, image_cyx: NDArray[np.generic], *, seconds: float = math.inf
) -> NDArray[np.int32]:
    """Return the class index of every pixel; within `seconds`, fewer trees are asked if need be."""
    leading = _raw(model, image_cyx, seconds).argmax(axis=0)
    return np.asarray(np.array(model.classes)[leading], np.int32)


def probabilities(model: BoostedPixels, image_cyx: NDArray[np.generic]) -> NDArray[np.float32]:
    """Return (classes seen, rows, columns), adding up to 1 at every pixel."""
    return judged(model, features(image_cyx))


def _raw(
    model: BoostedPixels, image_cyx: NDArray[np.generic], seconds: float
) -> NDArray[np.float32]:
    """Return (classes, rows, columns), the summed leaves of as many trees as time allows."""
    end = time.monotonic() + seconds
    if not model.text:
        return np.zeros((len(model.classes), *image_cyx.shape[1:]), np.float32)
    return _summed(model, features(image_cyx), end)


def _summed(model: BoostedPixels, table: NDArray[np.float32], end: float) -> NDArray[np.float32]:
    """Return (classes, rows, columns) for `features`; after `end`, no more trees are asked."""
    import lightgbm

    size = table.shape[:2]
    total = np.zeros((size[0] * size[1], len(model.classes)), np.float32)
    if model.text:
        booster = lightgbm.Booster(model_str=model.text)
        rows = table.reshape(len(total), -1)
        for start in range(0, booster.current_iteration(), ROUNDS_AT_ONCE):
            total += booster.predict(
                rows,
                start_iteration=start,
                num_iteration=ROUNDS_AT_ONCE,
                raw_score=True,
                num_threads=1,
            )
            if time.monotonic() > end:
                break
    return total.T.reshape(-1, *size)


def _draw(
    images: Sequence[NDArray[np.generic]],
    class_maps: Sequence[NDArray[np.int32]],
    end: float,
    seed: int,
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Return features and classes of pixels drawn from the images in random order, until `end`."""
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
        table = features(images[index])
        rows.append(table.reshape(classes.size, -1)[chosen])
        targets.append(classes[chosen])
        if time.monotonic() > end:
            break
    return np.concatenate(rows), np.concatenate(targets)


def _some(places: NDArray[np.int64], most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    return places if len(places) <= most else rng.choice(places, most, replace=False)


def _eigenvalues(
    yy: NDArray[np.float32], yx: NDArray[np.float32], xx: NDArray[np.float32]
) -> list[NDArray[np.float32]]:
    """Return the larger and the smaller eigenvalue of a symmetric 2 x 2 matrix at each pixel."""
    middle, spread = (yy + xx) / 2, np.hypot((yy - xx) / 2, yx)
    return [np.asarray(middle + spread), np.asarray(middle - spread)]
