"""Boosted trees on pixels: each pixel is judged by its surroundings at several scales.

Source: the features of ilastik's pixel classification (Berg et al., Nature Methods 2019).
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import LabelError

# ilastik's own scales.
SIGMAS_PX = (0.7, 1.6, 3.5, 10.0)
# More pixels hardly change trees that are stopped after seconds.
MOST_PIXELS = 60_000
MOST_ROUNDS = 200
# Prediction goes through the trees in pieces of this many pixels, to bound memory.
PIECE_PIXELS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BoostedPixels:
    """A fitted pixel classifier; everything in it is text or numbers."""

    text: str
    """LightGBM's own text form; empty where only one class was seen."""
    classes: tuple[int, ...]
    """The class indices seen, in the order of the trees."""


def features(image_cyx: NDArray[np.generic]) -> NDArray[np.float32]:
    """Return (rows, columns, features) of all channels.

    Each channel is brought to mean 0 and spread 1 first; then, at each scale: Gaussian,
    gradient magnitude, Laplacian, eigenvalues of Hessian and structure tensor.
    """
    from scipy.ndimage import gaussian_filter

    found = []
    for plane in image_cyx.astype(np.float32):
        even = (plane - plane.mean()) / max(float(plane.std()), 1e-6)
        for sigma in SIGMAS_PX:
            smooth = gaussian_filter(even, sigma)
            # Scale-normalised derivatives: their size does not depend on sigma.
            dy, dx = (sigma * part for part in np.gradient(smooth))
            dyy, dyx = (sigma * part for part in np.gradient(dy))
            dxx = sigma * np.gradient(dx, axis=1)
            found += [smooth, np.hypot(dy, dx), dyy + dxx, *_eigenvalues(dyy, dyx, dxx)]
            found += _eigenvalues(
                *(gaussian_filter(part, 2 * sigma) for part in (dy * dy, dy * dx, dx * dx))
            )
    return np.stack(found, axis=-1).astype(np.float32)


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
    import lightgbm

    end = time.monotonic() + seconds
    rows, targets = _draw(images, class_maps, time.monotonic() + seconds / 2, seed)
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
        "verbosity": -1,
    }
    booster = lightgbm.Booster(
        settings, lightgbm.Dataset(rows, np.searchsorted(classes, targets), params=settings)
    )
    for _ in range(MOST_ROUNDS):
        booster.update()
        if time.monotonic() > end:
            break
    return BoostedPixels(
        text=booster.model_to_string(), classes=tuple(int(index) for index in classes)
    )


def predict(model: BoostedPixels, image_cyx: NDArray[np.generic]) -> NDArray[np.int32]:
    """Return the class index of every pixel."""
    shares = probabilities(model, image_cyx)
    return np.asarray(np.array(model.classes)[shares.argmax(axis=0)], np.int32)


def probabilities(model: BoostedPixels, image_cyx: NDArray[np.generic]) -> NDArray[np.float32]:
    """Return (classes seen, rows, columns), adding up to 1 at every pixel."""
    import lightgbm

    size = image_cyx.shape[1:]
    if not model.text:
        return np.ones((1, *size), np.float32)
    booster = lightgbm.Booster(model_str=model.text)
    flat = features(image_cyx).reshape(size[0] * size[1], -1)
    pieces = [
        np.asarray(booster.predict(flat[start : start + PIECE_PIXELS]), np.float32)
        for start in range(0, len(flat), PIECE_PIXELS)
    ]
    return np.concatenate(pieces).T.reshape(-1, *size)


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
