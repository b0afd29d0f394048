"""Files a user brings -> images and labels of a study. Originals are copied untouched."""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from filelock import FileLock

from core.data import (
    folder_tables,
    folders,
    grouping,
    labelling,
    originals,
    scales,
    study,
    tables,
    tasks,
)
from core.data.found import Findings, Found, Notice
from core.data.originals import Known
from core.errors import DataError
from core.paths import StudyDir
from core.records import ImageRecord, StudyRecord, TaskSpec

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


@dataclass(slots=True)
class _Work:
    """What one import has done so far."""

    images: dict[str, ImageRecord]
    by_hash: dict[str, list[str]]
    """Images of each file; a stack may give several."""
    known: Known
    taken: set[str]
    """Ids that had an owner once: nobody inherits their labels."""
    added: list[str] = field(default_factory=list)
    masks: dict[str, Path] = field(default_factory=dict)
    object_classes: dict[str, dict[int, str]] = field(default_factory=dict)
    classed: list[str] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    refused: list[Notice] = field(default_factory=list)


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
        record = study.load(study_dir)
        work = _Work(
            images={image.id: image for image in record.images},
            by_hash=_by_hash(record),
            known=Known(readings=record.readings, pixel_sizes_um=record.pixel_sizes_um),
            taken={path.name for each in study_dir.sheets for path in each.labels.glob("*")},
            notices=found.notices,
            refused=found.refused,
        )
        found.pictures, missing = folder_tables.with_rows(found.pictures, rows)
        for picture in found.pictures:
            _take(study_dir, picture, found, work)
        _tell_known(rows, missing, work)
        _take_lone_masks(found, work)
        _tell_unlabelled(found, work)
        kept = [
            labelling.keep_mask(study_dir, i, mask, repair=repair) for i, mask in work.masks.items()
        ]
        for image_id, classes in work.object_classes.items():
            tasks.save_object_classes(study_dir, image_id, classes)
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


def apply_task(study_dir: StudyDir, task: TaskSpec, *, author: str = "") -> ImportReport:
    """Read all imported masks again as `task` understands them.

    Labels that were changed by hand since stay, with a notice; a mask that contradicts the task
    is refused and its image is not labelled any more.
    """
    images = list(tasks.mask_files_of(study_dir))
    told = labelling.read_masks(study_dir, images, author=author, task=task)
    return ImportReport(
        labelled=told.labelled, notices=_gathered(told.notices), refused=told.refused
    )


def _take(study_dir: StudyDir, picture: Found, found: Findings, work: _Work) -> None:
    """Take one picture; a file that cannot be read is reported."""
    try:
        sha256 = originals.hash_of(picture.path)
        if sha256 in work.by_hash:
            images = _again([work.images[known] for known in work.by_hash[sha256]], picture, work)
        else:
            taken = work.taken | set(work.images)
            images, notices = originals.keep(study_dir, picture, sha256, taken, work.known)
            work.added += [about.id for about in images]
            work.notices += [Notice(file=picture.name, message=text) for text in notices]
    except DataError as error:
        work.refused.append(Notice(file=picture.name, message=str(error)))
        return
    work.by_hash[sha256] = [about.id for about in images]
    for about in images:
        work.images[about.id] = about
        if picture.image_class is not None and about.image_class == picture.image_class:
            work.classed.append(about.id)
        if picture.mask is not None:
            work.masks[about.id] = picture.mask
            classes = found.object_classes.get(picture.path.stem) or picture.object_classes
            if classes:
                work.object_classes[about.id] = classes


def _again(images: list[ImageRecord], picture: Found, work: _Work) -> list[ImageRecord]:
    """Return the images that are there already, with what the second copy tells."""
    known = images[0]
    message = f"{picture.name}: it is the same picture as {known.original_name}; one is kept"
    given = known.given_split
    if picture.test and given != "test":
        given, message = "test", f"{message}, as a test image"
    elif given == "test" and not picture.test:
        message = f"{message}, as a test image: it must not be learned from"
    image_class = known.image_class or picture.image_class
    if picture.image_class is not None and picture.image_class != image_class:
        work.refused.append(
            Notice(
                file=picture.name,
                message=f"{picture.name}: it is called {picture.image_class!r} here, but "
                f"{image_class!r} as {known.original_name}; the first is kept",
            )
        )
    work.notices.append(Notice(file=picture.name, message=message))
    return [
        replace(
            image,
            given_split=given,
            image_class=image_class,
            group=image.group or picture.group,
            condition=image.condition or picture.condition,
            facts={**picture.facts, **image.facts},
        )
        for image in images
    ]


def _by_hash(record: StudyRecord) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for image in record.images:
        found.setdefault(image.sha256, []).append(image.id)
    return found


def _tell_known(rows: list[tables.Row], missing: list[str], work: _Work) -> None:
    """Use rows that belong to images of earlier imports; tell of rows nobody has."""
    earlier = [
        Found(path=Path(image.original_name), name=image.id)
        for image in work.images.values()
        if image.id not in work.added
    ]
    rest = [row for row in rows if row.file in missing]
    told, unknown = folder_tables.with_rows(earlier, rest)
    for before, after in zip(earlier, told, strict=True):
        if before == after:
            continue
        image = work.images[before.name]
        work.images[before.name] = replace(
            image,
            image_class=after.image_class or image.image_class,
            group=after.group or image.group,
            condition=after.condition or image.condition,
            facts={**image.facts, **after.facts},
            given_split="test" if after.test else image.given_split,
        )
        if after.image_class is not None:
            work.classed.append(image.id)
    work.refused += [
        Notice(file=file, message=f"{file}: the table names it, but there is no such picture")
        for file in unknown
    ]


def _tell_unlabelled(found: Findings, work: _Work) -> None:
    """Name pictures without a mask where others have one: a name may be mistyped."""
    bare = [picture for picture in found.pictures if picture.mask is None]
    if len(bare) < len(found.pictures):
        work.notices += [
            Notice(file=each.name, message=f"{each.name}: no mask has its name; it has no labels")
            for each in bare
            if each.path.stem not in {mask_stem for _, mask_stem in found.lone_masks}
        ]


def _take_lone_masks(found: Findings, work: _Work) -> None:
    """Give masks that came without pictures to images of the study of the same name."""
    stems: dict[str, list[str]] = {}
    for image in work.images.values():
        stems.setdefault(Path(image.original_name).stem, []).append(image.id)
        if image.part:
            stems.setdefault(image.id, []).append(image.id)
    for mask, stem in found.lone_masks:
        ids = stems.get(stem, [])
        if len({work.images[image_id].file for image_id in ids}) == 1:
            work.masks |= dict.fromkeys(ids, mask)
            classes = found.object_classes.get(stem)
            if classes:
                work.object_classes |= dict.fromkeys(ids, classes)
            continue
        cause = "several pictures have" if ids else "no picture has"
        work.refused.append(
            Notice(file=mask.name, message=f"{mask.name}: {cause} the name {stem!r}; rename it")
        )


def _with_images(now: StudyRecord, work: _Work) -> StudyRecord:
    images = grouping.told_by_names(tuple(work.images.values()), now.grouping)
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
        hints=one.hints or other.hints,
        notices=[*one.notices, *other.notices],
        refused=[*one.refused, *other.refused],
    )
