"""Directions lead to centres, and paths that meet are objects."""

import numpy as np
import pytest

from core.pipeline import flows
from core.records import Postprocess


def discs(*circles: tuple[int, int, int], side: int = 96) -> np.ndarray:
    """Return ids of discs (row, column, radius); later ones leave earlier ones whole."""
    rows, columns = np.mgrid[:side, :side]
    ids = np.zeros((side, side), np.int32)
    for number, (row, column, radius) in enumerate(circles, start=1):
        inside = (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
        ids[inside & (ids == 0)] = number
    return ids


TOUCHING = discs((40, 25, 14), (40, 53, 14), (68, 40, 14))


def test_directions_of_a_disc_point_at_its_middle() -> None:
    flow = flows.to_centres(discs((40, 50, 20)))
    np.testing.assert_allclose(flow[:, 40, 50], 0)
    np.testing.assert_allclose(flow[:, 30, 50], (1, 0), atol=1e-6)
    np.testing.assert_allclose(flow[:, 40, 60], (0, -1), atol=1e-6)
    np.testing.assert_allclose(flow[:, 50, 60], (-(0.5**0.5), -(0.5**0.5)), atol=1e-6)
    assert not flow[:, 0].any()


def test_the_centre_lies_inside_an_object_that_is_hollow() -> None:
    ring = discs((48, 48, 30)) - discs((48, 48, 24))
    still = (ring > 0) & (np.hypot(*flows.to_centres(ring)) == 0)
    assert still.sum() == 1


def test_pixels_nobody_annotated_have_no_direction() -> None:
    assert not flows.to_centres(np.full((8, 8), -1, np.int32)).any()


def test_paths_bring_touching_objects_back() -> None:
    found = flows.follow(flows.to_centres(TOUCHING), TOUCHING > 0, Postprocess())
    assert found.max() == 3
    for middle, number in (((40, 25), 1), ((40, 53), 2), ((68, 40), 3)):
        ours = np.equal(TOUCHING, number)
        theirs = found == found[middle]
        assert (ours & theirs).sum() / (ours | theirs).sum() > 0.93


def test_noise_on_the_directions_splits_nothing() -> None:
    noise = np.random.default_rng(0).normal(0, 0.5, (2, 96, 96)).astype(np.float32)
    found = flows.follow(flows.to_centres(TOUCHING) + noise, TOUCHING > 0, Postprocess())
    assert found.max() == 3


def test_weak_directions_lead_as_far_as_strong_ones() -> None:
    whole = discs((150, 150, 140), side=300)
    found = flows.follow(0.3 * flows.to_centres(whole), whole > 0, Postprocess())
    assert found.max() == 1


def test_two_near_centres_are_one_object_unless_the_seed_says_otherwise() -> None:
    """A disc whose halves point at two places 8 px apart: less than half its radius of 20."""
    disc = discs((48, 48, 20))
    halves = np.where(disc > 0, 1 + (np.mgrid[:96, :96][1] > 48), 0).astype(np.int32)
    rows, columns = np.mgrid[:96, :96]
    goal = np.where(halves == 1, 44, 52)
    length = np.maximum(np.hypot(48 - rows, goal - columns), 1)
    flow = (np.stack([48 - rows, goal - columns]) / length).astype(np.float32)
    assert flows.follow(flow, disc > 0, Postprocess(seed=0.2)).max() == 1
    assert flows.follow(flow, disc > 0, Postprocess(seed=0.9)).max() == 2


def test_small_objects_are_dropped_and_holes_filled() -> None:
    ids = discs((30, 30, 12), (70, 70, 3))
    mask = ids > 0
    mask[30, 34] = False
    found = flows.follow(flows.to_centres(ids), mask, Postprocess(smallest_px=100))
    assert found.max() == 1
    assert found[30, 34] == 1
    assert found[70, 70] == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (9, 1)])
def test_the_smallest_pictures_are_answered(shape: tuple[int, int]) -> None:
    flow = np.zeros((2, *shape), np.float32)
    assert flows.follow(flow, np.zeros(shape, bool), Postprocess()).max() == 0
    assert flows.follow(flow, np.ones(shape, bool), Postprocess()).max() >= 1
