"""Objects out of maps."""

import numpy as np
import numpy.typing as npt

from core.records import Postprocess

Floats = npt.NDArray[np.float32]


def grow_seeds(
    height_yx: Floats, mask_yx: npt.NDArray[np.bool_], post: Postprocess
) -> npt.NDArray[np.int32]:
    """Return object ids 1..N: parts of `height_yx` above `post.seed` grown within the mask.

    A part of the mask without a seed becomes an object of its own where `post.seedless`, else
    nothing. Objects below `post.smallest_px` are dropped; holes are filled where
    `post.fill_holes`.
    """
    from scipy import ndimage
    from skimage.segmentation import watershed

    if post.fill_holes:
        mask_yx = ndimage.binary_fill_holes(mask_yx)
    seeds_yx, count = ndimage.label((height_yx > post.seed) & mask_yx)
    regions_yx, region_count = ndimage.label(mask_yx)
    if not region_count:
        return np.zeros(mask_yx.shape, dtype=np.int32)
    # Only regions with several seeds have to be divided; the others are objects as they are.
    owner, divided = _owners(seeds_yx, count, regions_yx, region_count)
    if not post.seedless:
        owner[owner > count] = 0
    labels_yx = owner[regions_yx]
    crowded_yx = divided[regions_yx]
    if crowded_yx.any():
        parts = watershed(-height_yx, np.where(crowded_yx, seeds_yx, 0), mask=crowded_yx)
        labels_yx = np.where(crowded_yx, parts, labels_yx)
    return compact(drop_small(labels_yx, post.smallest_px))


def _owners(
    seeds_yx: npt.NDArray[np.signedinteger],
    count: int,
    regions_yx: npt.NDArray[np.signedinteger],
    region_count: int,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
    """Return for each region its only seed, or a new id; and whether it has several seeds."""
    region_of = np.zeros(count + 1, dtype=np.int32)
    seeded = seeds_yx > 0
    region_of[seeds_yx[seeded]] = regions_yx[seeded]
    seeds = np.bincount(region_of[1:], minlength=region_count + 1)
    owner = np.arange(region_count + 1, dtype=np.int32) + count
    owner[region_of[1:]] = np.arange(1, count + 1, dtype=np.int32)
    owner[0] = 0
    return owner, seeds > 1


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
