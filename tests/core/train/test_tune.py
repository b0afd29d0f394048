"""Thresholds follow the validation images, but not single objects."""

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
from core.train import tune
from core.train.judge import Judge

TASK = TaskSpec(kind=Kind.INSTANCE, classes=("disc",))
PIPELINE = catalogue.find("unet-lite0-boundary")
SIDE_PX, PITCH_PX = 160, 16


def squares(certainty: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return ids and boundary maps of squares 8 px wide in rows; an inside as likely as told."""
    ids = np.zeros((SIDE_PX, SIDE_PX), np.int32)
    maps = np.zeros((3, SIDE_PX, SIDE_PX), np.float32)
    for number, likely in enumerate(certainty):
        row, column = divmod(number, SIDE_PX // PITCH_PX)
        place = np.s_[PITCH_PX * row + 4 :, PITCH_PX * column + 4 :]
        ids[place][:8, :8] = number + 1
        maps[1][place][:8, :8] = likely
        maps[2][place][:8, :8] = max(0.55, likely) - likely
    return ids, maps


def trained() -> Trained:
    fitted = preprocess.Fitted(channels=1, object_diameter_px=9.0)
    head = heads.find("boundary")
    return Trained(nn.Identity(), PIPELINE, fitted, head, TASK, torch.device("cpu"))


def tuned(ids: np.ndarray, maps: np.ndarray) -> tuple[object, float]:
    sample = Sample(id="a", image_cyx=np.zeros((1, SIDE_PX, SIDE_PX), np.uint8), labels=None)
    judge = Judge([sample], [Truth(pixels_yx=ids)])
    return tune.run(trained(), judge, [maps], time.time() + 30)


def test_parts_without_a_seed_are_dropped_where_they_are_no_objects() -> None:
    certainty = np.full(60, 0.95)
    certainty[40:] = 0.2
    ids, maps = squares(certainty)
    ids[ids > 40] = 0
    post, figure = tuned(ids, maps)
    assert figure == pytest.approx(1.0)
    assert not post.seedless or post.foreground > 0.5


def test_one_object_in_many_moves_no_threshold() -> None:
    certainty = np.full(80, 0.95)
    certainty[-1] = 0.2
    ids, maps = squares(certainty)
    ids[ids == 80] = 0
    post, figure = tuned(ids, maps)
    assert post == PIPELINE.postprocess
    assert figure == pytest.approx(79 / 80, abs=1e-3)
