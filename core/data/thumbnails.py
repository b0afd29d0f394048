"""Small pictures of the images of a study, as they look by themselves."""

import io
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.data import display
from core.data.samples import content_name, read_image
from core.errors import DataError
from core.paths import StudyDir
from core.records import ImageRecord, files

FIRST = 24
"""Cards on a page of the gallery."""


def preview(
    image_cyx: NDArray[np.generic],
    *,
    side: int | None = None,
    channels: Sequence[int] | None = None,
    shown: Sequence[display.Levels] | None = None,
    colors: Sequence[str] = (),
) -> NDArray[np.uint8]:
    """Return uint8 (rows, columns, 3), the longest side at most `side` (None: full size).

    `channels` chooses (None: all); `shown` gives black and white of each channel (None: automatic).
    One channel is grey, three of 8 bits are red, green and blue, others are added in their `colors`
    (`#RRGGBB` for each channel; empty: the usual ones).
    """
    chosen = range(len(image_cyx)) if channels is None else channels
    looks = (display.ChannelLook(shown=at in chosen) for at in range(len(image_cyx)))
    look = display.Look(channels=tuple(looks))
    return display.render(image_cyx, look, side=side, told=colors, within=shown)


def cached(study_dir: StudyDir, about: ImageRecord, *, side: int = 256) -> Path:
    """Return the PNG file of an image's preview; made at the first call."""
    path = study_dir.cache / f"{content_name(about)}-{side}.png"
    if not path.is_file():
        pixels = preview(read_image(study_dir, about), side=side, colors=about.channel_colors)
        files.write_bytes(path, png(pixels))
    return path


def make_first(study_dir: StudyDir, images: Sequence[ImageRecord]) -> None:
    """Make the pictures that whoever opens the study sees first, while it is being waited for.

    A file that cannot be read is told where it is shown.
    """
    for about in images[:FIRST]:
        with suppress(DataError):
            cached(study_dir, about)


def png(pixels: NDArray[np.uint8]) -> bytes:
    """Return the picture as a PNG file's bytes; lightly compressed, as a page waits for it."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()
