"""A class for every pixel."""

import numpy as np
from torch import Tensor

from core.data.truth import Truth
from core.pipeline import losses
from core.pipeline.answers import Answer
from core.pipeline.heads.base import Batch, Floats, Head, Judging, Targets, activate_classes
from core.records import Kind, Postprocess, TaskSpec


def outputs(task: TaskSpec) -> int:
    """Return one map a class."""
    return len(task.classes)


def targets(truth: Truth, task: TaskSpec) -> Targets:
    """Return the class index of each pixel, -1 where nobody annotated."""
    classes = truth.pixels_yx.astype(np.int16)[None]
    return Targets(np.zeros((0, *classes.shape[1:]), dtype=np.float32), classes)


def loss(logits: Tensor, batch: Batch, judging: Judging) -> Tensor:
    """Return Dice + cross entropy over the classes."""
    return losses.classes(
        judging.training.loss, logits, batch.discrete[:, 0], judging.class_weights
    )


def decode(maps: Floats, post: Postprocess, task: TaskSpec) -> Answer:
    """Return the most probable class, after `post.class_factors`.

    With two classes the second wins from `post.foreground`.
    """
    if len(maps) == 2:
        return Answer(labels_yx=(maps[1] > post.foreground).astype(np.int32))
    if post.class_factors:
        maps = maps * np.array(post.class_factors, np.float32)[:, None, None]
    return Answer(labels_yx=maps.argmax(axis=0).astype(np.int32))


HEAD = Head(
    name="semantic",
    kinds=(Kind.SEMANTIC,),
    outputs=outputs,
    targets=targets,
    loss=loss,
    activate=activate_classes,
    decode=decode,
    tuned={
        "foreground": (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7),
        "class_factors": (0.35, 0.5, 0.7, 0.85, 1.2, 1.4, 2.0, 2.8),
    },
)
