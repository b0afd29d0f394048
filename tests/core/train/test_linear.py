"""A classifier's last layer, fitted to frozen features."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from core.data.samples import Sample
from core.data.truth import Truth
from core.paths import JobDir
from core.pipeline import catalogue
from core.progress import Progress
from core.records import Budget, Candidate, Kind, Plan, Split, TaskSpec
from core.train import contender, linear, loop
from core.train.contender import Contender
from core.train.images import Images
from core.train.judge import Judge
from core.train.watch import Stretch

Striped = Callable[[int, np.random.Generator], np.ndarray]
TASK = TaskSpec(kind=Kind.CLASSIFICATION, classes=("coarse", "fine", "never"))


def made_ready(pipeline: str, progress: Progress, striped: Striped) -> tuple[Contender, Images]:
    """Return the pipeline ready to learn, and what it learns from."""
    rng = np.random.default_rng(0)
    classes = [0, 1] * 8
    samples = [
        Sample(id=str(place), image_cyx=striped(index, rng), labels=None)
        for place, index in enumerate(classes)
    ]
    truths = [Truth(pixels_yx=np.zeros((0, 0), np.int32), image_class=index) for index in classes]
    plan = Plan(
        study="s",
        task=TASK,
        candidates=(Candidate(pipeline=catalogue.find(pipeline)),),
        budget=Budget(seconds=60),
        split=Split(train=("0",), validation=(), test=(), seed=0, by_group=False),
        seed=0,
        image_hashes={},
        label_versions={},
    )
    images = Images(samples, truths)
    return contender.ready(plan.candidates[0], plan, images, progress), images


@pytest.fixture(scope="module")
def fitted(
    tmp_path_factory: pytest.TempPathFactory, striped: Striped
) -> tuple[Contender, dict[str, torch.Tensor]]:
    """Return a fitted classifier, and its encoder's weights from before."""
    progress = Progress(JobDir(tmp_path_factory.mktemp("run")))
    found, _ = made_ready("lite0-s128", progress, striped)
    encoder = found.learner.trained.network.encoder
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    linear.fit(found.learner, time.time() + 300, progress)
    return found, before


def test_it_tells_new_pictures_apart(
    fitted: tuple[Contender, dict[str, torch.Tensor]], striped: Striped
) -> None:
    from core.infer import predict

    trained = fitted[0].trained
    trained.network.eval()
    rng = np.random.default_rng(1)
    right = [
        predict.answer(trained, striped(index, rng)).image_class == index for index in [0, 1] * 10
    ]
    assert np.mean(right) >= 0.9


def test_the_encoder_stays_as_it_was(fitted: tuple[Contender, dict[str, torch.Tensor]]) -> None:
    now = fitted[0].trained.network.encoder.state_dict()
    assert all(torch.equal(now[name], value) for name, value in fitted[1].items())


def test_a_class_without_a_picture_never_wins(
    fitted: tuple[Contender, dict[str, torch.Tensor]], striped: Striped
) -> None:
    from core.infer import predict

    rng = np.random.default_rng(2)
    for index in (0, 1):
        chances = predict.answer(fitted[0].trained, striped(index, rng)).probabilities
        assert chances[2] == min(chances)


def test_what_was_drawn_counts_as_seen(fitted: tuple[Contender, dict[str, torch.Tensor]]) -> None:
    assert fitted[0].learner.samples >= linear.FEWEST_VIEWS
    assert fitted[0].learner.steps == 0


def test_a_step_taken_to_try_the_memory_does_not_replace_the_fit(
    tmp_path: Path, striped: Striped
) -> None:
    from core.infer import predict

    progress = Progress(JobDir(tmp_path / "run"))
    found, images = made_ready("lite0-s224-linear", progress, striped)
    found.learner.step(0.01)
    judge = Judge(images.samples, images.truths)
    stretch = Stretch(until=time.time() + 300, tell=str)
    assert loop.fit(found.learner, judge, stretch, progress).converged
    rng = np.random.default_rng(1)
    right = [
        predict.answer(found.trained, striped(index, rng)).image_class == index
        for index in [0, 1] * 5
    ]
    assert np.mean(right) >= 0.9
