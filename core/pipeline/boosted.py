"""Boosted trees on pixels: each pixel is judged by its surroundings at several scales."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.pipeline import drawn_pixels, pixel_features

Tell = Callable[[int, float], None]
"""Hears how many pixels were judged, and the seconds that took at the least."""
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
    half_time = time.monotonic() + seconds / 2
    rows, targets = drawn_pixels.from_images(images, class_maps, half_time, seed)
    return _grown(rows, targets, end=end, rounds=MOST_ROUNDS, seed=seed)


def fit_tables(
    tables: Sequence[NDArray[np.float32]],
    class_maps: Sequence[NDArray[np.int32]],
    *,
    rounds: int,
    most_pixels: int,
    seed: int = 0,
) -> BoostedPixels:
    """Return a classifier from tables of features that are there already; same rounds, same answer.

    Of each class at most an equal share of `most_pixels` is drawn.
    """
    rows, targets = drawn_pixels.from_tables(tables, class_maps, most_pixels, seed)
    return _grown(rows, targets, end=math.inf, rounds=rounds, seed=seed)


def judged(model: BoostedPixels, table: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (classes seen, rows, columns) in [0, 1] for features that are there already."""
    raw, _ = _summed(model, table)
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
    with _want_of_memory_told():
        booster = lightgbm.Booster(
            settings, lightgbm.Dataset(rows, np.searchsorted(classes, targets), params=settings)
        )
        for _ in range(rounds):
            booster.update()
            if time.monotonic() > end:
                break
        text = booster.model_to_string()
    return BoostedPixels(text=text, classes=tuple(int(index) for index in classes))


@contextmanager
def _want_of_memory_told() -> Iterator[None]:
    """Let want of memory be Python's own error; LightGBM has one for everything."""
    import lightgbm

    try:
        yield
    except lightgbm.basic.LightGBMError as error:
        if "bad_alloc" in str(error):
            raise MemoryError(str(error)) from error
        raise


def predict(
    model: BoostedPixels,
    image_cyx: NDArray[np.generic],
    *,
    seconds: float = math.inf,
    tell: Tell | None = None,
) -> NDArray[np.int32]:
    """Return the class index of every pixel; within `seconds`, fewer trees are asked if need be.

    Large images are judged window by window, everywhere by as many trees as the first window has
    time for. `tell` is called after each window; it may raise, so that no more are judged.
    """
    found = np.full(image_cyx.shape[1:], model.classes[0], np.int32)
    if not model.text:
        return found
    windows = pixel_features.windows(image_cyx)
    end, rounds = time.monotonic() + seconds / len(windows), None
    spreads = pixel_features.spreads(image_cyx)
    for window in windows:
        began = time.monotonic()
        table = pixel_features.features(image_cyx, window, spreads)
        features_s = time.monotonic() - began
        with _want_of_memory_told():
            leading, rounds, trees_s = _leading(model, table, end, rounds)
        found[window] = np.array(model.classes)[leading]
        if tell is not None:
            tell(leading.size, features_s + trees_s)
    return found


def probabilities(model: BoostedPixels, image_cyx: NDArray[np.generic]) -> NDArray[np.float32]:
    """Return (classes seen, rows, columns), adding up to 1 at every pixel."""
    return judged(model, pixel_features.features(image_cyx))


def _leading(
    model: BoostedPixels,
    table: NDArray[np.float32],
    end: float,
    rounds: int | None,
) -> tuple[NDArray[np.int64], int, float]:
    """Return the likeliest class's place, how many rounds were asked, and what that took at least.

    Asked are `rounds`, where that is not None; else as many as there is time for until `end`.
    """
    began = time.monotonic()
    raw, asked = _summed(model, table, end if rounds is None else math.inf, rounds)
    # Of the rounds only the first ones are asked whatever the time.
    least_s = (time.monotonic() - began) * min(1.0, ROUNDS_AT_ONCE / asked)
    return raw.argmax(axis=0), asked, least_s


def _summed(
    model: BoostedPixels,
    table: NDArray[np.float32],
    end: float = math.inf,
    rounds: int | None = None,
) -> tuple[NDArray[np.float32], int]:
    """Return the summed leaves (classes, rows, columns), and how many rounds were asked.

    After `end`, or `rounds`, no more are asked.
    """
    import lightgbm

    size = table.shape[:2]
    total = np.zeros((size[0] * size[1], len(model.classes)), np.float32)
    asked = 0
    if model.text:
        booster = lightgbm.Booster(model_str=model.text)
        rows = table.reshape(len(total), -1)
        most = booster.current_iteration() if rounds is None else rounds
        while asked < most:
            total += booster.predict(
                rows,
                start_iteration=asked,
                num_iteration=ROUNDS_AT_ONCE,
                raw_score=True,
                num_threads=1,
            )
            asked += ROUNDS_AT_ONCE
            if time.monotonic() > end:
                break
    return total.T.reshape(-1, *size), asked
