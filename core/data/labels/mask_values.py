"""The numbers of a mask file before they mean anything: ids, classes or colours."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.data import readers
from core.data.labels.model import ids_in
from core.errors import LabelError

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MaskValues:
    """What a mask file holds."""

    values_yx: Ids
    """0 and above; colours are numbered, black first."""
    unknown_yx: NDArray[np.bool_]
    """Where the file holds negative numbers: not annotated."""
    colors: tuple[str, ...] = ()
    """`#RRGGBB` of 0, 1, 2 ... where the numbers stand for colours."""
    notices: tuple[str, ...] = ()

    @property
    def coloured(self) -> bool:
        """Return whether the numbers stand for colours."""
        return bool(self.colors)

    @property
    def distinct(self) -> list[int]:
        """Return the values above 0, ascending."""
        return ids_in(self.values_yx)


def read(path: Path, *, plane: int | None = None, repair: bool = False) -> MaskValues:
    """Return a mask's whole numbers; LabelError where it has none.

    A mask of two values that was blurred (JPEG, resized) is refused unless `repair` is allowed:
    then everything above the middle is marked.
    """
    picture = readers.read(path, plane=plane, indices=True)
    pixels = picture.image_cyx
    try:
        channel, colors, notices = _one_channel(pixels)
        if colors and picture.lossy:
            raise LabelError(
                "it is a JPEG, which changes colours; save the mask as PNG or TIFF instead"
            )
        numbers = _whole(channel)
        if not colors and (picture.lossy or _is_smoothed(numbers)):
            numbers, more = _thresholded(numbers, repair=repair)
            notices += more
    except LabelError as error:
        raise LabelError(f"{path.name}: {error}") from error
    unknown = numbers < 0
    if unknown.any():
        notices.append(f"{int(unknown.sum())} pixels below 0 count as not annotated")
    kept = [text for text in picture.notices if "palette" not in text]
    return MaskValues(
        values_yx=np.where(unknown, 0, numbers),
        unknown_yx=unknown,
        colors=colors,
        notices=(*kept, *notices),
    )


def pieces(values_yx: Ids) -> tuple[NDArray[np.int32], int]:
    """Return connected pieces of equal value (corners connect), numbered, and how many."""
    from scipy import ndimage

    numbered = np.zeros(values_yx.shape, dtype=np.int32)
    count = 0
    for value in np.unique(values_yx[values_yx > 0]):
        part, more = ndimage.label(values_yx == value, structure=np.ones((3, 3)))
        numbered[part > 0] = part[part > 0] + count
        count += int(more)
    return numbered, count


def _one_channel(
    pixels: NDArray[np.generic],
) -> tuple[NDArray[np.generic], tuple[str, ...], list[str]]:
    """Return (rows, columns), the colours its numbers stand for, and notices."""
    if len(pixels) == 1:
        return pixels[0], (), []
    if len(pixels) != 3:
        raise LabelError(f"a mask has one channel, or three of a colour; this has {len(pixels)}")
    if (pixels == pixels[:1]).all():
        return pixels[0], (), []
    used = [channel for channel in pixels if channel.astype(bool).any()]
    if len(used) == 1:
        return used[0], (), ["only one of its colours is used; its values count"]
    if pixels.dtype.kind != "u" or pixels.dtype.itemsize > 2:
        raise LabelError("its colours are no 8- or 16-bit numbers; save ids as TIFF instead")
    red, green, blue = (channel.astype(np.int64) for channel in pixels)
    codes, numbers = np.unique((red << 32) | (green << 16) | blue, return_inverse=True)
    numbers = numbers.reshape(red.shape)
    colors = [f"#{code >> 32 & 255:02X}{code >> 16 & 255:02X}{code & 255:02X}" for code in codes]
    if codes[0] != 0:  # no black: what there is most of lies behind
        behind = int(np.bincount(numbers.ravel()).argmax())
        numbers = np.where(numbers == behind, 0, numbers + 1)
        colors = [colors[behind], *colors]
    return numbers, tuple(colors), [f"its {len(codes) - 1} colours became numbers"]


def _whole(numbers: NDArray[np.generic]) -> Ids:
    if numbers.dtype.kind != "f":
        return numbers.astype(np.int64)
    whole: Ids = np.rint(numbers.astype(np.float64)).astype(np.int64)
    if (whole != numbers).any():
        raise LabelError(
            "it holds fractions, so it is no mask of whole numbers (a probability map?); "
            "threshold it and save ids or classes"
        )
    return whole


def _is_smoothed(numbers: Ids) -> bool:
    """Return whether this is a 0/255 mask whose edges were blurred by resizing."""
    if numbers.max(initial=0) != 255:
        return False
    lit = numbers[numbers > 0]
    # Ids spread over their range; a blurred mask is nearly all 255 with a thin edge of the rest.
    return len(np.unique(lit)) > 16 and bool((lit >= 224).mean() > 0.8)


def _thresholded(numbers: Ids, *, repair: bool) -> tuple[Ids, list[str]]:
    levels = len(np.unique(numbers))
    if levels <= 2:
        return numbers, []
    middle = (int(numbers.min()) + int(numbers.max())) / 2
    if not repair:
        raise LabelError(
            f"it has {levels} grey levels where a mask has two (JPEG or resized); save it as PNG, "
            f"or allow the repair, which marks everything above {middle:g}"
        )
    return (numbers > middle).astype(np.int64), [
        f"it has {levels} grey levels (JPEG or resized); everything above {middle:g} is marked"
    ]
