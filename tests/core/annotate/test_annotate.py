"""Help while annotating, on discs whose truth is known."""

import time

import numpy as np
import pytest

from core.annotate import clicks, outlines, scribbles
from core.errors import LabelError

SIDE = 160
CENTRES = ((40, 40), (40, 110), (110, 40), (104, 104), (104, 124))
RADIUS = 12.0


def _scene(noise: float = 6.0) -> tuple[np.ndarray, np.ndarray]:
    """Return discs on dark noise, two of them touching, and their ids."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    ids = np.zeros((SIDE, SIDE), np.int32)
    image = np.random.default_rng(0).normal(20, noise, (SIDE, SIDE))
    for number, (row, column) in enumerate(CENTRES, start=1):
        inside = ((rows - row) ** 2 + (columns - column) ** 2 < RADIUS**2) & (ids == 0)
        ids[inside] = number
        image[inside] += 90
    return np.clip(image, 0, 255).astype(np.uint8)[None], ids


def _iou(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / (one | other).sum())


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_click_outlines_what_lies_under_it(number: int) -> None:
    image, ids = _scene()
    row, column = CENTRES[number - 1]
    found = clicks.at_point(image, row + 3, column - 2, diameter_px=2 * RADIUS)
    assert _iou(found.placed(ids.shape), ids == number) > 0.85


def test_another_click_grows_or_shrinks() -> None:
    image, ids = _scene()
    found = clicks.at_point(image, *CENTRES[0], diameter_px=2 * RADIUS)
    areas = [found.stepped(step).placed(ids.shape).sum() for step in (-2, -1, 0, 1, 2)]
    assert areas == sorted(areas)
    assert areas[0] < areas[-1]
    assert found.stepped(100).stepped(1).chosen == len(found.masks) - 1


def test_a_rough_box_outlines_one_of_two_that_touch() -> None:
    image, ids = _scene()
    for number in (4, 5):
        rows, columns = np.nonzero(ids == number)
        box = (rows.min() - 1.5, columns.min() - 1.0, rows.max() + 2.0, columns.max() + 1.5)
        found = outlines.in_box(image, box)
        assert _iou(found.placed(ids.shape), ids == number) > 0.8


def test_what_others_have_stays_theirs() -> None:
    image, ids = _scene()
    taken = ids == 4
    found = clicks.at_point(image, *CENTRES[4], diameter_px=2 * RADIUS, taken_yx=taken)
    assert not (found.placed(ids.shape) & taken).any()


@pytest.mark.parametrize("place", [(0, 0), (159, 159), (0, 80)])
def test_places_at_the_border_and_empty_images_are_no_fault(place: tuple[int, int]) -> None:
    blank = np.zeros((3, SIDE, SIDE), np.uint16)
    assert clicks.at_point(blank, *place).placed((SIDE, SIDE)).any()
    box = (place[0] - 9.0, place[1] - 9.0, place[0] + 9.0, place[1] + 9.0)
    assert outlines.in_box(blank, box).placed((SIDE, SIDE)).shape == (SIDE, SIDE)


def _strokes(ids: np.ndarray) -> np.ndarray:
    strokes = np.full(ids.shape, scribbles.UNKNOWN, np.int32)
    strokes[36:44, 34:46] = scribbles.INSIDE
    strokes[74:78, 10:150] = scribbles.BEHIND
    return strokes


def test_two_strokes_find_the_other_objects() -> None:
    image, ids = _scene()
    table = scribbles.features(image)
    learned = scribbles.learn([table], [_strokes(ids)])
    inside = learned.probabilities(table)[scribbles.INSIDE]
    assert ((inside > 0.5) == (ids > 0)).mean() > 0.95
    found = scribbles.objects(inside, diameter_px=2 * RADIUS)
    assert found.max() == len(CENTRES)
    for number in range(1, len(CENTRES) + 1):
        overlap = np.bincount(found[ids == number])
        overlap[0] = 0
        assert _iou(found == overlap.argmax(), ids == number) > 0.7


def test_one_class_is_not_enough() -> None:
    image, ids = _scene()
    strokes = np.where(_strokes(ids) == scribbles.INSIDE, scribbles.INSIDE, scribbles.UNKNOWN)
    with pytest.raises(LabelError, match="second class"):
        scribbles.learn([scribbles.features(image)], [strokes.astype(np.int32)])


def test_nothing_likely_means_no_objects() -> None:
    assert scribbles.objects(np.zeros((50, 60), np.float32)).max() == 0


def test_a_click_does_not_depend_on_the_size_of_the_image() -> None:
    """Users wait for each click; it must look at its surroundings alone."""
    image, _ = _scene()
    large = np.tile(image, (1, 12, 12))
    clicks.at_point(image, *CENTRES[0])  # imports
    start = time.process_time()
    clicks.at_point(large, *CENTRES[0], diameter_px=24.0)
    assert time.process_time() - start < 0.5
