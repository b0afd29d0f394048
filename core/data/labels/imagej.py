"""ImageJ's regions of interest: one `.roi`, or a zip of them as the ROI manager saves it."""

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.labels.parts import Part
from core.data.labels.rings import Polygon, Ring, area, contains
from core.errors import LabelError
from core.records import files

_CLASS = "class"
"""The property of a region that tells its class; the ROI manager shows it under `Properties`."""
_MOVE, _LINE, _CLOSE = 0.0, 1.0, 4.0
"""Steps of a composite region's path."""


def write(parts: Iterable[Part], path: Path) -> None:
    """Write a zip for the ROI manager; corners are whole numbers, as its wand traces them."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts:
            archive.writestr(f"{part.id:05d}.roi", _roi(part).tobytes())
    files.write_bytes(path, buffer.getvalue())


def is_zip(path: Path) -> bool:
    """Return whether the zip holds regions and nothing else."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
    except (zipfile.BadZipFile, OSError):
        return False
    return bool(names) and all(name.lower().endswith(".roi") for name in names)


def read(path: Path) -> tuple[list[Part], list[str]]:
    """Return the objects and what was left out; LabelError where it is no such file."""
    import roifile

    try:
        found = roifile.roiread(path)
    except (ValueError, OSError, zipfile.BadZipFile, NotImplementedError) as error:
        raise LabelError(
            f"{path.name}: its regions cannot be read ({error}); save them again"
        ) from error
    parts, left_out = [], 0
    for roi in found if isinstance(found, list) else [found]:
        pieces = _pieces(roi)
        if not pieces:
            left_out += 1
            continue
        told = roi.properties.get(_CLASS) if roi.props else None
        name = str(roi.name)
        parts.append(
            Part(
                id=int(name) if name.isdigit() else None,
                class_name=str(told) if told is not None else None,
                polygons=tuple(pieces),
            )
        )
    told = f"{left_out} points and lines have no area and were left out"
    return parts, [told] if left_out else []


def _roi(part: Part) -> Any:
    import roifile

    rings = [ring for piece in part.polygons for ring in (piece.outer, *piece.holes)]
    if len(rings) == 1:
        roi = roifile.ImagejRoi.frompoints(np.array(rings[0], dtype=np.int32))
        roi.roitype = roifile.ROI_TYPE.TRACED
        # The library takes corners for pixels and makes the box one larger.
        roi.right, roi.bottom = roi.right - 1, roi.bottom - 1
    else:
        roi = _composite(rings)
    roi.name = f"{part.id:05d}"
    if part.class_name is not None:
        roi.properties = {_CLASS: part.class_name}
    return roi


def _composite(rings: list[Ring]) -> Any:
    """Return a region of several rings; ImageJ fills what lies in an odd number of them."""
    import roifile

    path: list[float] = []
    for ring in rings:
        for at, (x, y) in enumerate(ring):
            path += [_LINE if at else _MOVE, x, y]
        path.append(_CLOSE)
    corners = np.array([corner for ring in rings for corner in ring])
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    return roifile.ImagejRoi(
        byteorder=">",
        roitype=roifile.ROI_TYPE.RECT,
        version=227,
        top=int(top),
        left=int(left),
        bottom=int(bottom),
        right=int(right),
        shape_roi_size=len(path),
        multi_coordinates=np.array(path, dtype=np.float32),
    )


def _pieces(roi: Any) -> list[Polygon]:
    import roifile

    flat = (
        roifile.ROI_TYPE.LINE,
        roifile.ROI_TYPE.FREELINE,
        roifile.ROI_TYPE.POLYLINE,
        roifile.ROI_TYPE.ANGLE,
        roifile.ROI_TYPE.POINT,
        roifile.ROI_TYPE.NOROI,
    )
    if roi.roitype in flat:
        return []
    rings = [_ring(points) for points in roi.coordinates(multi=True) if len(points) >= 3]
    rings = [ring for ring in rings if abs(area(ring)) > 0]
    depth = [
        sum(contains(other, _within(ring)) for other in rings if other is not ring)
        for ring in rings
    ]
    outer = [ring for ring, around in zip(rings, depth, strict=True) if around % 2 == 0]
    holes = [ring for ring, around in zip(rings, depth, strict=True) if around % 2]
    return [
        Polygon(outer=ring, holes=tuple(hole for hole in holes if contains(ring, _within(hole))))
        for ring in outer
    ]


def _ring(points: NDArray[np.floating[Any]]) -> Ring:
    ring = tuple((float(x), float(y)) for x, y in points)
    return ring[:-1] if ring[0] == ring[-1] else ring


def _within(ring: Ring) -> tuple[float, float]:
    """Return a point just inside the ring, beside the middle of its first edge."""
    (x, y), (x2, y2) = ring[0], ring[1]
    middle, across = ((x + x2) / 2, (y + y2) / 2), (-(y2 - y), x2 - x)
    length = float(np.hypot(*across)) or 1.0
    beside = [
        (middle[0] + side * across[0] / length / 4, middle[1] + side * across[1] / length / 4)
        for side in (1, -1)
    ]
    return next((point for point in beside if contains(ring, point)), middle)
