"""Studies: images, labels, task, split."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.data import study as studies
from core.errors import StudyError
from core.paths import Workspace
from core.records import Kind, Split, StudyRecord, TaskSpec
from core.workflow.people import author

if TYPE_CHECKING:
    from core.data.checks import Finding
    from core.data.imports import ImportReport
    from core.data.label_states import LabelState
    from core.data.labels.model import Labels
    from core.data.labels.placed import Place
    from core.data.labels.store import Overview
    from core.data.pairing import Preview
    from core.data.regions import Region


def list_studies(workspace: Workspace) -> list[StudyRecord]:
    """Return all studies, by name."""
    return studies.listing(workspace)


def create_study(workspace: Workspace, name: str, *, description: str = "") -> StudyRecord:
    """Make an empty study, or a layer (`study@layer`); StudyError where the name is taken."""
    return studies.load(studies.create(workspace, name, description=description))


def load_study(workspace: Workspace, study: str) -> StudyRecord:
    """Return what is known of a study; StudyError where there is none."""
    return studies.load(workspace.study(study))


def import_files(
    workspace: Workspace,
    study: str,
    paths: Sequence[Path],
    *,
    test: Sequence[Path] = (),
    table: Path | None = None,
    repair: bool = False,
) -> "ImportReport":
    """Take images and labels into a study, which is made where there is none.

    `test` images and their labels become the test split as they are. A file that cannot be used
    is named in the report and stops none of the others. `repair`: blurred masks are cut at the
    middle of their grey levels instead of refused.
    """
    from core.data import imports, thumbnails

    study_dir = workspace.study(study)
    if not study_dir.record.exists():
        studies.create(workspace, study)
    report = imports.add(study_dir, paths, test=test, table=table, author=author(), repair=repair)
    thumbnails.make_first(study_dir, studies.load(study_dir).images)
    return report


def preview_import(paths: Sequence[Path], *, table: Path | None = None) -> "Preview":
    """Return who would be paired with whom; nothing is kept."""
    from core.data import pairing

    return pairing.preview(paths, table=table)


def suggest_task(workspace: Workspace, study: str) -> TaskSpec:
    """Return the study's task, or what its labels look like while nobody said what is wanted."""
    from core.data import tasks

    return tasks.suggest_task(workspace.study(study))


def set_task(workspace: Workspace, study: str, task: TaskSpec) -> "ImportReport":
    """Say what is wanted, and read imported masks again where that changes their meaning.

    The report names masks that contradict the task. Raises StudyError where a layer is to sort
    whole pictures.
    """
    from core.data import imports, tasks

    study_dir = workspace.study(study)
    if study_dir.layer and task.kind is Kind.CLASSIFICATION:
        raise StudyError(
            f"{study_dir.layer!r} is a layer, in which things or regions are marked; sort whole "
            f"pictures in the study {study_dir.base.name!r} itself"
        )
    before = tasks.suggest_task(study_dir) if tasks.mask_files_of(study_dir) else None
    studies.update(study_dir, lambda record: replace(record, task=task))
    if before is None or _meaning(before) == _meaning(task):
        return imports.ImportReport()
    return imports.apply_task(study_dir, task, before=before, author=author())


def _meaning(task: TaskSpec) -> tuple[object, ...]:
    return task.kind, task.classes, task.background


def make_split(workspace: Workspace, study: str, seed: int = 0) -> Split:
    """Divide the annotated images into train, validation and test, and keep it.

    By group where groups are known; a group never changes sides when images are added.
    Raises StudyError where there is no task or too few annotated images.
    """
    from core.data import samples, split

    study_dir = workspace.study(study)

    def divided(record: StudyRecord) -> Split:
        return split.make(record, samples.labelled_ids(study_dir, record), seed)

    record = studies.load(study_dir)
    task_of(record)
    made = divided(record)
    if made == record.split:
        return made
    # Made again from what is there then: whoever labels meanwhile changes the study, too.
    kept = studies.update(study_dir, lambda now: replace(now, split=divided(now)))
    return kept.split or made


def labelled_ids(workspace: Workspace, study: str) -> list[str]:
    """Return the images that are annotated for the study's task, in the study's order."""
    from core.data import samples

    study_dir = workspace.study(study)
    return samples.labelled_ids(study_dir, studies.load(study_dir))


def label_states(workspace: Workspace, study: str) -> "dict[str, LabelState]":
    """Return how far each image is, in the study's order: to do, begun, labelled, checked."""
    from core.data import label_states

    study_dir = workspace.study(study)
    return label_states.of(study_dir, studies.load(study_dir))


def check_labels(workspace: Workspace, study: str, image_id: str) -> None:
    """Note that the labels of an image were found right; any later change takes that back.

    Raises LabelError where it has none.
    """
    from core.data import label_states

    study_dir = workspace.study(study)
    label_states.approve(study_dir, studies.load(study_dir), image_id, author=author())


def uncheck_labels(workspace: Workspace, study: str, image_id: str) -> None:
    """Let an image wait for a second look again."""
    from core.data import label_states

    label_states.take_back(workspace.study(study), image_id)


def load_labels(
    workspace: Workspace,
    study: str,
    image_id: str,
    version: str | None = None,
    *,
    region: "Region | None" = None,
) -> tuple["Labels | None", str | None]:
    """Return an image's labels and their version, by default the one that counts.

    With a region, only what lies in it. (None, None) where it has none.
    """
    from core.data.labels import store

    study_dir = workspace.study(study)
    version = version or store.head(study_dir, image_id)
    return (store.load(study_dir, image_id, version, region) if version else None), version


def label_overview(
    workspace: Workspace, study: str, image_id: str, version: str, every: int
) -> "Overview":
    """Return every n-th pixel of an image's labels."""
    from core.data.labels import store

    return store.overview(workspace.study(study), image_id, version, every)


def save_labels(
    workspace: Workspace,
    study: str,
    image_id: str,
    labels: "Labels",
    *,
    parent: str | None,
    place: "Place | None" = None,
) -> str:
    """Keep labels as a new version on top of `parent` and return the version.

    With a place they are a region's and go into those of the whole image.
    Raises ConflictError where somebody saved a newer version than `parent`; both stay.
    """
    from core.data.labels import placed, store

    study_dir = workspace.study(study)
    if place is not None:
        return placed.save(study_dir, image_id, place, labels, author=author(), parent=parent)
    return store.save(study_dir, image_id, labels, author=author(), parent=parent)


def set_image_class(
    workspace: Workspace, study: str, image_id: str, image_class: str | None
) -> StudyRecord:
    """Say which class a whole image has; None: not annotated."""
    return set_image_classes(workspace, study, (image_id,), image_class)


def set_image_classes(
    workspace: Workspace,
    study: str,
    image_ids: Collection[str],
    image_class: str | None,
    *,
    source: str = "",
) -> StudyRecord:
    """Say that all these images have one class; None: they are not annotated.

    `source` is `model` where a model proposed it.
    """

    def change(record: StudyRecord) -> StudyRecord:
        for image_id in image_ids:
            record.image(image_id)
        images = tuple(
            replace(image, image_class=image_class, class_source=source if image_class else "")
            if image.id in image_ids
            else image
            for image in record.images
        )
        return replace(record, images=images)

    for image_id in image_ids:
        uncheck_labels(workspace, study, image_id)
    return studies.update(workspace.study(study), change)


def inspect(workspace: Workspace, study: str, *, pixels: bool = True) -> "list[Finding]":
    """Return what a user should know of the images and labels before training.

    Without `pixels` no picture is opened.
    """
    from core.data import checks

    return checks.inspect(workspace.study(study), pixels=pixels)


def task_of(record: StudyRecord) -> TaskSpec:
    """Return the study's task; StudyError where nobody said what is wanted."""
    if record.task is None:
        raise StudyError(f"study {record.name!r} has no task yet; say what is wanted first")
    return record.task
