"""Mask files -> Labels, whatever program wrote them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.data import readers
from core.data.labels.model import MAIN, LabelObject, Labels, ids_in
from core.errors import LabelError
from core.records import Kind, TaskSpec

Ids = NDArray[np.int64]
# Fewer values than this and many pieces each: they colour touching neighbours, they are no ids.
_FEW_VALUES = 8
_IGNORED = 255
"""By custom, the value of pixels that nobody judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskReading:
    """What a mask file says."""

    labels: Labels
    notices: tuple[str, ...] = ()
    """What was decided on the way, in plain words."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MaskValues:
    """The numbers of a mask file before they mean anything."""

    values_yx: Ids
    """0 and above; colours are numbered, black first."""
    unknown_yx: NDArray[np.bool_]
    """Where the file holds negative numbers: not annotated."""
    coloured: bool = False
    """Whether the numbers stand for colours."""
    notices: tuple[str, ...] = ()

    @property
    def distinct(self) -> list[int]:
        """Return the values above 0, ascending."""
        return ids_in(self.values_yx)


def read(
    path: Path,
    *,
    kind: Kind,
    classes: tuple[str, ...],
    background: str | None = None,
    object_classes: Mapping[int, str] | None = None,
    plane: int | None = None,
) -> MaskReading:
    """Return what the mask means for a task.

    Instance: values are ids, 0 is background; `object_classes` gives the class of an id. One
    value only: each connected piece is an object. Semantic: values are indices into `classes`.
    `plane` chooses from a stack. Raises ImageError or LabelError naming the file.
    """
    task = TaskSpec(kind=kind, classes=classes, background=background)
    found = values(path, plane=plane)
    try:
        if task.kind is Kind.SEMANTIC:
            return _semantic(found, task)
        return _instance(found, task, object_classes or {})
    except LabelError as error:
        raise LabelError(f"{path.name}: {error}") from error


def values(path: Path, *, plane: int | None = None) -> MaskValues:
    """Return a mask's whole numbers; LabelError where it has none."""
    picture = readers.read(path, plane=plane, indices=True)
    pixels = picture.image_cyx
    try:
        channel, coloured, notices = _one_channel(pixels)
        if coloured and picture.lossy:
            raise LabelError(
                "it is a JPEG, which changes colours; save the mask as PNG or TIFF instead"
            )
        numbers = _whole(channel)
        if not coloured and (picture.lossy or _is_smoothed(numbers)):
            numbers, more = _thresholded(numbers)
            notices += more
    except LabelError as error:
        raise LabelError(f"{path.name}: {error}") from error
    unknown = numbers < 0
    if unknown.any():
        notices.append(f"{int(unknown.sum())} pixels below 0 count as not annotated")
    kept = [text for text in picture.notices if "palette" not in text]
    return MaskValues(
        values_yx=np.where(unknown, 0, numbers),
        unknown_yx=unknown,
        coloured=coloured,
        notices=(*kept, *notices),
    )


def pieces(values_yx: Ids) -> tuple[NDArray[np.int32], int]:
    """Return connected pieces of equal value (corners connect), numbered, and how many."""
    from scipy import ndimage

    numbered = np.zeros(values_yx.shape, dtype=np.int32)
    count = 0
    for value in np.unique(values_yx[values_yx > 0]):
        part, more = ndimage.label(values_yx == value, structure=np.ones((3, 3)))
        numbered[part > 0] = part[part > 0] + count
        count += int(more)
    return numbered, count


def _one_channel(pixels: NDArray[np.generic]) -> tuple[NDArray[np.generic], bool, list[str]]:
    """Return (rows, columns), whether the numbers stand for colours, and notices."""
    if len(pixels) == 1:
        return pixels[0], False, []
    if len(pixels) != 3:
        raise LabelError(f"a mask has one channel, or three of a colour; this has {len(pixels)}")
    if (pixels == pixels[:1]).all():
        return pixels[0], False, []
    used = [channel for channel in pixels if channel.astype(bool).any()]
    if len(used) == 1:
        return used[0], False, ["only one of its colours is used; its values count"]
    if pixels.dtype.kind != "u" or pixels.dtype.itemsize > 2:
        raise LabelError("its colours are no 8- or 16-bit numbers; save ids as TIFF instead")
    red, green, blue = (channel.astype(np.int64) for channel in pixels)
    codes, numbers = np.unique((red << 32) | (green << 16) | blue, return_inverse=True)
    numbers = numbers.reshape(red.shape)
    if codes[0] != 0:  # no black: what there is most of lies behind
        behind = int(np.bincount(numbers.ravel()).argmax())
        numbers = np.where(numbers == behind, 0, numbers + 1)
    return numbers, True, [f"its {len(codes) - 1} colours became numbers"]


def _whole(numbers: NDArray[np.generic]) -> Ids:
    if numbers.dtype.kind != "f":
        return numbers.astype(np.int64)
    whole: Ids = np.rint(numbers.astype(np.float64)).astype(np.int64)
    if (whole != numbers).any():
        raise LabelError(
            "it holds fractions, so it is no mask of whole numbers (a probability map?); "
            "threshold it and save ids or classes"
        )
    return whole


def _is_smoothed(numbers: Ids) -> bool:
    """Return whether this is a 0/255 mask whose edges were blurred by resizing."""
    if numbers.max(initial=0) != 255:
        return False
    lit = numbers[numbers > 0]
    # Ids spread over their range; a blurred mask is nearly all 255 with a thin edge of the rest.
    return len(np.unique(lit)) > 16 and bool((lit >= 224).mean() > 0.8)


def _thresholded(numbers: Ids) -> tuple[Ids, list[str]]:
    levels = len(np.unique(numbers))
    if levels <= 2:
        return numbers, []
    middle = (int(numbers.min()) + int(numbers.max())) / 2
    return (numbers > middle).astype(np.int64), [
        f"it has {levels} grey levels (JPEG or resized); everything above {middle:g} is marked"
    ]


def _instance(found: MaskValues, task: TaskSpec, object_classes: Mapping[int, str]) -> MaskReading:
    values_yx, notices = found.values_yx, list(found.notices)
    distinct = found.distinct
    names = dict(object_classes)
    if 0 < len(distinct) <= _FEW_VALUES and not names:
        numbered, count = pieces(values_yx)
        if count > 2 * len(distinct) or (len(distinct) == 1 and count > 1):
            notices.append(
                f"it holds {len(distinct)} value{'s' * (len(distinct) > 1)} in {count} pieces; "
                "each connected piece became an object, so touching objects are one"
            )
            values_yx, distinct = numbered.astype(np.int64), list(range(1, count + 1))
    if len(found.distinct) == 1 and (found.values_yx > 0).mean() > 0.5:
        notices.append("more than half of it is marked; is it inverted?")
    if distinct != list(range(1, len(distinct) + 1)):
        notices.append(
            f"its ids have gaps (up to {distinct[-1]}); they became 1 to {len(distinct)}"
        )
    layer = np.searchsorted(np.array([0, *distinct]), values_yx).astype(np.int32)
    only = task.classes[0] if len(task.classes) == 1 else None
    _refuse_classes(set(names.values()) - set(task.classes), task)
    objects = tuple(
        LabelObject(id=new, class_name=names.get(old, only), source="import")
        for new, old in enumerate(distinct, start=1)
    )
    labels = Labels(layers={MAIN: layer}, annotated_yx=~found.unknown_yx, objects=objects)
    return MaskReading(labels=labels, notices=tuple(notices))


def _semantic(found: MaskValues, task: TaskSpec) -> MaskReading:
    if found.coloured:
        raise LabelError(
            "its classes are colours, and nobody says which is which; save a mask of class "
            f"numbers (0 = {task.classes[0]}, 1 = {task.classes[1]} ...)"
        )
    values_yx, annotated, notices = found.values_yx, ~found.unknown_yx, list(found.notices)
    distinct = found.distinct
    if len(task.classes) == 2 and len(distinct) == 1 and distinct[0] > 1:
        notices.append(f"{distinct[0]} is read as {task.classes[1]!r}")
        values_yx, distinct = (values_yx > 0).astype(np.int64), [1]
    elif _IGNORED in distinct and len(task.classes) <= _IGNORED:
        ignored = values_yx == _IGNORED
        notices.append(f"{int(ignored.sum())} pixels of value 255 count as not annotated")
        annotated &= ~ignored
        values_yx = np.where(ignored, 0, values_yx)
        distinct.remove(_IGNORED)
    beyond = [value for value in distinct if value >= len(task.classes)]
    if beyond:
        told = ", ".join(f"{i} = {name}" for i, name in enumerate(task.classes))
        raise LabelError(
            f"it holds the value {beyond[0]}, but the classes are {told}; add the missing class "
            "to the task or correct the mask"
        )
    return MaskReading(labels=_class_layer(values_yx, annotated, task), notices=tuple(notices))


def _class_layer(values_yx: Ids, annotated: NDArray[np.bool_], task: TaskSpec) -> Labels:
    """Return one object a class, its id one above the class's index; the background is 0."""
    ids = np.arange(1, len(task.classes) + 1, dtype=np.int32)
    if task.background is not None:
        ids[task.classes.index(task.background)] = 0
    layer = np.where(annotated, ids[values_yx], 0).astype(np.int32)
    drawn = set(np.unique(layer).tolist())
    objects = tuple(
        LabelObject(id=index + 1, class_name=name, source="import")
        for index, name in enumerate(task.classes)
        if index + 1 in drawn and name != task.background
    )
    return Labels(layers={MAIN: layer}, annotated_yx=annotated, objects=objects)


def _refuse_classes(strange: set[str], task: TaskSpec) -> None:
    if strange:
        raise LabelError(
            f"an object's class is {sorted(strange)[0]!r}, which is not among the task's classes "
            f"{', '.join(task.classes)}; add it or correct the table"
        )
