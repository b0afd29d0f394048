"""Going on from a trained model, with the images and labels added since."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import JobError, LeakError, PlanError
from core.paths import Workspace
from core.records import Budget, Candidate, Pipeline, Plan, Postprocess, TaskSpec, read
from core.workflow.advice import make_plan
from core.workflow.runs import plan_of
from core.workflow.studies import labelled_ids

RECORD = "bundle.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What a model's record tells that matters here; read without loading the model."""

    task: TaskSpec
    pipeline: Pipeline
    learned_from: tuple[str, ...] = ()
    """SHA-256 of the images it learned from."""


def plan_from(
    workspace: Workspace, study: str, start: str, budget: Budget, *, seed: int = 0
) -> Plan:
    """Return the plan of a training that goes on from a run's model (its id), or a model's folder.

    Raises PlanError where the model answers something else than the study asks, LeakError where it
    has learned from an image that would be a test image now.
    """
    folder = _folder(workspace, start)
    known = read(folder / RECORD, Start)
    pipeline = replace(known.pipeline, postprocess=Postprocess())
    plan = make_plan(workspace, study, [Candidate(pipeline=pipeline)], budget, seed=seed)
    if (known.task.kind, known.task.classes) != (plan.task.kind, plan.task.classes):
        raise PlanError(
            f"the model in {folder} answers {known.task.kind} ({', '.join(known.task.classes)}), "
            f"and study {study!r} asks something else; train it from the start"
        )
    refuse_leak(plan, known.learned_from, str(folder))
    return replace(plan, start_from=str(folder))


def refuse_leak(plan: Plan, learned_from: Sequence[str], model: str) -> None:
    """Raise LeakError where a model has learned from what would be a test image of the plan.

    A file that was one image may give several by now, or the other way round.
    """
    learned = set(learned_from)
    files = {content.split("#")[0] for content in learned}
    for image_id in plan.split.test:
        content = plan.image_hashes[image_id]
        file, is_part = content.split("#")[0], "#" in content
        if content in learned or (file in learned if is_part else content in files):
            raise LeakError(
                f"the model in {model} has learned from {image_id!r}, which is a test image of "
                f"study {plan.study!r}; train it from the start"
            )


def added_since(workspace: Workspace, run: str) -> int:
    """Return how many images with labels a run's study has that the run's plan does not know."""
    plan = plan_of(workspace, run)
    return len(set(labelled_ids(workspace, plan.study)) - set(plan.image_hashes))


def _folder(workspace: Workspace, start: str) -> Path:
    given = Path(start).expanduser()
    folder = given.resolve() if given.is_dir() else workspace.find_job(start)[1].bundle
    if not (folder / RECORD).is_file():
        raise JobError(f"{start} has no trained model to go on from; choose a finished run")
    return folder
