"""What a trained model proposes for one image: ordered as a job, found again through its files."""

import csv
import io
import time
from pathlib import Path

import numpy as np
import streamlit as st
import tifffile
from numpy.typing import NDArray

from app.services.place import study_dir, workspace
from core import workflow
from core.data import regions
from core.paths import StudyDir, Workspace
from core.records import ImageRecord, JobStatus, Kind, StudyRecord, write_bytes

_FOLDER = "proposals"
JOB = "job.txt"
"""Beside an answer: whose it is."""
_SEEN = "seen"
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
    # The pixels as the study reads them: the original may be a stack with several readings.
    pixels = workflow.image_values(workspace(), study.name, image.id)
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, ome=True, metadata={"axes": "CYX"}, photometric="minisblack")
    file = out / "images" / f"{image.id}.ome.tif"
    write_bytes(file, buffer.getvalue())
    job_id = workflow.start_prediction(workspace(), run_id, [file], out)
    write_bytes(out / JOB, job_id.encode())
    return job_id


def asked(study: StudyRecord, image: ImageRecord) -> str | None:
    """Return the newest job that was ordered for an image and not accepted or sent away yet."""
    orders = sorted(_folder(study_dir(study.name), image.id).glob(f"*/{JOB}"))
    if not orders or (orders[-1].parent / _SEEN).exists():
        return None
    return orders[-1].read_text(encoding="utf-8")


def proposal(
    study: StudyRecord, image: ImageRecord, job_id: str
) -> tuple[NDArray[np.int32], dict[int, str]] | None:
    """Return ids and the class of each, as the model proposes them; None: it found nothing.

    A class the study does not know becomes the study's first that is no background.
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
        found_yx = found_yx + 1
    else:
        names = _named(answer.objects)
        names = {i: names.get(i, task.classes[0]) for i in np.unique(found_yx).tolist() if i}
    known = study.task.classes if study.task is not None else task.classes
    background = study.task.background if study.task is not None else task.background
    first = next((name for name in known if name != background), known[0])
    return found_yx, {i: name if name in known else first for i, name in names.items()}


def send_away(job_id: str) -> None:
    """Show a proposal no more; its files stay."""
    (workflow.prediction(workspace(), job_id).out / _SEEN).touch()


def _folder(study: StudyDir, image_id: str) -> Path:
    return study.root / "predictions" / _FOLDER / image_id


def _named(table: Path) -> dict[int, str]:
    if not table.is_file():
        return {}
    with table.open(newline="", encoding="utf-8") as file:
        return {int(row["object"]): row["class"] for row in csv.DictReader(file)}
