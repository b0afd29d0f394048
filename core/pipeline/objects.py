"""Objects out of maps."""

import numpy as np
import numpy.typing as npt

from core.records import Postprocess

Floats = npt.NDArray[np.float32]


def grow_seeds(
    height_yx: Floats, mask_yx: npt.NDArray[np.bool_], post: Postprocess
) -> npt.NDArray[np.int32]:
    """Return object ids 1..N: parts of `height_yx` above `post.seed` grown within the mask.

    A part of the mask without a seed becomes an object of its own. Objects below
    `post.smallest_px` are dropped; holes are filled where `post.fill_holes`.
    """
    from scipy import ndimage
    from skimage.segmentation import watershed

    if post.fill_holes:
        mask_yx = ndimage.binary_fill_holes(mask_yx)
    seeds_yx, count = ndimage.label((height_yx > post.seed) & mask_yx)
    regions, region_count = ndimage.label(mask_yx)
    if not region_count:
        return np.zeros(mask_yx.shape, dtype=np.int32)
    seeded = np.zeros(region_count + 1, dtype=bool)
    seeded[regions[seeds_yx > 0]] = True
    lonely = mask_yx & ~seeded[regions]
    markers = np.where(lonely, regions + count, seeds_yx)
    grown = watershed(-height_yx, markers.astype(np.int32), mask=mask_yx)
    return compact(drop_small(grown, post.smallest_px))


def drop_small(labels_yx: npt.NDArray[np.int32], smallest_px: int) -> npt.NDArray[np.int32]:
    """Return the map without objects below `smallest_px` pixels."""
    if smallest_px <= 1:
        return labels_yx
    sizes = np.bincount(labels_yx.ravel())
    keep = sizes >= smallest_px
    keep[0] = True
    return np.where(keep[labels_yx], labels_yx, 0).astype(np.int32)


def compact(labels_yx: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return the same objects with ids 1..N without gaps."""
    present = np.bincount(labels_yx.ravel()) > 0
    present[0] = False
    table = np.cumsum(present) * present
    return table[labels_yx].astype(np.int32)
