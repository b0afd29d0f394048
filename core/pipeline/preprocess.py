"""From a file's pixels to the network's input; train and apply go through the same code."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.errors import ImageError
from core.records import Preprocess

Floats = npt.NDArray[np.float32]

# Sides beyond these factors cost more than they tell: a fourfold linear reduction keeps 6 % of the
# pixels, and magnification invents none.
SMALLEST_SCALE, LARGEST_SCALE = 0.25, 2.0
# Within this band rescaling blurs outlines for no gain in context or speed.
KEEP_BAND = (0.85, 1.18)


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


def apply(preprocess: Preprocess, fitted: Fitted, image_cyx: npt.NDArray[np.generic]) -> Floats:
    """Return the image as the network sees it: C,Y,X float32 around [-1, 1] at working size.

    Raises ImageError where the image lacks a channel the model was trained on.
    """
    chosen = preprocess.channels or tuple(range(fitted.channels))
    if max(chosen) >= image_cyx.shape[0]:
        raise ImageError(
            f"the model wants {max(chosen) + 1} channels and the image has {image_cyx.shape[0]}; "
            "use images of the kind it was trained on"
        )
    colour = image_cyx.dtype == np.uint8 and len(chosen) == 3
    pixels = np.asarray(image_cyx[list(chosen)], dtype=np.float32)
    normalised = NORMALISE[preprocess.normalisation](pixels, colour)
    return resize(normalised, working_shape(preprocess, fitted, image_cyx.shape[1:]))


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


def _percentile(pixels_cyx: Floats, colour: bool) -> Floats:
    """Map the 1st to 99.8th percentile to [-1, 1]; a constant channel becomes -1.

    A colour picture is stretched as one, so that its hues stay. Source: CSBDeep's normalisation.
    """
    axes = (0, 1, 2) if colour else (1, 2)
    # Every 4th pixel each way of a large image tells the percentiles to a fraction of a grey level.
    step = 4 if pixels_cyx[0].size > 512 * 512 else 1
    sample = pixels_cyx[:, ::step, ::step]
    low, high = np.percentile(sample, (1.0, 99.8), axis=axes, keepdims=True)
    stretched = (pixels_cyx - low) / np.maximum(high - low, 1e-6)
    clipped: Floats = np.clip(stretched * 2 - 1, -1.2, 1.6).astype(np.float32)
    return clipped


def _zscore(pixels_cyx: Floats, colour: bool) -> Floats:
    """Map to mean 0 and standard deviation 0.5 (the spread ImageNet weights are used to)."""
    axes = (0, 1, 2) if colour else (1, 2)
    mean = pixels_cyx.mean(axis=axes, keepdims=True)
    deviation = pixels_cyx.std(axis=axes, keepdims=True)
    scaled = (pixels_cyx - mean) / np.maximum(deviation, 1e-6) * 0.5
    clipped: Floats = np.clip(scaled, -3, 3).astype(np.float32)
    return clipped


def _clahe(pixels_cyx: Floats, colour: bool) -> Floats:
    """Even out light and contrast region by region, channel by channel."""
    from skimage.exposure import equalize_adapthist

    stretched = np.clip((_percentile(pixels_cyx, colour) + 1) / 2, 0, 1)
    evened = [equalize_adapthist(channel, clip_limit=0.02) for channel in stretched]
    return (np.stack(evened) * 2 - 1).astype(np.float32)


NORMALISE: dict[str, Callable[[Floats, bool], Floats]] = {
    "percentile": _percentile,
    "zscore": _zscore,
    "clahe": _clahe,
}
