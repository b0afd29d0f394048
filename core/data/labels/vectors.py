"""The way in for files that hold objects one by one: told apart by content, read alike."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from core.data import archives, readers
from core.data.labels import coco, geojson, imagej, labelme, parts, pieces
from core.data.labels.model import Labels
from core.data.labels.parts import Part
from core.errors import LabelError

Answer = TypeVar("Answer")
Found = tuple[list[Part], list[str]]
_JSON = (".json", ".geojson")


def kind_of(path: Path) -> str | None:
    """Return the key into `READERS`, `coco` for a file of many pictures, or None."""
    suffix = path.suffix.lower()
    if suffix in _JSON:
        return _kind_of_json(path)
    if suffix == ".roi":
        return "imagej"
    if suffix == ".zip":
        return "imagej" if imagej.is_zip(path) else "pieces" if pieces.is_zip(path) else None
    return None


def read(
    path: Path, shape_yx: tuple[int, int] | None, reduction: float = 1.0
) -> tuple[Labels, list[str]]:
    """Return one picture's labels and what was decided on the way.

    `shape_yx` is the picture's size; None: as the file tells it. `reduction`: how many times
    smaller it is than its file's full picture, in which QuPath counts. Raises LabelError where the
    file is damaged, tells another size, or no size where none is given.
    """
    kind = kind_of(path)
    if kind is None or kind not in (*READERS, "coco"):
        raise LabelError(f"{path.name}: it holds no labels that are known; export it again")
    told = size_told(path, kind)
    shape = shape_yx or told
    if shape is None:
        raise LabelError(f"{path.name}: it does not say how large its picture is; add the picture")
    if told is not None and told != shape:
        raise LabelError(
            f"{path.name}: it was drawn on a picture of {told[1]} x {told[0]} pixels, this one is "
            f"{shape[1]} x {shape[0]}; export it for this picture"
        )
    found, notices = _checked(path, kind, _found)
    if kind == "geojson":
        found = [geojson.scaled(part, 1 / reduction) for part in found]
    labels, more = parts.assemble(found, shape)
    return labels, [*notices, *more]


def class_names(path: Path) -> set[str]:
    """Return the classes its objects have."""
    kind = kind_of(path)
    if kind is None or kind == "pieces":
        return set()
    found, _ = _checked(path, kind, _found)
    return {part.class_name for part in found if part.class_name is not None}


def size_told(path: Path, kind: str) -> tuple[int, int] | None:
    """Return rows and columns of the picture, where the file tells them; LabelError if damaged."""
    return _checked(path, kind, _size)


def _size(path: Path, kind: str) -> tuple[int, int] | None:
    if kind == "pieces":
        return pieces.shape_of(path)
    if kind == "labelme":
        plain = json.loads(path.read_text(encoding="utf-8-sig"))
        rows, columns = plain.get("imageHeight"), plain.get("imageWidth")
        return (int(rows), int(columns)) if rows and columns else None
    return coco.read(path)[0].shape_yx if kind == "coco" else None


def _found(path: Path, kind: str) -> Found:
    if kind != "coco":
        return READERS[kind](path)
    [page] = coco.read(path)
    return list(page.parts), list(page.notices)


def _checked(path: Path, kind: str, read: Callable[[Path, str], Answer]) -> Answer:
    """Return what `read` does; LabelError where the file is of its kind but not as it should be."""
    try:
        return read(path, kind)
    except (*readers.DECODER_FAULTS, *archives.DAMAGED) as error:
        raise LabelError(
            f"{path.name}: it is not written as {kind} files are ({type(error).__name__}: "
            f"{str(error)[:80]}); export it again"
        ) from error


def _kind_of_json(path: Path) -> str | None:
    try:
        plain: Any = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, OSError):
        return None
    if coco.is_one(plain):
        return "coco"
    if labelme.is_one(plain):
        return "labelme"
    features = plain.get("features", [plain]) if isinstance(plain, dict) else plain
    is_feature = isinstance(features, list) and all(
        isinstance(each, dict) and each.get("type") == "Feature" for each in features
    )
    return "geojson" if is_feature and (features or path.suffix.lower() == ".geojson") else None


READERS: dict[str, Callable[[Path], Found]] = {
    "geojson": geojson.read,
    "labelme": labelme.read,
    "imagej": imagej.read,
    "pieces": pieces.read,
}
