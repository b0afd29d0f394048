"""Where a finding is: the place that a click leads to."""

import numpy as np
from numpy.typing import NDArray


def middle(mask_yx: NDArray[np.bool_], step: int = 1) -> tuple[int, int]:
    """Return the pixel of the mask that is nearest its middle, in pixels of the image.

    `step` of those go into a row or column of the mask, which must not be empty. Where an object
    is bent, the middle of its box or its mean may lie on another one.
    """
    rows, columns = np.nonzero(mask_yx)
    nearest = np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2)
    return int(rows[nearest]) * step, int(columns[nearest]) * step
