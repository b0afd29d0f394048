"""COCO: one JSON for many pictures; polygons, or runs of pixels where an object has holes.

Source: cocodataset.org, "Data format"; pycocotools for runs.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.labels.parts import PLAIN, Part
from core.data.labels.rings import Polygon
from core.errors import LabelError
from core.records import files


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One picture of a COCO file."""

    name: str
    """The picture's file, as the JSON names it."""
    shape_yx: tuple[int, int]
    parts: tuple[Part, ...]
    notices: tuple[str, ...] = ()


def write(pages: Iterable[Page], path: Path, classes: tuple[str, ...]) -> None:
    """Write all pictures and objects; boxes and areas are those of the pixels."""
    kept = list(pages)
    told = {part.class_name or PLAIN for page in kept for part in page.parts}
    names = [*classes, *sorted(told - set(classes))]
    number = {name: at for at, name in enumerate(names, start=1)}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for image_id, page in enumerate(kept, start=1):
        rows, columns = page.shape_yx
        images.append({"id": image_id, "file_name": page.name, "height": rows, "width": columns})
        for part in page.parts:
            told_of = _annotation(part, page.shape_yx)
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image_id,
                    "category_id": number[part.class_name or PLAIN],
                    "object_id": part.id,
                    **told_of,
                }
            )
    categories = [{"id": at, "name": name} for name, at in number.items()]
    files.write_json(path, {"images": images, "annotations": annotations, "categories": categories})


def is_one(plain: Any) -> bool:
    """Return whether the JSON is COCO's."""
    return isinstance(plain, dict) and {"images", "annotations"} <= set(plain)


def split(path: Path, folder: Path) -> list[Path]:
    """Write a file for each picture, named after it, its entries as they were; return them."""
    plain = json.loads(path.read_text(encoding="utf-8-sig"))
    by_image: dict[Any, list[Any]] = {}
    for each in plain["annotations"]:
        by_image.setdefault(each["image_id"], []).append(each)
    written = []
    for image in plain["images"]:
        stem = PurePosixPath(str(image["file_name"]).replace("\\", "/")).stem
        written.append(folder / f"{stem}.json")
        files.write_json(
            written[-1],
            {**plain, "images": [image], "annotations": by_image.get(image["id"], [])},
        )
    return written


def read(path: Path) -> list[Page]:
    """Return the pictures with their objects; LabelError where it is no such file."""
    plain = json.loads(path.read_text(encoding="utf-8-sig"))
    if not is_one(plain):
        raise LabelError(f"{path.name}: it is no COCO file; export it again")
    names = {each["id"]: str(each["name"]) for each in plain.get("categories", [])}
    by_image: dict[Any, list[dict[str, Any]]] = {}
    for each in plain["annotations"]:
        by_image.setdefault(each["image_id"], []).append(each)
    return [_page(image, by_image.get(image["id"], []), names) for image in plain["images"]]


def _page(
    image: dict[str, Any], annotations: list[dict[str, Any]], names: Mapping[Any, str]
) -> Page:
    shape_yx = (int(image["height"]), int(image["width"]))
    parts, left_out = [], 0
    for each in annotations:
        part = _part(each, names, shape_yx)
        if part is None:
            left_out += 1
        else:
            parts.append(part)
    told = (f"{left_out} boxes have no outline and were left out",) if left_out else ()
    return Page(name=str(image["file_name"]), shape_yx=shape_yx, parts=tuple(parts), notices=told)


def _annotation(part: Part, shape_yx: tuple[int, int]) -> dict[str, Any]:
    mask_yx = part.mask_yx
    if mask_yx is None:
        raise ValueError("parts on their way out have pixels")
    (top, left), (rows, columns) = part.offset_yx, mask_yx.shape
    segmentation: Any
    if any(piece.holes for piece in part.polygons):
        whole = np.zeros(shape_yx, dtype=bool)
        whole[top : top + rows, left : left + columns] = mask_yx
        segmentation = {"size": list(shape_yx), "counts": _counts(whole)}
    else:
        segmentation = [
            [value for corner in piece.outer for value in corner] for piece in part.polygons
        ]
    return {
        "segmentation": segmentation,
        "bbox": [left, top, columns, rows],
        "area": int(mask_yx.sum()),
        "iscrowd": 0,
    }


def _part(each: dict[str, Any], names: Mapping[Any, str], shape_yx: tuple[int, int]) -> Part | None:
    name = names.get(each.get("category_id"))
    class_name = None if name == PLAIN else name
    number, told = each.get("object_id"), each.get("segmentation")
    if isinstance(told, dict):
        return Part(id=number, class_name=class_name, mask_yx=_decoded(told, shape_yx))
    pieces = tuple(
        Polygon(outer=tuple(zip(ring[::2], ring[1::2], strict=True)))
        for ring in told or []
        if len(ring) >= 6
    )
    return Part(id=number, class_name=class_name, polygons=pieces) if pieces else None


def _counts(mask_yx: NDArray[np.bool_]) -> str:
    """Return the runs in COCO's compressed letters."""
    from pycocotools import mask

    return bytes(mask.encode(np.asfortranarray(mask_yx.astype(np.uint8)))["counts"]).decode()


def _decoded(told: dict[str, Any], shape_yx: tuple[int, int]) -> NDArray[np.bool_]:
    from pycocotools import mask

    runs = told
    if isinstance(told["counts"], list):
        runs = mask.frPyObjects(told, *shape_yx)
    return np.asarray(mask.decode(runs)).astype(bool)
