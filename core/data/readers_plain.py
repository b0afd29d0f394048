"""PNG, JPEG, BMP and GIF."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.data.axes import Asked, Picture, refuse_large, to_cyx
from core.errors import ImageError

Pixels = NDArray[np.generic]
# Nothing is decoded before `refuse_large` has drawn the line, which is ours, not Pillow's.
Image.MAX_IMAGE_PIXELS = None
# Colour spaces without a meaning of their own in microscopy.
_TO_RGB = ("CMYK", "YCbCr", "LAB", "HSV", "RGBX")
_WITH_ALPHA = {"RGBA": "RGB", "RGBa": "RGB", "LA": "L", "La": "L", "PA": "RGB"}


_ORIENTATION = 0x0112
# EXIF's numbers: where the first row and the first column of the file belong.
_TURNS: dict[int, Callable[[Pixels], Pixels]] = {
    2: np.fliplr,
    3: lambda pixels: np.rot90(pixels, 2),
    4: np.flipud,
    5: lambda pixels: np.swapaxes(pixels, 0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: np.rot90(np.swapaxes(pixels, 0, 1), 2),
    8: np.rot90,
}


def orientation(image: Image.Image) -> int:
    """Return EXIF's number of how a camera was held, 1 to 8; 1: upright, or nothing is noted."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except (SyntaxError, TypeError, ValueError, struct.error):  # a damaged note turns nothing
        return 1


def shown_size(image: Image.Image) -> tuple[int, int]:
    """Return rows and columns as the picture is shown, by its header."""
    on_its_side = orientation(image) >= 5
    return (image.width, image.height) if on_its_side else (image.height, image.width)


def read(path: Path, asked: Asked) -> Picture:
    """Return the picture; see `readers.read`. The file's axes are never in doubt here."""
    with Image.open(path) as image:
        refuse_large(image.width * image.height, asked.most_pixels)
        frames = getattr(image, "n_frames", 1)
        # A JPEG's further frames are previews for cameras and 3D displays.
        planes = frames if image.format in ("GIF", "PNG") else 1
        chosen = asked.plane or 0
        if chosen >= planes:
            raise ImageError(f"it has {planes} planes, there is no plane {chosen}")
        image.seek(chosen)
        pixels, notices = _pixels(image, path, asked.indices)
        turn = orientation(image) if asked.turned else 1
        if turn in _TURNS:
            pixels = np.ascontiguousarray(_TURNS[turn](pixels))
            notices.append("it was turned as its camera noted")
        if planes > 1:
            notices.append(f"it has {planes} planes; plane {chosen} is used")
        axes = ("Q" if planes > 1 else "") + ("YX" if pixels.ndim == 2 else "YXS")
        return Picture(
            image_cyx=to_cyx(pixels, axes.removeprefix("Q")),
            axes=axes,
            file_axes=axes,
            file_shape=((planes, *pixels.shape) if planes > 1 else pixels.shape),
            plane=chosen if planes > 1 else None,
            planes=planes,
            lossy=image.format == "JPEG",
            notices=tuple(notices),
        )


def _pixels(image: Image.Image, path: Path, indices: bool) -> tuple[Pixels, list[str]]:
    """Return (rows, columns) or (rows, columns, 3), and what was decided."""
    if image.format == "PNG" and _is_deep_colour(path):
        return _deep_colour(path)
    if image.mode == "P":
        return _palette(image, indices)
    if image.mode in _WITH_ALPHA:
        return _grey_where_equal(image.convert(_WITH_ALPHA[image.mode]), keep_colour=True), [
            "its transparency was dropped"
        ]
    if image.mode in _TO_RGB:
        return np.asarray(image.convert("RGB")), [f"its {image.mode} colours became RGB"]
    return np.asarray(image), []


def _palette(image: Image.Image, indices: bool) -> tuple[Pixels, list[str]]:
    if indices:
        return np.asarray(image), []
    notices = ["its palette became the colours it stands for"]
    if "transparency" in image.info:
        notices.append("its transparency was dropped")
        image = image.convert("RGBA")
    return _grey_where_equal(image.convert("RGB"), keep_colour=False), notices


def _grey_where_equal(image: Image.Image, *, keep_colour: bool) -> Pixels:
    pixels = np.asarray(image)
    if keep_colour or pixels.ndim == 2 or (pixels != pixels[..., :1]).any():
        return pixels
    return pixels[..., 0]


def _is_deep_colour(path: Path) -> bool:
    """Return whether a PNG has 16 bits and more than one sample a pixel."""
    with path.open("rb") as file:
        header = file.read(26)
    return header[24] == 16 and header[25] in (2, 4, 6)


def _deep_colour(path: Path) -> tuple[Pixels, list[str]]:
    """Return 16-bit samples, which Pillow would cut down to 8 bits."""
    import imagecodecs

    pixels: Pixels = imagecodecs.png_decode(path.read_bytes())
    colours = {2: 1, 3: 3, 4: 3}[pixels.shape[2]]
    if pixels.shape[2] == 3:
        return pixels, []
    kept = pixels[..., 0] if colours == 1 else pixels[..., :colours]
    return kept, ["its transparency was dropped"]
