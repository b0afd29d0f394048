"""Objects whose overlap is known by construction."""

import numpy as np
import pytest

from core.evaluate import matching


def bars(*spans: tuple[int, int, int]) -> np.ndarray:
    """Return a 1 x 100 map with (id, start, stop) painted."""
    labels = np.zeros((1, 100), np.int32)
    for name, start, stop in spans:
        labels[0, start:stop] = name
    return labels


def test_iou_is_shared_over_united_pixels():
    matches = matching.match(bars((7, 0, 10)), bars((3, 2, 12)), 0.5)
    assert matches.pairs.tolist() == [[7, 3]]
    assert matches.iou.tolist() == [8 / 12]


@pytest.mark.parametrize(("limit", "found"), [(0.5, 1), (8 / 12, 1), (0.67, 0)])
def test_threshold_is_included(limit, found):
    matches = matching.match(bars((1, 0, 10)), bars((1, 2, 12)), limit)
    assert matches.true_positives == found
    assert matches.false_positives == matches.false_negatives == 1 - found


def test_nobody_is_matched_twice():
    # Two halves of one object each reach exactly 0.5; only one of them may count.
    matches = matching.match(bars((1, 0, 20)), bars((1, 0, 10), (2, 10, 20)), 0.5)
    assert (matches.true_positives, matches.false_positives, matches.false_negatives) == (1, 1, 0)


def test_assignment_prefers_more_pairs_over_a_better_one():
    # Object 1 and prediction 1 fit best, yet pairing them leaves the two others alone.
    true = bars((1, 0, 10), (2, 10, 20))
    predicted = bars((1, 2, 14), (2, 0, 2))
    greedy = matching.overlaps(true, predicted).iou.max()
    matches = matching.match(true, predicted, 0.1)
    assert matches.true_positives == 2
    assert greedy not in matches.iou


def test_agrees_with_a_search_over_all_assignments():
    rng = np.random.default_rng(0)
    from itertools import permutations

    for _ in range(20):
        true = np.repeat(rng.integers(0, 5, (1, 25)), 4, axis=1).astype(np.int32)
        predicted = np.repeat(rng.integers(0, 5, (1, 20)), 5, axis=1).astype(np.int32)
        matches = matching.match(true, predicted, 0.15)
        best = 0
        for order in permutations(range(1, 5)):
            best = max(
                best, sum(_iou(true, i + 1, predicted, j) >= 0.15 for i, j in enumerate(order))
            )
        assert matches.true_positives == best


def _iou(true, i, predicted, j):
    one, other = true == i, predicted == j
    return (one & other).sum() / max((one | other).sum(), 1)


def test_predictions_mostly_on_unmarked_pixels_are_left_out():
    true = bars((1, 0, 10))
    true[0, 50:] = -1
    predicted = bars((1, 0, 10), (2, 41, 61), (3, 20, 30))
    matches = matching.match(true, predicted)
    # Object 2 has 11 of 20 pixels where nothing is known; object 3 is plainly wrong.
    assert matches.predicted_ids.tolist() == [1, 3]
    assert (matches.true_positives, matches.false_positives, matches.false_negatives) == (1, 1, 0)


def test_unmarked_pixels_do_not_lower_the_iou():
    true = bars((1, 40, 50))
    true[0, 50:] = -1
    assert matching.match(true, bars((1, 40, 59))).iou.tolist() == [1.0]


@pytest.mark.parametrize("far", [5, 2_000_000_000])
def test_ids_may_have_any_size(far):
    matches = matching.match(bars((far, 0, 10), (2, 20, 30)), bars((far - 1, 20, 30), (1, 0, 10)))
    assert sorted(matches.pairs.tolist()) == sorted([[2, far - 1], [far, 1]])


def test_many_objects_are_counted_by_sorting(monkeypatch):
    rng = np.random.default_rng(1)
    true = np.repeat(rng.integers(0, 900, (30, 30)), 3, axis=0).astype(np.int32)
    predicted = np.roll(true, 1, axis=0)
    direct = matching.overlaps(true, predicted)
    monkeypatch.setattr(matching, "DENSE_CELLS", -1)
    sorted_ = matching.overlaps(true, predicted)
    assert direct.iou.tolist() == sorted_.iou.tolist()


def test_empty_maps_match():
    matches = matching.match(bars(), bars())
    assert (matches.true_positives, matches.false_positives, matches.false_negatives) == (0, 0, 0)
    assert matching.match(bars((1, 0, 5)), bars()).false_negatives == 1
    assert matching.match(bars(), bars((1, 0, 5))).false_positives == 1


def test_maps_of_different_size_are_a_mistake():
    with pytest.raises(ValueError, match="differ in size"):
        matching.match(bars(), np.zeros((2, 100), np.int32))
