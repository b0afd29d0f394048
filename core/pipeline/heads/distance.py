"""Foreground and distance to the object's border; objects come back by seeded watershed."""

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

# Distances carry the separation of neighbours: as heavy as Dice and cross entropy together.
DISTANCE_WEIGHT = 2.0
# The outermost pixel or two of an object 20 px across.
SHALLOW = 0.2


def outputs(task: TaskSpec) -> int:
    """Return foreground, distance, and one map a class of objects."""
    return 2 + class_count(task)


def targets(truth: Truth, task: TaskSpec) -> Targets:
    """Return distance over the object's own maximum (in [0, 1]), foreground, and class."""
    ids_yx = truth.pixels_yx
    foreground = np.sign(ids_yx).astype(np.int16)
    return Targets(relative_distance(ids_yx)[None], with_classes(foreground, truth, task))


def relative_distance(ids_yx: npt.NDArray[np.int32]) -> Floats:
    """Return each object pixel's distance to the object's border over the object's largest.

    In (0, 1], 1 at the innermost pixel; 0 off objects. Touching objects are told apart.
    """
    from scipy import ndimage

    ids = np.maximum(ids_yx, 0)
    padded = np.pad(ids, 1, mode="edge")
    centre = padded[1:-1, 1:-1]
    inner = ids > 0
    for neighbour in (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]):
        inner &= neighbour == centre
    distance = ndimage.distance_transform_edt(inner).astype(np.float32) + (ids > 0)
    largest = np.zeros(int(ids.max(initial=0)) + 1, dtype=np.float32)
    np.maximum.at(largest, ids.ravel(), distance.ravel())
    return (distance / np.maximum(largest[ids], 1e-6) * (ids > 0)).astype(np.float32)


def loss(logits: Tensor, batch: Batch, judging: Judging) -> Tensor:
    """Return foreground loss, cross entropy of the distance, and the loss of the classes."""
    truth = batch.discrete[:, 0]
    kind = judging.training.loss
    # Touching objects are parted where both are shallow.
    between = (truth > 0) & (batch.smooth[:, 0] < SHALLOW)
    total = losses.foreground(kind, logits[:, 0], truth, between)
    total = total + DISTANCE_WEIGHT * losses.height(logits[:, 1], batch.smooth[:, 0], truth >= 0)
    return total + class_loss(logits[:, 2:], batch, judging)


def activate(logits: Tensor) -> Tensor:
    """Return foreground probability, distance in [0, 1], class probabilities."""
    pixel = logits[:, :2].float().sigmoid()
    return torch.cat([pixel, activate_classes(logits[:, 2:])], dim=1)


def decode(maps: Floats, post: Postprocess, task: TaskSpec) -> Answer:
    """Return objects: seeds where the distance is high, grown down to the foreground's edge."""
    foreground, distance = maps[0], maps[1]
    return grown(distance, foreground, maps[2:], post)


HEAD = Head(
    name="distance",
    kinds=(Kind.INSTANCE,),
    outputs=outputs,
    targets=targets,
    loss=loss,
    activate=activate,
    decode=decode,
    tuned={
        "foreground": (0.3, 0.4, 0.5, 0.6, 0.7),
        "seed": (0.3, 0.4, 0.5, 0.6, 0.7, 0.8),
        "smallest_px": (0.0, 0.02, 0.05, 0.1, 0.2),
        "seedless": (1.0, 0.0),
    },
)
