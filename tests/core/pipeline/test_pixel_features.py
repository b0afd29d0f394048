"""Numbers of a pixel's surroundings, the same in one piece and in windows."""

import math

import numpy as np
import pytest

from core.pipeline import pixel_features


@pytest.mark.parametrize("corner", [(0, 0), (80, 120), (236, 200)])
def test_a_window_has_the_features_of_the_whole_picture(corner):
    image = np.random.default_rng(0).random((2, 301, 260)).astype(np.float32)
    window = tuple(slice(at, at + 60) for at in corner)
    whole = pixel_features.features(image)[window]
    np.testing.assert_allclose(pixel_features.features(image, window), whole, atol=1e-4)


@pytest.mark.parametrize("size", [(1, 1), (5, 7), (33, 90)])
def test_pictures_of_any_size_have_features(size):
    rows = pixel_features.features(np.random.default_rng(0).random((3, *size)))
    assert rows.shape == (*size, 3 * 4 * 7)
    assert np.isfinite(rows).all()


def test_a_picture_of_usual_size_is_one_window():
    image = np.zeros((1, 1500, 1500), np.uint8)
    assert pixel_features.windows(image) == [(slice(0, 1500), slice(0, 1500))]


@pytest.mark.parametrize("shape", [(1, 1600, 1601), (3, 4001, 700), (40, 301, 260), (1, 3, 10**6)])
def test_windows_of_a_large_picture_cover_it_once_and_are_small(shape, monkeypatch):
    monkeypatch.setattr(pixel_features, "LARGEST_TABLE", 1_000_000)
    counts = np.zeros(shape[1:], np.uint8)
    sizes = []
    for window in pixel_features.windows(np.broadcast_to(np.uint8(0), shape)):
        assert all(side.start % 4 == 0 for side in window)
        counts[window] += 1
        sizes.append(counts[window].size)
    assert (counts == 1).all()
    assert max(sizes) * pixel_features.width(shape[0]) <= 1_000_000
    assert math.prod(shape[1:]) / len(sizes) > 0.5 * max(sizes)
