"""Smooth random fields."""

import numpy as np
from numpy.typing import NDArray


def smooth(
    shape_yx: tuple[int, int], period_px: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return a smooth random field of mean about 0 and standard deviation about 1.

    Values further apart than `period_px` have little to do with each other.
    """
    from scipy.ndimage import zoom

    coarse_yx = [int(np.ceil(side / period_px)) + 3 for side in shape_yx]
    coarse = rng.standard_normal(coarse_yx).astype(np.float32)
    factor = [side / (few - 2) for side, few in zip(shape_yx, coarse_yx, strict=True)]
    fine = zoom(coarse, factor, order=2)[: shape_yx[0], : shape_yx[1]]
    # Interpolation between independent values loses variance.
    return np.asarray(fine / max(float(fine.std()), 1e-6), np.float32)
