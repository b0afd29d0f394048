"""QuPath's GeoJSON: one feature an object, in pixels of the full picture.

Source: qupath.readthedocs.io, "Exporting annotations"; RFC 7946 for the geometry.
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.data.labels.parts import Part
from core.data.labels.rings import Polygon, Ring
from core.errors import LabelError
from core.records import files


def write(parts: Iterable[Part], path: Path, reduction: float = 1.0) -> None:
    """Write a feature collection; objects' numbers are their names in QuPath.

    `reduction`: how many times smaller the marked picture is than the full one.
    """
    features = [_feature(scaled(part, reduction)) for part in parts]
    files.write_json(path, {"type": "FeatureCollection", "features": features})


def scaled(part: Part, factor: float) -> Part:
    """Return the object in a picture so many times as wide."""
    if factor == 1:
        return part
    return replace(part, polygons=tuple(each.scaled(factor) for each in part.polygons))


def read(path: Path) -> tuple[list[Part], list[str]]:
    """Return the objects and what was left out; LabelError where it is no such file."""
    try:
        plain = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, OSError) as error:
        raise LabelError(f"{path.name}: it is no GeoJSON ({error}); export it again") from error
    features = plain.get("features", plain) if isinstance(plain, dict) else plain
    if not isinstance(features, list):
        features = [features]
    parts, others = [], 0
    for feature in features:
        geometry = feature.get("geometry") or {}
        pieces = _pieces(geometry)
        if not pieces:
            others += 1
            continue
        about = feature.get("properties") or {}
        name = str(about.get("name") or "")
        parts.append(
            Part(
                id=int(name) if name.isdigit() else None,
                class_name=(about.get("classification") or {}).get("name"),
                polygons=tuple(pieces),
            )
        )
    return parts, [f"{others} points and lines have no area and were left out"] if others else []


def _feature(part: Part) -> dict[str, Any]:
    pieces = [[_closed(piece.outer), *map(_closed, piece.holes)] for piece in part.polygons]
    single = len(pieces) == 1
    about: dict[str, Any] = {"objectType": "annotation", "name": str(part.id)}
    if part.class_name is not None:
        about["classification"] = {"name": part.class_name}
    return {
        "type": "Feature",
        "geometry": {
            "type": "Polygon" if single else "MultiPolygon",
            "coordinates": pieces[0] if single else pieces,
        },
        "properties": about,
    }


def _closed(ring: Ring) -> list[list[float]]:
    return [[x, y] for x, y in (*ring, ring[0])]


def _pieces(geometry: dict[str, Any]) -> list[Polygon]:
    kind, coordinates = geometry.get("type"), geometry.get("coordinates", [])
    if kind == "GeometryCollection":
        return [piece for each in geometry.get("geometries", []) for piece in _pieces(each)]
    rings = {"Polygon": [coordinates], "MultiPolygon": coordinates}.get(str(kind), [])
    return [
        Polygon(outer=_ring(outer), holes=tuple(_ring(hole) for hole in holes))
        for outer, *holes in rings
    ]


def _ring(points: list[list[float]]) -> Ring:
    ring = tuple((float(point[0]), float(point[1])) for point in points)
    return ring[:-1] if len(ring) > 3 and ring[0] == ring[-1] else ring
