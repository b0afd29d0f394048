"""Labelme: one JSON beside each picture.

Source: labelme's `label_file.py`; the shape `mask` since version 5.2.
"""

import base64
import io
import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.data.labels.parts import PLAIN, Part
from core.data.labels.rings import Polygon
from core.errors import LabelError
from core.records import files

_CIRCLE_CORNERS = 64
"""At 100 px radius the polygon stays within 0.12 px of the circle."""


def write(parts: Iterable[Part], path: Path, shape_yx: tuple[int, int], image: str) -> None:
    """Write polygons; objects with holes become masks, as Labelme's polygons have none."""
    shapes = [shape for part in parts for shape in _shapes(part)]
    files.write_json(
        path,
        {
            "version": "5.5.0",
            "flags": {},
            "shapes": shapes,
            "imagePath": image,
            "imageData": None,
            "imageHeight": shape_yx[0],
            "imageWidth": shape_yx[1],
        },
    )


def is_one(plain: Any) -> bool:
    """Return whether the JSON is Labelme's."""
    return isinstance(plain, dict) and "shapes" in plain and "imagePath" in plain


def read(path: Path) -> tuple[list[Part], list[str]]:
    """Return the objects and what was left out; shapes of one `group_id` are one object."""
    plain = json.loads(path.read_text(encoding="utf-8-sig"))
    if not is_one(plain):
        raise LabelError(f"{path.name}: it is no Labelme file; export it again")
    groups: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for place, shape in enumerate(plain["shapes"]):
        group = shape.get("group_id")
        groups.setdefault(("alone", place) if group is None else ("group", int(group)), []).append(
            shape
        )
    parts, left_out = [], 0
    for (kind, number), shapes in groups.items():
        part = _part(shapes, number if kind == "group" else None)
        if part is None:
            left_out += len(shapes)
        else:
            parts.append(part)
    if any(part.id is None for part in parts):
        parts = [_unnumbered(part) for part in parts]
    told = f"{left_out} points and lines have no area and were left out"
    return parts, [told] if left_out else []


def _shapes(part: Part) -> list[dict[str, Any]]:
    common: dict[str, Any] = {"label": part.class_name or PLAIN, "group_id": part.id, "flags": {}}
    if any(piece.holes for piece in part.polygons) and part.mask_yx is not None:
        (top, left), (rows, columns) = part.offset_yx, part.mask_yx.shape
        buffer = io.BytesIO()
        Image.fromarray(part.mask_yx.astype(np.uint8) * 255).convert("1").save(buffer, "PNG")
        # Both corners belong to the mask.
        points = [[left, top], [left + columns - 1, top + rows - 1]]
        mask = base64.b64encode(buffer.getvalue()).decode("ascii")
        return [{**common, "shape_type": "mask", "points": points, "mask": mask}]
    return [
        {**common, "shape_type": "polygon", "points": [list(corner) for corner in piece.outer]}
        for piece in part.polygons
    ]


def _part(shapes: list[dict[str, Any]], number: int | None) -> Part | None:
    """Return the object that shapes of one group make; None where they have no area."""
    name = str(shapes[0].get("label") or "")
    class_name = None if name == PLAIN else name or None
    for shape in shapes:
        if shape.get("shape_type") == "mask" and shape.get("mask"):
            picture = Image.open(io.BytesIO(base64.b64decode(shape["mask"])))
            left, top = (round(float(value)) for value in shape["points"][0])
            return Part(
                id=number,
                class_name=class_name,
                mask_yx=np.asarray(picture.convert("L")) > 0,
                offset_yx=(top, left),
            )
    pieces = [piece for shape in shapes if (piece := _polygon(shape)) is not None]
    return Part(id=number, class_name=class_name, polygons=tuple(pieces)) if pieces else None


def _polygon(shape: dict[str, Any]) -> Polygon | None:
    points = [(float(x), float(y)) for x, y in shape.get("points", [])]
    kind = shape.get("shape_type") or "polygon"
    if kind == "rectangle" and len(points) == 2:
        (x, y), (x2, y2) = points
        return Polygon(outer=((x, y), (x2, y), (x2, y2), (x, y2)))
    if kind == "circle" and len(points) == 2:
        (x, y), (x2, y2) = points
        radius = math.hypot(x2 - x, y2 - y)
        angles = np.linspace(0, 2 * math.pi, _CIRCLE_CORNERS, endpoint=False)
        return Polygon(
            outer=tuple((x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles)
        )
    return Polygon(outer=tuple(points)) if kind == "polygon" and len(points) >= 3 else None


def _unnumbered(part: Part) -> Part:
    return Part(
        class_name=part.class_name,
        polygons=part.polygons,
        mask_yx=part.mask_yx,
        offset_yx=part.offset_yx,
    )
