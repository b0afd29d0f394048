"""Every head: what it asks for, how it is judged, and that the truth comes back as the answer."""

import numpy as np
import pytest
import torch

from core.data.truth import Truth
from core.pipeline import heads
from core.pipeline.heads import Batch, Judging
from core.pipeline.heads.boundary import three_classes
from core.pipeline.heads.distance import relative_distance
from core.records import Kind, Postprocess, TaskSpec, Training
from core.records.pipeline import LOSSES

TASKS = {
    Kind.INSTANCE: TaskSpec(kind=Kind.INSTANCE, classes=("one", "two")),
    Kind.SEMANTIC: TaskSpec(kind=Kind.SEMANTIC, classes=("ground", "disc"), background="ground"),
    Kind.CLASSIFICATION: TaskSpec(kind=Kind.CLASSIFICATION, classes=("a", "b", "c")),
}


def two_touching_discs() -> np.ndarray:
    """Return ids of two discs of radius 12 whose edges meet at column 32."""
    rows, columns = np.mgrid[:64, :64]
    ids = np.zeros((64, 64), np.int32)
    ids[(rows - 32) ** 2 + (columns - 20) ** 2 <= 12**2] = 1
    ids[((rows - 32) ** 2 + (columns - 44) ** 2 <= 12**2) & (ids == 0)] = 2
    return ids


def truth_for(kind: Kind) -> Truth:
    if kind is Kind.CLASSIFICATION:
        return Truth(pixels_yx=np.zeros((0, 0), np.int32), image_class=2)
    ids = two_touching_discs()
    if kind is Kind.SEMANTIC:
        return Truth(pixels_yx=(ids > 0).astype(np.int32))
    return Truth(pixels_yx=ids, object_classes={1: 0, 2: 1})


def ideal_logits(name: str, targets: heads.Targets, outputs: int) -> torch.Tensor:
    """Return logits of a network that knows the truth."""

    def sure(classes: np.ndarray, count: int) -> np.ndarray:
        return 20.0 * np.stack([(classes == c) - 0.5 for c in range(count)])

    discrete = targets.discrete_kyx
    if name == "distance":
        distance = np.clip(targets.smooth_kyx[0], 1e-4, 1 - 1e-4)
        first = np.stack([20.0 * (discrete[0] - 0.5), np.log(distance / (1 - distance))])
        maps = np.concatenate([first, sure(discrete[1], outputs - 2)])
    elif name == "flow":
        maps = np.concatenate(
            [20.0 * (discrete[:1] - 0.5), targets.smooth_kyx, sure(discrete[1], outputs - 3)]
        )
    elif name == "boundary":
        maps = np.concatenate([sure(discrete[0], 3), sure(discrete[1], outputs - 3)])
    elif name == "image":
        maps = 0.2 * sure(discrete[0], outputs)  # smoothed targets punish overconfidence
    else:
        maps = sure(discrete[0], outputs)
    logits = torch.from_numpy(maps.astype(np.float32))[None]
    return logits.reshape(1, -1) if name == "image" else logits


@pytest.fixture(params=sorted(heads.HEADS))
def head(request: pytest.FixtureRequest) -> heads.Head:
    return heads.find(request.param)


def _batch(head: heads.Head, targets: heads.Targets) -> Batch:
    discrete = torch.from_numpy(targets.discrete_kyx.astype(np.int64))[None]
    whole = head.name == "image"
    return Batch(
        torch.from_numpy(targets.smooth_kyx)[None], discrete.reshape(1) if whole else discrete
    )


def test_the_truth_comes_back_as_the_answer(head: heads.Head) -> None:
    for kind in head.kinds:
        task, known = TASKS[kind], truth_for(kind)
        targets = head.targets(known, task)
        logits = ideal_logits(head.name, targets, head.outputs(task))
        maps = head.activate(logits)[0].numpy()
        answer = head.decode(maps, Postprocess(), task)
        if kind is Kind.CLASSIFICATION:
            assert answer.image_class == 2
            assert sum(answer.probabilities) == pytest.approx(1)
            continue
        assert answer.labels_yx is not None
        assert answer.labels_yx.shape == known.pixels_yx.shape
        agreement = (np.sign(answer.labels_yx) == np.sign(known.pixels_yx)).mean()
        assert agreement > 0.99
        if kind is Kind.INSTANCE:
            assert answer.labels_yx.max() == 2
            left = answer.labels_yx[32, 20]
            assert answer.object_classes == {left: 0, 3 - left: 1}
            assert set(answer.object_scores) == {1, 2}


def test_a_knowing_network_is_judged_better_than_a_guessing_one(head: heads.Head) -> None:
    for kind in head.kinds:
        task, known = TASKS[kind], truth_for(kind)
        targets = head.targets(known, task)
        judging = Judging(Training(), None)
        ideal = ideal_logits(head.name, targets, head.outputs(task))
        batch = _batch(head, targets)
        knowing = head.loss(ideal, batch, judging)
        guessing = head.loss(torch.zeros_like(ideal), batch, judging)
        assert float(knowing) < float(guessing)


def test_what_nobody_annotated_counts_in_no_loss(head: heads.Head) -> None:
    for kind in head.kinds:
        task, known = TASKS[kind], truth_for(kind)
        if kind is Kind.CLASSIFICATION:
            unknown = Truth(pixels_yx=known.pixels_yx, image_class=-1)
        else:
            unknown = Truth(pixels_yx=np.full_like(known.pixels_yx, -1))
        targets = head.targets(unknown, task)
        shape = (1, head.outputs(task)) + (() if kind is Kind.CLASSIFICATION else (64, 64))
        logits = torch.randn(shape, generator=torch.Generator().manual_seed(0))
        loss = head.loss(logits, _batch(head, targets), Judging(Training(), None))
        if kind is not Kind.CLASSIFICATION:  # a mean over no image is left to the caller
            assert float(loss) == 0.0


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_prefers_the_knowing_network(head: heads.Head, loss: str) -> None:
    for kind in head.kinds:
        task, known = TASKS[kind], truth_for(kind)
        targets = head.targets(known, task)
        ideal = ideal_logits(head.name, targets, head.outputs(task))
        judging, batch = Judging(Training(loss=loss), None), _batch(head, targets)
        assert float(head.loss(ideal, batch, judging)) < float(head.loss(-ideal, batch, judging))


@pytest.mark.parametrize("axes", [(), (2,), (3,), (2, 3)])
@pytest.mark.parametrize("name", ["boundary", "distance", "flow"])
def test_maps_of_a_mirrored_picture_are_mirrored_back(name: str, axes: tuple[int, ...]) -> None:
    """What a network that knows the truth says of the mirrored picture, mirrored, is the same."""
    head = heads.find(name)
    ids = np.zeros((40, 48), np.int32)
    ids[4:21, 6:25], ids[24:35, 20:41] = 1, 2  # odd sides: each has one middle pixel
    turned = np.ascontiguousarray(np.flip(ids, [axis - 2 for axis in axes]))
    task = TASKS[Kind.INSTANCE]
    straight, mirrored = (
        head.activate(
            ideal_logits(
                head.name,
                head.targets(Truth(pixels_yx=one, object_classes={1: 0, 2: 1}), task),
                head.outputs(task),
            )
        )
        for one in (ids, turned)
    )
    np.testing.assert_allclose(head.mirrored(mirrored, axes), straight, atol=1e-5)


def test_an_unknown_head_lists_the_choices() -> None:
    with pytest.raises(Exception, match="distance"):
        heads.find("nonsense")


def test_distance_is_one_inside_and_falls_to_the_border_between_touching_objects() -> None:
    distance = relative_distance(two_touching_discs())
    assert distance[32, 20] == 1.0
    assert distance[32, 44] == pytest.approx(1.0, abs=0.1)
    assert distance[32, 32] < 0.2
    assert distance[0, 0] == 0.0


def test_borders_stand_between_touching_objects_and_small_objects_keep_an_inside() -> None:
    ids = two_touching_discs()
    ids[2:4, 2:4] = 3
    classes = three_classes(ids)
    assert (classes[32, 30:34] == 2).all()
    assert (classes[2:4, 2:4] == 1).all()
    assert classes[60, 60] == 0
