"""Pictures for the screen: eight bits, colours, automatic levels."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.data.samples import read_image
from core.paths import StudyDir
from core.records import ImageRecord, files

Levels = tuple[float, float]
# What a microscope's software uses: nuclei are mostly the first channel, and mostly blue.
COLORS = ("#408CFF", "#26E659", "#FF4040", "#FFCC26", "#CC59FF", "#E6E6E6")
# Hot pixels and the darkest dust do not count.
_PERCENTILES = (0.5, 99.8)
# Percentiles of every n-th pixel are the same to the eye and a hundred times quicker.
_SAMPLED_PIXELS = 250_000


def levels(image_cyx: NDArray[np.generic]) -> list[Levels]:
    """Return (black, white) for each channel; black < white also in a constant channel.

    True-colour pictures (three channels of 8 bits) keep 0 to 255.
    """
    if is_true_colour(image_cyx):
        return [(0.0, 255.0)] * 3
    found = []
    for channel_yx in image_cyx:
        every = max(1, int(np.sqrt(channel_yx.size / _SAMPLED_PIXELS)))
        sampled = channel_yx[::every, ::every].astype(np.float64)
        low, high = (float(value) for value in np.percentile(sampled, _PERCENTILES))
        if high <= low:  # sparse spots on an empty ground, or nothing at all
            low, high = float(sampled.min()), float(sampled.max())
        found.append((low, high if high > low else low + 1.0))
    return found


def is_true_colour(image_cyx: NDArray[np.generic]) -> bool:
    """Return whether the channels are red, green and blue of a photograph."""
    return len(image_cyx) == 3 and image_cyx.dtype == np.uint8


def preview(
    image_cyx: NDArray[np.generic],
    *,
    side: int | None = None,
    channels: Sequence[int] | None = None,
    shown: Sequence[Levels] | None = None,
    colors: Sequence[str] = (),
) -> NDArray[np.uint8]:
    """Return uint8 (rows, columns, 3), the longest side at most `side` (None: full size).

    `channels` chooses (None: all); `shown` gives black and white of each channel of the image
    (None: automatic). One channel is grey, three of 8 bits are red, green and blue, others are
    added in their `colors` (`#RRGGBB` for each channel of the image; empty: the usual ones).
    """
    named = colors or [COLORS[at % len(COLORS)] for at in range(len(image_cyx))]
    limits = list(shown) if shown is not None else levels(image_cyx)
    chosen = list(range(len(image_cyx))) if channels is None else list(channels)
    planes = {
        at: _scaled((_small(image_cyx[at], side) - limits[at][0]) / _span(limits[at]))
        for at in chosen
    }
    if is_true_colour(image_cyx) and len(chosen) == 3:
        mixed = np.stack([planes[at] for at in chosen], axis=-1)
    elif len(chosen) == 1:
        mixed = np.repeat(planes[chosen[0]][..., None], 3, axis=-1)
    else:
        mixed = np.zeros((*planes[chosen[0]].shape, 3), dtype=np.float32)
        for at in chosen:
            mixed += planes[at][..., None] * _rgb(named[at])
    return (np.clip(mixed, 0, 1) * 255).round().astype(np.uint8)


def cached(study_dir: StudyDir, about: ImageRecord, *, side: int = 256) -> Path:
    """Return the PNG file of an image's preview; made at the first call."""
    read_as = f"{about.axes or 'plain'}{about.plane or 0}{about.projection}"
    path = study_dir.cache / f"{about.id}-{about.sha256[:12]}-{read_as}-{side}.png"
    if not path.is_file():
        pixels = preview(read_image(study_dir, about), side=side, colors=about.channel_colors)
        files.write_bytes(path, png(pixels))
    return path


def png(pixels: NDArray[np.uint8]) -> bytes:
    """Return the picture as a PNG file's bytes; lightly compressed, as a page waits for it."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def _rgb(color: str) -> NDArray[np.float32]:
    """Return `#RRGGBB` as three numbers in [0, 1]."""
    return np.array([int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)], dtype=np.float32)


def _small(channel_yx: NDArray[np.generic], side: int | None) -> NDArray[np.float32]:
    """Return float32 pixels, averaged down to the wanted side; never enlarged."""
    plain = channel_yx.astype(np.float32)
    rows, columns = plain.shape
    if side is None or max(rows, columns) <= side:
        return plain
    scale = side / max(rows, columns)
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    averaged = Image.fromarray(plain).resize(size, Image.Resampling.BOX)
    return np.asarray(averaged, dtype=np.float32)


def _span(limits: Levels) -> float:
    return max(limits[1] - limits[0], 1e-12)


def _scaled(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.clip(values, 0, 1).astype(np.float32)
