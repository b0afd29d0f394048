"""Pixel trees on pictures whose classes follow from brightness or texture."""

import time
import tracemalloc

import numpy as np
import pytest

from core.errors import LabelError
from core.pipeline import boosted, drawn_pixels, pixel_features


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
    monkeypatch.setattr(drawn_pixels, "MOST_PIXELS", 300)
    image, classes = picture(1)
    classes[:] = 0
    classes[:4, :5] = 1
    rows, targets = drawn_pixels.from_images([image], [classes], time.monotonic() + 5, seed=0)
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


@pytest.fixture
def small_tables(monkeypatch):
    """Let tables of so many features be too large that a picture of 96 x 96 is cut in four."""
    monkeypatch.setattr(pixel_features, "LARGEST_TABLE", 48 * 48 * 2 * 4 * 7)


@pytest.mark.parametrize("seconds", [0, 60])
def test_a_large_picture_is_judged_in_windows_as_in_one_piece(model, seconds, request):
    image, _ = picture(9)
    whole = boosted.predict(model, image, seconds=seconds)
    request.getfixturevalue("small_tables")
    told = []
    parts = boosted.predict(model, image, seconds=seconds, tell=lambda *one: told.append(one))
    np.testing.assert_array_equal(parts, whole)
    assert [pixels for pixels, _ in told] == [48 * 48] * 4
    assert all(spent_s > 0 for _, spent_s in told)


def test_what_hears_of_the_windows_may_end_it(model, small_tables):
    heard = []

    def enough(pixels: int, seconds: float) -> None:
        heard.append(pixels)
        raise TimeoutError

    with pytest.raises(TimeoutError):
        boosted.predict(model, picture(9)[0], tell=enough)
    assert len(heard) == 1


def drawn_from(marked, monkeypatch):
    """Return what is drawn from a picture, and the windows of it that were looked at."""
    looked_at = []
    features = pixel_features.features

    def noting(image_cyx, window=None, known=None):
        looked_at.append(window)
        return features(image_cyx, window, known)

    with monkeypatch.context() as patch:
        patch.setattr(pixel_features, "features", noting)
        drawn = drawn_pixels.from_images([picture(1)[0]], [marked], time.monotonic() + 60, seed=0)
    return drawn, looked_at


def test_pixels_of_a_large_picture_are_drawn_window_by_window(monkeypatch, request):
    marked = picture(1)[1]
    marked[:, 48:] = marked[60:] = -1
    whole, (all_of_it,) = drawn_from(marked, monkeypatch)
    assert all_of_it == (slice(0, 96), slice(0, 96))
    request.getfixturevalue("small_tables")
    parts, windows = drawn_from(marked, monkeypatch)
    for one, other in zip(parts, whole, strict=True):
        np.testing.assert_array_equal(one, other)
    left = slice(0, 48)
    assert windows == [(left, left), (slice(48, 96), left)]  # those with pixels, the most first


def test_short_of_time_the_window_with_most_drawn_pixels_teaches(small_tables):
    image, classes = picture(1)
    marked = np.full_like(classes, -1)
    marked[50:60, 50:60], marked[:5, :5] = 1, 0
    rows, targets = drawn_pixels.from_images([image], [marked], time.monotonic() - 1, seed=0)
    assert targets.tolist() == [1] * 100
    assert rows.shape == (100, 2 * 4 * 7)


def test_the_memory_for_a_large_picture_is_bounded(model):
    """Each core made the features of a whole image: 16 of them took 20 GB and the job failed."""
    image = np.tile(picture(9)[0], (1, 12, 12))  # its features have 297 MB
    tracemalloc.start()
    boosted.predict(model, image, seconds=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 260e6


def test_want_of_memory_in_the_trees_is_told_as_such(model, monkeypatch):
    """LightGBM tells it by an error of its own, which was taken for a bug."""
    import lightgbm

    def full(*_: object, **__: object) -> None:
        raise lightgbm.basic.LightGBMError("std::bad_alloc")

    monkeypatch.setattr(lightgbm.Booster, "predict", full)
    image, classes = picture(9)
    with pytest.raises(MemoryError):
        boosted.predict(model, image)
    monkeypatch.setattr(lightgbm.Booster, "update", full)
    with pytest.raises(MemoryError):
        boosted.fit([image], [classes], seconds=3)
