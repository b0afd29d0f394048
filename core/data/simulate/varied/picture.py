"""One varied picture with its truth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.data.simulate.varied import looks, shapes

SMALLEST_PX, LARGEST_PX = 7.0, 80.0
"""Median diameters of the objects, drawn evenly in their logarithm."""
IN_COLOUR = 0.45
LIKE_TISSUE = 0.12


@dataclass(frozen=True, slots=True)
class Picture:
    """Three equal channels, or colours."""

    image_cyx: NDArray[np.uint8]
    labels_yx: NDArray[np.int32]
    """Object ids 1..N."""


def picture(seed: int, side_px: int = 320) -> Picture:
    """Return the picture of this number, always the same one."""
    rng = np.random.default_rng((seed, 20_26))
    diameter = float(np.exp(rng.uniform(np.log(SMALLEST_PX), np.log(LARGEST_PX))))
    shape = (side_px, side_px)
    if rng.random() < LIKE_TISSUE:
        labels = shapes.tiled(shape, diameter, rng)
    else:
        labels = shapes.scattered(shape, shapes.crowd(diameter, rng), rng)
    if rng.random() < IN_COLOUR:
        seen = looks.coloured(labels, diameter, rng)
    else:
        seen = np.repeat(looks.grey(labels, diameter, rng)[None], 3, axis=0)
    return Picture(np.rint(255 * seen).astype(np.uint8), labels)
