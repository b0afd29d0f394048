"""How an image looks on the screen: which channels, in which colours, how bright.

Changes neither the image nor what is learned from it; kept beside the study in `looks.json`.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.data.axes import PRIMARIES
from core.errors import ImageError, StudyError
from core.paths import StudyDir
from core.records import files

Levels = tuple[float, float]
"""What is shown black, and what at full brightness."""
# What a microscope's software uses: nuclei are mostly the first channel, and mostly blue.
COLORS = ("#408CFF", "#26E659", "#FF4040", "#FFCC26", "#CC59FF", "#E6E6E6")
GREY = "#FFFFFF"
GAMMAS = (0.2, 3.0)
"""Beyond, an image is all white or all black to the eye."""
# Hot pixels and the darkest dust do not count.
PERCENTILES = (0.5, 99.8)
# Percentiles of every n-th pixel are the same to the eye and a hundred times quicker.
_SAMPLED_PIXELS = 250_000
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")
# 16 bits have few enough values to work each out once instead of every pixel.
_TABLED_BYTES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelLook:
    """How one channel is shown."""

    shown: bool = True
    color: str = ""
    """`#RRGGBB`; empty: the usual one, grey where no other channel is shown."""
    levels: Levels | None = None
    """None: automatic, from each image's own values."""
    percentiles: bool = False
    """Whether `levels` are percentiles of each image, 0 to 100, and not values."""
    gamma: float = 1.0
    """Brightness is raised to it: below 1, what is dark becomes brighter."""

    def __post_init__(self) -> None:
        """Refuse what cannot be shown."""
        if self.color and not _COLOR.fullmatch(self.color):
            raise ImageError(f"a channel's colour is #RRGGBB, got {self.color!r}")
        if self.levels is not None and not self.levels[0] < self.levels[1]:
            raise ImageError(f"black must lie below white, got {self.levels}")
        if self.percentiles and self.levels and not 0 <= self.levels[0] < self.levels[1] <= 100:
            raise ImageError(f"percentiles lie between 0 and 100, got {self.levels}")
        if not GAMMAS[0] <= self.gamma <= GAMMAS[1]:
            raise ImageError(f"gamma lies between {GAMMAS[0]} and {GAMMAS[1]}, got {self.gamma}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How the channels of an image are shown; those it does not name are shown as usual."""

    channels: tuple[ChannelLook, ...] = ()

    def of(self, at: int) -> ChannelLook:
        """Return how the channel is shown."""
        return self.channels[at] if at < len(self.channels) else ChannelLook()


AUTOMATIC = Look()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """What `looks.json` holds."""

    looks: dict[str, Look] = field(default_factory=dict)
    """Channels and dtype, e.g. `3 uint16` -> how such images are shown."""


def load(study_dir: StudyDir, channels: int, dtype: str) -> Look:
    """Return how the study's images of this kind are shown; automatic before anybody chose."""
    return _kept(study_dir).looks.get(f"{channels} {dtype}", AUTOMATIC)


def save(study_dir: StudyDir, channels: int, dtype: str, look: Look) -> None:
    """Keep how the study's images of this kind are shown."""
    looks = {**_kept(study_dir).looks, f"{channels} {dtype}": look}
    files.write(study_dir.looks, _Kept(looks=looks))


def _kept(study_dir: StudyDir) -> _Kept:
    """Return what was chosen; a damaged file costs the looks and nothing else."""
    with suppress(StudyError):
        return files.read(study_dir.looks, _Kept)
    return _Kept()


def is_true_colour(image_cyx: NDArray[np.generic], told: Sequence[str] = ()) -> bool:
    """Return whether the channels are red, green and blue of a photograph.

    `told` are the file's own colours: a file that has one for each channel holds no photograph.
    """
    return len(image_cyx) == 3 and image_cyx.dtype == np.uint8 and not told


def sample(image_cyx: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return every n-th row and column: enough to find levels."""
    every = max(1, int(np.sqrt(image_cyx[0].size / _SAMPLED_PIXELS)))
    return image_cyx[:, ::every, ::every]


def levels(
    image_cyx: NDArray[np.generic], look: Look = AUTOMATIC, told: Sequence[str] = ()
) -> list[Levels]:
    """Return (black, white) for each channel; black < white also in a constant channel.

    Automatic: percentiles; true-colour pictures (three channels of 8 bits) keep 0 to 255. NaN and
    infinite values do not count. `told` are the file's own colours.
    """
    found = []
    for at, channel_yx in enumerate(sample(image_cyx)):
        one = look.of(at)
        if one.levels is not None and not one.percentiles:
            found.append(one.levels)
        elif one.levels is None and is_true_colour(image_cyx, told):
            found.append((0.0, 255.0))
        else:
            found.append(_percentiles(channel_yx, one.levels or PERCENTILES))
    return found


def colors(
    image_cyx: NDArray[np.generic], look: Look = AUTOMATIC, told: Sequence[str] = ()
) -> list[str]:
    """Return each channel's colour; `told` are the file's own, empty where it tells none."""
    count = len(image_cyx)
    usual = list(PRIMARIES) if is_true_colour(image_cyx, told) else list(told)
    usual = usual or [COLORS[at % len(COLORS)] for at in range(count)]
    if sum(look.of(at).shown for at in range(count)) == 1:
        usual = [GREY] * count
    return [look.of(at).color or usual[at] for at in range(count)]


def render(
    image_cyx: NDArray[np.generic],
    look: Look = AUTOMATIC,
    *,
    side: int | None = None,
    told: Sequence[str] = (),
    within: Sequence[Levels] | None = None,
) -> NDArray[np.uint8]:
    """Return uint8 (rows, columns, 3), the longest side at most `side` (None: full size).

    The channels that are shown are added, each in its colour; where none is, all is black. `told`
    are the file's own colours. `within` gives black and white of each channel where they are known
    (a part of an image has the levels of the whole); NaN is black.
    """
    limits = levels(image_cyx, look, told) if within is None else within
    named = colors(image_cyx, look, told)
    mixed: list[NDArray[np.float32] | float] = [0.0, 0.0, 0.0]
    for at, channel_yx in enumerate(image_cyx):
        if not look.of(at).shown:
            continue
        plane = _brightness(small(channel_yx, side), limits[at], look.of(at).gamma)
        for primary, share in enumerate(_rgb(named[at])):
            if share:
                mixed[primary] = mixed[primary] + plane * np.float32(share)
    shape = _small_shape(image_cyx.shape[1:], side)
    return np.stack([_eight_bits(plane, shape) for plane in mixed], axis=-1)


def _eight_bits(plane: NDArray[np.float32] | float, shape_yx: tuple[int, int]) -> NDArray[np.uint8]:
    whole = np.broadcast_to(np.asarray(plane, np.float32), shape_yx)
    return np.asarray(np.rint(np.clip(whole, 0, 1) * np.float32(255)), dtype=np.uint8)


def _brightness(
    channel_yx: NDArray[np.generic], limits: Levels, gamma: float
) -> NDArray[np.float32]:
    """Return 0 at black to 1 at white, raised to gamma."""
    if channel_yx.dtype.kind == "u" and channel_yx.dtype.itemsize <= _TABLED_BYTES:
        values = np.arange(2 ** (8 * channel_yx.dtype.itemsize), dtype=np.float32)
        table = _brightness(values, limits, gamma)
        return np.asarray(table[channel_yx.astype(np.intp)], dtype=np.float32)
    span = max(limits[1] - limits[0], 1e-12)
    plain = np.asarray((channel_yx.astype(np.float32) - np.float32(limits[0])) / np.float32(span))
    shown = np.nan_to_num(np.clip(plain, 0, 1), copy=False, nan=0.0)
    raised = np.power(shown, np.float32(gamma)) if gamma != 1 else shown
    return np.asarray(raised, dtype=np.float32)


def _percentiles(channel_yx: NDArray[np.generic], wanted: Levels) -> Levels:
    values = channel_yx.astype(np.float64).ravel()
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(values, wanted))
    if high <= low:  # sparse spots on an empty ground, or nothing at all
        low, high = float(values.min()), float(values.max())
    return low, high if high > low else low + 1.0


def _rgb(color: str) -> tuple[float, float, float]:
    """Return `#RRGGBB` as three numbers in [0, 1]."""
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def small(channel_yx: NDArray[np.generic], side: int | None) -> NDArray[np.generic]:
    """Return the pixels, averaged down to the wanted side as float32; never enlarged."""
    rows, columns = _small_shape(channel_yx.shape, side)
    if (rows, columns) == channel_yx.shape:
        return channel_yx
    # Four by four of the pixels that make one are its mean to the eye, and a large image's float32
    # copy stays small.
    every = max(1, max(channel_yx.shape) // max(rows, columns) // 4)
    plain = Image.fromarray(channel_yx[::every, ::every].astype(np.float32))
    return np.asarray(plain.resize((columns, rows), Image.Resampling.BOX), dtype=np.float32)


def _small_shape(shape_yx: Sequence[int], side: int | None) -> tuple[int, int]:
    rows, columns = shape_yx
    if side is None or max(rows, columns) <= side:
        return rows, columns
    scale = side / max(rows, columns)
    return max(1, round(rows * scale)), max(1, round(columns * scale))
