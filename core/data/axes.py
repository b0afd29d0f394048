"""From what a file holds to channel, row, column."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from core.errors import ImageError
from core.records import Stack

PYRAMID_NOTICE = "it is a pyramid; the level {factor:.3g} times smaller is used"
CHANNEL_AXES = "CS"
"""Channels, and the samples of a colour pixel; every other axis but Y and X makes a stack."""
# Smaller pictures hold no object; the real data set with the smallest ones has 28 x 28.
MIN_SIDE_PX = 8
# 400 MB as float32 and channel; above, memory of an ordinary machine is not safe any more.
MAX_PIXELS = 100_000_000
# Predicted in parts; its bytes and its label picture still lie in memory.
MOST_PREDICTED_PX = 250_000_000
PRIMARIES = ("#FF0000", "#00FF00", "#0000FF")
"""Of a colour camera's samples."""
# Enough to see what is in focus; every plane of a stack is looked at whenever it is opened.
_SHARP_PX = 1024


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """One picture as it was read."""

    image_cyx: NDArray[np.generic]
    """Native byte order, no NaN; 16 bit stays 16 bit, true/false becomes 0 and 1."""
    axes: str
    """The file's own axes, one letter each, e.g. `YXS` or `TCYX`."""
    channel_names: tuple[str, ...] = ()
    """As the file tells them; empty where it does not."""
    channel_colors: tuple[str, ...] = ()
    """`#RRGGBB` for each channel; empty where the file tells none that differ."""
    pixel_size_um: float | None = None
    plane: int | None = None
    """Which plane of a stack this is; None: no stack."""
    planes: int = 1
    """How many there are."""
    file_axes: str = ""
    """As the file itself tells them, whatever was asked for; Q and I: it tells nothing."""
    file_shape: tuple[int, ...] = ()
    scenes: int = 1
    """How many pictures with axes of their own the file holds."""
    scene: int = 0
    """Which of them this is."""
    scene_name: str = ""
    """As the file calls it, or its number; empty: it is the only one."""
    place: tuple[tuple[str, int], ...] = ()
    """Axis and position of each axis of its stack, where that is longer than 1."""
    depths: int = 1
    """How many depths (z) the deepest of the pictures has."""
    lossy: bool = False
    """Whether the file format changes values (JPEG)."""
    reduction: float = 1.0
    """How many times narrower it is than the file's finest level; 1: it is that level."""
    notices: tuple[str, ...] = ()
    """What was decided on the way, in plain words."""

    def stack(self, file_format: str) -> Stack | None:
        """Return what the file holds beside one grey or colour picture; None: nothing."""
        sides = zip(self.file_axes, self.file_shape, strict=True)
        more = any(axis not in "YXS" and length > 1 for axis, length in sides)
        if not more and self.scenes == 1:
            return None
        return Stack(
            format=file_format,
            axes=self.file_axes,
            shape=self.file_shape,
            scenes=self.scenes,
            depths=self.depths,
            planes=self.planes,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is wanted of a file; see `readers.read`."""

    plane: int | None = None
    axes: str = ""
    projection: str = ""
    depth: int = 0
    """The depth that is shown where the projection is `one`, counted from 0."""
    indices: bool = False
    most_pixels: int | None = None
    turned: bool = True
    """Whether a camera's note of which side is up is followed."""

    def __post_init__(self) -> None:
        """Refuse a projection nobody knows."""
        if self.projection and self.projection not in (*PROJECTIONS, ONE_DEPTH):
            raise ImageError(
                f"there is no projection {self.projection!r}; choose {', '.join(PROJECTIONS)} or "
                f"{ONE_DEPTH}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What the axes of an array mean."""

    axes: str
    shape: tuple[int, ...]
    projected: bool = False
    """Whether all of z becomes one plane."""

    def __post_init__(self) -> None:
        """Refuse axes that do not fit the array, and arrays that are no pictures."""
        if len(self.axes) != len(self.shape):
            raise ImageError(f"axes {self.axes!r} do not fit an array of shape {self.shape}")
        if self.axes.count("Y") != 1 or self.axes.count("X") != 1:
            raise ImageError(f"there are no rows and columns among its axes {self.axes!r}")

    @property
    def kept(self) -> str:
        """Return the axes that are read whole: channels, rows, columns, and z to be projected."""
        return CHANNEL_AXES + "YX" + "Z" * self.projected

    @property
    def stack(self) -> tuple[int, ...]:
        """Return the lengths of the axes of which one place is read."""
        return tuple(
            n for axis, n in zip(self.axes, self.shape, strict=True) if axis not in self.kept
        )

    @property
    def planes(self) -> int:
        """Return how many pictures lie in the stack."""
        return math.prod(self.stack)

    @property
    def pixels(self) -> int:
        """Return rows times columns."""
        return self.shape[self.axes.index("Y")] * self.shape[self.axes.index("X")]


def project(planes: Iterable[NDArray[np.generic]], how: str) -> NDArray[np.generic]:
    """Return one C,Y,X picture of C,Y,X planes of equal shape and dtype, which stays.

    `max`: the brightest value at each place; `mean`: rounded where the values are whole numbers;
    `focus`: the one plane with the most detail.
    """
    if how == "max":
        return reduce(np.maximum, planes)
    if how == "focus":
        return max(planes, key=detail)
    first, *others = planes
    total = first.astype(np.float64)
    for plane in others:
        total += plane.astype(np.float64)
    mean = total / (1 + len(others))
    return (np.rint(mean) if first.dtype.kind in "ui" else mean).astype(first.dtype)


def detail(plane_cyx: NDArray[np.generic]) -> float:
    """Return the variance of the Laplacian in the middle, which is highest in focus.

    Source: Pech-Pacheco et al., ICPR 2000.
    """
    from scipy.ndimage import laplace

    top, left = (max(0, (side - _SHARP_PX) // 2) for side in plane_cyx.shape[1:])
    middle = plane_cyx[:, top : top + _SHARP_PX, left : left + _SHARP_PX]
    return float(laplace(middle.astype(np.float32), axes=(1, 2)).var())


PROJECTIONS = ("max", "mean", "focus")
"""How all of z becomes one plane."""
ONE_DEPTH = "one"
"""In their place: one depth is shown, the same everywhere."""


def colors_told(colors: Iterable[str], channels: int) -> tuple[str, ...]:
    """Return the colours where there is one for each channel and not all are alike.

    Programs that ask nobody write white everywhere.
    """
    told = tuple(color.upper() for color in colors)
    return told if len(told) == channels and len(set(told)) > 1 else ()


def to_cyx(array: NDArray[np.generic], axes: str) -> NDArray[np.generic]:
    """Return the array as C,Y,X; `axes` holds Y, X and at most channels."""
    order = [i for i, axis in enumerate(axes) if axis in CHANNEL_AXES]
    moved = np.transpose(array, [*order, axes.index("Y"), axes.index("X")])
    return moved.reshape(-1, *moved.shape[-2:])


def finished(picture: Picture) -> Picture:
    """Return the picture checked: a size that can be used, numbers that can be computed with.

    Raises ImageError for pictures that are too small, complex numbers, and pictures without a
    single finite value.
    """
    image_cyx = picture.image_cyx
    _, rows, columns = image_cyx.shape
    if min(rows, columns) < MIN_SIDE_PX:
        raise ImageError(
            f"it is {columns} x {rows} pixels; a picture needs at least {MIN_SIDE_PX} on each "
            "side, so choose the full picture instead"
        )
    if image_cyx.dtype.kind == "b":
        image_cyx = image_cyx.astype(np.uint8)
    if image_cyx.dtype.kind not in "uif":
        raise ImageError(
            f"its pixels are {image_cyx.dtype}; save it as whole or real numbers (8, 16 or 32 bit)"
        )
    notices = picture.notices
    image_cyx = np.ascontiguousarray(image_cyx, dtype=image_cyx.dtype.newbyteorder("="))
    if image_cyx.dtype.kind == "f":
        fine = np.isfinite(image_cyx)
        if not fine.any():
            raise ImageError("it holds no number at all (only NaN or infinite); export it again")
        if not fine.all():
            count = int(fine.size - fine.sum())
            image_cyx = np.where(fine, image_cyx, image_cyx[fine].min())
            notices = (*notices, f"{count} values that are no numbers were set to the lowest one")
    colors = picture.channel_colors
    if not colors and picture.axes.count("S") == 1 and len(image_cyx) == len(PRIMARIES):
        # Of 8 bits they are taken for red, green and blue anyway.
        colors = PRIMARIES if image_cyx.dtype != np.uint8 else ()
    return replace(picture, image_cyx=image_cyx, notices=notices, channel_colors=colors)


def refuse_large(pixels: int, most: int | None = None) -> None:
    """Raise ImageError for more than `most` pixels; None: what fits safely into memory."""
    most = most or MAX_PIXELS
    if pixels > most:
        raise ImageError(
            f"it has {pixels / 1e6:.0f} megapixels, more than the {most / 1e6:.0f} that are "
            "opened at once; cut it into smaller pictures or export it scaled down"
        )
