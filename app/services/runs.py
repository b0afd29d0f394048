"""Trainings and predictions: how they stand, what came out, stop and resume."""

import contextlib
import threading
from pathlib import Path

import streamlit as st

from app.history import History
from app.services.place import workspace
from app.services.proposals import JOB
from core import workflow
from core.errors import JobError
from core.paths import Workspace
from core.records import JobStatus, Report, RunResult, TaskSpec

_OPEN = ("queued", "running")
_reading = threading.Lock()
"""Two tabs on one run must not take in the same events twice."""


def runs(name: str | None = None) -> list[JobStatus]:
    """Return the trainings of a study or of all, newest first."""
    return workflow.listing(workspace(), name, "train")


def damaged_jobs() -> list[str]:
    """Return a sentence for each job that cannot be read."""
    return workflow.damaged_jobs(workspace())


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
    with _reading:
        known = _history(str(workspace().root), job_id)
        known.add(*workflow.events(workspace(), job_id, known.offset))
    return known


def is_stopping(job_id: str) -> bool:
    """Return whether the job has been asked to stop."""
    return workspace().find_job(job_id)[1].stop.exists()


def cancel(job_id: str) -> None:
    """Ask a job to stop and see to it; the page does not wait for the last step."""
    place = workspace()
    place.find_job(job_id)[1].stop.touch()
    threading.Thread(target=_see_to_it, args=(place, job_id), daemon=True).start()


def _see_to_it(place: Workspace, job_id: str) -> None:
    with contextlib.suppress(JobError):  # it ended by itself meanwhile
        workflow.cancel(place, job_id)


def finish_early(run_id: str) -> None:
    """Ask a training to learn no more, and to score the best state so far."""
    workflow.finish_early(workspace(), run_id)


def is_finishing(run_id: str) -> bool:
    """Return whether a training has been asked to end its learning."""
    return workspace().find_job(run_id)[1].enough.exists()


def has_checkpoint(run_id: str) -> bool:
    """Return whether there is something learned that could be scored."""
    return any(workspace().find_job(run_id)[1].checkpoint.glob("*.safetensors"))


def resume(job_id: str, *, report: bool = False) -> None:
    """Go on with a job that was stopped, failed or got lost; with `report` only to score it."""
    workflow.resume(workspace(), job_id, report=report)


def result(run_id: str) -> RunResult | None:
    """Return what a training reached."""
    return workflow.result(workspace(), run_id)


def report(run_id: str) -> Report | None:
    """Return how good the model is: on images it never saw, where some were kept aside."""
    return workflow.report(workspace(), run_id)


def previews(run_id: str) -> dict[str, list[tuple[int, Path]]]:
    """Return check image -> (step, picture) of each look while the training learned."""
    return workflow.previews(workspace(), run_id)


def added_since(run_id: str) -> int:
    """Return how many labelled images there are that the training does not know."""
    return workflow.added_since(workspace(), run_id)


def continue_from(run_id: str) -> str:
    """Order a training that goes on from a run's model with all images there are now."""
    place = workspace()
    known = workflow.plan_of(place, run_id)
    plan = workflow.plan_from(place, known.study, run_id, known.budget, seed=known.seed)
    return workflow.start_training(place, plan)


def plan_task(run_id: str) -> TaskSpec:
    """Return the task a run was trained for; the study's may have changed since."""
    return workflow.plan_of(workspace(), run_id).task


def last_prediction(name: str, run_id: str) -> str | None:
    """Return the newest prediction made with a run's model."""
    place = workspace()
    for each in workflow.listing(place, name, "predict"):
        answer = workflow.prediction(place, each.id)
        # What was asked for while annotating is no answer of its own.
        if answer.run == run_id and not (answer.out / JOB).exists():
            return each.id
    return None


def refused(job_id: str) -> list[str]:
    """Return a sentence for each new image that could not be used, or only a plane of it."""
    events, _ = workflow.events(workspace(), job_id)
    return [str(each.values["message"]) for each in events if each.name in ("refused", "told")]
