"""Figures of maps small enough to count by hand."""

import numpy as np
import pytest

from core.evaluate import metrics


def test_average_precision_counts_every_mistake_once():
    true = np.array([[1, 1, 0, 2, 2, 0, 3, 3, 0, 0]], np.int32)
    predicted = np.array([[5, 5, 0, 6, 6, 0, 0, 0, 7, 7]], np.int32)
    assert metrics.average_precision(true, predicted) == 2 / 4  # 2 found, 1 missed, 1 invented


def test_average_precision_of_nothing_is_perfect():
    assert metrics.average_precision(np.zeros((4, 4), np.int32), np.zeros((4, 4), np.int32)) == 1.0


def test_pooled_object_figures():
    counts = np.array([6.0, 2.0, 4.0])
    assert metrics.precision_of(counts) == 0.5
    assert metrics.f1_of(counts) == 12 / 18
    assert metrics.panoptic_quality(counts, 4.5) == 4.5 / 9


def test_dice_and_jaccard_of_a_known_table():
    table = np.array([[8, 2, 0], [0, 4, 0], [0, 0, 0]], float)
    np.testing.assert_allclose(metrics.dice(table), [16 / 18, 8 / 10, np.nan])
    np.testing.assert_allclose(metrics.jaccard(table), [8 / 10, 4 / 6, np.nan])
    np.testing.assert_allclose(metrics.recalls(table), [0.8, 1.0, np.nan])
    assert metrics.mean_known(metrics.dice(table)) == pytest.approx((16 / 18 + 0.8) / 2)


def test_a_class_found_where_it_is_not_has_dice_zero():
    assert metrics.dice(np.array([[5, 5], [0, 0]], float))[1] == 0.0


def test_confusion_leaves_unmarked_pixels_out():
    true = np.array([[0, 1, -1, 1]], np.int32)
    predicted = np.array([[0, 0, 1, 1]], np.int32)
    assert metrics.confusion(true, predicted, 2).tolist() == [[1, 0], [1, 1]]


def test_calibration_error_is_the_gap_between_confidence_and_accuracy():
    sure = np.tile([0.9, 0.1], (10, 1))
    right_nine_times = np.array([0] * 9 + [1])
    assert metrics.calibration_error(sure, right_nine_times) == pytest.approx(0.0)
    right_half = np.array([0] * 5 + [1] * 5)
    assert metrics.calibration_error(sure, right_half) == pytest.approx(0.4)


def square(shift: int) -> np.ndarray:
    labels = np.zeros((100, 100), np.int32)
    labels[30:60, 30 + shift : 60 + shift] = 1
    return labels


def boundary_f1(true, predicted):
    return metrics.boundary_f1(metrics.boundary_hits(true, predicted, 1))


def test_boundary_f1_forgives_what_lies_within_its_tolerance():
    # The diagonal is 141 px: tolerance 1.06 px.
    assert boundary_f1(square(0), square(0)) == 1.0
    assert boundary_f1(square(0), square(1)) == 1.0
    assert boundary_f1(square(0), square(5)) < 0.8
    assert boundary_f1(square(0), np.zeros((100, 100), np.int32)) == 0.0


def test_edges_of_the_image_and_of_the_marked_region_are_no_boundaries():
    true = np.ones((20, 20), np.int32)
    true[:, 10:] = -1
    assert metrics.boundary_hits(true, np.ones((20, 20), np.int32), 1).tolist() == [0, 0, 0, 0]
    assert np.isnan(boundary_f1(true, np.ones((20, 20), np.int32)))
