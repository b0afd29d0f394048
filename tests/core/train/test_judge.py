"""By which validation images a network is judged, and in which order they are looked at."""

import numpy as np
import pytest

from core.data.samples import Sample
from core.data.truth import Truth
from core.records import Kind, TaskSpec
from core.train import judge
from core.train.images import Images

CELLS = TaskSpec(kind=Kind.INSTANCE, classes=("cell",))
LAYERS = TaskSpec(kind=Kind.SEMANTIC, classes=("rest", "layer"), background="rest")
TISSUES = TaskSpec(kind=Kind.SEMANTIC, classes=("fat", "muscle"))
PICTURES = TaskSpec(kind=Kind.CLASSIFICATION, classes=("dark", "bright"))
UNKNOWN, EMPTY, FULL = -1, 0, 1


def images(*values: int) -> Images:
    """Return images a, b, c ... whose pixels all have one value, which is their class as well."""
    samples = [
        Sample(id=name, image_cyx=np.zeros((1, 8, 8), np.uint8), labels=None)
        for name in "abcdefgh"[: len(values)]
    ]
    pixels = [np.full((8, 8), value, np.int32) for value in values]
    return Images(
        samples,
        [Truth(pixels_yx=one, image_class=v) for one, v in zip(pixels, values, strict=True)],
    )


def order(task: TaskSpec, *values: int) -> str:
    found = judge.of(task, images(*values))
    assert len(found.truths) == len(found.samples)
    return "".join(sample.id for sample in found.samples)


@pytest.mark.parametrize("task", [CELLS, LAYERS, PICTURES])
def test_images_of_which_nothing_is_known_judge_nobody(task: TaskSpec) -> None:
    """One of them at the first place failed the whole training: there was nothing to score."""
    assert order(task, UNKNOWN, FULL, UNKNOWN, FULL) == "bd"


def test_where_nothing_is_known_of_any_image_that_is_still_told() -> None:
    assert order(CELLS, UNKNOWN, UNKNOWN) == "ab"
    assert order(CELLS) == ""


@pytest.mark.parametrize("task", [CELLS, LAYERS])
def test_images_that_show_something_are_looked_at_first(task: TaskSpec) -> None:
    """Empty ones came first by their names: a network that finds nothing was perfect."""
    assert order(task, EMPTY, EMPTY, FULL, EMPTY, FULL) == "ceabd"
    assert order(task, FULL, FULL, FULL) == "abc"


@pytest.mark.parametrize("task", [TISSUES, PICTURES])
def test_without_a_background_every_image_shows_something(task: TaskSpec) -> None:
    assert order(task, EMPTY, FULL, EMPTY, FULL) == "abcd"


@pytest.mark.parametrize("task", [CELLS, LAYERS])
def test_a_glance_tells_whether_there_was_anything_to_find(task: TaskSpec) -> None:
    known = images(EMPTY, EMPTY, FULL)
    assert not judge.Judge(known.samples, known.truths).shows_something(task, 2)
    assert judge.Judge(known.samples, known.truths).shows_something(task, 3)
    assert judge.of(task, known).shows_something(task, 1)
    assert not judge.of(task, images(EMPTY, EMPTY)).shows_something(task, 8)
