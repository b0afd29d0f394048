"""What a head is: what the network predicts, how it is judged, how answers come back."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from core.data.truth import Truth
from core.pipeline import losses
from core.pipeline.answers import Answer
from core.pipeline.objects import grow_seeds
from core.records import Kind, Postprocess, TaskSpec, Training

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Targets:
    """What the network should say about one image at working size."""

    smooth_kyx: Floats
    """Maps that may be interpolated, e.g. a distance; k may be 0."""
    discrete_kyx: Ints
    """Maps that may not, e.g. a class; -1 is left out of every loss."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Targets of several tiles, on the training device."""

    smooth: Tensor
    """(batch, k, Y, X) float32."""
    discrete: Tensor
    """(batch, k, Y, X) int64; for whole images (batch,)."""


@dataclass(frozen=True, slots=True)
class Judging:
    """What a loss needs to know beside prediction and targets."""

    training: Training
    class_weights: Tensor | None
    """One a class, mean 1; None: all alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One way of asking a network."""

    name: str
    kinds: tuple[Kind, ...]
    outputs: Callable[[TaskSpec], int]
    """Number of maps the network predicts."""
    targets: Callable[[Truth, TaskSpec], Targets]
    loss: Callable[[Tensor, Batch, Judging], Tensor]
    activate: Callable[[Tensor], Tensor]
    """Logits (batch, maps, Y, X) -> what `decode` reads: in [0, 1], directions in [-1, 1]."""
    decode: Callable[[Floats, Postprocess, TaskSpec], Answer]
    """Maps (maps, Y, X) of one image at its own size -> its answer."""
    tuned: dict[str, tuple[float, ...]]
    """Postprocessing numbers worth tuning -> the values to try."""
    directions: int | None = None
    """Where two of the network's maps are a direction (y, then x): the first one's index. The
    smooth targets are then this direction alone, and both turn with the picture."""

    def mirrored(self, maps: Tensor, axes: tuple[int, ...]) -> Tensor:
        """Return maps (batch, maps, Y, X) mirrored along `axes` (2: rows, 3: columns).

        A direction along a mirrored axis changes its sign.
        """
        flipped = torch.flip(maps, axes)
        if self.directions is None or not axes:
            return flipped
        signs = torch.ones((1, maps.shape[1], 1, 1), device=maps.device)
        signs[:, [self.directions + axis - 2 for axis in axes]] = -1
        return flipped * signs


def class_count(task: TaskSpec) -> int:
    """Return how many maps tell the objects' class: none where there is one class only."""
    return len(task.classes) if task.kind is Kind.INSTANCE and len(task.classes) > 1 else 0


def class_target(truth: Truth, task: TaskSpec) -> Ints:
    """Return the class index of each object pixel (1,Y,X); -1 off objects and where unknown."""
    top = int(truth.pixels_yx.max(initial=0))
    table = np.full(top + 2, -1, dtype=np.int16)  # the last entry serves the index -1
    for object_id, class_index in truth.object_classes.items():
        if 0 < object_id <= top:
            table[object_id] = class_index
    return table[truth.pixels_yx][None]


def with_classes(first_yx: Ints, truth: Truth, task: TaskSpec) -> Ints:
    """Return the discrete targets of objects: the head's own map, and their class if they have."""
    maps = [first_yx[None]]
    if class_count(task):
        maps.append(class_target(truth, task))
    return np.concatenate(maps)


def class_loss(logits: Tensor, batch: Batch, judging: Judging) -> Tensor | float:
    """Return the loss of the objects' classes, second of the discrete targets; 0 for no maps."""
    if not logits.shape[1]:
        return 0.0
    return losses.classes(
        judging.training.loss, logits, batch.discrete[:, 1], judging.class_weights
    )


def activate_classes(logits: Tensor) -> Tensor:
    """Return class probabilities; the empty stack for no maps."""
    return logits.float().softmax(dim=1) if logits.shape[1] else logits.float()


def vote(labels_yx: npt.NDArray[np.int32], class_maps: Floats) -> dict[int, int]:
    """Return object id -> class index, by the mean class probability over the object's pixels."""
    if not len(class_maps):
        return {}
    places = np.flatnonzero(labels_yx)
    ids = labels_yx.ravel()[places]
    present = np.flatnonzero(np.bincount(ids))
    sums = np.stack([np.bincount(ids, weights=m.ravel()[places]) for m in class_maps])
    return dict(zip(present.tolist(), sums.argmax(axis=0)[present].tolist(), strict=True))


def object_scores(labels_yx: npt.NDArray[np.int32], probability_yx: Floats) -> dict[int, float]:
    """Return object id -> mean foreground probability over the object's pixels."""
    places = np.flatnonzero(labels_yx)
    ids = labels_yx.ravel()[places]
    sizes = np.bincount(ids)
    present = np.flatnonzero(sizes)
    sums = np.bincount(ids, weights=probability_yx.ravel()[places])
    means = np.round(sums[present] / sizes[present], 4)
    return dict(zip(present.tolist(), means.tolist(), strict=True))


def grown(
    height_yx: Floats, foreground_yx: Floats, class_maps: Floats, post: Postprocess
) -> Answer:
    """Return the objects grown from seeds of `height_yx` within the foreground, with classes."""
    labels_yx = grow_seeds(height_yx, foreground_yx > post.foreground, post)
    return classed(labels_yx, foreground_yx, class_maps, post)


def classed(
    labels_yx: npt.NDArray[np.int32], foreground_yx: Floats, class_maps: Floats, post: Postprocess
) -> Answer:
    """Return the objects with classes and scores, without those too small for their class."""
    classes = vote(labels_yx, class_maps)
    if post.class_smallest_px and classes:
        least = np.zeros(int(labels_yx.max()) + 1, dtype=np.int64)
        least[list(classes)] = np.array(post.class_smallest_px)[list(classes.values())]
        kept = np.bincount(labels_yx.ravel()) >= least
        kept[0] = False
        table = (np.cumsum(kept) * kept).astype(np.int32)
        labels_yx = table[labels_yx]
        classes = {int(table[each]): one for each, one in classes.items() if kept[each]}
    return Answer(
        labels_yx=labels_yx,
        object_classes=classes,
        object_scores=object_scores(labels_yx, foreground_yx),
    )
