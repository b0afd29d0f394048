"""Boxes around objects that are done teach how outlines lie in boxes."""

import numpy as np
import pytest
from scipy import ndimage

from core.annotate import lessons, outlines, scribbles

SIDE = 288
RADIUS = 13


def diamonds(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return diamonds in noise so strong that only their form tells where they end, and ids."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    ids = np.zeros((SIDE, SIDE), np.int32)
    for number in range(36):
        row, column = 28 + 46 * (number // 6), 28 + 46 * (number % 6)
        ids[np.abs(rows - row) + np.abs(columns - column) <= RADIUS] = number + 1
    image = rng.normal(100, 40, ids.shape) + 25 * (ids > 0)
    return np.clip(image, 0, 255).astype(np.uint8)[None], ids


def shown(seed: int, count: int = 36) -> outlines.Examples | None:
    """Return what so many of the diamonds show in boxes."""
    image, ids = diamonds(seed)
    known = np.where(ids > 0, scribbles.INSIDE, scribbles.BEHIND).astype(np.int32)
    return lessons.boxes(image, known, np.where(ids <= count, ids, 0).astype(np.int32))


@pytest.fixture(scope="module")
def outliner() -> outlines.Outliner:
    told = [each for each in (shown(1), shown(2)) if each is not None]
    found = outlines.learn(told)
    assert found is not None
    return found


def overlap(outliner: outlines.Outliner | None) -> float:
    """Return the mean IoU of what boxes give on an image that taught nothing."""
    image, ids = diamonds(3)
    rng = np.random.default_rng(4)
    reached = []
    for number, span in enumerate(ndimage.find_objects(ids), start=1):
        box = outlines.trembled(span, rng)
        found = outlines.in_box(image, box, outliner=outliner).placed(ids.shape)
        truth = ids == number
        reached.append((found & truth).sum() / (found | truth).sum())
    return float(np.mean(reached))


def test_forms_that_were_seen_are_found_where_light_tells_little(
    outliner: outlines.Outliner,
) -> None:
    assert overlap(outliner) > overlap(None) + 0.05
    assert overlap(outliner) > 0.75


def test_outlines_are_nested_and_leave_others_what_is_theirs(outliner: outlines.Outliner) -> None:
    image, ids = diamonds(3)
    taken = ids == 2
    box = (14.0, 40.0, 44.0, 90.0)
    found = outlines.in_box(image, box, outliner=outliner, taken_yx=taken)
    areas = [found.stepped(step).placed(ids.shape).sum() for step in (-1, 0, 1)]
    assert areas == sorted(areas)
    assert not (found.placed(ids.shape) & taken).any()


def test_the_same_examples_teach_the_same() -> None:
    told = shown(1)
    assert told is not None
    assert outlines.learn([told]) == outlines.learn([told])


def test_few_objects_teach_nothing_of_boxes() -> None:
    few = shown(1, count=4)
    assert few is not None
    assert outlines.learn([few]) is None
    assert shown(1, count=0) is None
