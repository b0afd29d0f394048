"""Background, inside, border; objects come back from the insides, grown over their borders."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from core.data.truth import Truth
from core.pipeline import losses
from core.pipeline.answers import Answer
from core.pipeline.heads.base import (
    Batch,
    Floats,
    Head,
    Judging,
    Targets,
    activate_classes,
    class_count,
    class_loss,
    grown,
    with_classes,
)
from core.records import Kind, Postprocess, TaskSpec

BACKGROUND, INSIDE, BORDER = 0, 1, 2
# A border of two pixels on each side of a contact survives rescaling and a stride of two.
BORDER_PX = 2


def outputs(task: TaskSpec) -> int:
    """Return background, inside, border, and one map a class of objects."""
    return 3 + class_count(task)


def targets(truth: Truth, task: TaskSpec) -> Targets:
    """Return the three-class map, -1 where nobody annotated, and the objects' classes."""
    empty = np.zeros((0, *truth.pixels_yx.shape), dtype=np.float32)
    return Targets(empty, with_classes(three_classes(truth.pixels_yx), truth, task))


def three_classes(ids_yx: npt.NDArray[np.int32]) -> npt.NDArray[np.int16]:
    """Return background 0, inside 1, border 2 (the outermost pixels of each object), -1 unknown."""
    from scipy import ndimage

    size = 2 * BORDER_PX + 1
    highest = ndimage.maximum_filter(ids_yx, size=size)
    lowest = ndimage.minimum_filter(np.where(ids_yx < 0, highest, ids_yx), size=size)
    mixed = highest != lowest
    classes = np.where(ids_yx > 0, np.where(mixed, BORDER, INSIDE), BACKGROUND)
    # Very small objects keep their middle, or they could never be found.
    inside = np.unique(ids_yx[classes == INSIDE])
    lost = np.setdiff1d(np.unique(ids_yx[ids_yx > 0]), inside)
    classes[np.isin(ids_yx, lost)] = INSIDE
    return np.where(ids_yx < 0, -1, classes).astype(np.int16)


def loss(logits: Tensor, batch: Batch, judging: Judging) -> Tensor:
    """Return the loss of the three classes and of the objects' classes."""
    # The border is a few percent of the pixels and decides which objects stay apart.
    weights = torch.tensor([0.7, 0.9, 1.4], device=logits.device)
    kind = judging.training.loss
    total = losses.classes(kind, logits[:, :3], batch.discrete[:, 0], weights)
    return total + class_loss(logits[:, 3:], batch, judging)


def activate(logits: Tensor) -> Tensor:
    """Return probabilities of background, inside, border, and of the classes."""
    pixel = logits[:, :3].float().softmax(dim=1)
    return torch.cat([pixel, activate_classes(logits[:, 3:])], dim=1)


def decode(maps: Floats, post: Postprocess, task: TaskSpec) -> Answer:
    """Return objects: seeds where the inside is likely, grown over inside and border."""
    foreground = maps[INSIDE] + maps[BORDER]
    return grown(maps[INSIDE], foreground, maps[3:], post)


HEAD = Head(
    name="boundary",
    kinds=(Kind.INSTANCE,),
    outputs=outputs,
    targets=targets,
    loss=loss,
    activate=activate,
    decode=decode,
    tuned={
        "foreground": (0.3, 0.4, 0.5, 0.6, 0.7),
        "seed": (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
        "smallest_px": (0.0, 0.02, 0.05, 0.1, 0.2),
        "seedless": (1.0, 0.0),
    },
)
