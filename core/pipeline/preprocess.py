"""From a file's pixels to the network's input; train and apply go through the same code."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.errors import ImageError
from core.pipeline import normalise
from core.records import Preprocess

Floats = npt.NDArray[np.float32]

# Sides beyond these factors cost more than they tell: a fourfold linear reduction keeps 6 % of the
# pixels, and magnification invents none.
SMALLEST_SCALE, LARGEST_SCALE = 0.25, 2.0
# Within this band rescaling blurs outlines for no gain in context or speed.
KEEP_BAND = (0.85, 1.18)
# Above this many pixels of the original an image is rescaled in strips: floats of the whole would
# be gigabytes.
WHOLE_PX = 2048 * 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """The numbers that preprocessing learned from the training images, stored in the bundle."""

    channels: int
    """Channels of the network's input."""
    scale: float = 1.0
    """Working pixels per pixel of the original."""
    object_diameter_px: float | None = None
    """Median equivalent diameter of the training objects in original pixels."""


def fit(preprocess: Preprocess, channels: int, diameters_px: Sequence[float]) -> Fitted:
    """Learn the working scale from the training objects' diameters (original pixels).

    Without objects, or without a wished diameter, the scale is 1.
    """
    used = len(preprocess.channels) if preprocess.channels else channels
    if not len(diameters_px):
        return Fitted(channels=used)
    median = float(np.median(diameters_px))
    scale = 1.0
    if preprocess.object_diameter_px is not None:
        wished = preprocess.object_diameter_px / max(median, 1.0)
        scale = min(max(wished, SMALLEST_SCALE), LARGEST_SCALE)
        if KEEP_BAND[0] <= scale <= KEEP_BAND[1]:
            scale = 1.0
    return Fitted(channels=used, scale=scale, object_diameter_px=median)


@dataclass(frozen=True, slots=True)
class Prepared:
    """An image as the network sees it, computed in parts: no copy of the whole is made."""

    image_cyx: npt.NDArray[np.generic]
    """In the file's own dtype."""
    channels: tuple[int, ...]
    normalise: normalise.Normaliser
    shape_yx: tuple[int, int]
    """At working size."""

    def whole(self) -> Floats:
        """Return all of it, C,Y,X."""
        size_yx = self.image_cyx.shape[1:]
        if size_yx == self.shape_yx or size_yx[0] * size_yx[1] <= WHOLE_PX:
            return resize(self._pixels(slice(0, size_yx[0]), slice(0, size_yx[1])), self.shape_yx)
        rows, columns = self.shape_yx
        strip = max(1, round(WHOLE_PX / 4 / columns * rows * columns / (size_yx[0] * size_yx[1])))
        return np.concatenate(
            [self.part(slice(top, min(top + strip, rows)), slice(0, columns))
             for top in range(0, rows, strip)], axis=1
        )  # fmt: skip

    def part(self, rows: slice, columns: slice) -> Floats:
        """Return C,Y,X of a window at working size; `whole` gives the same within 0.001."""
        size_yx = self.image_cyx.shape[1:]
        if size_yx == self.shape_yx:
            return self._pixels(rows, columns)
        down, upper, lower = _source(rows, size_yx[0], self.shape_yx[0])
        across, left, right = _source(columns, size_yx[1], self.shape_yx[1])
        pixels = self._pixels(down, across)
        size = (columns.stop - columns.start, rows.stop - rows.start)
        box = (left, upper, right, lower)
        # Pillow's filter is the one torch's antialiasing follows, and takes windows off the grid.
        return np.stack(
            [
                np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.BILINEAR, box=box))
                for plane in pixels
            ]
        )

    def _pixels(self, rows: slice, columns: slice) -> Floats:
        part = self.image_cyx[:, rows, columns][list(self.channels)]
        return self.normalise(part, (rows.start, columns.start))


def prepare(preprocess: Preprocess, fitted: Fitted, image_cyx: npt.NDArray[np.generic]) -> Prepared:
    """Return the image with its brightness measured, ready to be seen in parts.

    Raises ImageError where the image lacks a channel the model was trained on.
    """
    chosen = preprocess.channels or tuple(range(fitted.channels))
    if max(chosen) >= image_cyx.shape[0]:
        raise ImageError(
            f"the model wants {max(chosen) + 1} channels and the image has {image_cyx.shape[0]}; "
            "use images of the kind it was trained on"
        )
    colour = image_cyx.dtype == np.uint8 and len(chosen) == 3
    measured = normalise.NORMALISE[preprocess.normalisation](image_cyx, chosen, colour)
    shape_yx = working_shape(preprocess, fitted, image_cyx.shape[1:])
    return Prepared(image_cyx, chosen, measured, shape_yx)


def apply(preprocess: Preprocess, fitted: Fitted, image_cyx: npt.NDArray[np.generic]) -> Floats:
    """Return the image as the network sees it: C,Y,X float32 around [-1, 1] at working size.

    Raises ImageError where the image lacks a channel the model was trained on.
    """
    return prepare(preprocess, fitted, image_cyx).whole()


def working_shape(
    preprocess: Preprocess, fitted: Fitted, shape_yx: tuple[int, ...]
) -> tuple[int, int]:
    """Return rows and columns at working size, each at least one pixel."""
    wished = preprocess.side_px
    factor = fitted.scale if wished is None else wished / max(shape_yx)
    return max(1, round(shape_yx[0] * factor)), max(1, round(shape_yx[1] * factor))


def resize(image_cyx: Floats, shape_yx: tuple[int, int]) -> Floats:
    """Return the image at another size, smoothed where it shrinks; the same array where equal."""
    import torch

    if image_cyx.shape[1:] == shape_yx:
        return image_cyx
    batch = torch.from_numpy(np.ascontiguousarray(image_cyx))[None]
    scaled = torch.nn.functional.interpolate(batch, shape_yx, mode="bilinear", antialias=True)
    return scaled[0].numpy()


def resize_labels(
    labels_yx: npt.NDArray[np.int32], shape_yx: tuple[int, int]
) -> npt.NDArray[np.int32]:
    """Return a label map at another size by nearest neighbours: no new ids appear."""
    if labels_yx.shape == shape_yx:
        return labels_yx
    # Pixel centres, so that shrinking and growing are each other's inverse.
    rows = ((np.arange(shape_yx[0]) + 0.5) * labels_yx.shape[0] / shape_yx[0]).astype(int)
    columns = ((np.arange(shape_yx[1]) + 0.5) * labels_yx.shape[1] / shape_yx[1]).astype(int)
    resized: npt.NDArray[np.int32] = labels_yx[rows[:, None], columns[None, :]]
    return resized


def _source(wished: slice, side: int, working_side: int) -> tuple[slice, float, float]:
    """Return the pixels a window at working size is made of, and its ends counted from there."""
    factor = side / working_side
    start, stop = wished.start * factor, wished.stop * factor
    reach = max(factor, 1.0) + 1
    first = max(0, int(start - reach))
    return slice(first, min(side, int(stop + reach) + 1)), start - first, stop - first
