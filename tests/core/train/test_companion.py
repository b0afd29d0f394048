"""A linear model on frozen features stands beside the trained classifier."""

import csv
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from stand_in import untrained

from core import workflow
from core.data.samples import Sample
from core.data.truth import Truth
from core.infer import bundle, predict
from core.infer.predict import Trained
from core.paths import JobDir, Workspace
from core.pipeline import catalogue
from core.progress import STOP_EVERY_S, Progress, Stopped
from core.records import Budget, Candidate, Kind, Plan, Report, Split, TaskSpec, Wishes, read
from core.train import companion, contender, judge, linear, run
from core.train.checkpoint import Checkpoints
from core.train.clock import Clock
from core.train.companion import Companion
from core.train.course import Course
from core.train.images import Images
from core.train.learner import Learner

TASK = TaskSpec(kind=Kind.CLASSIFICATION, classes=("coarse", "fine", "noise"))
Striped = Callable[[int, np.random.Generator], np.ndarray]
EndsWhen = Callable[[JobDir, Callable[[Learner], bool]], None]


def plan_for(task: TaskSpec) -> Plan:
    return Plan(
        study="s",
        task=task,
        candidates=(Candidate(pipeline=catalogue.find("lite0-s128")),),
        budget=Budget(seconds=600),
        split=Split(train=("0",), validation=(), test=(), seed=0, by_group=False),
        seed=0,
        image_hashes={},
        label_versions={},
    )


def drawn(classes: list[int], rng: np.random.Generator, striped: Striped) -> Images:
    """Return pictures of these classes; the third shows nothing but noise."""
    pictures = [
        rng.integers(0, 255, (1, 96, 96), dtype=np.uint8) if index == 2 else striped(index, rng)
        for index in classes
    ]
    return Images(
        [
            Sample(id=f"{rng.integers(1 << 60)}", image_cyx=one, labels=None, group=f"animal {at}")
            for at, one in enumerate(pictures)
        ],
        [Truth(pixels_yx=np.zeros((0, 0), np.int32), image_class=index) for index in classes],
    )


def right(trained: Trained, images: Images) -> float:
    """Return the share of right answers."""
    answers = [predict.answer(trained, one.image_cyx).image_class for one in images.samples]
    return float(np.mean([a == t.image_class for a, t in zip(answers, images.truths, strict=True)]))


@pytest.fixture(scope="module")
def shown(striped: Striped) -> tuple[Images, Images]:
    """Return stripes to learn from, and noise among the validation images alone."""
    rng = np.random.default_rng(0)
    return drawn([0, 1] * 6, rng, striped), drawn([0, 1, 2, 2, 2, 2], rng, striped)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory, shown: tuple[Images, Images]) -> Companion:
    clock = Clock(time.time(), time.time() + 600)
    progress = Progress(JobDir(tmp_path_factory.mktemp("run")))
    found = companion.fit(plan_for(TASK), *shown, 10, clock, progress)
    assert found is not None
    return found


def test_it_is_judged_by_one_that_did_not_learn_from_the_validation_images(
    fitted: Companion, shown: tuple[Images, Images], striped: Striped
) -> None:
    rng = np.random.default_rng(1)
    assert right(fitted.trained, drawn([0, 1] * 8, rng, striped)) >= 0.9
    assert right(fitted.trained, drawn([2] * 8, rng, striped)) >= 0.9
    _, validation = shown
    told = [int(fitted.judged[one.id].argmax()) for one in validation.samples]
    assert told[:2] == [0, 1]
    assert 2 not in told


def test_images_left_out_settle_how_sure_it_is(fitted: Companion, striped: Striped) -> None:
    """Easy pictures: it may be sure of them, and says so."""
    rng = np.random.default_rng(2)
    asked = drawn([0, 1] * 8, rng, striped)
    sure = [
        max(predict.answer(fitted.trained, one.image_cyx).probabilities) for one in asked.samples
    ]
    assert np.mean(sure) > 0.8


@pytest.mark.parametrize(
    ("task", "classes"),
    [
        (replace(TASK, wishes=Wishes(fast_prediction=True)), [0, 1]),
        (replace(TASK, kind=Kind.INSTANCE), [0, 1]),
        (TASK, [1, 1, -1]),
    ],
    ids=["fast predictions are wished", "no whole pictures", "one class is known"],
)
def test_there_is_none_where_it_does_not_help(
    task: TaskSpec, classes: list[int], tmp_path: Path, striped: Striped
) -> None:
    learn = drawn(classes, np.random.default_rng(0), striped)
    clock = Clock(time.time(), time.time() + 600)
    progress = Progress(JobDir(tmp_path / "run"))
    assert companion.fit(plan_for(task), learn, Images([], []), 10, clock, progress) is None


def test_the_layer_is_the_one_that_all_directions_give() -> None:
    """Fitted among the few directions that few rows span: what scikit-learn finds among all."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    rng = np.random.default_rng(0)
    rows, classes = rng.normal(2, 3, (30, 200)).astype(np.float32), np.arange(30) % 3
    weight, bias = linear.logistic(rows, classes, 3, 0.1)
    plain = LogisticRegression(C=0.1, max_iter=500, class_weight="balanced")
    scaled = StandardScaler().fit(rows)
    plain.fit(scaled.transform(rows), classes)
    asked = rng.normal(2, 3, (50, 200)).astype(np.float32)
    expected = plain.decision_function(scaled.transform(asked))
    assert np.allclose(asked @ weight.T + bias, expected, atol=1e-2)


def test_without_time_to_look_the_network_stands_alone(tmp_path: Path, striped: Striped) -> None:
    learn = drawn([0, 1] * 4, np.random.default_rng(0), striped)
    late = Clock(time.time() - 600, time.time() - 1)
    progress = Progress(JobDir(tmp_path / "run"))
    assert companion.fit(plan_for(TASK), learn, Images([], []), 10, late, progress) is None


def test_a_crowd_of_test_images_is_left_to_the_network(
    tmp_path: Path, shown: tuple[Images, Images]
) -> None:
    clock = Clock(time.time(), time.time() + 600)
    progress = Progress(JobDir(tmp_path / "run"))
    assert companion.fit(plan_for(TASK), *shown, 10_000_000, clock, progress) is None


def test_so_is_a_crowd_of_check_images_that_were_not_seen_in_time(
    tmp_path: Path, shown: tuple[Images, Images], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each was looked at all the same, in all views, when the time was out."""
    look = companion._look

    def at_those_to_learn_from(
        trained: Trained, learn: Images, _: Images, *rest: Any
    ) -> companion._Seen:
        return replace(look(trained, learn, Images([], []), *rest), seconds_per_image=100.0)

    monkeypatch.setattr(companion, "_look", at_those_to_learn_from)
    clock = Clock(time.time(), time.time() + 600)
    progress = Progress(JobDir(tmp_path / "run"))
    assert companion.fit(plan_for(TASK), *shown, 1, clock, progress) is None


def test_looks_so_slow_that_hardly_one_is_had_are_known_to_be(
    tmp_path: Path, shown: tuple[Images, Images], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They once counted as free, and were then had for every check and test image."""

    def slow(*_: object) -> np.ndarray:
        time.sleep(0.1)
        return np.zeros((4, 8), np.float32)

    monkeypatch.setattr(companion, "_features", slow)
    progress = Progress(JobDir(tmp_path / "run"))
    seen = companion._look(untrained(TASK), *shown, 0, time.time() + 0.15, progress)
    assert 1 <= len(seen.classes) <= 2
    assert seen.seconds_per_image >= 0.1


@pytest.mark.parametrize(("few", "look_s"), [(400, 150.0), (17, 90.0)])
def test_of_many_images_the_looks_leave_time_for_the_fits(
    tmp_path: Path,
    shown: tuple[Images, Images],
    monkeypatch: pytest.MonkeyPatch,
    few: int,
    look_s: float,
) -> None:
    """There are eighteen."""
    given: list[float] = []

    def look(*asked: Any) -> None:
        given.append(asked[4] - time.time())
        raise Stopped

    monkeypatch.setattr(companion, "_look", look)
    monkeypatch.setattr(companion, "FEW", few)
    clock = Clock(time.time(), time.time() + 600)
    with pytest.raises(Stopped):
        companion.fit(plan_for(TASK), *shown, 10, clock, Progress(JobDir(tmp_path / "run")))
    assert given == [pytest.approx(look_s, abs=25)]


def test_who_cancels_waits_for_one_fit_at_most(
    tmp_path: Path, shown: tuple[Images, Images], monkeypatch: pytest.MonkeyPatch
) -> None:
    """To thousands of images each of the five takes many seconds."""
    job_dir = JobDir(tmp_path / "run")
    fits: list[int] = []
    logistic = linear.logistic

    def slow(*asked: Any) -> tuple[np.ndarray, np.ndarray]:
        fits.append(len(asked[0]))
        job_dir.stop.touch()
        time.sleep(2 * STOP_EVERY_S)
        return logistic(*asked)

    monkeypatch.setattr(linear, "logistic", slow)
    clock = Clock(time.time(), time.time() + 600)
    with pytest.raises(Stopped):
        companion.fit(plan_for(TASK), *shown, 10, clock, Progress(job_dir))
    assert len(fits) == 1


def course(job_dir: JobDir, shown: tuple[Images, Images], left_s: float) -> Course:
    """Return a run with so much of its 600 seconds left, as a new process finds it."""
    clock = Clock(time.time() + left_s - 600, time.time() + left_s)
    progress = Progress(job_dir)
    return Course(
        job_dir=job_dir,
        plan=plan_for(TASK),
        learn=shown[0],
        judge=judge.of(TASK, shown[1]),
        test=shown[1],
        clock=clock,
        progress=progress,
        checkpoints=Checkpoints(job_dir.checkpoint, progress, clock),
    )


@pytest.mark.parametrize("left_s", [(600.0, -1.0), (-1.0, 600.0)], ids=["one", "none"])
def test_a_resumed_run_holds_to_what_the_first_process_had(
    tmp_path: Path, shown: tuple[Images, Images], left_s: tuple[float, float]
) -> None:
    """Resumed late there was no time for a companion: the pair that was scored fell apart."""
    job_dir = JobDir(tmp_path / "run")
    first = course(job_dir, shown, left_s[0])
    first.accompany(shown[1])
    assert (first.companion is not None) == (left_s[0] > 0)
    first.checkpoints.write()
    resumed = course(job_dir, shown, left_s[1])
    resumed.accompany(shown[1])
    assert (resumed.companion is not None) == (left_s[0] > 0)


@pytest.fixture
def alone(striped: Striped) -> Trained:
    """Return a classifier without a companion, not trained."""
    plan = plan_for(TASK)
    learn = drawn([0, 1], np.random.default_rng(3), striped)
    found = contender.untrained(plan.candidates[0].pipeline, plan, learn)
    found.network.eval()
    return found


def record_of(trained: Trained) -> bundle.BundleRecord:
    return bundle.BundleRecord(
        run="r", study="s", task=TASK, pipeline=trained.pipeline, fitted=trained.fitted
    )


def test_a_bundle_saved_again_without_a_companion_has_none(
    alone: Trained, fitted: Companion, tmp_path: Path
) -> None:
    """A model saved first with one and then alone went on answering with the old one."""
    both = replace(alone, companion=fitted.trained)
    bundle.save_bundle(tmp_path / "bundle", both, record_of(both))
    assert bundle.load(tmp_path / "bundle").companion is not None
    bundle.save_bundle(tmp_path / "bundle", alone, record_of(alone))
    assert bundle.load(tmp_path / "bundle").companion is None
    assert not (tmp_path / "bundle" / bundle.COMPANION).exists()
    assert "beside it" not in (tmp_path / "bundle" / bundle.CARD).read_text()


def test_what_is_left_of_a_companion_that_was_being_deleted_does_not_answer(
    alone: Trained, fitted: Companion, tmp_path: Path
) -> None:
    """Its record goes first; killed then, the process left the weights."""
    both = replace(alone, companion=fitted.trained)
    bundle.save_bundle(tmp_path / "bundle", both, record_of(both))
    (tmp_path / "bundle" / bundle.COMPANION / bundle.RECORD).unlink()
    assert bundle.load(tmp_path / "bundle").companion is None


def test_the_answer_is_the_mean_and_the_bundle_keeps_it(
    fitted: Companion, tmp_path: Path, striped: Striped
) -> None:
    rng = np.random.default_rng(3)
    learn = drawn([0, 1], rng, striped)
    plan = plan_for(TASK)
    alone = contender.untrained(plan.candidates[0].pipeline, plan, learn)
    alone.network.eval()
    both = replace(alone, companion=fitted.trained)
    image = learn.samples[0].image_cyx
    own, second, mean = (
        np.array(predict.answer(one, image).probabilities) for one in (alone, fitted.trained, both)
    )
    assert np.allclose(mean, (own + second) / 2, atol=1e-6)
    assert not np.allclose(own, second, atol=0.05)
    record = bundle.BundleRecord(
        run="r", study="s", task=TASK, pipeline=both.pipeline, fitted=both.fitted
    )
    bundle.save_bundle(tmp_path / "bundle", both, record)
    again = bundle.load(tmp_path / "bundle")
    assert np.allclose(predict.answer(again, image).probabilities, mean, atol=1e-5)
    assert "beside it" in (tmp_path / "bundle" / bundle.CARD).read_text()


def test_a_run_answers_as_its_bundle_does(
    workspace: Workspace, tmp_path: Path, striped: Striped, ends_when: EndsWhen
) -> None:
    rng = np.random.default_rng(4)
    files = tmp_path / "files"
    for index, name in enumerate(("coarse", "fine")):
        (files / name).mkdir(parents=True)
        for at in range(12):
            tifffile.imwrite(files / name / f"{name}-{at}.tif", striped(index, rng)[0])
    workflow.create_study(workspace, "stripes")
    workflow.import_files(workspace, "stripes", [files])
    task = TaskSpec(kind=Kind.CLASSIFICATION, classes=("coarse", "fine"))
    workflow.set_task(workspace, "stripes", task)
    candidates = (Candidate(pipeline=catalogue.find("lite0-s128")),)
    plan = workflow.make_plan(workspace, "stripes", candidates, Budget(seconds=300.0))
    study_dir = workspace.study("stripes")
    job_dir = study_dir.job("run-1")
    ends_when(job_dir, lambda learner: learner.steps == 3)
    with Progress(job_dir) as progress:
        result = run.execute(study_dir, plan, job_dir, progress, time.time() + 300)
    assert result.validation.headline >= 0.9
    report = read(job_dir.report / "report.json", Report)
    assert report.baseline_name == "linear model on frozen features"
    assert report.baseline is not None
    trained = bundle.load(job_dir.bundle)
    assert trained.companion is not None
    with (job_dir.report / "predictions" / "predictions.csv").open(newline="") as file:
        told = {row["image"]: row["class"] for row in csv.DictReader(file)}
    assert set(told) == set(plan.split.test)
    for name, answer in told.items():
        image = tifffile.imread(next(files.glob(f"*/{name}.tif")))[None]
        assert TASK.classes[predict.answer(trained, image).image_class or 0] == answer
