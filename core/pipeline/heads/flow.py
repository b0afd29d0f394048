"""Foreground and direction to the object's centre; objects come back as where paths meet.

Source: Stringer et al., "Cellpose", Nature Methods 2021.
"""

import numpy as np
import torch
from torch import Tensor

from core.data.truth import Truth
from core.pipeline import flows, losses
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
    classed,
    with_classes,
)
from core.records import Kind, Postprocess, TaskSpec

# Directions tell neighbours apart: an untrained network's error of 1 weighs as much as Dice and
# cross entropy together.
DIRECTION_WEIGHT = 1.5
# Where neighbouring directions part by more than this they belong to two objects: within one they
# run together (divergence below 0), and where two touch they jump from one to the other.
PARTING = 0.5


def outputs(task: TaskSpec) -> int:
    """Return foreground, direction (y, x), and one map a class of objects."""
    return 3 + class_count(task)


def targets(truth: Truth, task: TaskSpec) -> Targets:
    """Return unit directions to the objects' centres (y, x), foreground, and class."""
    foreground = np.sign(truth.pixels_yx).astype(np.int16)
    return Targets(flows.to_centres(truth.pixels_yx), with_classes(foreground, truth, task))


def loss(logits: Tensor, batch: Batch, judging: Judging) -> Tensor:
    """Return foreground loss, squared error of the directions, and the loss of the classes."""
    truth, flow = batch.discrete[:, 0], batch.smooth
    kind = judging.training.loss
    total = losses.foreground(
        kind, logits[:, 0], truth, (truth > 0) & (_divergence(flow) > PARTING)
    )
    total = total + DIRECTION_WEIGHT * losses.direction(logits[:, 1:3], flow, truth > 0)
    return total + class_loss(logits[:, 3:], batch, judging)


def _divergence(flow: Tensor) -> Tensor:
    """Return how far directions (batch, 2, Y, X) run apart at each pixel."""
    return torch.gradient(flow[:, 0], dim=1)[0] + torch.gradient(flow[:, 1], dim=2)[0]


def activate(logits: Tensor) -> Tensor:
    """Return foreground probability, direction in [-1, 1], class probabilities."""
    foreground, flow = logits[:, :1].float().sigmoid(), logits[:, 1:3].float().clamp(-1, 1)
    return torch.cat([foreground, flow, activate_classes(logits[:, 3:])], dim=1)


def decode(maps: Floats, post: Postprocess, task: TaskSpec) -> Answer:
    """Return objects: pixels of the foreground whose paths end at the same place."""
    foreground = maps[0]
    labels_yx = flows.follow(maps[1:3], foreground > post.foreground, post)
    return classed(labels_yx, foreground, maps[3:], post)


HEAD = Head(
    name="flow",
    kinds=(Kind.INSTANCE,),
    outputs=outputs,
    targets=targets,
    loss=loss,
    activate=activate,
    decode=decode,
    tuned={
        "foreground": (0.3, 0.4, 0.5, 0.6, 0.7),
        "seed": (0.2, 0.35, 0.5, 0.65, 0.8, 0.9),
        "smallest_px": (0.0, 0.02, 0.05, 0.1, 0.2),
    },
    directions=1,
)
