"""Memory that does not suffice, learning that comes to nothing: what is done, and told."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from core import workflow
from core.errors import RunError
from core.infer import bundle
from core.paths import JobDir, StudyDir, Workspace
from core.pipeline import catalogue, devices
from core.pipeline.answers import Answer
from core.progress import Progress, events
from core.records import Budget, Candidate, Kind, Plan, RunResult, TaskSpec
from core.train import contender, entrants, images, judge, ladder, loop, race, run, watch
from core.train.contender import Contender
from core.train.fitting import Fitting
from core.train.learner import Learner
from core.train.pool import Prepared, prepare

NAME = "linknet-lite0-distance"
BUDGET_S = 300.0
"""Enough on a busy machine; the runs end sooner."""

CARD = torch.device("cpu", 0)
"""Stands for a card: by its name it is not the processor, and everything runs there."""

Planned = tuple[StudyDir, Plan, JobDir]
EndsWhen = Callable[[JobDir, Callable[[Learner], bool]], None]


@pytest.fixture
def planned(workspace: Workspace, disc_files: Path) -> Planned:
    """Return a study of discs with a plan of one candidate."""
    workflow.create_study(workspace, "discs")
    workflow.import_files(workspace, "discs", [disc_files])
    workflow.set_task(workspace, "discs", TaskSpec(kind=Kind.INSTANCE, classes=("disc",)))
    candidates = (Candidate(pipeline=catalogue.find(NAME)),)
    budget = Budget(seconds=BUDGET_S)
    plan = workflow.make_plan(workspace, "discs", candidates, budget, baselines=False)
    study_dir = workspace.study("discs")
    return study_dir, plan, study_dir.job("run-1")


@pytest.fixture
def learner(planned: Planned) -> Iterator[Learner]:
    """Return the candidate's learner; its tiles are as large as the images of 96 px."""
    study_dir, plan, job_dir = planned
    learn = images.read(study_dir, plan, plan.split.train)
    with Progress(job_dir) as progress:
        yield contender.ready(plan.candidates[0], plan, learn, progress).learner


def execute(planned: Planned) -> RunResult:
    study_dir, plan, job_dir = planned
    with Progress(job_dir) as progress:
        return run.execute(study_dir, plan, job_dir, progress, time.time() + BUDGET_S)


def told(job_dir: JobDir, name: str) -> list[str]:
    return [str(one.values["message"]) for one in events(job_dir.events)[0] if one.name == name]


def once_calmed(job_dir: JobDir) -> Callable[[Learner], bool]:
    """Return what says when the second try has come a few steps far."""
    return lambda learner: learner.steps >= 6 and bool(told(job_dir, "calmed"))


def greedy(call: Callable[[Learner, int], torch.Tensor], most: int) -> Callable[..., torch.Tensor]:
    """Return how a learner learns on a machine that holds `most` pixels of tiles at once."""

    def learn_from(learner: Learner, count: int) -> torch.Tensor:
        if count * int(np.prod(learner.pool.shape_yx)) > most:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 4 GiB")
        return call(learner, count)

    return learn_from


def test_memory_leads_down_a_ladder_and_each_step_is_told(
    planned: Planned, monkeypatch: pytest.MonkeyPatch, ends_when: EndsWhen
) -> None:
    """Four tiles of 96 px do not fit, two do."""
    ends_when(planned[2], lambda learner: learner.steps == 6)
    monkeypatch.setattr(Learner, "_learn_from", greedy(Learner._learn_from, 2 * 96 * 96))
    result = execute(planned)
    assert result.pipeline.training.passes == 2
    assert result.samples == result.steps * result.pipeline.training.batch
    assert bundle.read_record(planned[2].bundle).pipeline.training.passes == 2
    (only,) = told(planned[2], "lightened")
    assert "memory did not suffice" in only
    assert "2 parts" in only


def test_smaller_tiles_come_after_smaller_parts(learner: Learner) -> None:
    learner.pool.shape_yx = (512, 512)
    changes = []
    while (change := learner.lighten()) is not None:
        changes.append(change)
    assert ["parts" in one for one in changes] == [True, False, False]
    assert learner.pool.shape_yx == (128, 128)
    assert learner.trained.pipeline.preprocess.tile_px == 128
    assert learner.step(1.0).isfinite()


def test_at_the_foot_of_the_ladder_the_error_is_raised(
    learner: Learner, planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Learner, "_learn_from", greedy(Learner._learn_from, 0))
    with Progress(planned[2]) as progress, pytest.raises(RuntimeError, match="allocate"):
        ladder.step(learner, 1.0, progress)


@pytest.mark.parametrize(
    "words",
    [
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
    ],
)
def test_want_of_memory_is_known_in_the_words_of_a_cards_libraries(words: str) -> None:
    """It passed for a mistake of the program, and ended the run."""
    assert devices.is_out_of_memory(RuntimeError(words))
    assert not devices.is_out_of_memory(RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"))


def test_training_images_that_a_card_does_not_take_stay_in_the_machines_memory(
    planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every candidate was left out: five pictures of 80 megapixels fill a card of 8 GB."""
    study_dir, plan, job_dir = planned
    learn = images.read(study_dir, plan, plan.split.train)
    asked: list[torch.device] = []

    def full(*given: Any) -> Prepared:
        asked.append(given[-1].device)
        if asked == [CARD, CARD]:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return prepare(*given)

    monkeypatch.setattr(devices, "choose", lambda: CARD)
    monkeypatch.setattr(contender, "prepare", full)
    with Progress(job_dir) as progress:
        found = contender.ready(plan.candidates[0], plan, learn, progress).learner
    assert asked[2:] == [devices.PROCESSOR] * len(learn.samples)
    assert found.step(1.0).isfinite()
    (only,) = told(job_dir, "lightened")
    assert "training images are kept in the machine's memory" in only


def test_tiles_go_to_where_the_network_is(learner: Learner) -> None:
    """The images may stay in the machine's memory."""
    learner.trained = replace(learner.trained, device=torch.device("meta"))
    pixels, targets = learner.draw(2)
    assert {one.device.type for one in (pixels, targets.smooth, targets.discrete)} == {"meta"}


def test_training_images_that_no_memory_takes_are_named(
    planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Smaller networks were advised, which do not help."""
    study_dir, plan, job_dir = planned
    learn = images.read(study_dir, plan, plan.split.train)

    def full(*_: object) -> Prepared:
        raise MemoryError("Unable to allocate 3.81 GiB for an array")

    monkeypatch.setattr(contender, "prepare", full)
    with Progress(job_dir) as progress, pytest.raises(RunError, match="fewer or smaller images"):
        race.first_that_fits(plan.candidates, plan, learn, progress)
    (only,) = told(job_dir, "left_out")
    assert f"the {len(learn.samples)} training images" in only


def test_where_memory_gives_out_in_the_middle_the_next_of_the_plan_learns(
    planned: Planned, monkeypatch: pytest.MonkeyPatch, ends_when: EndsWhen
) -> None:
    study_dir, plan, job_dir = planned
    smaller = Candidate(pipeline=catalogue.find("unet-lite0-boundary"))
    plan = replace(plan, candidates=(*plan.candidates, smaller))
    ends_when(job_dir, lambda learner: learner.steps == 6 and bool(told(job_dir, "left_out")))
    first, step = plan.candidates[0].pipeline.name, Learner.step

    def short_of_memory(learner: Learner, rate: float) -> torch.Tensor:
        if learner.trained.pipeline.name == first and learner.steps == 3:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 4 GiB")
        return step(learner, rate)

    monkeypatch.setattr(Learner, "step", short_of_memory)
    monkeypatch.setattr(Learner, "lighten", lambda _: None)
    monkeypatch.setattr(entrants, "MOST", 1)  # nobody races
    result = execute((study_dir, plan, job_dir))
    assert result.pipeline.name == smaller.pipeline.name
    assert bundle.read_record(job_dir.bundle).pipeline.name == smaller.pipeline.name


def test_what_diverges_once_is_tried_again_at_a_lower_rate(
    planned: Planned, monkeypatch: pytest.MonkeyPatch, ends_when: EndsWhen
) -> None:
    ends_when(planned[2], once_calmed(planned[2]))
    step = Learner.step
    rate = planned[1].candidates[0].pipeline.training.learning_rate

    def wild(learner: Learner, share: float) -> torch.Tensor:
        loss = step(learner, share)
        return loss * float("nan") if learner.judging.training.learning_rate == rate else loss

    monkeypatch.setattr(Learner, "step", wild)
    result = execute(planned)
    assert result.pipeline.training.learning_rate == pytest.approx(contender.CALMER * rate)
    (only,) = told(planned[2], "calmed")
    assert "lower learning rate" in only


@pytest.mark.parametrize(
    ("anew", "kept", "best", "step"),
    [(False, 7, 0.5, 7), (False, 0, 0.5, 12), (False, 0, -1.0, 0), (True, 7, 0.5, 0)],
    ids=["checkpoint", "best weights", "nothing", "of no use"],
)
def test_the_second_try_tells_from_where_it_goes_on(
    planned: Planned,
    monkeypatch: pytest.MonkeyPatch,
    anew: bool,
    kept: int,
    best: float,
    step: int,
) -> None:
    """The curves went on over what the first try had learned, and it was thrown away."""
    _, plan, job_dir = planned
    tries: list[SimpleNamespace] = []

    def learning(steps: int) -> Contender:
        trained = SimpleNamespace(pipeline=plan.candidates[0].pipeline)
        learner = SimpleNamespace(trained=trained, steps=steps, samples=4 * steps, best=best)

        def go_on(other: SimpleNamespace, *_: object) -> None:
            learner.steps, learner.samples = other.steps, other.samples

        learner.restore = learner.begin_from = go_on
        return Contender(candidate=plan.candidates[0], learner=learner)

    def fit(learner: SimpleNamespace, *_: object) -> None:
        tries.append(learner)
        if len(tries) == 1:
            raise watch.UnsettledError("it diverged", anew=anew)

    monkeypatch.setattr(loop, "fit", fit)
    monkeypatch.setattr(contender, "ready", lambda *_: learning(0))
    runner = SimpleNamespace(steps=kept, samples=4 * kept) if kept else None
    checkpoints = SimpleNamespace(
        known=SimpleNamespace(runner=runner, stretch=None),
        tensors=lambda _: {},
        racing=lambda *_: None,
        note=lambda **_: None,
    )
    with Progress(job_dir) as progress:
        fitting = Fitting(
            plan=plan, learn=None, judge=None, progress=progress, checkpoints=checkpoints
        )
        fitting.fit(learning(12), watch.Stretch(until=time.time(), tell=str))
    (calmed,) = (one.values for one in events(job_dir.events)[0] if one.name == "calmed")
    assert (calmed["step"], calmed["samples"]) == (step, 4 * step)
    assert tries[1].steps == step


def test_a_network_that_marks_nothing_is_tried_again_and_then_told(
    planned: Planned, monkeypatch: pytest.MonkeyPatch, ends_when: EndsWhen
) -> None:
    ends_when(planned[2], once_calmed(planned[2]))

    def blind(self: judge.Judge, *_: object) -> float:
        self.answers = [Answer(labels_yx=np.zeros_like(one.pixels_yx)) for one in self.truths]
        return 0.0

    monkeypatch.setattr(judge.Judge, "glance", blind)
    monkeypatch.setattr(watch, "EMPTY_STEPS", 0)
    monkeypatch.setattr(watch, "EMPTY_FROM", 0.0)
    monkeypatch.setattr(watch, "GLANCES", 500)
    execute(planned)
    assert len(told(planned[2], "calmed")) == 1
    (only,) = told(planned[2], "message")
    assert "marks nothing" in only


def test_vanished_gradients_are_noticed(
    planned: Planned, monkeypatch: pytest.MonkeyPatch, ends_when: EndsWhen
) -> None:
    ends_when(planned[2], once_calmed(planned[2]))
    step = Learner.step

    def still(learner: Learner, share: float) -> torch.Tensor:
        loss = step(learner, share)
        learner.gradient = torch.zeros(())
        return loss

    monkeypatch.setattr(Learner, "step", still)
    monkeypatch.setattr(watch, "EVENT_EVERY_S", 0.0)
    monkeypatch.setattr(watch, "VANISHED_STEPS", 2)
    execute(planned)
    assert "gradients have vanished" in told(planned[2], "calmed")[0]
    assert "gradients have vanished" in told(planned[2], "message")[0]


def test_the_weights_before_the_divergence_are_kept(
    planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Learner.step

    def wild(learner: Learner, share: float) -> torch.Tensor:
        loss = step(learner, share)
        return loss * float("nan") if learner.best >= 0 else loss

    monkeypatch.setattr(Learner, "step", wild)
    monkeypatch.setattr(watch, "KEEP_FROM", 0.0)
    monkeypatch.setattr(watch, "GLANCES", 500)
    with pytest.raises(RunError, match="diverged"):
        execute(planned)
    assert bundle.load(planned[2].bundle).task.classes == ("disc",)
