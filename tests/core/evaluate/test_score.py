"""Scores of answers whose mistakes are placed by hand."""

import numpy as np
import pytest

from core.data.truth import Truth
from core.errors import StudyError
from core.evaluate import score
from core.pipeline.answers import Answer
from core.records import Kind, TaskSpec

CELLS = TaskSpec(kind=Kind.INSTANCE, classes=("mono", "bi"))
NUCLEI = TaskSpec(kind=Kind.INSTANCE, classes=("nucleus",))
LAYERS = TaskSpec(kind=Kind.SEMANTIC, classes=("bg", "a", "b"), background="bg")
IMAGES = TaskSpec(kind=Kind.CLASSIFICATION, classes=("x", "y", "z"))


def row(*values: int) -> np.ndarray:
    """Return a map whose columns are ten pixels wide each, in strips of ten rows."""
    return np.repeat(np.repeat(np.array([values], np.int32), 10, axis=1), 10, axis=0)


def objects(*values: int, classes: dict[int, int] | None = None) -> Truth:
    return Truth(pixels_yx=row(*values), object_classes=classes or {})


def answer(*values: int, classes: dict[int, int] | None = None) -> Answer:
    return Answer(labels_yx=row(*values), object_classes=classes or {})


def test_objects_are_pooled_over_images():
    truths = [objects(1, 0, 2, 0), objects(1, 0, 0, 0), objects(0, 0, 0, 0)]
    answers = [answer(1, 0, 2, 0), answer(0, 0, 1, 0), answer(0, 0, 0, 0)]
    result = score.of(NUCLEI, truths, answers, ids=["p", "q", "r"])
    assert result.name == "AP at IoU 0.5"
    assert result.headline == 2 / 4  # 2 found, 1 missed, 1 invented; not the mean of 1, 0, 1
    assert result.per_image == {"p": 1.0, "q": 0.0, "r": 1.0}
    assert result.others["f1"] == 4 / 6
    assert result.others["pq"] == 2 / 3
    assert result.others["count_error"] == 0.0
    assert "class_accuracy" not in result.others
    assert result.interval is None


def test_thresholds_tell_loose_from_exact_outlines():
    # IoU 0.8: above 0.75, below 0.9.
    truth = Truth(pixels_yx=np.repeat(np.array([[0, 1, 1, 1, 1, 1, 0]], np.int32), 5, axis=0))
    found = Answer(labels_yx=np.repeat(np.array([[0, 1, 1, 1, 1, 0, 0]], np.int32), 5, axis=0))
    result = score.of(NUCLEI, [truth], [found], ids=["p"])
    assert (result.headline, result.others["ap_75"], result.others["ap_90"]) == (1.0, 1.0, 0.0)


def test_count_error_does_not_cancel_between_images():
    truths = [objects(1, 0, 2, 0), objects(1, 0, 2, 0)]
    answers = [answer(1, 0, 0, 0), answer(1, 0, 2, 3)]
    assert score.of(NUCLEI, truths, answers, ids="pq").others["count_error"] == 2 / 4


def test_class_accuracy_counts_matched_objects_of_known_class():
    truth = objects(1, 2, 3, 4, 5, classes={1: 0, 2: 1, 3: 1, 4: -1, 5: 0})
    found = answer(1, 2, 3, 4, 0, classes={1: 0, 2: 0, 4: 1})
    result = score.of(CELLS, [truth], [found], ids=["p"])
    # 1 right, 2 wrong, 3 without an answer; 4 is of unknown class, 5 was not found.
    assert result.others["class_accuracy"] == 1 / 3
    assert result.tables["confusion"] == {"classes": ["mono", "bi"], "rows": [[1, 0], [1, 0]]}


def test_mean_dice_leaves_the_background_out_and_pools():
    truths = [Truth(pixels_yx=row(0, 1, 1, 2)), Truth(pixels_yx=row(0, 0, 1, -1))]
    answers = [answer(0, 1, 2, 2), answer(0, 0, 1, 2)]
    result = score.of(LAYERS, truths, answers, ids=["p", "q"])
    assert result.name == "mean Dice"
    # a: 2 of 3 columns found, none invented; b: 1 found, 1 invented; what is -1 counts nowhere.
    assert result.others["dice:a"] == pytest.approx(4 / 5)
    assert result.others["dice:b"] == pytest.approx(2 / 3)
    assert result.headline == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert result.others["mean_iou"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert "dice:bg" not in result.others
    assert result.per_image["q"] == 1.0


def test_without_a_declared_background_every_class_counts():
    task = TaskSpec(kind=Kind.SEMANTIC, classes=("a", "b"))
    result = score.of(task, [Truth(pixels_yx=row(0, 1))], [answer(0, 0)], ids=["p"])
    assert result.headline == pytest.approx((2 / 3 + 0) / 2)


def test_balanced_accuracy_is_the_mean_recall_of_the_classes_there():
    true = [0, 0, 0, 1, -1]
    told = [0, 0, 1, 1, 2]
    result = score.of(
        IMAGES,
        [Truth(pixels_yx=np.zeros((0, 0), np.int32), image_class=index) for index in true],
        [Answer(probabilities=tuple(np.eye(3)[index])) for index in told],
        ids=list("pqrst"),
    )
    assert result.name == "balanced accuracy"
    assert result.images == 4  # one is not annotated
    assert result.headline == pytest.approx((2 / 3 + 1) / 2)
    assert result.others["accuracy"] == 3 / 4
    assert result.others["recall:x"] == pytest.approx(2 / 3)
    assert "recall:z" not in result.others
    assert result.others["ece"] == pytest.approx(1 / 4)
    assert result.tables["confusion"]["rows"] == [[2, 1, 0], [0, 1, 0], [0, 0, 0]]


def test_interval_draws_groups_where_they_are_known():
    truths = [objects(1, 2, 3, 4)] * 12
    answers = [answer(1, 2, 3, 0) if index % 2 else answer(1, 2, 3, 4) for index in range(12)]
    ids = [str(index) for index in range(12)]
    alone = score.of(NUCLEI, truths, answers, ids=ids)
    pairs = score.of(NUCLEI, truths, answers, ids=ids, groups=[f"g{i // 2}" for i in range(12)])
    few = score.of(NUCLEI, truths, answers, ids=ids, groups=[f"g{i // 3}" for i in range(12)])
    assert alone.interval[0] < alone.headline < alone.interval[1]
    assert pairs.interval == (alone.headline, alone.headline)  # every pair is alike
    assert few.interval is None
    assert score.of(NUCLEI, truths, answers, ids=ids, interval=False).interval is None


def test_nothing_annotated_is_told():
    nothing = Truth(pixels_yx=np.full((5, 5), -1, np.int32))
    with pytest.raises(StudyError, match="no annotated image"):
        score.of(LAYERS, [nothing], [Answer(labels_yx=np.zeros((5, 5), np.int32))], ids=["p"])
