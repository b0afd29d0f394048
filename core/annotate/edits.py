"""What a hand does to labels: every edit takes labels and gives labels, and overlaps never arise.

Points are (column, row) in pixels of the image; a pixel's centre lies at whole numbers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.data.labels.model import MAIN, LabelObject, Labels
from core.data.labels.shapes import fill, with_layer
from core.errors import LabelError

Point = tuple[float, float]
Mask = NDArray[np.bool_]
# A stroke that comes back this near to its start, in widths of the brush, was meant as an outline.
_CLOSES = 1.5


def stroke(
    shape_yx: tuple[int, int], points: Sequence[Point], width_px: float, *, closes: bool = False
) -> Mask:
    """Return the pixels a round brush goes over.

    With `closes`, a line that comes back to its start is filled: what makes an object goes around
    it, what takes away means the line. Where the line lies outside of the image, only what the
    brush reaches into it counts.
    """
    if not points:
        raise LabelError("a stroke needs a point")
    path = _path(points)
    inside = _brushed(shape_yx, path, max(width_px / 2, 0.5))
    length = float(np.hypot(*np.diff(path, axis=0).T).sum()) if len(path) > 1 else 0.0
    gap = float(np.hypot(*(path[-1] - path[0])))
    if closes and len(points) >= 3 and gap <= _CLOSES * width_px and length > 4 * width_px + gap:
        inside |= fill(tuple(points), shape_yx)
    return inside


def _brushed(shape_yx: tuple[int, int], path: NDArray[np.float64], radius: float) -> Mask:
    """Return the pixels nearer to the path than the radius."""
    from scipy.ndimage import distance_transform_edt

    inside = np.zeros(shape_yx, dtype=bool)
    size = np.array(shape_yx[::-1])
    reach = int(np.ceil(radius)) + 1
    near = path[((path > -reach) & (path < size - 1 + reach)).all(axis=1)]
    if not len(near):
        return inside
    centres = np.rint(near).astype(int)
    low, high = centres.min(axis=0) - reach, centres.max(axis=0) + reach + 1
    window = np.ones((high[1] - low[1], high[0] - low[0]), dtype=bool)
    window[centres[:, 1] - low[1], centres[:, 0] - low[0]] = False
    reached = distance_transform_edt(window) <= radius - 0.25
    (left, top), (right, bottom) = low.clip(0), high.clip(0, size)
    if left < right and top < bottom:
        cut = reached[top - low[1] : bottom - low[1], left - low[0] : right - low[0]]
        inside[top:bottom, left:right] = cut
    return inside


def _path(points: Sequence[Point]) -> NDArray[np.float64]:
    """Return points at most half a pixel apart along the line."""
    corners = np.array(points, dtype=np.float64).reshape(-1, 2)
    pieces = [corners[:1]]
    for start, end in pairwise(corners):
        count = max(1, int(np.ceil(np.hypot(*(end - start)) * 2)))
        pieces.append(start + (end - start) * np.linspace(0, 1, count + 1)[1:, None])
    return np.concatenate(pieces)


def add(
    labels: Labels,
    mask: Mask,
    *,
    class_name: str | None,
    author: str = "",
    source: str = "hand",
    joined: bool = False,
) -> Labels:
    """Return labels with a new object where nothing is yet; without free pixels nothing changes.

    `joined` (regions): the pixels go to the class's one object, also those of other classes.
    """
    layer = labels.layers[MAIN].copy()
    known = next((o for o in labels.objects if o.class_name == class_name), None)
    if joined and known is not None:
        layer[mask] = known.id
        return _marked(labels, layer, mask, labels.objects)
    new = max((item.id for item in labels.objects), default=0) + 1
    taken = mask if joined else mask & (layer == 0)
    if not taken.any():
        return labels
    layer[taken] = new
    item = LabelObject(id=new, class_name=class_name, author=author, source=source)
    return _marked(labels, layer, mask, (*labels.objects, item))


def add_all(
    labels: Labels,
    found_yx: NDArray[np.int32],
    classes: Mapping[int, str | None],
    *,
    source: str,
) -> Labels:
    """Return labels with the objects of another map that `classes` names, each as a new one.

    They get the pixels where nothing is yet; one without any such pixel is left out.
    """
    layer = labels.layers[MAIN].copy()
    first = max((item.id for item in labels.objects), default=0) + 1
    free = np.isin(found_yx, list(classes)) & (layer == 0)
    table = np.zeros(int(found_yx.max(initial=0)) + 1, np.int32)
    for new, each in enumerate(classes, start=first):
        if each < len(table):
            table[each] = new
    layer[free] = table[found_yx[free]]
    items = [
        LabelObject(id=new, class_name=name, source=source)
        for new, name in enumerate(classes.values(), start=first)
    ]
    return _marked(labels, layer, free, (*labels.objects, *items))


def unmarked(labels: Labels, found_yx: NDArray[np.int32]) -> list[int]:
    """Return the ids of another map that lie mostly where nothing is marked yet.

    What lies mostly on something marked is that thing, outlined a little differently: what is
    free of it is a rim around an object that is done.
    """
    areas = np.bincount(found_yx.ravel())
    free = np.bincount(found_yx.ravel(), labels.layers[MAIN].ravel() == 0)
    return [int(each) for each in np.flatnonzero(free > 0.5 * areas) if each]


def extend(labels: Labels, object_id: int, mask: Mask) -> Labels:
    """Return labels in which the object also has the free pixels of the mask."""
    layer = labels.layers[MAIN].copy()
    layer[mask & (layer == 0)] = object_id
    return _marked(labels, layer, mask, labels.objects)


def redraw(labels: Labels, object_id: int, mask: Mask) -> Labels:
    """Return labels in which the object has the mask's free pixels and no others."""
    layer = labels.layers[MAIN].copy()
    layer[layer == object_id] = 0
    layer[mask & (layer == 0)] = object_id
    return _marked(labels, layer, mask, labels.objects)


def erase(labels: Labels, mask: Mask, *, known: bool = True) -> Labels:
    """Return labels without what lies under the mask: background, or not annotated any more."""
    layer, annotated = labels.layers[MAIN].copy(), labels.annotated_yx.copy()
    layer[mask] = 0
    annotated[mask] = known
    return with_layer(replace(labels, annotated_yx=annotated), layer, labels.objects)


def delete(labels: Labels, ids: Iterable[int]) -> Labels:
    """Return labels without the objects; their pixels are background."""
    layer = labels.layers[MAIN].copy()
    layer[np.isin(layer, list(ids))] = 0
    return with_layer(labels, layer, labels.objects)


def merge(labels: Labels, ids: Sequence[int]) -> Labels:
    """Return labels in which the objects are the first of them; LabelError below two."""
    if len(ids) < 2:
        raise LabelError("select two objects or more to merge them")
    layer = labels.layers[MAIN].copy()
    layer[np.isin(layer, list(ids))] = ids[0]
    return with_layer(labels, layer, labels.objects)


def split(labels: Labels, points: Sequence[Point]) -> Labels:
    """Return labels in which a line parts the objects it crosses; the line's pixels stay theirs.

    An object that the line does not cut through stays whole. The pieces are of the same origin.
    """
    from scipy import ndimage

    line = stroke(labels.shape_yx, points, 1.0)
    line = ndimage.binary_dilation(line, np.ones((2, 2), bool))  # no gaps at corners
    layer, items = labels.layers[MAIN].copy(), list(labels.objects)
    for object_id in [int(i) for i in np.unique(layer[line]) if i]:
        whole = layer == object_id
        pieces, count = ndimage.label(whole & ~line)
        if count < 2:
            continue
        nearest = ndimage.distance_transform_edt(
            pieces == 0, return_distances=False, return_indices=True
        )
        pieces = pieces[tuple(nearest)]
        about = next(item for item in items if item.id == object_id)
        # The largest piece keeps the number.
        order = np.argsort(-np.bincount(pieces[whole])[1:]) + 1
        for piece in order[1:]:
            new = max(item.id for item in items) + 1
            items.append(replace(about, id=new))
            layer[whole & (pieces == piece)] = new
    return with_layer(labels, layer, items)


def reclass(labels: Labels, ids: Iterable[int], class_name: str | None) -> Labels:
    """Return labels in which the objects have another class."""
    wanted = set(ids)
    items = tuple(
        replace(item, class_name=class_name) if item.id in wanted else item
        for item in labels.objects
    )
    return replace(labels, objects=items)


def signed(before: Labels, after: Labels, author: str) -> Labels:
    """Return `after`; who first changed what a model had made becomes the author of it."""
    old, new = before.layers[MAIN], after.layers[MAIN]
    differs = old != new
    touched = {*np.unique(old[differs]).tolist(), *np.unique(new[differs]).tolist()}
    # A new object out of another's pixels was cut off by a hand; accepting takes free pixels alone.
    cut_off = set(np.unique(new[differs & (old > 0)]).tolist())
    known = {item.id: item for item in before.objects}

    def is_changed(item: LabelObject) -> bool:
        if item.id not in known:
            return item.id in cut_off
        return item.id in touched or item != known[item.id]

    items = tuple(
        replace(item, author=author)
        if item.source == "model" and not item.author and is_changed(item)
        else item
        for item in after.objects
    )
    return after if items == after.objects else replace(after, objects=items)


def at(labels: Labels, point: Point) -> int | None:
    """Return the object under a point; None: nothing, or outside of the image."""
    column, row = round(point[0]), round(point[1])
    rows, columns = labels.shape_yx
    if not (0 <= row < rows and 0 <= column < columns):
        return None
    return int(labels.layers[MAIN][row, column]) or None


def _marked(
    labels: Labels, layer_yx: NDArray[np.int32], mask: Mask, objects: Iterable[LabelObject]
) -> Labels:
    return with_layer(replace(labels, annotated_yx=labels.annotated_yx | mask), layer_yx, objects)
