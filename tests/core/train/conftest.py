"""What tests of training share: none of them may depend on how fast the machine happens to be."""

import time
from collections.abc import Callable

import numpy as np
import pytest
import torch

from core.paths import JobDir
from core.train import entrants, race
from core.train.learner import Learner


@pytest.fixture
def short_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each probe of a race learn for a second, however long preparing took."""

    def a_second_each(self: race._Race, *_: object) -> None:
        self.images, self.learning_s, self.ends = 2, 1.0, time.time() + 3600.0

    monkeypatch.setattr(entrants, "SHORTEST_PROBE_S", 0.5)
    monkeypatch.setattr(race._Race, "_share_out", a_second_each)


EndsWhen = Callable[[JobDir, Callable[[Learner], bool]], None]


@pytest.fixture
def ends_when(monkeypatch: pytest.MonkeyPatch) -> EndsWhen:
    """Return what lets somebody end the learning, and have it reported on, once a test says so."""

    def ends(job_dir: JobDir, due: Callable[[Learner], bool]) -> None:
        step = Learner.step

        def asking(learner: Learner, rate: float) -> torch.Tensor:
            loss = step(learner, rate)
            if due(learner):
                job_dir.enough.touch()
            return loss

        monkeypatch.setattr(Learner, "step", asking)

    return ends


@pytest.fixture(scope="session")
def striped() -> Callable[[int, np.random.Generator], np.ndarray]:
    """Return what draws (1, 96, 96): stripes of 16 px (0) or 4 px (1), any angle and phase."""

    def draw(index: int, rng: np.random.Generator) -> np.ndarray:
        width = 16 if index == 0 else 4
        angle, phase = rng.uniform(0, np.pi), rng.uniform(0, 6)
        y, x = np.mgrid[:96, :96]
        wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) * np.pi / width + phase)
        return (128 + 80 * wave + rng.normal(0, 8, wave.shape)).clip(0, 255).astype(np.uint8)[None]

    return draw
