"""What a trained model proposes for one image: ordered as a job, found again through its files."""

import csv
import io
import json
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st
import tifffile
from numpy.typing import NDArray

from app.services.place import study_dir, workspace
from core import workflow
from core.data import regions
from core.paths import StudyDir, Workspace
from core.records import ImageRecord, JobStatus, Kind, StudyRecord, TaskSpec, write_bytes

_FOLDER = "proposals"
JOB = "job.txt"
"""Beside an answer: whose it is."""
_REJECTED = "rejected.json"
SEEN = "seen"
"""Beside an answer that was accepted or sent away."""


def models_for(study: StudyRecord) -> list[JobStatus]:
    """Return the finished trainings of the workspace for the study's kind of task, newest first."""
    kind = study.task.kind if study.task is not None else Kind.INSTANCE
    return _models(str(workspace().root), kind)


# Asked at every stroke; a training that ends is offered a few seconds later.
@st.cache_data(show_spinner=False, max_entries=8, ttl="5s")
def _models(root: str, kind: Kind) -> list[JobStatus]:
    place = Workspace.at(root)
    return [
        run
        for run in workflow.listing(place, None, "train")
        if run.state == "finished"
        and place.study(run.study).job(run.id).bundle.is_dir()
        and workflow.plan_of(place, run.id).task.kind is kind
    ]


def ask_model(study: StudyRecord, image: ImageRecord, run_id: str) -> str:
    """Order a model's answer for an image and return the job's id."""
    out = _folder(study_dir(study.name), image.id) / f"{time.strftime('%Y%m%d-%H%M%S')}-{run_id}"
    file = pixels_file(study.name, image.id, out / "images")
    job_id = workflow.start_prediction(workspace(), run_id, [file], out)
    write_bytes(out / JOB, job_id.encode())
    return job_id


def pixels_file(study: str, image_id: str, folder: Path) -> Path:
    """Write an image as the study reads it: the original may be a stack with several readings."""
    pixels = workflow.image_values(workspace(), study, image_id)
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, ome=True, metadata={"axes": "CYX"}, photometric="minisblack")
    file = folder / f"{image_id}.ome.tif"
    write_bytes(file, buffer.getvalue())
    return file


def asked(study: StudyRecord, image: ImageRecord) -> str | None:
    """Return the newest job that was ordered for an image and not accepted or sent away yet."""
    return unanswered(_folder(study_dir(study.name), image.id))


def unanswered(folder: Path) -> str | None:
    """Return the newest job ordered in a folder; None: there is none, or it was answered."""
    orders = sorted(folder.glob(f"*/{JOB}"))
    if not orders or (orders[-1].parent / SEEN).exists():
        return None
    return orders[-1].read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Proposal:
    """What a model proposes for an image."""

    ids_yx: NDArray[np.int32]
    """Objects, or regions of a class; 0 = nothing."""
    classes: dict[int, str | None]
    """Id -> class; None: the study has none of the model's name."""
    note: str = ""
    """What became of classes the study does not know, in a sentence; empty: it knows all."""


def proposal(study: StudyRecord, image: ImageRecord, job_id: str) -> Proposal | None:
    """Return what the model proposes; None: it left no answer for the image.

    A class the study does not know stays away from objects and takes regions with it; where the
    study has one class alone, an object is of that.
    """
    answer = workflow.prediction(workspace(), job_id)
    files = sorted(answer.labels.glob("*.tif"))
    if not files:
        return None
    found_yx = np.asarray(tifffile.imread(files[0]), dtype=np.int32)
    region = regions.of(image)
    if region is not None:
        found_yx = np.ascontiguousarray(found_yx[region.place])
    task = workflow.plan_of(workspace(), answer.run).task
    if task.kind is Kind.SEMANTIC:
        # The background needs no proposal.
        names = {n: name for n, name in enumerate(task.classes, 1) if name != task.background}
        regions_yx = (found_yx + 1).astype(np.int32)
        return _regions(regions_yx, names, study.task or task)
    only = task.classes[0] if len(task.classes) == 1 else None
    told = _named(answer.objects)
    ids = [each for each in np.unique(found_yx).tolist() if each]
    return _objects(found_yx, {each: told.get(each, only) for each in ids}, study.task or task)


def _objects(
    ids_yx: NDArray[np.int32], names: Mapping[int, str | None], task: TaskSpec
) -> Proposal:
    strange = _strange(names.values(), task)
    only = task.counted[0] if len(task.counted) == 1 else None
    note = ""
    if strange and only is not None:
        note = f"The model says {strange}; here they become {only}, the one class of this study."
    elif strange:
        note = (
            f"This study has no class {strange}, which the model was trained for: such objects "
            "come without a class. Choose one for them, or add the class on the task page."
        )
    classes = {each: name if name in task.classes else only for each, name in names.items()}
    return Proposal(ids_yx=ids_yx, classes=classes, note=note)


def _regions(ids_yx: NDArray[np.int32], names: Mapping[int, str], task: TaskSpec) -> Proposal:
    strange = _strange(names.values(), task)
    known = {each: name for each, name in names.items() if name in task.counted}
    return Proposal(
        ids_yx=np.where(np.isin(ids_yx, list(known)), ids_yx, 0).astype(np.int32),
        classes=dict(known),
        note=f"This study has no class {strange}; what the model found of it is left out."
        if strange
        else "",
    )


def _strange(names: Iterable[str | None], task: TaskSpec) -> str:
    """Return the names the task does not know, in words; empty: it knows all."""
    found = {name for name in names if name is not None and name not in task.classes}
    return " or ".join(sorted(found))


def rejected(job_id: str) -> set[int]:
    """Return the ids of a proposal that were sent away one by one."""
    path = workflow.prediction(workspace(), job_id).out / _REJECTED
    return set(json.loads(path.read_bytes())) if path.is_file() else set()


def keep_rejected(job_id: str, ids: Collection[int]) -> None:
    """Remember these over a reload of the page."""
    out = workflow.prediction(workspace(), job_id).out
    write_bytes(out / _REJECTED, json.dumps(sorted(ids)).encode())


def send_away(job_id: str) -> None:
    """Show a proposal no more; its files stay."""
    (workflow.prediction(workspace(), job_id).out / SEEN).touch()


def _folder(study: StudyDir, image_id: str) -> Path:
    return study.root / "predictions" / _FOLDER / image_id


def _named(table: Path) -> dict[int, str]:
    if not table.is_file():
        return {}
    with table.open(newline="", encoding="utf-8") as file:
        return {int(row["object"]): row["class"] for row in csv.DictReader(file)}
