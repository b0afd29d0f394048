"""What stands out in the shapes of one image's objects: pieces, holes, necks, cut ones."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from core.annotate.symptoms import Symptom
from core.data.labels.model import Labels
from core.infer import table

# Below, nobody can draw an object on purpose.
SPECK_PX = 5
# A further piece of at least this share of the largest one is more than a slip of the pen.
PIECE_SHARE = 0.1
# A neck is narrow where it is at most this share of what lies on both sides of it.
NECK_SHARE = 0.65
# Depths at which the middle of an object is looked at for parting, as shares of its half width.
_DEPTHS = (0.2, 0.3, 0.45, 0.6)
# Two objects in one leave a dent; an object this full has none (two discs that overlap by a
# tenth of their width fill 0.93 of their hull).
_FULL = 0.94
# Half width in pixels below which a neck cannot be told from steps of the pixel grid.
_LEAST_HALF_WIDTH = 4.0

Ids = NDArray[np.int32]


def shapes(image_id: str, labels_yx: Ids) -> list[Symptom]:
    """Return objects in pieces, with holes, with a neck, and cut at the border, of one layer."""
    from skimage.measure import label

    ids, compact = compacted(labels_yx)
    if not len(ids):
        return []
    parts = label(compact, background=0, connectivity=2)
    in_pieces = np.bincount(_owners(parts, compact)) > 1
    return [
        *_necks(image_id, ids, compact, in_pieces),
        *_pieces(image_id, ids, compact, parts),
        *_holes(image_id, ids, compact),
        *_cut(image_id, ids, compact),
    ]


def region_specks(image_id: str, labels: Labels) -> list[Symptom]:
    """Return the classes of an image that have pieces of fewer than five pixels."""
    from skimage.measure import label

    ids, compact = compacted(labels.flat_yx)
    names = {item.id: item.class_name for item in labels.objects}
    parts = label(compact, background=0, connectivity=2)
    places = table.measure(parts, int(parts.max(initial=0)), (0, 0))
    owner = _owners(parts, compact)
    tiny = (places.area > 0) & (places.area < SPECK_PX)
    found = []
    for at in np.unique(owner[tiny]):
        own = np.flatnonzero(tiny & (owner == at))
        found.append(
            Symptom(
                kind="speck",
                image_id=image_id,
                object_id=int(ids[at - 1]),
                place_yx=places.middle(own[0]),
                message=f"{len(own)} specks of {names.get(int(ids[at - 1])) or 'no class'}, "
                f"each below {SPECK_PX} pixels",
            )
        )
    return found


def _pieces(image_id: str, ids: Ids, compact: Ids, parts: NDArray[np.int64]) -> list[Symptom]:
    """Return objects of several pieces: two things under one number, or crumbs beside one."""
    places = table.measure(parts, int(parts.max()), (0, 0))
    owner = _owners(parts, compact)
    largest = np.zeros(len(ids) + 1)
    np.maximum.at(largest, owner, places.area)
    share = places.area / np.maximum(largest[owner], 1)
    several = np.bincount(owner, places.area > 0, len(ids) + 1) > 1
    found = []
    for at in np.flatnonzero(several):
        own = np.flatnonzero((owner == at) & (places.area > 0))
        own = own[np.argsort(-places.area[own], kind="stable")]
        grave = int((share[own] >= PIECE_SHARE).sum())
        sizes = ", ".join(str(int(each)) for each in places.area[own][:4])
        sizes += " …" if len(own) > 4 else ""
        found.append(
            Symptom(
                kind="pieces" if grave > 1 else "crumbs",
                image_id=image_id,
                object_id=int(ids[at - 1]),
                place_yx=places.middle(own[1]),
                message=f"one object in {len(own)} pieces that do not touch ({sizes} pixels)",
            )
        )
    return found


def _holes(image_id: str, ids: Ids, compact: Ids) -> list[Symptom]:
    """Return objects that enclose pixels nobody marked."""
    from skimage.measure import label

    gaps = label(compact == 0, background=0, connectivity=1)
    count = int(gaps.max())
    first, last = np.full(count + 1, len(ids) + 1), np.zeros(count + 1, np.int64)
    for one, other in _neighbours():
        for gap, beside in ((gaps[one], compact[other]), (gaps[other], compact[one])):
            met = (gap > 0) & (beside > 0)
            np.minimum.at(first, gap[met], beside[met])
            np.maximum.at(last, gap[met], beside[met])
    outer = np.unique(np.concatenate([gaps[0], gaps[-1], gaps[:, 0], gaps[:, -1]]))
    inside = first == last
    inside[outer] = False
    inside[0] = False
    places = table.measure(gaps, count, (0, 0))
    holes = np.flatnonzero(inside)
    found = []
    for at in np.unique(last[holes]):
        own = holes[last[holes] == at]
        own = own[np.argsort(-places.area[own], kind="stable")]
        named = f"{len(own)} holes" if len(own) > 1 else "a hole"
        found.append(
            Symptom(
                kind="hole",
                image_id=image_id,
                object_id=int(ids[at - 1]),
                place_yx=places.middle(own[0]),
                message=f"{named} of {int(places.area[own].sum())} pixels in it",
            )
        )
    return found


def _necks(image_id: str, ids: Ids, compact: Ids, in_pieces: NDArray[np.bool_]) -> list[Symptom]:
    """Return objects of one piece with a narrow neck: probably two that touch.

    Their pixels are peeled off to several depths; an object that falls into parts which are much
    thicker than that depth has a neck there. A part of 12 pixels' radius on one of 20 is not
    told: its dent is too small.
    """
    from scipy.ndimage import distance_transform_edt
    from skimage.measure import label

    inner = compact > 0
    for one, other in _neighbours():
        differ = compact[one] != compact[other]
        inner[one] &= ~differ
        inner[other] &= ~differ
    depth = np.where(compact > 0, distance_transform_edt(np.pad(inner, 1))[1:-1, 1:-1] + 0.5, 0)
    half = np.zeros(len(ids) + 1)
    np.maximum.at(half, compact.ravel(), depth.ravel())
    doubted = np.zeros(len(ids) + 1, bool)
    for share in _DEPTHS:
        core = depth > share * half[compact]
        parts = label(np.where(core, compact, 0), background=0, connectivity=2)
        owner = _owners(parts, compact)
        thickest = np.zeros(len(owner))
        np.maximum.at(thickest, parts.ravel(), depth.ravel())
        thick = (owner > 0) & (share * half[owner] <= NECK_SHARE * thickest)
        doubted |= np.bincount(owner[thick], minlength=len(ids) + 1) > 1
    doubted &= (half >= _LEAST_HALF_WIDTH) & ~in_pieces
    return [
        Symptom(
            kind="neck",
            image_id=image_id,
            object_id=int(ids[at - 1]),
            place_yx=place,
            message="it has a narrow neck, as two that touch would have",
        )
        for at, place in _dented(compact, np.flatnonzero(doubted))
    ]


def _dented(compact: Ids, doubted: NDArray[np.int64]) -> Iterable[tuple[int, tuple[int, int]]]:
    """Yield those of the objects that do not fill their hull, and their middles."""
    from skimage.measure import regionprops

    known = np.zeros(int(compact.max()) + 1, np.int32)
    known[doubted] = doubted
    for region in regionprops(known[compact]):
        if region.solidity < _FULL:
            row, column = region.centroid
            yield int(region.label), (round(row), round(column))


def _cut(image_id: str, ids: Ids, compact: Ids) -> list[Symptom]:
    """Return one symptom an image: how many of its objects the border cuts."""
    places = table.measure(compact, len(ids), (0, 0))
    cut = np.flatnonzero(touches_border(places, compact.shape))
    if not len(cut):
        return []
    return [
        Symptom(
            kind="cut",
            image_id=image_id,
            object_id=int(ids[cut[0] - 1]),
            place_yx=places.middle(cut[0]),
            message=f"{len(cut)} of {len(ids)} objects are cut by the border of the image; "
            "their size and shape say little",
        )
    ]


def touches_border(places: table.Regions, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return whether each region reaches the border of a picture of that shape."""
    touching = (
        (places.top == 0)
        | (places.left == 0)
        | (places.bottom == shape[0])
        | (places.right == shape[1])
    )
    is_cut: NDArray[np.bool_] = touching & (places.area > 0)
    return is_cut


def compacted(labels_yx: Ids) -> tuple[Ids, Ids]:
    """Return the ids in order, and the map with each as its place among them, from 1 on."""
    ids, places = np.unique(labels_yx, return_inverse=True)
    if len(ids) and ids[0] == 0:
        return ids[1:], places.reshape(labels_yx.shape).astype(np.int32)
    return ids, (places + 1).reshape(labels_yx.shape).astype(np.int32)


def _owners(parts: NDArray[np.integer], compact: Ids) -> NDArray[np.int64]:
    """Return the object each part belongs to; 0 for part 0."""
    owner = np.zeros(int(parts.max(initial=0)) + 1, np.int64)
    owner[parts.ravel()] = compact.ravel()
    owner[0] = 0
    return owner


def _neighbours() -> tuple[tuple[tuple[slice, ...], tuple[slice, ...]], ...]:
    """Return pairs of views that lie one pixel apart, down and to the right."""
    everything, head, tail = slice(None), slice(None, -1), slice(1, None)
    return ((head, everything), (tail, everything)), ((everything, head), (everything, tail))
