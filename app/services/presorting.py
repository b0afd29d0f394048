"""Which classes a trained model proposes for whole images: one order for all without a class."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from app.services.place import study_dir, workspace
from app.services.proposals import JOB, SEEN, pixels_file, unanswered
from core import workflow
from core.paths import StudyDir, Workspace
from core.records import ImageRecord, StudyRecord, write_bytes

_FOLDER = "presorting"
_NAMES = "names.json"
"""Beside an answer: what the model calls an image -> its id."""
MOST_IMAGES = 2000
"""In one order: copies of stacks would fill the disk, and the first answers soon teach more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedClass:
    """What a model says of one image."""

    name: str
    probability: float
    """In (0, 1]."""


def ask_to_sort(study: StudyRecord, run_id: str) -> str:
    """Order a model's classes for the first images without one; return the job's id."""
    out = _folder(study_dir(study.name)) / f"{time.strftime('%Y%m%d-%H%M%S')}-{run_id}"
    open_ = [image for image in study.images if image.image_class is None][:MOST_IMAGES]
    names, files = {}, []
    for image in open_:
        file = _file(study.name, image, out / "images")
        names[file.stem] = image.id
        files.append(file)
    write_bytes(out / _NAMES, json.dumps(names).encode())
    job_id = workflow.start_prediction(workspace(), run_id, files, out)
    write_bytes(out / JOB, job_id.encode())
    return job_id


def _file(study: str, image: ImageRecord, folder: Path) -> Path:
    """Return the image's file, or a copy of the pixels as the study reads them."""
    own = study_dir(study).images / image.file
    is_plain = image.stack is None and own.stem == image.id
    return own if is_plain else pixels_file(study, image.id, folder)


def asked_to_sort(study: StudyRecord) -> str | None:
    """Return the newest order's job that was not sent away yet."""
    return unanswered(_folder(study_dir(study.name)))


def proposed_classes(study: StudyRecord) -> dict[str, ProposedClass]:
    """Return image -> what the model says, for images without a class; only classes of the task."""
    classes = study.task.classes if study.task is not None else ()
    open_ = {image.id for image in study.images if image.image_class is None}
    return {
        image_id: one
        for image_id, one in _answered(study).items()
        if image_id in open_ and one.name in classes
    }


def strange_classes(study: StudyRecord) -> list[str]:
    """Return what the model says that is no class of the study."""
    classes = study.task.classes if study.task is not None else ()
    return sorted({one.name for one in _answered(study).values()} - set(classes))


def accept_classes(
    study: str, proposed: Mapping[str, ProposedClass], image_ids: Sequence[str]
) -> None:
    """Give the images the classes that are proposed, noted as a model's."""
    for name in {proposed[each].name for each in image_ids}:
        same = [each for each in image_ids if proposed[each].name == name]
        workflow.set_image_classes(workspace(), study, same, name, source="model")


def send_presorting_away(study: StudyRecord) -> None:
    """Show what was proposed no more; the files stay."""
    job_id = asked_to_sort(study)
    if job_id is not None:
        (workflow.prediction(workspace(), job_id).out / SEEN).touch()


def _answered(study: StudyRecord) -> dict[str, ProposedClass]:
    """Return image -> what the model says, of all that were asked; empty until it is done."""
    job_id = asked_to_sort(study)
    if job_id is None or workflow.status(workspace(), job_id).state != "finished":
        return {}
    return _told(str(workspace().root), job_id)


# A finished job's table never changes.
@st.cache_data(show_spinner=False, max_entries=8)
def _told(root: str, job_id: str) -> dict[str, ProposedClass]:
    place = Workspace.at(root)
    names = json.loads((workflow.prediction(place, job_id).out / _NAMES).read_bytes())
    return {
        names[row["image"]]: ProposedClass(name=row["class"], probability=float(row["probability"]))
        for row in workflow.predicted_classes(place, job_id)
        if row["image"] in names
    }


def _folder(study: StudyDir) -> Path:
    return study.root / "predictions" / _FOLDER
