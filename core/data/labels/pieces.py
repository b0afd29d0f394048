"""One file an object: a folder of masks, which is kept as one zip."""

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.data.labels.parts import Part
from core.errors import LabelError
from core.records import files

# The same folder gives the same file.
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
_SUFFIXES = (".png", ".tif", ".tiff", ".bmp", ".gif")


def write(parts: Iterable[Part], folder: Path, shape_yx: tuple[int, int]) -> list[Path]:
    """Write `00001.png`, ... (0 and 255, as large as the picture), numbered like the objects."""
    written = []
    for part in parts:
        if part.mask_yx is None:
            raise ValueError("parts on their way out have pixels")
        whole = np.zeros(shape_yx, dtype=np.uint8)
        (top, left), (rows, columns) = part.offset_yx, part.mask_yx.shape
        whole[top : top + rows, left : left + columns][part.mask_yx] = 255
        written.append(folder / f"{part.id:05d}.png")
        write_png(written[-1], whole)
    return written


def write_png(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Put a mask at `path` as PNG, whole or not at all."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    files.write_bytes(path, buffer.getvalue())


def pack(masks: Iterable[Path], target: Path) -> Path:
    """Put the masks of one picture into one file; return it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(masks):
            archive.writestr(zipfile.ZipInfo(path.name, _FIRST_DAY), path.read_bytes())
    return target


def is_zip(path: Path) -> bool:
    """Return whether the zip holds pictures and nothing else."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False
    return bool(names) and all(name.lower().endswith(_SUFFIXES) for name in names)


def read(path: Path) -> tuple[list[Part], list[str]]:
    """Return an object for each picture in the zip; numbers in their names are ids.

    LabelError where one has several values: it is no mask of one object.
    """
    parts, blank = [], 0
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            mask_yx = _mask(path, archive.read(name), name)
            if not mask_yx.any():
                blank += 1
                continue
            stem = Path(name).stem
            parts.append(Part(id=int(stem) if stem.isdigit() else None, mask_yx=mask_yx))
    return parts, [f"{blank} of its masks are empty"] if blank else []


def shape_of(path: Path) -> tuple[int, int]:
    """Return rows and columns of the first mask."""
    with zipfile.ZipFile(path) as archive:
        name = min(archive.namelist())
        columns, rows = _opened(path, archive.read(name), name).size
    return rows, columns


def _opened(path: Path, data: bytes, name: str) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data))
    except (OSError, SyntaxError, ValueError) as error:
        raise LabelError(
            f"{path.name}: the mask {name} of an object is empty or no picture; export it again, "
            "or leave it out"
        ) from error


def _mask(path: Path, data: bytes, name: str) -> NDArray[np.bool_]:
    try:
        pixels = np.asarray(_opened(path, data, name).convert("L"))
    except (OSError, SyntaxError, ValueError) as error:
        raise LabelError(
            f"{path.name}: the mask {name} of an object cannot be read ({error}); export it again"
        ) from error
    values = np.unique(pixels)
    if len(values) > 2:
        raise LabelError(
            f"{path.name}: {name} has {len(values)} values; a mask of one object has two, inside "
            "and outside"
        )
    return np.asarray(pixels > 0)
