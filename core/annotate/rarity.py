"""Classes of the task that are marked rarely or never, and where the first of them are.

`core.data.checks` tells the same of a study in one sentence; here a click leads to the places.
"""

from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from core.annotate import places
from core.annotate.symptoms import Symptom
from core.data import checks, samples, study
from core.data.labels import store
from core.data.labels.model import ids_in
from core.errors import StudyError
from core.paths import StudyDir
from core.records import Kind, StudyRecord, TaskSpec

# Of the largest class's area: vessels or mitoses cover little wherever they are well marked.
RARE_AREA_SHARE = 0.01
# As many images of a rare class are led to.
_LED_TO = 3
# Areas are counted on every fourth row and column.
_EVERY = 4
# The place of an object is looked for on a grid of about this many rows or columns.
_GRID = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class _Marked:
    """What is marked of each class."""

    amounts: Counter[str]
    """Class -> objects, pixels or images."""
    first: dict[str, list[tuple[str, int | None]]]
    """Class -> image and object of its first examples, one an image."""
    counted_in: str


def examine(study_dir: StudyDir) -> list[Symptom]:
    """Return the classes without examples and those with few, each with its first images.

    Objects and images are counted, regions by their area. Labels that cannot be read are passed
    over: `core.annotate.doctor` names them. Empty without a task, without labels, or where the
    task has one class.
    """
    record = study.load(study_dir)
    labelled = samples.labelled_ids(study_dir, record)
    if record.task is None or len(record.task.classes) < 2 or not labelled:
        return []
    marked = _READERS[record.task.kind](study_dir, record, labelled)
    return [
        *_missing(record, record.task, marked, labelled),
        *_rare(study_dir, record, record.task, marked),
    ]


def _missing(
    record: StudyRecord, task: TaskSpec, marked: _Marked, labelled: Collection[str]
) -> list[Symptom]:
    ids, done = [image.id for image in record.images], set(labelled)
    to_do = next((each for each in ids if each not in done), ids[0])
    return [
        Symptom(
            kind="missing",
            image_id=to_do,
            message=f"nothing is marked as {name} in any image; mark some, or take the class out "
            "of the task",
        )
        for name in task.counted
        if not marked.amounts[name]
    ]


def _rare(
    study_dir: StudyDir, record: StudyRecord, task: TaskSpec, marked: _Marked
) -> list[Symptom]:
    share = RARE_AREA_SHARE if task.kind is Kind.SEMANTIC else checks.RARE_SHARE
    known = {name: marked.amounts[name] for name in task.counted if marked.amounts[name]}
    total = sum(known.values())
    rare = [name for name, n in known.items() if n < share * max(known.values())]
    return [
        Symptom(
            kind="rare",
            image_id=image_id,
            object_id=object_id,
            place_yx=_place(study_dir, record, image_id, object_id),
            message=f"{name} is rare: {100 * known[name] / total:.1f} % of {marked.counted_in}; "
            "what is rarely shown is badly learned",
        )
        for name in sorted(rare, key=known.__getitem__)
        for image_id, object_id in marked.first[name][:_LED_TO]
    ]


def _of_images(study_dir: StudyDir, record: StudyRecord, labelled: Collection[str]) -> _Marked:
    first: dict[str, list[tuple[str, int | None]]] = {}
    for image in record.images:
        if image.id in labelled and image.image_class is not None:
            first.setdefault(image.image_class, []).append((image.id, None))
    amounts = Counter({name: len(images) for name, images in first.items()})
    return _Marked(amounts=amounts, first=first, counted_in="the images")


def _of_objects(study_dir: StudyDir, record: StudyRecord, labelled: Collection[str]) -> _Marked:
    amounts: Counter[str] = Counter()
    first: dict[str, list[tuple[str, int | None]]] = {}
    for image_id in labelled:
        here: dict[str, int] = {}
        with suppress(StudyError):
            for item in store.objects(study_dir, image_id):
                if item.class_name is not None:
                    amounts[item.class_name] += 1
                    here.setdefault(item.class_name, item.id)
        for name, object_id in here.items():
            first.setdefault(name, []).append((image_id, object_id))
    return _Marked(amounts=amounts, first=first, counted_in="the objects")


def _of_regions(study_dir: StudyDir, record: StudyRecord, labelled: Collection[str]) -> _Marked:
    amounts: Counter[str] = Counter()
    first: dict[str, list[tuple[str, int | None]]] = {}
    for image_id in labelled:
        seen = _seen(study_dir, image_id, _EVERY)
        if seen is None:
            continue
        areas = np.bincount(seen.ids_yx.ravel())
        drawn = set(ids_in(seen.ids_yx))
        for item in seen.objects:
            if item.class_name is not None and item.id in drawn:
                amounts[item.class_name] += int(areas[item.id])
                first.setdefault(item.class_name, []).append((image_id, item.id))
    return _Marked(amounts=amounts, first=first, counted_in="the marked area")


def _place(
    study_dir: StudyDir, record: StudyRecord, image_id: str, object_id: int | None
) -> tuple[int, int] | None:
    """Return a pixel of the object; None: the whole image is meant, or it cannot be seen."""
    every = max(1, max(record.image(image_id).shape_cyx[1:]) // _GRID)
    seen = _seen(study_dir, image_id, every) if object_id is not None else None
    if seen is None:
        return None
    mask = seen.ids_yx == object_id
    return places.middle(mask, every) if mask.any() else None


def _seen(study_dir: StudyDir, image_id: str, every: int) -> store.Overview | None:
    """Return every n-th pixel of what counts; None: nothing does, or it cannot be read."""
    version = store.head(study_dir, image_id)
    with suppress(StudyError):
        return store.overview(study_dir, image_id, version, every) if version is not None else None
    return None


_READERS = {
    Kind.INSTANCE: _of_objects,
    Kind.SEMANTIC: _of_regions,
    Kind.CLASSIFICATION: _of_images,
}
