"""What tests of training share: none of them may depend on how fast the machine happens to be."""

import time
from collections.abc import Callable

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
