"""A run ends with a bundle and a report, keeps its best weights when stopped, and tells a cause."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch

from core import workflow
from core.data.labels import store
from core.data.labels.model import MAIN, Labels
from core.errors import LeakError, RunError
from core.infer import bundle, predict
from core.paths import JobDir, StudyDir, Workspace
from core.pipeline import catalogue
from core.progress import Progress, Stopped, events
from core.records import (
    Budget,
    Candidate,
    Kind,
    Plan,
    Report,
    RunResult,
    Split,
    TaskSpec,
    read,
)
from core.train import contender, run, watch
from core.train.learner import Learner

DISC = TaskSpec(kind=Kind.INSTANCE, classes=("disc",))
RACED = ("linknet-lite0-distance", "unet-lite0-boundary")
BUDGET_S = 300.0
"""Enough on a busy machine; the runs are ended sooner."""
EndsWhen = Callable[[JobDir, Callable[[Learner], bool]], None]


@pytest.fixture
def planned(workspace: Workspace, disc_files: Path) -> tuple[StudyDir, Plan, JobDir]:
    """Return a study of discs with a plan for it."""
    workflow.create_study(workspace, "discs")
    workflow.import_files(workspace, "discs", [disc_files])
    workflow.set_task(workspace, "discs", DISC)
    plan = workflow.make_plan(
        workspace,
        "discs",
        (Candidate(pipeline=catalogue.find("linknet-lite0-distance")),),
        Budget(seconds=BUDGET_S),
        baselines=False,
    )
    study_dir = workspace.study("discs")
    return study_dir, plan, study_dir.job("run-1")


@pytest.fixture
def racing(
    planned: tuple[StudyDir, Plan, JobDir], short_probes: None
) -> tuple[StudyDir, Plan, JobDir]:
    """Return the same with two candidates that race."""
    study_dir, plan, job_dir = planned
    several = tuple(Candidate(pipeline=catalogue.find(name)) for name in RACED)
    return study_dir, replace(plan, candidates=several), job_dir


def execute(planned: tuple[StudyDir, Plan, JobDir]) -> RunResult:
    study_dir, plan, job_dir = planned
    with Progress(job_dir) as progress:
        return run.execute(study_dir, plan, job_dir, progress, time.time() + plan.budget.seconds)


def test_a_run_leaves_bundle_report_and_predictions(
    planned: tuple[StudyDir, Plan, JobDir], disc_files: Path, ends_when: EndsWhen
) -> None:
    _, plan, job_dir = planned
    ends_when(job_dir, lambda learner: learner.steps == 20)
    result = execute(planned)
    assert result.steps > 0
    assert result.samples == result.steps * result.pipeline.training.batch
    assert read(job_dir.result, RunResult) == result
    report = read(job_dir.report / "report.json", Report)
    assert report.test is not None
    assert report.test.images == len(plan.split.test)
    predicted = sorted((job_dir.report / "predictions" / "labels").iterdir())
    assert [path.stem for path in predicted] == sorted(plan.split.test)
    learned = {plan.image_hashes[i] for i in (*plan.split.train, *plan.split.validation)}
    assert set(bundle.read_record(job_dir.bundle).learned_from) == learned
    # What was scored is what the bundle answers: train and apply go through the same code.
    trained = bundle.load(job_dir.bundle)
    image = tifffile.imread(disc_files / "images" / f"{plan.split.test[0]}.tif")[None]
    again = predict.answer(trained, image).labels_yx
    assert np.array_equal(again, tifffile.imread(predicted[0]))


def test_a_run_without_a_test_image_that_can_be_scored_is_judged_by_its_check_images(
    planned: tuple[StudyDir, Plan, JobDir], ends_when: EndsWhen
) -> None:
    """Objects deleted, saved as "not all is marked": it failed after all the learning."""
    study_dir, plan, job_dir = planned
    empty = np.zeros((96, 96), np.int32)
    nothing = Labels(layers={MAIN: empty}, annotated_yx=np.zeros(empty.shape, bool))
    versions = {
        name: store.save(study_dir, name, nothing, author="a", parent=plan.label_versions[name])
        for name in plan.split.test
    }
    plan = replace(plan, label_versions=plan.label_versions | versions)
    ends_when(job_dir, lambda learner: learner.steps == 3)
    result = execute((study_dir, plan, job_dir))
    assert result.seconds_per_megapixel == 0.0
    report = read(job_dir.report / "report.json", Report)
    assert report.test is None
    assert "from validation" in report.notes[0]
    told = messages(job_dir)
    assert all(name in told[0] for name in plan.split.test)


def messages(job_dir: JobDir) -> list[str]:
    return [
        str(one.values["message"]) for one in events(job_dir.events)[0] if one.name == "message"
    ]


def test_that_a_run_will_end_after_its_time_is_told_before_it_learns(
    planned: tuple[StudyDir, Plan, JobDir], monkeypatch: pytest.MonkeyPatch
) -> None:
    job_dir = planned[2]
    look = contender.timed_look
    monkeypatch.setattr(contender, "timed_look", lambda *given: (look(*given)[0], 100.0))
    stop_when(monkeypatch, job_dir, lambda learner: learner.steps == 1)
    with pytest.raises(Stopped):
        execute(planned)
    assert "after its time" in messages(job_dir)[0]


def test_a_run_is_imported_where_the_system_tells_no_resources() -> None:
    """Windows has no such module: every training failed there as it began."""
    # On Linux psutil needs it.
    code = "import psutil, sys; sys.modules['resource'] = None; import core.train.run"
    root = Path(run.__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)


def after_the_race(job_dir: JobDir) -> Callable[[Learner], bool]:
    """Return what says when the winner has learned on."""
    return lambda _: any(one.name == "race" for one in events(job_dir.events)[0])


def test_the_best_of_a_race_goes_on_and_all_standings_are_kept(
    racing: tuple[StudyDir, Plan, JobDir], ends_when: EndsWhen
) -> None:
    job_dir = racing[2]
    ends_when(job_dir, after_the_race(job_dir))
    result = execute(racing)
    assert [one.pipeline for one in result.race] == list(RACED)
    best = max(result.race, key=lambda one: one.score)
    assert result.pipeline.name == best.pipeline
    # What was learned in the race is not lost.
    assert result.steps > best.steps > 0
    assert bundle.read_record(job_dir.bundle).pipeline == result.pipeline


def stop_when(
    monkeypatch: pytest.MonkeyPatch, job_dir: JobDir, due: Callable[[Learner], bool]
) -> None:
    """Let somebody cancel the run just before a step of which `due` says so."""
    step = Learner.step

    def stopping(learner: Learner, rate: float) -> torch.Tensor:
        if due(learner):
            job_dir.stop.touch()
        return step(learner, rate)

    monkeypatch.setattr(Learner, "step", stopping)


def test_a_stopped_run_keeps_its_weights(
    planned: tuple[StudyDir, Plan, JobDir], monkeypatch: pytest.MonkeyPatch
) -> None:
    job_dir = planned[2]
    stop_when(monkeypatch, job_dir, lambda learner: learner.steps == 3)
    with pytest.raises(Stopped):
        execute(planned)
    assert bundle.load(job_dir.bundle).task == DISC


def test_stopped_before_anything_was_learned_there_is_no_model(
    planned: tuple[StudyDir, Plan, JobDir],
) -> None:
    job_dir = planned[2]
    job_dir.root.mkdir(parents=True)
    job_dir.stop.touch()
    with pytest.raises(Stopped):
        execute(planned)
    assert not job_dir.bundle.exists()


def test_stopped_in_the_race_the_best_so_far_is_kept(
    racing: tuple[StudyDir, Plan, JobDir], monkeypatch: pytest.MonkeyPatch
) -> None:
    job_dir = racing[2]
    stop_when(monkeypatch, job_dir, lambda learner: learner.trained.pipeline.name == RACED[1])
    with pytest.raises(Stopped):
        execute(racing)
    assert bundle.read_record(job_dir.bundle).pipeline.name == RACED[0]


def test_one_that_does_not_settle_does_not_end_the_race(
    racing: tuple[StudyDir, Plan, JobDir], monkeypatch: pytest.MonkeyPatch, ends_when: EndsWhen
) -> None:
    job_dir = racing[2]
    ends_when(job_dir, after_the_race(job_dir))
    step = Learner.step

    def broken(learner: Learner, rate: float) -> torch.Tensor:
        loss = step(learner, rate)
        return loss * float("nan") if learner.trained.pipeline.name == RACED[0] else loss

    monkeypatch.setattr(Learner, "step", broken)
    result = execute(racing)
    assert result.pipeline.name == RACED[1]
    told = events(job_dir.events)[0]
    assert [one.values["pipeline"] for one in told if one.name == "left_out"] == [RACED[0]]


def test_a_loss_that_is_no_number_is_told_with_its_cause(
    planned: tuple[StudyDir, Plan, JobDir], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(logits: torch.Tensor, *_: object) -> torch.Tensor:
        return logits.sum() * float("nan")

    monkeypatch.setattr(watch, "EVENT_EVERY_S", 0.0)
    monkeypatch.setattr("core.pipeline.heads.distance.losses.foreground", lambda *a: broken(a[1]))
    with pytest.raises(RunError, match="diverged") as raised:
        execute(planned)
    assert raised.value.cause == "diverged"


def test_a_plan_whose_test_image_is_learned_from_is_refused(
    planned: tuple[StudyDir, Plan, JobDir],
) -> None:
    plan = planned[1]
    same = plan.image_hashes | {plan.split.test[0]: plan.image_hashes[plan.split.train[0]]}
    with pytest.raises(LeakError, match=plan.split.test[0]):
        Plan(
            study=plan.study,
            task=plan.task,
            candidates=plan.candidates,
            budget=plan.budget,
            split=Split(
                train=plan.split.train,
                validation=plan.split.validation,
                test=plan.split.test,
                seed=0,
                by_group=False,
            ),
            seed=0,
            image_hashes=same,
            label_versions=plan.label_versions,
        )
