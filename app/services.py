"""Doors to the engine: thin, and cached where something is read often."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from app import uploads, wording
from app.history import History
from core import workflow
from core.errors import AIxCellError, StudyError
from core.paths import StudyDir, Workspace
from core.records import (
    Budget,
    JobStatus,
    Kind,
    Recommendation,
    Report,
    RunResult,
    StudyRecord,
    TaskSpec,
)

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from core.data.imports import ImportReport
    from core.data.labels.model import Labels
    from core.library.store import Stats

_OPEN = ("queued", "running")
LEAST_LABELLED = 3
"""One image each to learn from, to check with and to score on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """A study in one glance."""

    name: str
    description: str
    simulated: bool
    images: int
    labelled: int
    wanted: str
    runs: int
    best: float | None
    """Best headline score on test images among its runs."""
    active: JobStatus | None
    """The training that runs or waits."""


def workspace() -> Workspace:
    """Return the workspace this dashboard works in (AIXCELL_WORKSPACE)."""
    return Workspace.at()


def study_dir(name: str) -> StudyDir:
    """Return a study's folder."""
    return workspace().study(name)


@st.cache_resource(show_spinner="Drawing the simulated sample study for your first visit …")
def _sample(root: str) -> bool:
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
    """Return the studies' names; read from the folder names alone."""
    return sorted(path.parent.name for path in workspace().studies.glob("*/study.json"))


def damaged_studies() -> list[str]:
    """Return a sentence for each study that cannot be read."""
    from core.data import study as data_study

    return list(data_study.damaged(workspace()).values())


def study(name: str) -> StudyRecord:
    """Return a study's record."""
    return workflow.load_study(workspace(), name)


def create_study(name: str, description: str) -> StudyRecord:
    """Make an empty study."""
    return workflow.create_study(workspace(), name, description=description)


def overviews() -> list[Overview]:
    """Return all studies in one glance each, those of the user first."""
    return sorted(
        (overview(each.name) for each in studies()), key=lambda each: (each.simulated, each.name)
    )


def overview(name: str) -> Overview:
    """Return one study in one glance."""
    record = study(name)
    trainings = runs(name)
    scores = [report.test.headline for run in trainings if (report := _report(run)) and report.test]
    return Overview(
        name=name,
        description=record.description,
        simulated=record.simulated,
        images=len(record.images),
        labelled=len(labelled(name)),
        wanted=wording.KIND_TITLES[record.task.kind].lower() if record.task else "no task yet",
        runs=len(trainings),
        best=max(scores, default=None),
        active=active_run(name),
    )


def next_step(name: str) -> str:
    """Return the page where the study goes on."""
    seen = overview(name)
    if seen.active is not None:
        return "training"
    if not seen.images or not seen.labelled:
        return "images"
    if study(name).task is None:
        return "task"
    return "results" if seen.best is not None else "recommendation"


# Images and labels


def labelled(name: str) -> list[str]:
    """Return the ids of the images that are annotated for the study's task."""
    return workflow.labelled_ids(workspace(), name)


def add_files(name: str, files: "Sequence[UploadedFile]") -> "ImportReport":
    """Import uploads; what cannot be used is named in the report."""
    with uploads.received(files, workspace().root / "uploads") as found:
        return workflow.import_files(workspace(), name, found.paths, table=found.table)


def add_folder(name: str, folder: Path) -> "ImportReport":
    """Import a folder (or file) of this computer; StudyError where there is none."""
    if not folder.exists():
        raise StudyError(f"there is no folder {folder} on this computer; check the path")
    return workflow.import_files(workspace(), name, [folder])


def findings(name: str) -> list[str]:
    """Return what a user should know of images and labels before training."""
    return _findings(str(workspace().root), name, study(name).revision, len(labelled(name)))


@st.cache_data(show_spinner=False, max_entries=16)
def _findings(root: str, name: str, *changes: int) -> list[str]:
    return [each.message for each in workflow.inspect(Workspace.at(root), name)]


def label_version(name: str, image_id: str) -> str | None:
    """Return the version of an image's labels that counts."""
    from core.data.labels import store

    return store.head(study_dir(name), image_id)


def load_labels(name: str, image_id: str) -> "tuple[Labels | None, str | None]":
    """Return an image's labels and their version."""
    return workflow.load_labels(workspace(), name, image_id)


def save_labels(name: str, image_id: str, labels: "Labels", *, parent: str | None) -> str:
    """Keep labels as a new version."""
    return workflow.save_labels(workspace(), name, image_id, labels, parent=parent)


def set_image_class(name: str, image_id: str, image_class: str | None) -> None:
    """Say which class a whole image has."""
    workflow.set_image_class(workspace(), name, image_id, image_class)


# Task and advice


def suggest_task(name: str) -> TaskSpec | None:
    """Return the task the labels suggest; None where they tell nothing."""
    return workflow.suggest_task(workspace(), name)


def set_task(name: str, task: TaskSpec) -> None:
    """Say what is wanted."""
    workflow.set_task(workspace(), name, task)


def free_memory_gib() -> float:
    """Return the memory that is free at this moment."""
    import psutil

    return float(psutil.virtual_memory().available) / 2**30


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


def fingerprint_is_fresh(name: str) -> bool:
    """Return whether the description of the images fits them as they are now."""
    workflow.make_split(workspace(), name)
    return workflow.is_described(workspace(), name)


def fingerprint_job(name: str) -> str | None:
    """Return the description job that is at work, or that just failed; None: order one."""
    jobs = workflow.listing(workspace(), name, "fingerprint")
    return jobs[0].id if jobs and jobs[0].state not in ("finished", "cancelled") else None


def start_fingerprint(name: str) -> str:
    """Order the description of the images."""
    return workflow.start_fingerprint(workspace(), name)


def recommend(name: str) -> Recommendation:
    """Return ranked pipelines for the study's wishes; kept until study or library change."""
    record = study(name)
    workflow.collect(workspace())
    library = workspace().library
    changed = library.stat().st_mtime_ns if library.exists() else 0
    described = study_dir(name).fingerprint.stat().st_mtime_ns
    return _recommend(str(workspace().root), name, record.revision, described, changed)


@st.cache_data(show_spinner="Comparing with what the library knows …", max_entries=8)
def _recommend(root: str, name: str, *changes: int) -> Recommendation:
    place = Workspace.at(root)
    return workflow.recommend(place, name, _budget(workflow.load_study(place, name)))


def _budget(record: StudyRecord) -> Budget:
    if record.task is None:
        raise StudyError(f"study {record.name!r} has no task yet; say what is wanted first")
    return Budget(seconds=record.task.wishes.seconds, memory_gib=record.task.wishes.memory_gib)


def split_sentence(name: str) -> str:
    """Return who learns and who judges, in one sentence."""
    split = study(name).split
    if split is None:
        return ""
    return (
        f"{wording.plural(len(split.train), 'image')} to learn from, {len(split.validation)} to "
        f"check with, {len(split.test)} kept aside for the final score"
        + (", groups kept together." if split.by_group else ".")
    )


# Runs


def start_training(name: str, pipeline: str | None) -> str:
    """Order a training of the best candidates, or of one pipeline by name; return the run's id."""
    place, budget = workspace(), _budget(study(name))
    chosen = workflow.named(pipeline) if pipeline else workflow.candidates(recommend(name))
    return workflow.start_training(place, workflow.make_plan(place, name, chosen, budget))


def runs(name: str | None = None) -> list[JobStatus]:
    """Return the trainings of a study or of all, newest first."""
    return workflow.listing(workspace(), name, "train")


def active_run(name: str) -> JobStatus | None:
    """Return the study's training that runs or waits."""
    return next((each for each in runs(name) if each.state in _OPEN), None)


def status(job_id: str) -> JobStatus:
    """Return how a job stands."""
    return workflow.status(workspace(), job_id)


@st.cache_resource(max_entries=16)
def _history(root: str, job_id: str) -> History:
    return History()


def history(job_id: str) -> History:
    """Return a run's curves and events; only what is new is read from disk."""
    known = _history(str(workspace().root), job_id)
    known.add(*workflow.events(workspace(), job_id, known.offset))
    return known


def is_stopping(job_id: str) -> bool:
    """Return whether the job has been asked to stop."""
    return workspace().find_job(job_id)[1].stop.exists()


def cancel(job_id: str) -> None:
    """Ask a job to stop and see to it."""
    workflow.cancel(workspace(), job_id)


def resume(job_id: str) -> None:
    """Go on with a job that was stopped, failed or got lost."""
    workflow.resume(workspace(), job_id)


def result(run_id: str) -> RunResult | None:
    """Return what a training reached."""
    return workflow.result(workspace(), run_id)


def report(run_id: str) -> Report | None:
    """Return the scores on images the model never saw."""
    return workflow.report(workspace(), run_id)


def _report(run: JobStatus) -> Report | None:
    with contextlib.suppress(AIxCellError):  # an overview does without a damaged report
        return report(run.id) if run.state == "finished" else None
    return None


def plan_task(run_id: str) -> TaskSpec:
    """Return the task a run was trained for; the study's may have changed since."""
    return workflow.plan_of(workspace(), run_id).task


def last_prediction(name: str, run_id: str) -> str | None:
    """Return the newest prediction made with a run's model."""
    place = workspace()
    jobs = workflow.listing(place, name, "predict")
    return next(
        (each.id for each in jobs if workflow.prediction(place, each.id).run == run_id), None
    )


def refused(job_id: str) -> list[str]:
    """Return a sentence for each new image that could not be used."""
    events, _ = workflow.events(workspace(), job_id)
    return [str(each.values["message"]) for each in events if each.name == "refused"]


def library_stats() -> "Stats":
    """Return what the library holds, finished runs of this workspace among it."""
    workflow.collect(workspace())
    return workflow.library_stats(workspace())


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryRow:
    """A training the library knows, as the page shows it."""

    data_set: str
    title: str
    pipeline: str
    kind: Kind
    state: str
    score: float | None
    """On validation images; None: it did not finish."""
    seconds: float
    samples: int
    hardware: str
    made: str
    own: bool
    """Whether it is this workspace's or was imported; the others came with the program."""


def library_rows() -> list[LibraryRow]:
    """Return every training the library knows."""
    from core.library.store import Library

    library = Library(workspace())
    known = library.snapshot()
    titles = {card.id: card.title for card in known.cards}
    own = {row.run for row in library.collected().rows}
    return [
        LibraryRow(
            data_set=row.data_set,
            title=titles.get(row.data_set) or row.data_set.replace("_", " "),
            pipeline=row.pipeline,
            kind=row.kind,
            state=row.state,
            score=row.validation,
            seconds=row.seconds,
            samples=row.samples,
            hardware=row.hardware,
            made=row.made,
            own=row.run in own,
        )
        for row in known.rows
    ]
