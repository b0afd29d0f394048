"""Between the canvas's objects and shapes in pixels of the image; pure functions.

The canvas (Fabric 7) draws at `scale` screen pixels an image pixel. A class travels in the stroke
colour; an object's id in `strokeDashOffset`, the one number that survives the way through the
browser (0: drawn just now). A shape's pixel centres lie at whole numbers, the canvas's at .5.
"""

import math
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.labels.shapes import Shape

Fabric = dict[str, Any]
Mark = tuple[Shape, ...]
"""What one movement of the hand made: one shape, or the pieces of a brush stroke."""
FILL_ALPHA = "33"
"""One fifth: the image stays visible under what is marked."""
_CIRCLE_CORNERS = 48
"""At 100 px radius the polygon stays within 0.2 px of the circle."""
_CURVE_STEPS = 4
"""Points a curved piece of a freehand line is cut into; pieces are a few pixels long."""
_LEAST_AREA = 1.0
"""Square screen pixels; below, it was a click and no outline."""
_SAME_PX = 0.05
"""The browser rounds coordinates to four digits; below this nothing was moved."""
_STROKE_PX = 2
"""Of outlines; a wider line is a brush stroke, which covers what it touches."""
_CAP_CORNERS = 12
"""Of a stroke's round end; within 2 % of a half circle's area."""
_COLOR_LETTERS = 7
"""`#rrggbb`; a brush adds how transparent it is."""


def to_canvas(shapes: Iterable[Shape], colors: Mapping[str | None, str], scale: float) -> Fabric:
    """Return an initial drawing: one editable polygon a shape; holes are left out."""
    return {"objects": [_polygon(each, colors, scale) for each in shapes if not each.hole]}


def from_canvas(
    drawing: Fabric | None, classes: Mapping[str, str | None], scale: float
) -> list[Mark]:
    """Return everything on the canvas in the order it was drawn.

    `classes` maps lower-case stroke colours to class names. Shapes without an area (a click in
    freehand mode, a straight line) are left out.
    """
    marks = []
    for item in (drawing or {}).get("objects", []):
        pieces = _brushed(item) if _is_brush(item) else [_corners(item)]
        mark = tuple(
            Shape(
                points=tuple((float(x), float(y)) for x, y in corners / scale - 0.5),
                class_name=classes.get(str(item.get("stroke", "")).lower()[:_COLOR_LETTERS]),
                object_id=int(item.get("strokeDashOffset") or 0) or None,
            )
            for corners in pieces
            if corners is not None and len(corners) >= 3 and _area(corners) >= _LEAST_AREA
        )
        if mark:
            marks.append(mark)
    return marks


def rescaled(objects: list[Fabric], factor: float) -> list[Fabric]:
    """Return the canvas's objects for a canvas `factor` times as large."""
    return [
        {
            **each,
            "left": each["left"] * factor,
            "top": each["top"] * factor,
            "scaleX": each.get("scaleX", 1) * factor,
            "scaleY": each.get("scaleY", 1) * factor,
        }
        for each in objects
    ]


def changed_ids(before: Iterable[Shape], after: Iterable[Mark]) -> set[int]:
    """Return the ids of objects that were moved, reshaped, given another class or deleted."""
    old, new = _by_id(before), _by_id(shape for mark in after for shape in mark)
    return {i for i, shapes in old.items() if not _same(shapes, new.get(i, []))}


def _by_id(shapes: Iterable[Shape]) -> dict[int, list[Shape]]:
    found: dict[int, list[Shape]] = {}
    for each in shapes:
        if each.object_id is not None and not each.hole:
            found.setdefault(each.object_id, []).append(each)
    return found


def _same(before: list[Shape], after: list[Shape]) -> bool:
    return len(before) == len(after) and all(
        old.class_name == new.class_name
        and len(old.points) == len(new.points)
        and bool(np.abs(np.array(old.points) - np.array(new.points)).max() < _SAME_PX)
        for old, new in zip(before, after, strict=True)
    )


def _polygon(shape: Shape, colors: Mapping[str | None, str], scale: float) -> Fabric:
    points = (np.array(shape.points) + 0.5) * scale
    low, high = points.min(axis=0), points.max(axis=0)
    centre, extent = (low + high) / 2, high - low
    color = colors[shape.class_name]
    return {
        "type": "Polygon",
        "points": [{"x": round(float(x), 3), "y": round(float(y), 3)} for x, y in points],
        "originX": "center",
        "originY": "center",
        "left": float(centre[0]),
        "top": float(centre[1]),
        "width": float(extent[0]),
        "height": float(extent[1]),
        "fill": color + FILL_ALPHA,
        "stroke": color,
        "strokeWidth": _STROKE_PX,
        "strokeUniform": True,
        "strokeDashOffset": shape.object_id or 0,
    }


def _corners(item: Fabric) -> NDArray[np.float64] | None:
    """Return the shape's corners in screen pixels; None for kinds that enclose nothing."""
    local = _local_corners(item)
    return None if local is None else _placed(item, local)


def _placed(item: Fabric, local: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points around the shape's own centre where the canvas shows them."""
    stretched = local * (item.get("scaleX", 1), item.get("scaleY", 1))
    if item.get("flipX"):
        stretched[:, 0] *= -1
    if item.get("flipY"):
        stretched[:, 1] *= -1
    turned: NDArray[np.float64] = stretched @ _turn(item).T + _centre(item)
    return turned


def _is_brush(item: Fabric) -> bool:
    return item.get("type") == "Path" and float(item.get("strokeWidth") or 0) > _STROKE_PX


def _brushed(item: Fabric) -> list[NDArray[np.float64]]:
    """Return what a brush stroke covers, in screen pixels: a capsule from point to point."""
    line = _placed(item, _around_centre(_path_points(item["path"])))
    radius = float(item["strokeWidth"]) * abs(item.get("scaleX", 1)) / 2
    # Points closer than a third of the radius change nothing that could be seen.
    kept = [line[0]]
    for point in line[1:]:
        if np.linalg.norm(point - kept[-1]) >= radius / 3:
            kept.append(point)
    if len(kept) == 1:
        return [_capsule(kept[0], kept[0], radius)]
    return [_capsule(start, end, radius) for start, end in pairwise(kept)]


def _capsule(
    start: NDArray[np.float64], end: NDArray[np.float64], radius: float
) -> NDArray[np.float64]:
    along = math.atan2(*(end - start)[::-1])
    angles = np.linspace(-math.pi / 2, math.pi / 2, _CAP_CORNERS)
    ends = [(end, angles + along), (start, angles + along + math.pi)]
    round_ends = [
        centre + radius * np.stack([np.cos(turn), np.sin(turn)], axis=1) for centre, turn in ends
    ]
    corners: NDArray[np.float64] = np.concatenate(round_ends)
    return corners


def _local_corners(item: Fabric) -> NDArray[np.float64] | None:
    """Return the corners around the shape's own centre, before scale and turn."""
    kind = item.get("type")
    if kind == "Rect":
        half = np.array([item["width"], item["height"]]) / 2
        corners: NDArray[np.float64] = np.array([(-1.0, -1), (1, -1), (1, 1), (-1, 1)]) * half
        return corners
    if kind == "Circle":
        angles = np.linspace(0, 2 * math.pi, _CIRCLE_CORNERS, endpoint=False)
        return np.stack([np.cos(angles), np.sin(angles)], axis=1) * float(item["radius"])
    if kind == "Polygon":
        points = np.array([(p["x"], p["y"]) for p in item["points"]], dtype=np.float64)
    elif kind == "Path":
        points = _path_points(item["path"])
    else:
        return None
    return _around_centre(points) if len(points) else None


def _around_centre(points: NDArray[np.float64]) -> NDArray[np.float64]:
    moved: NDArray[np.float64] = points - (points.min(axis=0) + points.max(axis=0)) / 2
    return moved


def _path_points(path: list[list[Any]]) -> NDArray[np.float64]:
    """Return the points of a freehand line; its curves are quadratic."""
    points: list[tuple[float, float]] = []
    for command, *numbers in path:
        if command == "Q" and points:
            start, bend, end = np.array(points[-1]), np.array(numbers[:2]), np.array(numbers[2:])
            for t in np.arange(1, _CURVE_STEPS + 1) / _CURVE_STEPS:
                x, y = (1 - t) ** 2 * start + 2 * (1 - t) * t * bend + t**2 * end
                points.append((float(x), float(y)))
        elif command in ("M", "L"):
            points.append((float(numbers[0]), float(numbers[1])))
    return np.array(points, dtype=np.float64).reshape(-1, 2)


def _turn(item: Fabric) -> NDArray[np.float64]:
    angle = math.radians(item.get("angle", 0))
    return np.array([(math.cos(angle), -math.sin(angle)), (math.sin(angle), math.cos(angle))])


def _centre(item: Fabric) -> NDArray[np.float64]:
    """Return the shape's centre on the canvas.

    `left, top` is the point named by originX, originY of the box that includes the stroke.
    """
    stroke = float(item.get("strokeWidth") or 0)
    uniform = bool(item.get("strokeUniform"))
    box = [
        item.get(side, 0) * item.get(scale, 1) + stroke * (1 if uniform else item.get(scale, 1))
        for side, scale in (("width", "scaleX"), ("height", "scaleY"))
    ]
    share = {"left": 0.5, "top": 0.5, "center": 0.0, "right": -0.5, "bottom": -0.5}
    offset = np.array(
        [
            share[item.get("originX", "left")] * box[0],
            share[item.get("originY", "top")] * box[1],
        ]
    )
    place: NDArray[np.float64] = np.array([item["left"], item["top"]], dtype=np.float64)
    centre: NDArray[np.float64] = place + _turn(item) @ offset
    return centre


def _area(points: NDArray[np.float64]) -> float:
    x, y = points[:, 0], points[:, 1]
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)
