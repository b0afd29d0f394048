"""Which task the labels suggest."""

from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from core.data import study
from core.data.found import Hints
from core.data.labels import mask_values, vectors
from core.data.labels.mask_values import MaskValues
from core.errors import DataError
from core.paths import StudyDir
from core.records import Kind, StudyRecord, TaskSpec, files

# Enough to see a habit; reading all masks of a large study would take minutes.
_LOOKED_AT = 12
# More classes than any published segmentation of microscopy images tells apart.
_MOST_CLASSES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _ObjectClasses:
    classes: dict[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _ValueNames:
    names: tuple[str, ...]


def suggest_task(study_dir: StudyDir) -> TaskSpec:
    """Return the study's task, or what its labels and hints look like.

    Masks with recurring small values in many pieces suggest classes, others objects; classes
    of whole images suggest classification. Without any labels: objects of one class.
    Raises TaskError where whole images have one class only.
    """
    record = study.load(study_dir)
    if record.task is not None:
        return record.task
    hints = load_hints(study_dir)
    mask_files = mask_files_of(study_dir)
    kind = hints.kind or _guess(record, mask_files)
    if kind is Kind.CLASSIFICATION:
        return TaskSpec(kind=kind, classes=_image_classes(record, hints))
    if kind is Kind.SEMANTIC:
        return _semantic(study_dir, hints, mask_files)
    names = hints.classes or tuple(sorted(_object_classes(study_dir, mask_files))) or ("object",)
    return TaskSpec(kind=kind, classes=names)


def load_hints(study_dir: StudyDir) -> Hints:
    """Return what imported folders told of the task."""
    path = _hints_file(study_dir)
    return files.read(path, Hints) if path.is_file() else Hints()


def save_hints(study_dir: StudyDir, hints: Hints) -> None:
    """Keep what an imported folder tells; what it does not tell stays as it was."""
    before = load_hints(study_dir)
    kept = Hints(
        kind=hints.kind or before.kind,
        classes=hints.classes or before.classes,
        background=hints.background if hints.classes else before.background,
        colors=hints.colors or before.colors,
    )
    files.write(_hints_file(study_dir), kept)


def may_repair(study_dir: StudyDir, image_id: str) -> bool:
    """Return whether the user agreed to repair the image's imported mask."""
    return (study_dir.masks / image_id / "repair").is_file()


def mask_files_of(study_dir: StudyDir) -> dict[str, Path]:
    """Return image id -> its imported mask file."""
    found = sorted(study_dir.masks.glob("*/mask*"))
    return {path.parent.name: path for path in found}


def object_classes_of(study_dir: StudyDir, image_id: str) -> dict[int, str]:
    """Return id in the imported mask file -> class, where a table told it."""
    path = _objects_file(study_dir, image_id)
    return files.read(path, _ObjectClasses).classes if path.is_file() else {}


def save_object_classes(study_dir: StudyDir, image_id: str, classes: dict[int, str]) -> None:
    """Keep the classes of an imported mask's objects; without any, those of an earlier mask go."""
    path = _objects_file(study_dir, image_id)
    if classes:
        files.write(path, _ObjectClasses(classes=classes))
    else:
        path.unlink(missing_ok=True)


def value_names_of(study_dir: StudyDir, image_id: str) -> tuple[str, ...]:
    """Return the classes that the imported mask's values stand for, where a list told them."""
    path = _values_file(study_dir, image_id)
    return files.read(path, _ValueNames).names if path.is_file() else ()


def save_value_names(study_dir: StudyDir, image_id: str, names: tuple[str, ...]) -> None:
    """Keep what an imported mask's values stand for; without any, an earlier mask's list goes."""
    path = _values_file(study_dir, image_id)
    if names:
        files.write(path, _ValueNames(names=names))
    else:
        path.unlink(missing_ok=True)


def rename(study_dir: StudyDir, before: TaskSpec, after: TaskSpec) -> None:
    """Let the lists that came with masks call the classes of regions as the task does now.

    A class was renamed where, at its place among as many, another name stands that the task did
    not know, and its own is gone.
    """
    kinds, counts = {before.kind, after.kind}, {len(before.classes), len(after.classes)}
    if kinds != {Kind.SEMANTIC} or len(counts) > 1:
        return
    renamed = {
        old: new
        for old, new in zip(before.classes, after.classes, strict=True)
        if old not in after.classes and new not in before.classes
    }
    for image_id in mask_files_of(study_dir) if renamed else ():
        names = value_names_of(study_dir, image_id)
        if not renamed.keys().isdisjoint(names):
            save_value_names(study_dir, image_id, tuple(renamed.get(name, name) for name in names))


def _objects_file(study_dir: StudyDir, image_id: str) -> Path:
    return study_dir.masks / image_id / "objects.json"


def _values_file(study_dir: StudyDir, image_id: str) -> Path:
    return study_dir.masks / image_id / "values.json"


def _hints_file(study_dir: StudyDir) -> Path:
    return study_dir.masks / "hints.json"


def _guess(record: StudyRecord, mask_files: dict[str, Path]) -> Kind:
    if not mask_files:
        classed = any(image.image_class is not None for image in record.images)
        return Kind.CLASSIFICATION if classed else Kind.INSTANCE
    looks = [look for path in list(mask_files.values())[:_LOOKED_AT] if (look := _look(path))]
    looks = [look for look in looks if look.distinct]
    if not looks or any(look.coloured for look in looks):
        return Kind.INSTANCE
    union = set().union(*(look.distinct for look in looks))
    if len(union) == 1:
        network = median(_largest_extent(look) for look in looks)
        return Kind.SEMANTIC if network > 0.6 else Kind.INSTANCE
    if len(union) > _MOST_CLASSES:
        return Kind.INSTANCE
    # Classes recur from image to image, each in several pieces; an id is one piece of one image.
    recurring = median(len(look.distinct) for look in looks) >= 0.8 * len(union)
    scattered = median(mask_values.pieces(look.values_yx)[1] / len(look.distinct) for look in looks)
    return Kind.SEMANTIC if recurring and scattered >= 1.5 else Kind.INSTANCE


def _look(path: Path) -> MaskValues | None:
    try:
        return mask_values.read(path)
    except DataError:  # told when the mask itself is read
        return None


def _largest_extent(look: MaskValues) -> float:
    """Return which share of the image's sides its largest piece spans: vessels do, nuclei not."""
    pieces_yx, _ = mask_values.pieces(look.values_yx)
    largest = int(np.bincount(pieces_yx[pieces_yx > 0]).argmax())
    rows, columns = np.nonzero(pieces_yx == largest)
    spans = (np.ptp(rows) / pieces_yx.shape[0], np.ptp(columns) / pieces_yx.shape[1])
    return float(min(spans))


def _image_classes(record: StudyRecord, hints: Hints) -> tuple[str, ...]:
    told = {image.image_class for image in record.images if image.image_class is not None}
    if told and told <= set(hints.classes):
        return hints.classes
    return tuple(sorted(told)) or hints.classes


def _semantic(study_dir: StudyDir, hints: Hints, mask_files: dict[str, Path]) -> TaskSpec:
    if len(hints.classes) >= 2:
        known = hints.kind is not None  # a list of names alone says nothing of the background
        background = hints.background if known else hints.classes[0]
        further = [name for each in mask_files for name in value_names_of(study_dir, each)]
        classes = tuple(dict.fromkeys([*hints.classes, *further]))
        return TaskSpec(kind=Kind.SEMANTIC, classes=classes, background=background)
    looks = [look for path in list(mask_files.values())[:_LOOKED_AT] if (look := _look(path))]
    highest = max((v for look in looks for v in look.distinct if v <= _MOST_CLASSES), default=1)
    names = ("background", *(f"class {value}" for value in range(1, highest + 1)))
    return TaskSpec(kind=Kind.SEMANTIC, classes=names, background="background")


def _object_classes(study_dir: StudyDir, mask_files: dict[str, Path]) -> set[str]:
    told = {name for i in mask_files for name in object_classes_of(study_dir, i).values()}
    return told.union(*(_classes_in(path) for path in mask_files.values()))


def _classes_in(path: Path) -> set[str]:
    try:
        return vectors.class_names(path)
    except DataError:  # told when the file itself is read
        return set()
