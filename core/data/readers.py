"""A file -> Picture, opened by what is in it; its name is only a name."""

import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from core.data import readers_plain, readers_tiff, readers_vendor, readers_zarr
from core.data.axes import Asked, Picture, finished
from core.errors import ImageError

Reader = Callable[[Path, Asked], Picture]

# What the decoders raise on damaged bytes: they were not written for them, so nearly anything.
DECODER_FAULTS = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    SyntaxError,
    MemoryError,
    AttributeError,
    AssertionError,
    struct.error,
    zlib.error,
)


def read(
    path: Path,
    *,
    plane: int | None = None,
    axes: str = "",
    projection: str = "",
    indices: bool = False,
    most_pixels: int | None = None,
) -> Picture:
    """Return the picture in the file.

    `plane` chooses from a stack (None: the first). `axes` overrules what the file says of its
    axes, e.g. `CYX` for pages that are channels. `projection` (`max`, `mean`, `focus`) makes one
    plane of all of z. With `indices`, a palette's indices are kept (masks) instead of its colours.
    `most_pixels`: who works in parts may open larger pictures than fit safely into memory as
    numbers with a point.
    Raises ImageError naming file, cause and remedy where it cannot be read.
    """
    try:
        asked = Asked(
            plane=plane,
            axes=axes,
            projection=projection,
            indices=indices,
            most_pixels=most_pixels,
        )
    except ImageError as error:
        raise ImageError(f"{path.name}: {error}") from error
    return ask(path, asked)


def ask(path: Path, asked: Asked) -> Picture:
    """Return the picture as it is asked for; see `read`."""
    try:
        kind = format_of(path)
        picture = finished(READERS[kind](path, asked))
    except ImageError as error:
        raise ImageError(f"{path.name}: {error}") from error
    except DECODER_FAULTS as error:
        raise ImageError(
            f"{path.name}: it is damaged or was not copied completely "
            f"({type(error).__name__}: {str(error)[:120]}); copy or export it again"
        ) from error
    return _with_name_notice(picture, path, kind)


def format_of(path: Path) -> str:
    """Return the key into `READERS` by the file's first bytes.

    Raises ImageError saying what it is instead, and what to do.
    """
    if readers_zarr.is_folder(path):
        return "OME-Zarr"
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except OSError as error:
        raise ImageError(f"it cannot be opened ({error.strerror}); is it still there?") from error
    for magic, kind in SIGNATURES:
        if start.startswith(magic):
            return kind
    if start.startswith(LIF_START) and start[8:9] == b"*":
        return "LIF"
    if start.startswith(ZIP_START) and readers_zarr.is_zip(path):
        return "OME-Zarr"
    raise ImageError(_what_else(start, path))


def is_picture(path: Path) -> bool:
    """Return whether the file begins like a picture of a known format."""
    try:
        format_of(path)
    except ImageError:
        return False
    return True


def _what_else(start: bytes, path: Path) -> str:
    if not start:
        return "the file is empty (0 bytes); copy or export it again"
    for magic, answer in STRANGERS:
        if start.startswith(magic):
            return answer
    native = NATIVE_FORMATS.get(path.suffix.lower())
    if native is not None:
        return f"{native} files are not read directly; export it as TIFF or OME-TIFF (e.g. in Fiji)"
    if all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in start):
        return "it holds text, not a picture; choose the picture itself"
    return "its content is no picture this program knows; export it as TIFF or PNG"


def _with_name_notice(picture: Picture, path: Path, kind: str) -> Picture:
    suffix = path.suffix.lower()
    if suffix in SUFFIXES[kind]:
        return picture
    said = f"is named {suffix}" if suffix else "has no suffix"
    return replace(picture, notices=(f"it {said} but holds {kind}", *picture.notices))


READERS: dict[str, Reader] = {
    "PNG": readers_plain.read,
    "JPEG": readers_plain.read,
    "BMP": readers_plain.read,
    "GIF": readers_plain.read,
    "TIFF": readers_tiff.read,
    "ND2": readers_vendor.read_nd2,
    "CZI": readers_vendor.read_czi,
    "LIF": readers_vendor.read_lif,
    "OME-Zarr": readers_zarr.read,
}
SUFFIXES: dict[str, tuple[str, ...]] = {
    "PNG": (".png",),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "BMP": (".bmp", ".dib"),
    "GIF": (".gif",),
    "TIFF": (".tif", ".tiff", ".btf", ".tf8", ".stk", ".lsm", ".svs", ".flex"),
    "ND2": (".nd2",),
    "CZI": (".czi",),
    "LIF": (".lif",),
    "OME-Zarr": (".ozx", ".zarr", ".zip"),
}
ZIP_START = b"PK\x03\x04"
LIF_START = b"p\0\0\0"
"""A star follows at the ninth byte."""
SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"BM", "BMP"),
    (b"GIF8", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"ZISRAWFILE", "CZI"),
    (b"\xda\xce\xbe\x0a", "ND2"),
)
STRANGERS: tuple[tuple[bytes, str], ...] = (
    (
        b"version https://git-lfs",
        "it is an LFS pointer, not the picture itself; run `git lfs pull` where it came from",
    ),
    (ZIP_START, "it is a zip archive; import it by itself, under a name that ends in .zip"),
    (
        b"\0\0\0\x0cjP  ",
        "it is JPEG 2000, which also the oldest Nikon ND2 files are; export it as TIFF",
    ),
    (b"%PDF", "it is a PDF; export the picture as PNG or TIFF"),
    (b"\x89HDF", "it is an HDF5 file; export the picture as TIFF"),
)
NATIVE_FORMATS: dict[str, str] = {
    ".oif": "Olympus OIF",
    ".oib": "Olympus OIB",
    ".vsi": "Olympus VSI",
    ".ims": "Imaris",
    ".dcm": "DICOM",
    ".mrc": "MRC",
    ".npy": "NumPy",
}
