"""What is kept for the end of a run."""

import time

import numpy as np
import pytest
import torch
from torch import nn

from core.data.samples import Sample
from core.data.truth import Truth
from core.infer.predict import Trained
from core.pipeline import catalogue, heads, preprocess
from core.records import Kind, TaskSpec
from core.train import contender, ending
from core.train.clock import Clock
from core.train.images import Images
from core.train.judge import Judge

TASK = TaskSpec(kind=Kind.SEMANTIC, classes=("rest", "cell", "rare"), background="rest")


@pytest.mark.parametrize("budget_s", [120.0, 300.0])
def test_thresholds_have_time_after_the_check_images_were_looked_at(
    monkeypatch: pytest.MonkeyPatch, budget_s: float
) -> None:
    """Looks at the check images were kept for the report: none was left to tune anything."""
    look_s = 1.0
    maps = np.zeros((3, 32, 32), np.float32)
    monkeypatch.setattr(contender, "timed_look", lambda *_: (maps, look_s))
    monkeypatch.setattr(Judge, "seconds_per_trial", lambda *_: 0.01)
    samples = [
        Sample(id=str(at), image_cyx=np.zeros((3, 32, 32), np.uint8), labels=None)
        for at in range(4)
    ]
    truths = [Truth(pixels_yx=np.zeros((32, 32), np.int32)) for _ in samples]
    trained = Trained(
        nn.Identity(),
        catalogue.find("unet-lite0"),
        preprocess.Fitted(channels=3),
        heads.find("semantic"),
        TASK,
        torch.device("cpu"),
    )
    clock = Clock(time.time(), time.time() + budget_s)
    kept = ending.plan(trained, Judge(samples, truths), Images(samples, truths), clock, known=False)
    views = 4 if kept.flips else 1
    assert kept.reserve_s - kept.after_s > len(samples) * look_s * views + 1.0
    assert kept.after_s > len(samples) * look_s * views
