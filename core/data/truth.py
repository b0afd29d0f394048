"""What a sample means for a task."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.data.labels.model import Labels
from core.data.samples import Sample
from core.errors import LabelError
from core.records import Kind, TaskSpec

UNKNOWN = -1
"""A pixel nobody annotated, or an object or image whose class nobody told."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """What a model should have answered."""

    pixels_yx: NDArray[np.int32]
    """Instance: object ids, 0 = background. Semantic: index into the task's classes. -1 = not
    annotated. Classification: of shape (0, 0)."""
    object_classes: dict[int, int] = field(default_factory=dict)
    """Instance: id -> index into the task's classes; -1 = unknown."""
    image_class: int = UNKNOWN
    """Classification: index into the task's classes; -1 = unknown."""


def of(sample: Sample, task: TaskSpec) -> Truth:
    """Return the sample's truth; LabelError where it has no labels."""
    if task.kind is Kind.CLASSIFICATION:
        return Truth(
            pixels_yx=np.zeros((0, 0), dtype=np.int32),
            image_class=_index(sample.image_class, task),
        )
    if sample.labels is None:
        raise LabelError(f"image {sample.id!r} has no labels; annotate it or leave it out")
    if task.kind is Kind.SEMANTIC:
        return Truth(pixels_yx=_classes_yx(sample.labels, task))
    return _instances(sample.labels, task)


def _instances(labels: Labels, task: TaskSpec) -> Truth:
    pixels = labels.flat_yx
    pixels[(pixels == 0) & ~labels.annotated_yx] = UNKNOWN
    only = len(task.classes) == 1
    return Truth(
        pixels_yx=pixels,
        object_classes={
            item.id: 0 if only else _index(item.class_name, task) for item in labels.objects
        },
    )


def _classes_yx(labels: Labels, task: TaskSpec) -> NDArray[np.int32]:
    """Return class indices; where the task has no background, id 0 is not annotated."""
    highest = max((item.id for item in labels.objects), default=0)
    class_of = np.full(highest + 1, UNKNOWN, dtype=np.int32)
    for item in labels.objects:
        class_of[item.id] = _index(item.class_name, task)
    class_of[0] = _index(task.background, task)
    flat = labels.flat_yx
    pixels: NDArray[np.int32] = class_of[flat]
    pixels[(flat == 0) & ~labels.annotated_yx] = UNKNOWN
    return pixels


def _index(class_name: str | None, task: TaskSpec) -> int:
    return task.classes.index(class_name) if class_name in task.classes else UNKNOWN
