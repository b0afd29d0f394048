"""A training goes on from a model with the images added since, and never past the test images."""

from dataclasses import replace
from pathlib import Path

import pytest

from core import workflow
from core.errors import JobError, LeakError, PlanError
from core.infer import bundle
from core.paths import JobDir, Workspace
from core.pipeline import catalogue
from core.progress import Progress
from core.records import Budget, Candidate, Kind, Plan, TaskSpec, write
from core.train import contender, images

NAME = "linknet-lite0-distance"
TASK = TaskSpec(kind=Kind.INSTANCE, classes=("disc",))


@pytest.fixture
def trained(workspace: Workspace, disc_files: Path) -> tuple[Plan, JobDir]:
    """Return the plan of a run whose model lies beside it, its weights as they began."""
    workflow.create_study(workspace, "discs")
    workflow.import_files(workspace, "discs", [disc_files])
    workflow.set_task(workspace, "discs", TASK)
    candidates = [Candidate(pipeline=catalogue.find(NAME))]
    plan = workflow.make_plan(workspace, "discs", candidates, Budget(seconds=60), seed=3)
    job_dir = workspace.study("discs").job("run-1")
    write(job_dir.plan, plan)
    learn = images.read(workspace.study("discs"), plan, plan.split.train)
    with Progress(job_dir) as progress:
        made = contender.ready(candidates[0], plan, learn, progress).trained
    record = bundle.BundleRecord(
        run="run-1",
        study="discs",
        task=TASK,
        pipeline=made.pipeline,
        fitted=made.fitted,
        learned_from=tuple(plan.image_hashes[i] for i in plan.split.train),
    )
    bundle.save_bundle(job_dir.bundle, made, record)
    return plan, job_dir


def test_it_begins_with_the_weights_of_the_model(
    workspace: Workspace, trained: tuple[Plan, JobDir]
) -> None:
    _, job_dir = trained
    plan = workflow.plan_from(workspace, "discs", "run-1", Budget(seconds=60), seed=4)
    learn = images.read(workspace.study("discs"), plan, plan.split.train)
    with Progress(workspace.study("discs").job("run-2")) as progress:
        found = contender.ready(plan.candidates[0], plan, learn, progress).trained
    theirs = bundle.load(job_dir.bundle).network.state_dict()
    ours = found.network.state_dict()
    assert all(bool((ours[name] == theirs[name]).all()) for name in theirs)


def test_a_model_that_learned_from_a_test_image_is_refused(
    workspace: Workspace, trained: tuple[Plan, JobDir]
) -> None:
    plan, job_dir = trained
    record = bundle.read_record(job_dir.bundle)
    leaking = replace(record, learned_from=(plan.image_hashes[plan.split.test[0]],))
    write(job_dir.bundle / "bundle.json", leaking)
    with pytest.raises(LeakError, match=plan.split.test[0]):
        workflow.plan_from(workspace, "discs", "run-1", Budget(seconds=60))


def test_a_model_that_answers_something_else_is_refused(
    workspace: Workspace, trained: tuple[Plan, JobDir]
) -> None:
    workflow.set_task(workspace, "discs", TaskSpec(kind=Kind.INSTANCE, classes=("ring",)))
    with pytest.raises(PlanError, match="asks something else"):
        workflow.plan_from(workspace, "discs", "run-1", Budget(seconds=60))


def test_a_run_without_a_model_is_refused(
    workspace: Workspace, trained: tuple[Plan, JobDir]
) -> None:
    (trained[1].bundle / "bundle.json").unlink()
    with pytest.raises(JobError, match="no trained model"):
        workflow.plan_from(workspace, "discs", "run-1", Budget(seconds=60))


def test_labelled_images_that_the_run_does_not_know_are_counted(
    workspace: Workspace, trained: tuple[Plan, JobDir]
) -> None:
    plan, job_dir = trained
    assert workflow.added_since(workspace, "run-1") == 0
    known = dict(list(plan.image_hashes.items())[:-2])
    fewer = replace(plan.split, test=(), validation=())
    write(job_dir.plan, replace(plan, image_hashes=known, split=fewer))
    assert workflow.added_since(workspace, "run-1") == 2
