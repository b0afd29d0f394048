"""Studies, their images and labels, and what is wanted of them."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from app import uploads, wording
from app.services.labelling import labelled
from app.services.place import labels_changed, study_changed, study_dir, workspace
from core import workflow
from core.errors import StudyError
from core.paths import LAYER_MARK, Workspace
from core.records import StudyRecord, TaskSpec

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from core.data.imports import ImportReport
    from core.data.labels.model import Labels
    from core.data.labels.placed import Place
    from core.data.pairing import Preview
    from core.data.regions import Region

LEAST_LABELLED = 3
"""One image each to learn from, to check with and to score on."""


@st.cache_resource(show_spinner="Drawing the simulated sample study for your first visit …")
def _sample(root: str) -> bool:
    with suppress(StudyError):  # a damaged one is told on the page of studies, as all are
        workflow.open_sample(Workspace.at(root))
    workflow.restart_queued(Workspace.at(root))
    return True


def ensure_sample() -> None:
    """Make the simulated sample study at the first start, and take up queued work again."""
    _sample(str(workspace().root))


def studies() -> list[StudyRecord]:
    """Return all studies, by name."""
    return workflow.list_studies(workspace())


def study_names() -> list[str]:
    """Return the names of studies and layers; read from the folder names alone."""
    return [each.name for each in workspace().study_dirs()]


def damaged_studies() -> list[str]:
    """Return a sentence for each study that cannot be read."""
    from core.data import study as data_study

    return list(data_study.damaged(workspace()).values())


def study(name: str) -> StudyRecord:
    """Return a study's record."""
    return _study(str(workspace().root), name, study_changed(name))


# A page asks a dozen times; thousands of images take a hundredth of a second each time.
@st.cache_resource(show_spinner=False, max_entries=16)
def _study(root: str, name: str, changes: int) -> StudyRecord:
    return workflow.load_study(Workspace.at(root), name)


def create_study(name: str, description: str) -> StudyRecord:
    """Make an empty study."""
    return workflow.create_study(workspace(), name, description=description)


def sheets(name: str) -> list[str]:
    """Return all that is marked on the same pictures: the study, then its layers."""
    return [each.name for each in study_dir(name).sheets]


def create_layer(name: str, layer: str) -> str:
    """Make an empty layer of a study and return its name; StudyError where it cannot be."""
    return workflow.create_study(workspace(), f"{name}{LAYER_MARK}{layer}").name


def what_is_missing(name: str) -> str | None:
    """Return in one sentence what a training still needs; None where nothing is missing."""
    count = len(labelled(name))
    if count >= LEAST_LABELLED:
        return None
    return (
        f"{wording.plural(count, 'image').capitalize()} of this study "
        f"{'is' if count == 1 else 'are'} labelled; at least {LEAST_LABELLED} are needed: to learn "
        "from, to check with, and to score on."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Files that were looked at, before they are imported."""

    study: str
    paths: tuple[Path, ...]
    table: Path | None
    preview: "Preview"
    scratch: Path | None = None
    """Where uploads lie meanwhile; None: the files stay where they are."""


def look_at_files(name: str, files: "Sequence[UploadedFile]") -> Waiting:
    """Put uploads on the disk and say who would be paired with whom."""
    folder = uploads.stage(files, workspace().root / "uploads")
    found = uploads.staged(folder)
    return Waiting(
        study=name,
        paths=tuple(found.paths),
        table=found.table,
        preview=workflow.preview_import(found.paths, table=found.table),
        scratch=folder,
    )


def look_at_folder(name: str, folder: Path) -> Waiting:
    """Say what a folder (or file) of this computer holds; StudyError where there is none."""
    if not folder.exists():
        raise StudyError(f"there is no folder {folder} on this computer; check the path")
    preview = workflow.preview_import([folder])
    return Waiting(study=name, paths=(folder,), table=None, preview=preview)


def import_waiting(waiting: Waiting, *, repair: bool) -> "ImportReport":
    """Import what was looked at; what cannot be used is named in the report."""
    report = workflow.import_files(
        workspace(), waiting.study, waiting.paths, table=waiting.table, repair=repair
    )
    send_away(waiting)
    return report


def send_away(waiting: Waiting) -> None:
    """Forget files that were looked at; a folder of this computer stays as it is."""
    if waiting.scratch is not None:
        uploads.drop(waiting.scratch)


def findings(name: str) -> list[str]:
    """Return what a user should know of images and labels before training."""
    return _findings(str(workspace().root), name, study(name).revision, len(labelled(name)))


@st.cache_data(show_spinner=False, max_entries=16)
def _findings(root: str, name: str, *changes: int) -> list[str]:
    # Pictures without content were told when they came in; opening hundreds keeps a user waiting.
    return [each.message for each in workflow.inspect(Workspace.at(root), name, pixels=False)]


def object_counts(name: str) -> dict[str, int]:
    """Return class -> marked objects in the whole study; empty where whole pictures are sorted."""
    return _object_counts(str(workspace().root), name, labels_changed(name))


@st.cache_data(show_spinner=False, max_entries=16)
def _object_counts(root: str, name: str, changes: int) -> dict[str, int]:
    from core.data.labels import survey

    folder = Workspace.at(root).study(name)
    counts = survey.class_counts(folder)
    return {each or "no class": count for each, count in counts.most_common()}


def label_version(name: str, image_id: str) -> str | None:
    """Return the version of an image's labels that counts."""
    from core.data.labels import store

    return store.head(study_dir(name), image_id)


def load_labels(
    name: str, image_id: str, region: "Region | None" = None, version: str | None = None
) -> "tuple[Labels | None, str | None]":
    """Return an image's labels, or those in a region of it, and their version.

    By default those that count. StudyError where the version is not there or damaged.
    """
    return workflow.load_labels(workspace(), name, image_id, version, region=region)


def save_labels(
    name: str,
    image_id: str,
    labels: "Labels",
    *,
    parent: str | None,
    place: "Place | None" = None,
) -> str:
    """Keep labels as a new version; with a place, they are a region's of a large image."""
    return workflow.save_labels(workspace(), name, image_id, labels, parent=parent, place=place)


def set_image_class(name: str, image_id: str, image_class: str | None) -> None:
    """Say which class a whole image has."""
    set_image_classes(name, (image_id,), image_class)


def set_image_classes(name: str, image_ids: Sequence[str], image_class: str | None) -> None:
    """Say that all these whole images have one class."""
    workflow.set_image_classes(workspace(), name, image_ids, image_class)


def suggest_task(name: str) -> TaskSpec | None:
    """Return the task the labels suggest; None where they tell nothing."""
    return workflow.suggest_task(workspace(), name)


def set_task(name: str, task: TaskSpec) -> "ImportReport":
    """Say what is wanted; the report names masks that contradict it and count no longer."""
    return workflow.set_task(workspace(), name, task)
