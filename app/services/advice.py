"""From labelled images to a recommendation, and from there to a training."""

import streamlit as st

from app import wording
from app.services.place import study_dir, workspace
from app.services.studies import study
from core import workflow
from core.errors import StudyError
from core.paths import Workspace
from core.records import Budget, Recommendation, StudyRecord


def free_memory_gib() -> float:
    """Return the memory that is free at this moment."""
    import psutil

    return float(psutil.virtual_memory().available) / 2**30


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


def start_training(name: str, pipeline: str | None) -> str:
    """Order a training of the best candidates, or of one pipeline by name; return the run's id."""
    place, budget = workspace(), _budget(study(name))
    chosen = workflow.named(pipeline) if pipeline else workflow.candidates(recommend(name))
    return workflow.start_training(place, workflow.make_plan(place, name, chosen, budget))


def _budget(record: StudyRecord) -> Budget:
    if record.task is None:
        raise StudyError(f"study {record.name!r} has no task yet; say what is wanted first")
    return Budget(seconds=record.task.wishes.seconds, memory_gib=record.task.wishes.memory_gib)
