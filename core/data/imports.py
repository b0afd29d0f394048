"""Files a user brings -> images and labels of a study. Originals are copied untouched."""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock

from core.data import (
    folder_tables,
    folders,
    grouping,
    intake,
    labelling,
    merging,
    scales,
    study,
    tables,
    tasks,
)
from core.data.found import Findings, Notice
from core.data.intake import Intake
from core.paths import StudyDir
from core.records import StudyRecord, TaskSpec

# More of the same fill a screen and hide what matters.
_TOLD_SINGLY = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What became of the files."""

    added: tuple[str, ...] = ()
    """Ids of new images."""
    labelled: tuple[str, ...] = ()
    """Ids of images that got labels or a class."""
    notices: tuple[Notice, ...] = ()
    """What was decided on the way."""
    refused: tuple[Notice, ...] = ()
    """What could not be used, and why."""


def add(
    study_dir: StudyDir,
    paths: Iterable[Path],
    *,
    test: Sequence[Path] = (),
    table: Path | None = None,
    author: str = "",
    repair: bool = False,
) -> ImportReport:
    """Bring files, folders and zips into the study and return what became of each.

    A folder may hold `images` and `masks` (paired by stem; `objects.csv` gives objects'
    classes), one folder a class, or loose pictures; its own `dataset.json`, `classes.txt` and
    `labels.csv` are used. `test` images and their labels are the test split as they are.
    `table` tells class, group, split and condition by file name, also of images that are in the
    study already. A file that cannot be used is reported and the others go on. With `repair`,
    blurred masks (JPEG, resized) are cut at the middle of their grey levels instead of refused.
    Raises StudyError without such a study, TableError where the table is none.
    """
    study.load(study_dir)
    rows = [] if table is None else tables.read(table)
    with (
        tempfile.TemporaryDirectory(prefix="aixcell-") as scratch,
        FileLock(study_dir.base.root / ".import.lock"),
    ):
        found = _merged(
            folders.find(paths, Path(scratch)), folders.find(test, Path(scratch), test=True)
        )
        meant = labelling.meaning(study_dir)
        if found.hints is not None:
            tasks.save_hints(study_dir, found.hints)
        work = intake.begin(study_dir, study.load(study_dir), found)
        found.pictures = folder_tables.with_object_classes(found)
        found.pictures, owned = folder_tables.with_rows(found.pictures, rows)
        work.refused += folder_tables.unclear(owned)
        for picture in found.pictures:
            intake.take(study_dir, picture, found, work)
        missing = set(owned.missing)
        intake.tell_known([row for row in rows if row.file in missing], work)
        intake.take_lone_masks(found, work)
        intake.tell_unlabelled(found, work)
        kept = [
            labelling.keep_mask(study_dir, i, mask, repair=repair) for i, mask in work.masks.items()
        ]
        study.update(study_dir, lambda now: _with_images(now, work))
        if meant is not None and meant != labelling.meaning(study_dir):
            kept = list(tasks.mask_files_of(study_dir))  # the earlier ones mean something else now
        told = labelling.read_masks(study_dir, kept, author=author)
    return ImportReport(
        added=tuple(work.added),
        labelled=tuple(dict.fromkeys([*told.labelled, *work.classed])),
        notices=_gathered([*work.notices, *told.notices]),
        refused=(*work.refused, *told.refused),
    )


def apply_task(
    study_dir: StudyDir, task: TaskSpec, *, before: TaskSpec | None = None, author: str = ""
) -> ImportReport:
    """Read all imported masks again as `task` understands them.

    `before` is the task until now: a class that only has another name keeps its regions. Labels
    that were changed by hand since stay, with a notice; a mask that contradicts the task is
    refused and its image is not labelled any more.
    """
    if before is not None:
        tasks.rename(study_dir, before, task)
    images = list(tasks.mask_files_of(study_dir))
    told = labelling.read_masks(study_dir, images, author=author, task=task)
    return ImportReport(
        labelled=told.labelled, notices=_gathered(told.notices), refused=told.refused
    )


def _with_images(now: StudyRecord, work: Intake) -> StudyRecord:
    """Return the study as others left it meanwhile, with what the import added and changed."""
    known = [
        merging.carried(work.before[image.id], work.images[image.id], image)
        if image.id in work.before
        else image
        for image in now.images
    ]
    images = grouping.told_by_names(
        (*known, *(work.images[image_id] for image_id in work.added)), now.grouping
    )
    names = next((image.channel_names for image in images if image.channel_names), ())
    return replace(
        now,
        images=images,
        groups_known=any(image.group is not None for image in images),
        channel_names=now.channel_names or names,
        pixel_size_um=scales.common(images),
    )


def _gathered(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    """Return the notices, what holds for many files told once."""
    by_text: dict[str, list[Notice]] = {}
    for notice in notices:
        by_text.setdefault(notice.message.removeprefix(f"{notice.file}: "), []).append(notice)
    told: list[Notice] = []
    for text, alike in by_text.items():
        if len(alike) <= _TOLD_SINGLY:
            told += alike
            continue
        first = alike[0].file
        told.append(Notice(file=first, message=f"{first} and {len(alike) - 1} more: {text}"))
    return tuple(told)


def _merged(one: Findings, other: Findings) -> Findings:
    return Findings(
        scratch=one.scratch,
        pictures=[*one.pictures, *other.pictures],
        lone_masks=[*one.lone_masks, *other.lone_masks],
        object_classes={**one.object_classes, **other.object_classes},
        value_names={**one.value_names, **other.value_names},
        hints=one.hints or other.hints,
        notices=[*one.notices, *other.notices],
        refused=[*one.refused, *other.refused],
    )
