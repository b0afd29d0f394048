"""From labelled images to a recommendation, and from there to a training."""

import math

import streamlit as st

from app import wording
from app.services.place import study_dir, workspace
from app.services.studies import study
from core import workflow
from core.errors import StudyError
from core.paths import Workspace
from core.records import Budget, Recommendation, StudyRecord

# Of the free memory in one doubling: 9 % each, less than the sixth that is kept back of it.
_STEPS = 8
_NOTHING_GIB = 0.1
"""Into less no pipeline fits."""


@st.cache_data(show_spinner=False, ttl="3s")  # asked every second of a training; a card is slow
def free_memory_gib() -> float:
    """Return the memory a training would find now, the card's where there is one."""
    return workflow.machine_here().free_memory_gib


def fingerprint_is_fresh(name: str) -> bool:
    """Return whether the description of the images fits them as they are now."""
    workflow.make_split(workspace(), name)
    return workflow.is_described(workspace(), name)


def fingerprint_job(name: str) -> str | None:
    """Return the job that describes the labels of now, at work or failed; None: order one."""
    job = workflow.description_job(workspace(), name)
    return job.id if job is not None and job.state in ("queued", "running", "failed") else None


def start_fingerprint(name: str) -> str:
    """Order the description of the images."""
    return workflow.start_fingerprint(workspace(), name)


def recommend(name: str) -> Recommendation:
    """Return ranked pipelines for the wishes; kept until study, library or machine change."""
    record = study(name)
    workflow.collect(workspace())
    library = workspace().library
    changed = library.stat().st_mtime_ns if library.exists() else 0
    described = study_dir(name).fingerprint.stat().st_mtime_ns
    changes = (record.revision, described, changed, *_machine())
    return _recommend(str(workspace().root), name, *changes)


def _machine() -> tuple[int | str, ...]:
    """Return what of this computer the advice depends on; its free memory in steps."""
    here = workflow.machine_here()
    step = round(_STEPS * math.log2(max(here.free_memory_gib, _NOTHING_GIB)))
    return here.cores, here.device, step


@st.cache_data(show_spinner="Comparing with what the library knows …", max_entries=8)
def _recommend(root: str, name: str, *changes: int | str) -> Recommendation:
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
