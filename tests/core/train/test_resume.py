"""A run whose process dies goes on from its checkpoint, whatever it was doing."""

import random
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core import workflow
from core.infer import bundle
from core.paths import JobDir, StudyDir, Workspace
from core.pipeline import catalogue, devices
from core.progress import Progress, events
from core.records import Budget, Candidate, Kind, Plan, RunResult, TaskSpec
from core.train import chance, checkpoint, contender, images, reporting, run, tune
from core.train.checkpoint import Checkpoints
from core.train.clock import Clock
from core.train.contender import Contender
from core.train.learner import Learner

NAMES = ("linknet-lite0-distance", "unet-lite0-boundary")
BUDGET_S = 300.0
"""Enough on a busy machine; most runs die or are ended sooner."""

Planned = tuple[StudyDir, Plan, JobDir]
EndsWhen = Callable[[JobDir, Callable[[Learner], bool]], None]


class KilledError(BaseException):
    """Stands for a death of the process: nobody catches it."""


@pytest.fixture
def planned(
    workspace: Workspace, disc_files: Path, monkeypatch: pytest.MonkeyPatch, short_probes: None
) -> Planned:
    """Return a study of discs and a plan of two candidates that race; checkpoints come quickly."""
    monkeypatch.setattr(Checkpoints, "due", lambda _: True)
    workflow.create_study(workspace, "discs")
    workflow.import_files(workspace, "discs", [disc_files])
    workflow.set_task(workspace, "discs", TaskSpec(kind=Kind.INSTANCE, classes=("disc",)))
    candidates = tuple(Candidate(pipeline=catalogue.find(name)) for name in NAMES)
    plan = workflow.make_plan(workspace, "discs", candidates, Budget(seconds=BUDGET_S))
    study_dir = workspace.study("discs")
    return study_dir, plan, study_dir.job("run-1")


def alone(planned: Planned) -> Planned:
    """Return the same with one candidate: there is no race."""
    study_dir, plan, job_dir = planned
    return study_dir, replace(plan, candidates=plan.candidates[:1]), job_dir


def just_ordered() -> Clock:
    return Clock(time.time(), time.time() + BUDGET_S)


def execute(planned: Planned, left_s: float = BUDGET_S) -> RunResult:
    study_dir, plan, job_dir = planned
    with Progress(job_dir) as progress:
        return run.execute(study_dir, plan, job_dir, progress, time.time() + left_s)


def dying(call: Callable[..., object], when: Callable[..., bool]) -> Callable[..., object]:
    """Return `call`, which the process does not survive `when` it is called so."""

    def wrapped(*args: object, **named: object) -> object:
        if when(*args):
            raise KilledError
        return call(*args, **named)

    return wrapped


def happened(job_dir: JobDir, name: str) -> list[dict[str, object]]:
    return [one.values for one in events(job_dir.events)[0] if one.name == name]


def test_killed_while_learning_it_goes_on_from_the_checkpoint(
    planned: Planned, monkeypatch: pytest.MonkeyPatch, ends_when: EndsWhen
) -> None:
    planned = alone(planned)
    job_dir = planned[2]
    with monkeypatch.context() as patch:
        patch.setattr(Learner, "step", dying(Learner.step, lambda learner, _: learner.steps == 12))
        with pytest.raises(KilledError):
            execute(planned)
    kept = happened(job_dir, "checkpoint")[-1]["step"]
    assert isinstance(kept, int)
    seen: list[int] = []
    step = Learner.step

    def noting(learner: Learner, rate: float) -> torch.Tensor:
        seen.append(learner.steps)
        return step(learner, rate)

    monkeypatch.setattr(Learner, "step", noting)
    ends_when(job_dir, lambda learner: learner.steps == 20)
    result = execute(planned)
    assert seen[0] == kept
    assert result.steps == kept + len(seen)
    assert happened(job_dir, "baseline") == happened(job_dir, "baseline")[:1], "compared once"
    assert not job_dir.checkpoint.exists(), "an ended run needs none"


def test_killed_in_the_race_its_standings_and_its_leader_are_kept(
    planned: Planned, monkeypatch: pytest.MonkeyPatch, ends_when: EndsWhen
) -> None:
    job_dir = planned[2]

    def second(learner: Learner, _: float) -> bool:
        return learner.trained.pipeline.name == NAMES[1]  # however few steps a probe has here

    with monkeypatch.context() as patch:
        patch.setattr(Learner, "step", dying(Learner.step, second))
        with pytest.raises(KilledError):
            execute(planned)
    standings = happened(job_dir, "standing")
    assert [one["pipeline"] for one in standings] == [NAMES[0]]
    ends_when(job_dir, lambda _: len(happened(job_dir, "standing")) == len(NAMES))
    result = execute(planned)
    assert [one.pipeline for one in result.race] == list(NAMES)
    assert result.race[0].score == pytest.approx(standings[0]["score"], abs=1e-4)
    assert [one["pipeline"] for one in happened(job_dir, "standing")] == list(NAMES)


@pytest.mark.parametrize("module", [tune, reporting])
def test_killed_after_the_learning_nothing_is_learned_again(
    planned: Planned, monkeypatch: pytest.MonkeyPatch, ends_when: EndsWhen, module: object
) -> None:
    planned = alone(planned)
    ends_when(planned[2], lambda learner: learner.steps == 10)
    name = "run" if module is tune else "write_report"
    with monkeypatch.context() as patch:
        patch.setattr(module, name, dying(getattr(module, name), lambda *_: True))
        patch.setattr(devices, "peak_memory_gib", lambda _: 7.0)
        with pytest.raises(KilledError):
            execute(planned)
    monkeypatch.setattr(Learner, "step", dying(Learner.step, lambda *_: True))
    monkeypatch.setattr(devices, "peak_memory_gib", lambda _: 1.0)
    result = execute(planned)
    assert result.peak_memory_gib == 7.0, "what the learning held, not what the tuning did"
    assert result.steps == happened(planned[2], "step")[-1]["step"]
    assert bundle.read_record(planned[2].bundle).pipeline == result.pipeline


def test_killed_while_a_checkpoint_is_written_the_one_before_counts(
    planned: Planned, monkeypatch: pytest.MonkeyPatch, ends_when: EndsWhen
) -> None:
    planned = alone(planned)
    job_dir = planned[2]
    put = checkpoint.put

    def torn(path: Path, *rest: object) -> None:
        put(path, *rest)  # type: ignore[arg-type]
        (path.parent / f".{path.name}.x1y2z3ab").write_bytes(path.read_bytes()[:1000])
        path.write_bytes(path.read_bytes()[:1000])  # worse than a kill: a disk that lies
        raise KilledError

    count = 0

    def third(*args: object) -> None:
        nonlocal count
        count += 1
        (torn if count == 3 else put)(*args)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "put", third)
        with pytest.raises(KilledError):
            execute(planned)
    assert len(happened(job_dir, "checkpoint")) == 2
    with Progress(job_dir) as progress:
        found = Checkpoints(job_dir.checkpoint, progress, just_ordered())
    assert found.known.number == 2
    assert not list(job_dir.checkpoint.glob(".*")), "what was torn is thrown away"
    ends_when(planned[2], lambda learner: learner.steps == 10)
    assert execute(planned).steps > 0


def test_asked_to_finish_early_the_best_so_far_is_scored(
    planned: Planned, ends_when: EndsWhen
) -> None:
    planned = alone(planned)
    ends_when(planned[2], lambda learner: learner.steps == 5)
    began = time.time()
    result = execute(planned, 120.0)
    assert time.time() - began < 60
    assert result.steps >= 5
    looked = sorted(planned[2].previews.glob("*/*.png"))
    assert {path.parent.name for path in looked} <= set(planned[1].split.validation)
    assert looked
    assert (planned[2].report / "report.json").exists()


def _contender(planned: Planned, progress: Progress) -> Contender:
    study_dir, plan, _ = planned
    learn = images.read(study_dir, plan, plan.split.train)
    return contender.ready(plan.candidates[0], plan, learn, progress)


def test_a_kept_learner_learns_the_same_as_one_that_was_not_interrupted(planned: Planned) -> None:
    study_dir, plan, job_dir = planned
    with Progress(job_dir) as progress:
        through = _contender(planned, progress)
        for _ in range(3):
            through.learner.step(1.0)
        through.learner.keep(0.5)
        kept = Checkpoints(job_dir.checkpoint, progress, just_ordered())
        kept.racing(None, through)
        kept.write()
        through.learner.step(1.0)

        learn = images.read(study_dir, plan, plan.split.train)
        found = Checkpoints(job_dir.checkpoint, progress, just_ordered())
        assert found.known.runner is not None
        again = contender.again(found.known.runner, found.tensors("runner"), plan, learn, progress)
        found.restore_chance()
        assert (again.learner.steps, again.learner.best) == (3, 0.5)
        again.learner.step(1.0)
    ours, theirs = again.learner.tensors(), through.learner.tensors()
    assert ours.keys() == theirs.keys()
    for name, tensor in ours.items():
        assert torch.allclose(tensor.float(), theirs[name].float(), atol=1e-5), name


def test_the_budget_goes_on_from_where_the_checkpoint_was_written(tmp_path: Path) -> None:
    job_dir = JobDir(tmp_path / "jobs" / "run-1")
    hundred_used = Clock(time.time() - 100, time.time() - 100 + BUDGET_S)
    with Progress(job_dir) as progress:
        Checkpoints(job_dir.checkpoint, progress, hundred_used).write()
        died_and_resumed_next_day = Clock(0.0, BUDGET_S)
        again = Checkpoints(job_dir.checkpoint, progress, died_and_resumed_next_day)
        again.caught_up()
        assert again.clock.used() == pytest.approx(100, abs=20)
        assert again.clock.budget_s == pytest.approx(BUDGET_S)
        again.clock.put_back(200)
        again.write()
        again.caught_up()
        assert again.clock.used() >= 200, "what this process did costs budget"


def test_a_resumed_run_always_has_time_to_report() -> None:
    clock = just_ordered()
    clock.put_back(0.99 * BUDGET_S)
    assert clock.left() > 0.1 * BUDGET_S


def test_every_generator_of_random_numbers_goes_on() -> None:
    numbers, tensors = chance.state()

    def drawn() -> tuple[float, ...]:
        return random.random(), float(np.random.random()), float(torch.rand(()))

    first = drawn()
    assert drawn() != first
    chance.restore(numbers, tensors)
    assert drawn() == first
