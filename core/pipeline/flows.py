"""Directions to objects' centres, and objects out of directions.

Source: Stringer et al., "Cellpose: a generalist algorithm for cellular segmentation", Nature
Methods 2021. Theirs are the directions of a simulated diffusion; these point straight at the
centre, which needs no simulation an object.
"""

import numpy as np
import numpy.typing as npt

from core.pipeline.objects import compact, drop_small
from core.records import Postprocess

Floats = npt.NDArray[np.float32]

# A network that is unsure answers short directions. They are drawn out to full steps, but not
# beyond this factor, or noise around a centre would be thrown about.
SLOWEST = 0.25
# Of a Gaussian over the directions: single pixels that point elsewhere hold no path up, and
# neighbours stay apart. With directions 60 % noise, drawn ellipses came back at AP 0.84, not 0.47.
SMOOTHING_PX = 0.7
# Each doubles the length of the paths: 2**9 steps of a pixel reach the centre of what is 1000 px
# across.
DOUBLINGS = 9


def to_centres(ids_yx: npt.NDArray[np.int32]) -> Floats:
    """Return each object pixel's direction to its object's centre, (2, Y, X) as (y, x).

    Of length 1, 0 at the centre and off objects. The centre is the object's pixel nearest to its
    centre of mass, so that it lies inside whatever the shape.
    """
    ids = np.maximum(ids_yx, 0)
    rows, columns = np.nonzero(ids)
    flow = np.zeros((2, *ids.shape), dtype=np.float32)
    if not len(rows):
        return flow
    owner = ids[rows, columns]
    sizes = np.maximum(np.bincount(owner), 1)
    far = np.hypot(
        rows - (np.bincount(owner, rows) / sizes)[owner],
        columns - (np.bincount(owner, columns) / sizes)[owner],
    )
    first = np.lexsort((far, owner))
    centre = np.zeros(len(sizes), dtype=np.intp)
    # Written from the farthest to the nearest pixel: the last one stays.
    centre[owner[first[::-1]]] = first[::-1]
    y, x = rows[centre[owner]] - rows, columns[centre[owner]] - columns
    length = np.maximum(np.hypot(y, x), 1)
    flow[0, rows, columns], flow[1, rows, columns] = y / length, x / length
    return flow


def follow(
    flow_2yx: Floats, mask_yx: npt.NDArray[np.bool_], post: Postprocess
) -> npt.NDArray[np.int32]:
    """Return object ids 1..N: pixels of the mask whose paths end at the same place.

    Ends closer than 1 - `post.seed` times the larger one's radius are one. Objects below
    `post.smallest_px` are dropped; holes are filled where `post.fill_holes`.
    """
    from scipy import ndimage

    if post.fill_holes:
        mask_yx = ndimage.binary_fill_holes(mask_yx)
    labels_yx = np.zeros(mask_yx.shape, dtype=np.int32)
    if not mask_yx.any():
        return labels_yx
    ends = destinations(flow_2yx, mask_yx)[:, mask_yx]
    met = np.zeros(mask_yx.shape, dtype=bool)
    met[ends[0], ends[1]] = True
    # Ends that touch, also by a corner, are one sink.
    sinks_yx, count = ndimage.label(met, structure=np.ones((3, 3)))
    sink = sinks_yx[ends[0], ends[1]] - 1
    masses = np.bincount(sink, minlength=count)
    centres = np.stack([np.bincount(sink, axis, count) / masses for axis in ends], axis=1)
    labels_yx[mask_yx] = 1 + _absorbed(centres, masses, 1 - post.seed)[sink]
    return compact(drop_small(labels_yx, post.smallest_px))


def destinations(flow_2yx: Floats, mask_yx: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """Return where the path along the flow from each pixel ends, (2, Y, X) as (row, column).

    Euler steps of a pixel at most, interpolated between pixels; off the mask nothing moves. All
    paths are doubled at once: what n steps do, asked for where n steps have led, is 2n steps.
    """
    import torch
    from scipy import ndimage
    from torch.nn import functional

    height, width = mask_yx.shape
    smooth = ndimage.gaussian_filter(flow_2yx * mask_yx, (0, SMOOTHING_PX, SMOOTHING_PX))
    step = smooth / np.maximum(np.hypot(*smooth), SLOWEST) * mask_yx
    moved = torch.from_numpy(np.ascontiguousarray(step, dtype=np.float32))[None]
    rows = torch.arange(height, dtype=torch.float32)[:, None]
    columns = torch.arange(width, dtype=torch.float32)[None]
    for _ in range(DOUBLINGS):
        # Of a picture one pixel wide there is only one column to ask for.
        x = (columns + moved[0, 1]) * (2 / max(width - 1, 1)) - 1
        y = (rows + moved[0, 0]) * (2 / max(height - 1, 1)) - 1
        grid = torch.stack([x, y], dim=-1)[None]
        moved = moved + functional.grid_sample(
            moved, grid, mode="bilinear", padding_mode="border", align_corners=True
        )
    ends = torch.stack([rows + moved[0, 0], columns + moved[0, 1]]).round().long()
    ends[0].clamp_(0, height - 1)
    ends[1].clamp_(0, width - 1)
    return ends.numpy()


def _absorbed(
    centres: npt.NDArray[np.float64], masses: npt.NDArray[np.intp], closeness: float
) -> npt.NDArray[np.intp]:
    """Return for each sink the one it belongs to: the heaviest that has it within its reach.

    The reach is `closeness` times the radius of a disc of the sink's mass.
    """
    from scipy.spatial import KDTree

    radii = np.sqrt(masses / np.pi)
    # Rank tells equal masses apart, so that no two absorb each other.
    rank = np.empty(len(masses), dtype=np.intp)
    rank[np.argsort(masses, kind="stable")] = np.arange(len(masses))
    owner = np.arange(len(masses))
    octaves = np.floor(np.log2(np.maximum(radii, 1)))
    # Sinks of like size share one search: few have a long reach. From small to large, so that the
    # heaviest has the last word.
    for octave in np.unique(octaves):
        large, others = np.flatnonzero(octaves == octave), np.flatnonzero(octaves <= octave)
        reach = closeness * radii[large].max()
        near = KDTree(centres[large]).sparse_distance_matrix(
            KDTree(centres[others]), reach, output_type="coo_matrix"
        )
        heavy, light = large[near.row], others[near.col]
        taken = (near.data <= closeness * radii[heavy]) & (rank[heavy] > rank[light])
        heavy, light = heavy[taken], light[taken]
        order = np.argsort(rank[heavy])
        owner[light[order]] = heavy[order]
    while (owner != owner[owner]).any():
        owner = owner[owner]
    return owner
