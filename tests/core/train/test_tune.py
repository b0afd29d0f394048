"""Thresholds follow the validation images, but not single objects."""

import dataclasses
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


def test_a_rare_class_gets_the_factor_at_which_it_is_found() -> None:
    """A class that is never the likeliest, but likelier where it is, was lost to the argmax."""
    task = TaskSpec(kind=Kind.SEMANTIC, classes=("rest", "cell", "rare"), background="rest")
    head = heads.find("semantic")
    pipeline = catalogue.find("unet-lite0")
    truth = np.zeros((60, 60), np.int32)
    truth[:, 30:] = 1
    truth[20:30, 10:20] = 2
    maps = np.full((3, 60, 60), 0.05, np.float32)
    maps[0] = np.where(truth == 1, 0.1, 0.6)
    maps[1] = np.where(truth == 1, 0.8, 0.1)
    maps[2] = np.where(truth == 2, 0.4, 0.05)
    fitted = preprocess.Fitted(channels=1)
    about = Trained(nn.Identity(), pipeline, fitted, head, task, torch.device("cpu"))
    sample = Sample(id="a", image_cyx=np.zeros((1, 60, 60), np.uint8), labels=None)
    judge = Judge([sample], [Truth(pixels_yx=truth)])
    post, figure = tune.run(about, judge, [maps], time.time() + 30)
    assert figure == pytest.approx(1.0)
    assert post.class_factors[2] / post.class_factors[0] > 1.5
    answer = head.decode(maps, post, task)
    assert answer.labels_yx is not None
    assert (answer.labels_yx == truth).all()


def test_specks_of_one_class_are_dropped_and_small_objects_of_another_stay() -> None:
    task = TaskSpec(kind=Kind.INSTANCE, classes=("bud", "cell"))
    head = heads.find("boundary")
    ids, maps = squares(np.full(60, 0.95))
    # Specks of 3 x 3 px that the network takes for cells, and buds of the same size.
    small = np.zeros((SIDE_PX, SIDE_PX), bool)
    for number in range(60, 100):
        row, column = divmod(number, SIDE_PX // PITCH_PX)
        place = np.s_[PITCH_PX * row + 6 :, PITCH_PX * column + 6 :]
        maps[1][place][:3, :3] = 0.95
        small[place][:3, :3] = number >= 80
        ids[place][:3, :3] = number + 1 if number >= 80 else 0
    classes = np.stack([small, ~small]).astype(np.float32)
    seen = np.concatenate([maps, classes])
    fitted = preprocess.Fitted(channels=1, object_diameter_px=9.0)
    about = Trained(nn.Identity(), PIPELINE, fitted, head, task, torch.device("cpu"))
    sample = Sample(id="a", image_cyx=np.zeros((1, SIDE_PX, SIDE_PX), np.uint8), labels=None)
    known = {number: int(number <= 60) for number in np.unique(ids[ids > 0]).tolist()}
    judge = Judge([sample], [Truth(pixels_yx=ids, object_classes=known)])
    sized = dataclasses.replace(PIPELINE.postprocess, class_smallest_px=(0, 12))
    answer = head.decode(seen, sized, task)
    assert answer.labels_yx is not None
    assert (
        int(answer.labels_yx.max()) == len(answer.object_classes) == len(answer.object_scores) == 80
    )
    assert sorted(answer.object_classes.values()) == [0] * 20 + [1] * 60
    post, figure = tune.run(about, judge, [seen], time.time() + 60)
    assert figure == pytest.approx(1.0)
    assert len(post.class_smallest_px) == 2
