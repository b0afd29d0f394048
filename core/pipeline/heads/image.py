"""A class for the whole image."""

import numpy as np
from torch import Tensor

from core.data.truth import Truth
from core.pipeline import losses
from core.pipeline.answers import Answer
from core.pipeline.heads.base import Batch, Floats, Head, Judging, Targets
from core.records import Kind, Postprocess, TaskSpec


def outputs(task: TaskSpec) -> int:
    """Return one number a class."""
    return len(task.classes)


def targets(truth: Truth, task: TaskSpec) -> Targets:
    """Return the image's class index as a map of one pixel, -1 where it is not annotated."""
    index = truth.image_class
    return Targets(np.zeros((0, 1, 1), np.float32), np.full((1, 1, 1), index, np.int16))


def loss(logits: Tensor, batch: Batch, judging: Judging) -> Tensor:
    """Return smoothed cross entropy of the images' classes."""
    kind = judging.training.loss
    return losses.image_classes(kind, logits, batch.discrete, judging.class_weights)


def activate(logits: Tensor) -> Tensor:
    """Return the logits as they are: the tuned temperature comes before the softmax."""
    return logits.float()


def decode(maps: Floats, post: Postprocess, task: TaskSpec) -> Answer:
    """Return calibrated probabilities from logits (classes, 1, 1).

    A companion's logits may lie below them, calibrated already: the mean of both probabilities.
    """
    logits = maps.reshape(-1, len(task.classes)).astype(np.float64)
    logits[0] /= post.temperature
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances = (raised / raised.sum(axis=1, keepdims=True)).mean(axis=0)
    return Answer(probabilities=tuple(float(p) for p in chances))


HEAD = Head(
    name="image",
    kinds=(Kind.CLASSIFICATION,),
    outputs=outputs,
    targets=targets,
    loss=loss,
    activate=activate,
    decode=decode,
    tuned={"temperature": (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0)},
)
