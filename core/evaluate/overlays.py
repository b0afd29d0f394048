"""Truth and prediction drawn on the image, so that an eye can judge the score."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from core.data.truth import UNKNOWN, Truth
from core.evaluate import matching
from core.pipeline.answers import Answer
from core.records import Kind, TaskSpec

Pixels = NDArray[np.uint8]
"""(rows, columns, 3): red, green, blue."""

Scalar = TypeVar("Scalar", bound=np.generic)

# Yellow and sky blue stay apart on dark fluorescence, on pink tissue and for colour-blind eyes.
TRUE_COLOUR = (255, 221, 0)
PREDICTED_COLOUR = (0, 190, 255)
AGREED_COLOUR = (255, 255, 255)
# A square in the middle of each object that was found and given a wrong class.
WRONG_CLASS_COLOUR = (255, 60, 60)
WRONG_CLASS_PX = 9
# Okabe and Ito 2008, the colours of classes; a declared background stays clear.
CLASS_COLOURS = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
)
CLASS_STRENGTH = 0.45
# What one channel is shown in: grey alone; with others, colours that add up to white.
CHANNEL_COLOURS = {
    1: ((1.0, 1.0, 1.0),),
    2: ((0.15, 0.45, 1.0), (1.0, 0.55, 0.15)),
    3: ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
}
# A screen shows no more; outlines of smaller pictures are drawn on enlarged pixels.
LARGEST_PX = 1600
SMALLEST_PX = 400


def draw(
    image_cyx: NDArray[np.generic], truth: Truth | None, answer: Answer, task: TaskSpec
) -> Pixels:
    """Return the image with the true outlines in yellow, the predicted in blue, both in white.

    An object that was found but given a wrong class bears a red square. For classification the
    image alone.
    """
    pixels = _fitted(_shown(image_cyx))
    if task.kind is Kind.CLASSIFICATION:
        return pixels
    marks = [
        (truth.pixels_yx if truth is not None else None, TRUE_COLOUR),
        (answer.labels_yx, PREDICTED_COLOUR),
    ]
    seen = np.zeros(pixels.shape[:2], bool)
    for labels, colour in marks:
        if labels is not None:
            edges = _edges(_fitted(labels))
            pixels[edges] = colour
            pixels[edges & seen] = AGREED_COLOUR
            seen |= edges
    if truth is not None and task.kind is Kind.INSTANCE and len(task.classes) > 1:
        _mark_wrong_classes(pixels, truth, answer)
    return pixels


def draw_classes(image_cyx: NDArray[np.generic], answer: Answer, task: TaskSpec) -> Pixels:
    """Return the image with each predicted class in a colour of its own (semantic)."""
    pixels = _fitted(_shown(image_cyx))
    if answer.labels_yx is None:
        return pixels
    table = np.array(
        [CLASS_COLOURS[index % len(CLASS_COLOURS)] for index in range(len(task.classes))]
    )
    classes = _fitted(answer.labels_yx)
    coloured = np.isin(classes, [task.classes.index(name) for name in task.counted])
    mixed = (1 - CLASS_STRENGTH) * pixels + CLASS_STRENGTH * table[classes]
    pixels[coloured] = mixed[coloured].astype(np.uint8)
    return pixels


def _mark_wrong_classes(pixels: Pixels, truth: Truth, answer: Answer) -> None:
    if answer.labels_yx is None:
        return
    found = _fitted(answer.labels_yx)
    half = WRONG_CLASS_PX // 2
    places = np.flatnonzero(found)
    owners = found.ravel()[places]
    sizes = np.bincount(owners, minlength=int(answer.labels_yx.max(initial=0)) + 1)
    middles = [
        np.rint(np.bincount(owners, at, len(sizes)) / np.maximum(sizes, 1)).astype(int)
        for at in np.unravel_index(places, found.shape)
    ]
    for true_id, predicted_id in matching.match(truth.pixels_yx, answer.labels_yx).pairs.tolist():
        known = truth.object_classes.get(true_id, UNKNOWN)
        if known in (UNKNOWN, answer.object_classes.get(predicted_id, UNKNOWN)):
            continue
        # A tiny object may fall between the pixels that are shown.
        if sizes[predicted_id]:
            row, column = (int(middle[predicted_id]) for middle in middles)
            square = (
                slice(max(row - half, 0), row + half + 1),
                slice(max(column - half, 0), column + half + 1),
            )
            pixels[square] = WRONG_CLASS_COLOUR


def _shown(image_cyx: NDArray[np.generic]) -> Pixels:
    """Return the channels, each from its darkest to its brightest percent, in colours."""
    planes = image_cyx[: max(CHANNEL_COLOURS)]
    colours = CHANNEL_COLOURS[len(planes)]
    shown = np.zeros((*planes.shape[1:], 3), np.float32)
    natural = len(planes) == 3 and planes.dtype == np.uint8
    for plane, colour in zip(planes.astype(np.float32), colours, strict=True):
        # A photograph's colours are kept as they are.
        low, high = (0.0, 255.0) if natural else np.nanpercentile(plane, (1, 99.7))
        even = np.clip((plane - low) / max(float(high - low), 1e-6), 0, 1)
        shown += np.nan_to_num(even)[..., None] * np.array(colour, np.float32)
    return np.asarray(np.clip(shown, 0, 1) * 255, np.uint8)


def _fitted(pixels: NDArray[Scalar]) -> NDArray[Scalar]:
    """Return the picture with pixels left out or repeated until it suits a screen."""
    longest = max(pixels.shape[:2])
    step = -(-longest // LARGEST_PX)
    times = max(1, SMALLEST_PX // longest)
    small = pixels[::step, ::step]
    return np.repeat(np.repeat(small, times, axis=0), times, axis=1)


def _edges(labels: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return the pixels of objects or classes that touch something else; -1 has no outline."""
    edges = np.zeros(labels.shape, bool)
    down, right = labels[1:] != labels[:-1], labels[:, 1:] != labels[:, :-1]
    edges[1:] |= down
    edges[:-1] |= down
    edges[:, 1:] |= right
    edges[:, :-1] |= right
    return edges & (labels > 0)
