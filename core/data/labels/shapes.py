"""Polygons in pixels of the image <-> labels.

A polygon's points are (column, row); a pixel's centre lies at whole numbers, so that the pixel in
the upper left corner reaches from -0.5 to 0.5.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.data.labels.model import MAIN, LabelObject, Labels, ids_in
from core.errors import LabelError

Point = tuple[float, float]
Ring = tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One outline a person drew, or one ring of an object."""

    points: tuple[Point, ...]
    """Three or more (column, row); closed by itself."""
    class_name: str | None = None
    object_id: int | None = None
    """The object it belongs to; None: a new one."""
    hole: bool = False
    """Whether its inside is taken away from the object."""


def paint(
    labels: Labels,
    shapes: Iterable[Shape],
    *,
    author: str = "",
    source: str = "hand",
    merge_classes: bool = False,
    sparing: NDArray[np.bool_] | None = None,
) -> Labels:
    """Return labels with the shapes painted over, each a new object unless it names one.

    Objects that lose all their pixels disappear. What is painted counts as annotated. With
    `merge_classes` (semantic tasks), shapes of a class join that class's object. Pixels of
    `sparing` stay what they are. Raises LabelError for fewer than three points.
    """
    layer = labels.layers[MAIN].copy()
    annotated = labels.annotated_yx.copy()
    about = {item.id: item for item in labels.objects if item.layer == MAIN}
    others = [item for item in labels.objects if item.layer != MAIN]
    next_id = max((item.id for item in labels.objects), default=0) + 1
    for shape in shapes:
        inside = fill(shape.points, labels.shape_yx)
        if sparing is not None:
            inside &= ~sparing
        if shape.hole:
            inside &= layer == (shape.object_id or 0)
            layer[inside] = 0
            continue
        object_id = shape.object_id
        if object_id is None and merge_classes:
            same = (item.id for item in about.values() if item.class_name == shape.class_name)
            object_id = next(same, None)
        if object_id is None:
            object_id, next_id = next_id, next_id + 1
        if object_id not in about:
            about[object_id] = LabelObject(
                id=object_id, class_name=shape.class_name, source=source, author=author
            )
        layer[inside] = object_id
        annotated |= inside
    return with_layer(replace(labels, annotated_yx=annotated), layer, [*about.values(), *others])


def with_layer(
    labels: Labels, layer_yx: NDArray[np.int32], objects: Iterable[LabelObject]
) -> Labels:
    """Return labels with a new main layer; objects of it without pixels are left out."""
    drawn = set(ids_in(layer_yx))
    kept = [item for item in objects if item.layer != MAIN or item.id in drawn]
    return Labels(
        layers={**labels.layers, MAIN: layer_yx},
        annotated_yx=labels.annotated_yx,
        objects=tuple(sorted(kept, key=lambda item: item.id)),
    )


def fill(points: tuple[Point, ...], shape_yx: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the pixels whose centres lie inside; of those on the line, the left and upper ones.

    Parts outside of the image are left out. Raises LabelError for fewer than three points.
    """
    if len(points) < 3:
        raise LabelError(f"an outline needs three points or more, got {len(points)}")
    rows, columns = shape_yx
    x0, y0 = np.array(points, dtype=np.float64).T
    x1, y1 = np.roll(x0, -1), np.roll(y0, -1)
    # Each edge crosses the rows between its ends; every crossing turns inside into outside.
    first = np.clip(np.ceil(np.minimum(y0, y1)), 0, rows).astype(np.int64)
    last = np.clip(np.ceil(np.maximum(y0, y1)), 0, rows).astype(np.int64)
    crossed = last - first
    edge = np.repeat(np.arange(len(x0)), crossed)
    row = np.arange(len(edge)) - np.repeat(np.cumsum(crossed) - crossed - first, crossed)
    slope = (x1 - x0)[edge] / (y1 - y0)[edge]
    crossing = np.ceil(x0[edge] + (row - y0[edge]) * slope)
    column = np.clip(crossing, 0, columns).astype(np.int64)
    inside = np.zeros(shape_yx, dtype=bool)
    if not len(edge):  # it lies outside, or between two rows
        return inside
    top, left, right = int(row.min()), int(column.min()), int(column.max())
    turns = np.zeros((int(row.max()) - top + 1, right - left + 1), dtype=np.int32)
    np.add.at(turns, (row - top, column - left), 1)
    odd = np.cumsum(turns, axis=1)[:, :-1] & 1
    inside[top : top + len(turns), left:right] = odd.astype(bool)
    return inside


def outlines(labels: Labels, *, tolerance_px: float = 0.0) -> list[Shape]:
    """Return the rings of every object of the main layer, the larger before what lies in them.

    Painted over empty labels they give the same pixels again where `tolerance_px` is 0; a
    larger one leaves out points that lie no farther than that from the line.
    """
    from scipy import ndimage

    layer = labels.layers[MAIN]
    boxes = ndimage.find_objects(layer)
    sized = []
    for item in labels.objects:
        if item.layer != MAIN:
            continue
        box = boxes[item.id - 1]
        offset = (box[1].start, box[0].start)
        for ring, area in _rings(layer[box] == item.id, tolerance_px):
            shape = Shape(
                points=tuple((x + offset[0], y + offset[1]) for x, y in ring),
                class_name=item.class_name,
                object_id=item.id,
                hole=area < 0,
            )
            # A hole and what fills it are alike in size: the hole comes first.
            sized.append((-abs(area), not shape.hole, shape))
    return [shape for *_, shape in sorted(sized, key=lambda entry: entry[:2])]


def _rings(mask_yx: NDArray[np.bool_], tolerance_px: float) -> list[tuple[Ring, float]]:
    """Return rings halfway between pixels inside and outside, and their areas; holes below 0."""
    from skimage.measure import approximate_polygon, find_contours

    rings = []
    for contour in find_contours(np.pad(mask_yx, 1).astype(np.float32), 0.5):
        corners = contour - 1  # the padding
        if tolerance_px > 0 and len(corners) > 8:
            corners = approximate_polygon(corners, tolerance_px)
        if len(corners) < 4:  # first and last point are the same
            continue
        rows, columns = corners[:-1, 0], corners[:-1, 1]
        area = float(np.sum(columns * np.roll(rows, -1) - np.roll(columns, -1) * rows)) / 2
        points = tuple((float(x), float(y)) for x, y in zip(columns, rows, strict=True))
        rings.append((points, area))
    return rings
