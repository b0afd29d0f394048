"""Mask files -> Labels, whatever program wrote them: the one way in.

Pictures of ids, classes or colours are read here, files of single objects by `vectors`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.data.labels import mask_values, vectors
from core.data.labels.mask_values import Ids, MaskValues
from core.data.labels.model import MAIN, LabelObject, Labels
from core.errors import LabelError
from core.records import Kind, TaskSpec

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What is known of a mask file beside its pixels."""

    object_classes: Mapping[int, str] = field(default_factory=dict)
    """Id -> class."""
    value_names: tuple[str, ...] = ()
    """Classes of the values 0, 1, 2 ..., where the mask came with a list; else the task's."""
    colors: Mapping[str, str] = field(default_factory=dict)
    """`#RRGGBB` -> class, for masks of coloured regions."""
    plane: int | None = None
    """Of a stack."""
    repair: bool = False
    """Whether the user agreed that grey levels are cut at the middle."""
    shape_yx: tuple[int, int] | None = None
    """The picture's size; outlines need it where their file does not tell it."""
    reduction: float = 1.0
    """How many times smaller the picture is than its file's full one."""


def read(
    path: Path,
    *,
    kind: Kind,
    classes: tuple[str, ...],
    background: str | None = None,
    hints: Hints | None = None,
) -> MaskReading:
    """Return what the mask means for a task.

    Instance: values are ids, 0 is background. One value only: each connected piece is an object.
    Semantic: values are indices into `classes` or the hints' list of names, or colours told by the
    hints. Files of single objects (COCO, GeoJSON, ImageJ, Labelme, one mask an object) tell
    classes themselves.
    Raises ImageError or LabelError naming the file.
    """
    known = hints or Hints()
    task = TaskSpec(kind=kind, classes=classes, background=background)
    if vectors.kind_of(path) is not None:
        labels, notices = vectors.read(path, known.shape_yx, known.reduction)
        return _of_objects(path, labels, tuple(notices), task)
    found = mask_values.read(path, plane=known.plane, repair=known.repair)
    try:
        if task.kind is Kind.SEMANTIC and found.coloured:
            return _semantic(_with_classes(found, task, known.colors), task, ())
        if task.kind is Kind.SEMANTIC:
            return _semantic(found, task, known.value_names)
        return _instance(found, task, known.object_classes)
    except LabelError as error:
        raise LabelError(f"{path.name}: {error}") from error


def _instance(found: MaskValues, task: TaskSpec, object_classes: Mapping[int, str]) -> MaskReading:
    values_yx, notices = found.values_yx, list(found.notices)
    distinct = found.distinct
    names = dict(object_classes)
    if 0 < len(distinct) <= _FEW_VALUES and not names:
        numbered, count = mask_values.pieces(values_yx)
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


def _of_objects(
    path: Path, labels: Labels, notices: tuple[str, ...], task: TaskSpec
) -> MaskReading:
    """Return labels of single objects as the task means them: regions of a class are joined."""
    strange = {item.class_name for item in labels.objects} - {None, *task.classes}
    single = task.classes[0] if task.kind is Kind.INSTANCE and len(task.classes) == 1 else None
    if strange and single is None:
        raise LabelError(
            f"{path.name}: an object's class is {min(str(name) for name in strange)!r}, which is "
            f"not among the task's classes {', '.join(task.classes)}; add it to the task"
        )
    if single is not None:
        items = tuple(replace(item, class_name=single) for item in labels.objects)
        return MaskReading(labels=replace(labels, objects=items), notices=notices)
    if task.kind is not Kind.SEMANTIC:
        return MaskReading(labels=labels, notices=notices)
    index = {name: at for at, name in enumerate(task.classes)}
    behind = index[task.background] if task.background is not None else 0
    flat = labels.flat_yx
    table = np.full(max((item.id for item in labels.objects), default=0) + 1, behind, np.int64)
    nameless = [item.id for item in labels.objects if item.class_name is None]
    if nameless and len(task.classes) != 2:
        raise LabelError(f"{path.name}: {len(nameless)} of its objects have no class")
    only = next((at for at in range(len(task.classes)) if at != behind), behind)
    for item in labels.objects:
        table[item.id] = only if item.class_name is None else index[item.class_name]
    # Where every class counts, what nobody marked is not annotated.
    annotated = labels.annotated_yx & ((flat > 0) | (task.background is not None))
    return MaskReading(labels=_class_layer(table[flat], annotated, task), notices=notices)


def _with_classes(found: MaskValues, task: TaskSpec, told: Mapping[str, str]) -> MaskValues:
    """Return class numbers in place of the numbers of colours; LabelError for untold colours."""
    by_color = {color.upper(): name for color, name in told.items()}
    drawn = [0, *found.distinct] if (found.values_yx == 0).any() else found.distinct
    untold = [found.colors[at] for at in drawn if found.colors[at] not in by_color]
    if untold == ["#000000"] and task.background is not None:
        by_color["#000000"], untold = task.background, []
    if untold:
        raise LabelError(
            f"its classes are colours, and nobody says what {', '.join(untold[:4])} is; put a "
            "table colors.csv (color, class) beside the masks, or save class numbers "
            f"(0 = {task.classes[0]}, 1 = {task.classes[1]} ...)"
        )
    _refuse_classes({by_color[found.colors[at]] for at in drawn} - set(task.classes), task)
    table = np.zeros(len(found.colors), np.int64)
    for at in drawn:
        table[at] = task.classes.index(by_color[found.colors[at]])
    return replace(found, values_yx=table[found.values_yx], colors=())


def _semantic(found: MaskValues, task: TaskSpec, told: tuple[str, ...]) -> MaskReading:
    """Return the regions; `told` are the classes of the values where they are not the task's."""
    values_yx, annotated, notices = found.values_yx, ~found.unknown_yx, list(found.notices)
    distinct, names = found.distinct, told or task.classes
    if len(names) == 2 and len(distinct) == 1 and distinct[0] > 1:
        notices.append(f"{distinct[0]} is read as {names[1]!r}")
        values_yx, distinct = (values_yx > 0).astype(np.int64), [1]
    elif _IGNORED in distinct and len(names) <= _IGNORED:
        ignored = values_yx == _IGNORED
        notices.append(f"{int(ignored.sum())} pixels of value 255 count as not annotated")
        annotated &= ~ignored
        values_yx = np.where(ignored, 0, values_yx)
        distinct.remove(_IGNORED)
    beyond = [value for value in distinct if value >= len(names)]
    if beyond:
        listed = ", ".join(f"{i} = {name}" for i, name in enumerate(names))
        place = "list that came with the mask" if told else "task"
        raise LabelError(
            f"it holds the value {beyond[0]}, but the classes are {listed}; add the missing class "
            f"to the {place} or correct the mask"
        )
    if told:
        values_yx = _renumbered(values_yx, annotated, told, task)
    return MaskReading(labels=_class_layer(values_yx, annotated, task), notices=tuple(notices))


def _renumbered(
    values_yx: Ids, annotated: NDArray[np.bool_], told: tuple[str, ...], task: TaskSpec
) -> Ids:
    """Return the task's class numbers in place of those of the mask's own list."""
    table = np.zeros(len(told), np.int64)
    for value in np.unique(values_yx[annotated]):
        if told[value] not in task.classes:
            raise LabelError(
                f"its value {value} is {told[value]!r} by the list that came with it, which is not "
                f"among the task's classes {', '.join(task.classes)}; add it to the task, or call "
                "it so in the list and import both again"
            )
        table[value] = task.classes.index(told[value])
    return np.asarray(table[values_yx])


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
