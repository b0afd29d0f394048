"""Labels on their way out, in the formats other programs read. `masks` is the way in."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from core.data.labels import coco, geojson, imagej, labelme, parts, pieces
from core.data.labels.model import MAIN, Labels
from core.errors import LabelError
from core.records import files

NOT_ANNOTATED = -1
"""In label images, which are signed where something was not annotated."""
IGNORED = 255
"""In class masks, as other programs have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One image's labels."""

    name: str
    """The image's id; files are named after it."""
    image: str
    """The image's own file name."""
    labels: Labels
    reduction: float = 1.0
    """How many times smaller the image is than its file's full picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classes:
    """What class numbers and colours stand for."""

    names: tuple[str, ...]
    background: str | None = None
    things: bool = False
    """Whether single objects are marked: what was judged and is none of them is background."""


Writer = Callable[[Iterable[Page], Path, Classes], list[Path]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One way to write labels."""

    title: str
    keeps: str
    """What comes back when it is imported again."""
    write: Writer


def write(format_name: str, pages: Iterable[Page], folder: Path, classes: Classes) -> list[Path]:
    """Write the labels of all pages below `folder` and return the files.

    Raises LabelError for a format nobody knows, and where labels cannot be told in it.
    """
    check(format_name)
    folder.mkdir(parents=True, exist_ok=True)
    return FORMATS[format_name].write(pages, folder, classes)


def check(format_name: str) -> None:
    """Raise LabelError for a format nobody knows."""
    if format_name not in FORMATS:
        raise LabelError(f"there is no format {format_name!r}; choose {', '.join(FORMATS)}")


def colors(count: int) -> list[str]:
    """Return `#RRGGBB` colours that differ, none of them black, ascending as numbers.

    Programs that number colours in that order get the same numbers again.
    """
    return [f"#{round(at * 0xFFFFFF / count):06X}" for at in range(1, count + 1)]


def _labels(pages: Iterable[Page], folder: Path, classes: Classes) -> list[Path]:
    written, rows = [], []
    for page in pages:
        for layer_name, layer_yx in page.labels.layers.items():
            suffix = "" if layer_name == MAIN else f".{layer_name}"
            path = folder / f"{page.name}{suffix}.tif"
            _write_tiff(path, _ids(layer_yx, page.labels.annotated_yx))
            written.append(path)
        rows += [
            (page.name, item.id, item.class_name or "", item.layer) for item in page.labels.objects
        ]
    if any(row[2] for row in rows):
        written.append(write_table(folder / "objects.csv", ("file", "id", "class", "layer"), rows))
    return written


def _ids(layer_yx: NDArray[np.int32], annotated_yx: NDArray[np.bool_]) -> NDArray[np.generic]:
    """Return ids in the smallest usual type; signed where something was not annotated."""
    if not annotated_yx.all():
        return np.where(annotated_yx | (layer_yx > 0), layer_yx, NOT_ANNOTATED)
    return layer_yx.astype(np.uint16 if layer_yx.max(initial=0) < 2**16 else np.uint32)


def _class_masks(pages: Iterable[Page], folder: Path, classes: Classes) -> list[Path]:
    told = _with_background(classes) if classes.things else classes
    if len(told.names) > IGNORED:
        raise LabelError(f"a class mask tells at most {IGNORED} classes; choose label images")
    written = []
    for page in pages:
        path = folder / f"{page.name}.png"
        pieces.write_png(path, _class_numbers(page.labels, told))
        written.append(path)
    names = folder / "classes.txt"
    files.write_bytes(names, ("\n".join(told.names) + "\n").encode())
    return [*written, names]


def _with_background(classes: Classes) -> Classes:
    """Return the classes of objects with what lies between them, which is 0, before them."""
    behind = next(name for name in ("background", "nothing", "0") if name not in classes.names)
    return Classes(names=(behind, *(classes.names or ("object",))), background=behind, things=True)


def _class_numbers(labels: Labels, classes: Classes) -> NDArray[np.uint8]:
    """Return index of class at every pixel; 255 where nobody judged or told the class."""
    known = {name: at for at, name in enumerate(classes.names)}
    table = np.full(max((item.id for item in labels.objects), default=0) + 1, IGNORED, np.uint8)
    table[0] = known.get(classes.background or "", IGNORED)
    # Of a single class nobody need say which.
    unnamed = 1 if classes.things and len(classes.names) == 2 else IGNORED
    for item in labels.objects:
        named = known.get(item.class_name or "", IGNORED)
        table[item.id] = unnamed if item.class_name is None else named
    flat = labels.flat_yx
    return np.where((flat == 0) & ~labels.annotated_yx, IGNORED, table[flat]).astype(np.uint8)


def _binary(pages: Iterable[Page], folder: Path, classes: Classes) -> list[Path]:
    written = []
    for page in pages:
        names = {item.id: item.class_name for item in page.labels.objects}
        counted = [i for i, name in names.items() if name is None or name != classes.background]
        path = folder / f"{page.name}.png"
        pieces.write_png(path, np.isin(page.labels.flat_yx, counted).astype(np.uint8) * 255)
        written.append(path)
    return written


def _colored(pages: Iterable[Page], folder: Path, classes: Classes) -> list[Path]:
    """Write a colour an object, or a colour a class where the task is about regions."""
    if classes.background is not None:
        return _colored_classes(pages, folder, classes)
    written, rows = [], []
    for page in pages:
        ids = [item.id for item in page.labels.objects]
        told = dict(zip(ids, colors(len(ids)), strict=True))
        pieces.write_png(folder / f"{page.name}.png", _painted(page.labels.flat_yx, told))
        written.append(folder / f"{page.name}.png")
        rows += [
            (page.name, at, item.class_name or "", told[item.id])
            for at, item in enumerate(page.labels.objects, start=1)
        ]
    head = ("file", "id", "class", "color")
    return [*written, write_table(folder / "objects.csv", head, rows)] if rows else written


def _colored_classes(pages: Iterable[Page], folder: Path, classes: Classes) -> list[Path]:
    counted = [name for name in classes.names if name != classes.background]
    told = dict(zip(counted, colors(len(counted)), strict=True))
    written = []
    for page in pages:
        by_id = {i.id: told[i.class_name] for i in page.labels.objects if i.class_name in told}
        path = folder / f"{page.name}.png"
        pieces.write_png(path, _painted(page.labels.flat_yx, by_id))
        written.append(path)
    rows = [("#000000", classes.background), *((color, name) for name, color in told.items())]
    return [*written, write_table(folder / "colors.csv", ("color", "class"), rows)]


def _painted(flat_yx: NDArray[np.int32], told: dict[int, str]) -> NDArray[np.uint8]:
    table = np.zeros((int(flat_yx.max(initial=0)) + 1, 3), np.uint8)
    for i, color in told.items():
        table[i] = [int(color[at : at + 2], 16) for at in (1, 3, 5)]
    return np.asarray(table[flat_yx])


def _pieces(pages: Iterable[Page], folder: Path, classes: Classes) -> list[Path]:
    return [
        path
        for page in pages
        for path in pieces.write(
            parts.of(page.labels), folder / "masks" / page.name, page.labels.shape_yx
        )
    ]


def _coco(pages: Iterable[Page], folder: Path, classes: Classes) -> list[Path]:
    path = folder / "coco.json"
    told = [
        coco.Page(
            name=page.image,
            shape_yx=page.labels.shape_yx,
            parts=tuple(parts.of(page.labels)),
        )
        for page in pages
    ]
    coco.write(told, path, classes.names)
    return [path]


def _imagej(pages: Iterable[Page], folder: Path, classes: Classes) -> list[Path]:
    written = []
    for page in pages:
        if page.labels.objects:  # the ROI manager opens no empty zip
            written.append(folder / f"{page.name}.zip")
            imagej.write(parts.of(page.labels), written[-1])
    return written


def _geojson(pages: Iterable[Page], folder: Path, classes: Classes) -> list[Path]:
    written = []
    for page in pages:
        written.append(folder / f"{page.name}.geojson")
        geojson.write(parts.of(page.labels), written[-1], page.reduction)
    return written


def _labelme(pages: Iterable[Page], folder: Path, classes: Classes) -> list[Path]:
    written = []
    for page in pages:
        written.append(folder / f"{page.name}.json")
        labelme.write(parts.of(page.labels), written[-1], page.labels.shape_yx, page.image)
    return written


def _write_tiff(path: Path, pixels: NDArray[np.generic]) -> None:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, compression="zlib", photometric="minisblack")
    files.write_bytes(path, buffer.getvalue())


def write_table(path: Path, head: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> Path:
    """Write the rows below their head as CSV and return the file."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([head, *rows])
    files.write_bytes(path, text.getvalue().encode())
    return path


_OUTLINES = "identical outlines, numbers and classes"
FORMATS: dict[str, Format] = {
    "labels": Format(
        title="Label images: TIFF, one number an object",
        keeps="identical objects; classes by objects.csv; what was not annotated is -1",
        write=_labels,
    ),
    "classes": Format(
        title="Class masks: PNG, one number a class",
        keeps="identical regions; objects that touch become one",
        write=_class_masks,
    ),
    "binary": Format(
        title="Binary masks: PNG, 0 and 255",
        keeps="where something is; objects that touch become one",
        write=_binary,
    ),
    "colors": Format(
        title="Colour-coded masks: PNG",
        keeps="identical objects (regions: by colors.csv)",
        write=_colored,
    ),
    "pieces": Format(
        title="One file an object: PNG, 0 and 255",
        keeps="identical objects; no classes",
        write=_pieces,
    ),
    "coco": Format(title="COCO: one JSON for all images", keeps=_OUTLINES, write=_coco),
    "imagej": Format(
        title="ImageJ: a zip of regions for the ROI manager", keeps=_OUTLINES, write=_imagej
    ),
    "geojson": Format(title="QuPath: GeoJSON", keeps=_OUTLINES, write=_geojson),
    "labelme": Format(title="Labelme: JSON", keeps=_OUTLINES, write=_labelme),
}
