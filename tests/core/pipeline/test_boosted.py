"""Pixel trees on pictures whose classes follow from brightness or texture."""

import time

import numpy as np
import pytest

from core.errors import LabelError
from core.pipeline import boosted


def picture(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return two channels and three classes: dark, bright in channel 0, striped in channel 1."""
    rng = np.random.default_rng(seed)
    image = rng.normal(100, 5, (2, 96, 96))
    classes = np.zeros((96, 96), np.int32)
    classes[8:40, 8:88] = 1
    image[0, 8:40, 8:88] += 100
    classes[56:88, 8:88] = 2
    image[1, 56:88, 8:88] += 60 * (np.arange(80) % 4 < 2) - 30
    return image.astype(np.uint16), classes


@pytest.fixture(scope="module")
def model():
    pairs = [picture(seed) for seed in (1, 2)]
    return boosted.fit([one for one, _ in pairs], [other for _, other in pairs], seconds=5, seed=0)


def test_brightness_and_texture_are_told_apart(model):
    image, classes = picture(9)
    assert (boosted.predict(model, image) == classes).mean() > 0.93


def test_probabilities_add_up(model):
    shares = boosted.probabilities(model, picture(9)[0])
    assert shares.shape == (3, 96, 96)
    np.testing.assert_allclose(shares.sum(axis=0), 1, atol=1e-5)
    np.testing.assert_array_equal(shares.argmax(axis=0), boosted.predict(model, picture(9)[0]))


def test_brightness_of_the_whole_picture_does_not_matter(model):
    image, classes = picture(9)
    assert (boosted.predict(model, 3 * image + 1000) == classes).mean() > 0.93


def test_the_model_is_text(model):
    assert model.text.startswith("tree")
    assert model.classes == (0, 1, 2)


def test_pixels_that_are_not_annotated_teach_nothing():
    image, classes = picture(1)
    marked = np.full_like(classes, -1)
    marked[10:16, 10:60], marked[58:64, 10:60] = 1, 2
    model = boosted.fit([image], [marked], seconds=3)
    assert model.classes == (1, 2)
    assert set(np.unique(boosted.predict(model, image))) <= {1, 2}


def test_one_class_alone_is_answered_everywhere():
    image, classes = picture(1)
    model = boosted.fit([image], [np.full_like(classes, 4)], seconds=3)
    assert (boosted.predict(model, image) == 4).all()
    assert (boosted.probabilities(model, image) == 1).all()


def test_nothing_annotated_is_told():
    image, classes = picture(1)
    with pytest.raises(LabelError, match="no annotated pixel"):
        boosted.fit([image], [np.full_like(classes, -1)], seconds=3)


def test_no_class_is_drawn_away_by_a_frequent_one(monkeypatch):
    monkeypatch.setattr(boosted, "MOST_PIXELS", 300)
    image, classes = picture(1)
    classes[:] = 0
    classes[:4, :5] = 1
    rows, targets = boosted._draw([image], [classes], time.monotonic() + 5, seed=0)
    assert rows.shape == (150 + 20, 2 * 4 * 7)
    assert np.bincount(targets).tolist() == [150, 20]


def test_a_seed_repeats_the_model(monkeypatch):
    # So few trees that time cannot end one fit before the other.
    monkeypatch.setattr(boosted, "MOST_ROUNDS", 3)
    image, classes = picture(1)
    first, again, other = (
        boosted.fit([image], [classes], seconds=60, seed=seed) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_short_of_time_fewer_trees_are_asked(model, monkeypatch):
    image, classes = picture(9)
    asked = boosted.predict(model, image, seconds=0)
    assert (asked == classes).mean() > 0.8  # the first ten rounds know the outlines already


@pytest.mark.parametrize("corner", [(0, 0), (80, 120), (236, 200)])
def test_a_window_has_the_features_of_the_whole_picture(corner):
    image = np.random.default_rng(0).random((2, 301, 260)).astype(np.float32)
    window = tuple(slice(at, at + 60) for at in corner)
    whole = boosted.features(image)[window]
    np.testing.assert_allclose(boosted.features(image, window), whole, atol=1e-4)


@pytest.mark.parametrize("size", [(1, 1), (5, 7), (33, 90)])
def test_pictures_of_any_size_have_features(size):
    rows = boosted.features(np.random.default_rng(0).random((3, *size)))
    assert rows.shape == (*size, 3 * 4 * 7)
    assert np.isfinite(rows).all()
