"""Imported mask files -> labels of the study's images, as its task understands them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from core.data import originals, readers, study, tasks
from core.data.found import Mask, Notice
from core.data.labels import masks, store, vectors
from core.errors import DataError, LabelError
from core.paths import StudyDir
from core.records import ImageRecord, Kind, TaskSpec

IMPORTED = "import"
"""The note of label versions that come from a mask file."""


@dataclass(slots=True)
class _Told:
    labelled: list[str] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    refused: list[Notice] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What became of the masks."""

    labelled: tuple[str, ...]
    notices: tuple[Notice, ...]
    refused: tuple[Notice, ...]


def keep_mask(study_dir: StudyDir, image_id: str, mask: Mask, *, repair: bool = False) -> str:
    """Copy a mask file into the study, in place of an earlier one; return the image's id.

    What came with the earlier one goes with it. `repair`: the user agreed that blurred masks are
    cut at the middle of their grey levels.
    """
    folder = study_dir.masks / image_id
    target = folder / f"mask{mask.path.suffix.lower()}"
    originals.copy(mask.path, target)
    for other in folder.glob("mask*"):
        if other != target:
            other.unlink()
    (folder / "name.txt").write_text(mask.path.name, encoding="utf-8")
    tasks.save_object_classes(study_dir, image_id, mask.object_classes)
    tasks.save_value_names(study_dir, image_id, mask.value_names)
    (folder / "repair").unlink(missing_ok=True)
    if repair:
        (folder / "repair").touch()
    return image_id


def meaning(study_dir: StudyDir) -> TaskSpec | None:
    """Return the task by which imported masks are understood; None: there are none yet."""
    return tasks.suggest_task(study_dir) if tasks.mask_files_of(study_dir) else None


def read_masks(
    study_dir: StudyDir, image_ids: Iterable[str], *, author: str, task: TaskSpec | None = None
) -> Reading:
    """Read the images' mask files for `task`, by default the study's or the suggested one."""
    told = _Told()
    wanted = list(image_ids)
    files = tasks.mask_files_of(study_dir)
    if wanted:
        task = task or tasks.suggest_task(study_dir)
        if task.kind is not Kind.CLASSIFICATION:
            record = study.load(study_dir)
            for image_id in wanted:
                about = record.image(image_id)
                _read_one(study_dir, about, files[image_id], task, (author, told))
    return Reading(
        labelled=tuple(told.labelled), notices=tuple(told.notices), refused=tuple(told.refused)
    )


def _read_one(
    study_dir: StudyDir,
    about: ImageRecord,
    path: Path,
    task: TaskSpec,
    by: tuple[str, _Told],
) -> None:
    author, told = by
    name = (path.parent / "name.txt").read_text(encoding="utf-8")
    parent = store.head(study_dir, about.id)
    if parent is not None and not is_imported(study_dir, about.id):
        told.notices.append(
            Notice(
                file=name, message=f"{name}: {about.id!r} was labelled by hand since; that stays"
            )
        )
        return
    try:
        reading = masks.read(
            path,
            kind=task.kind,
            classes=task.classes,
            background=task.background,
            hints=masks.Hints(
                object_classes=tasks.object_classes_of(study_dir, about.id),
                value_names=tasks.value_names_of(study_dir, about.id),
                colors=tasks.load_hints(study_dir).colors,
                plane=_plane_of(path, about),
                repair=tasks.may_repair(study_dir, about.id),
                shape_yx=about.shape_cyx[1:],
                reduction=about.reduction,
            ),
        )
    except DataError as error:
        message = str(error).replace(path.name, name, 1)
        told.refused.append(Notice(file=name, message=message))
        store.withdraw(study_dir, about.id, author=author, note=IMPORTED)
        return
    if reading.labels.shape_yx != about.shape_cyx[1:]:
        rows, columns = reading.labels.shape_yx
        told.refused.append(
            Notice(
                file=name,
                message=f"{name}: this mask is {columns} x {rows} pixels, its picture "
                f"{about.shape_cyx[2]} x {about.shape_cyx[1]}; the picture is kept without "
                "labels. Export the mask again at the picture's size",
            )
        )
        return
    store.save(study_dir, about.id, reading.labels, author=author, parent=parent, note=IMPORTED)
    told.labelled.append(about.id)
    told.notices += [Notice(file=name, message=f"{name}: {text}") for text in reading.notices]


def pages_of(mask: Path) -> int:
    """Return how many pages a mask file has; files of single objects have one."""
    return readers.read(mask, indices=True).planes if vectors.kind_of(mask) is None else 1


def _plane_of(mask: Path, about: ImageRecord) -> int | None:
    """Return which page of a mask belongs to the image; LabelError where none does."""
    if about.stack is None and about.plane is None:
        return None
    pages = pages_of(mask)
    if pages == 1 and about.part:
        raise LabelError(
            f"{mask.name}: it has one page, but its file gives several images; bring a mask with "
            "one page for each"
        )
    if pages > 1 and (about.plane is None or about.projection) and not about.part:
        raise LabelError(
            f"{mask.name}: it has {pages} pages, but its picture is made of all planes; choose "
            "one plane of the picture, or bring a mask of one page"
        )
    return about.plane if pages > 1 else None


def is_imported(study_dir: StudyDir, image_id: str) -> bool:
    """Return whether the labels that count come from a mask file as it stands."""
    head = store.head(study_dir, image_id)
    notes = [each.note for each in store.history(study_dir, image_id) if each.version == head]
    return head is not None and notes[-1:] == [IMPORTED]
