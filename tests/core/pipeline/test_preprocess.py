"""Train and apply see the same pixels."""

import numpy as np
import pytest

from core.errors import ImageError
from core.pipeline import preprocess
from core.records import Preprocess
from core.records.pipeline import NORMALISATIONS


@pytest.mark.parametrize("name", NORMALISATIONS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.int16])
def test_every_normalisation_gives_finite_numbers_near_one(name: str, dtype: type) -> None:
    image = np.random.default_rng(0).integers(0, 100, (2, 64, 48)).astype(dtype)
    seen = preprocess.apply(Preprocess(normalisation=name), preprocess.Fitted(channels=2), image)
    assert seen.shape == (2, 64, 48)
    assert seen.dtype == np.float32
    assert np.abs(seen).max() <= 3


@pytest.mark.parametrize("name", NORMALISATIONS)
def test_a_constant_image_does_not_divide_by_zero(name: str) -> None:
    image = np.full((1, 32, 32), 7, np.uint16)
    seen = preprocess.apply(Preprocess(normalisation=name), preprocess.Fitted(channels=1), image)
    assert np.isfinite(seen).all()


def test_objects_are_brought_to_the_wished_diameter() -> None:
    wished = Preprocess(object_diameter_px=32)
    fitted = preprocess.fit(wished, 1, [60.0, 64.0, 70.0])
    assert fitted.scale == pytest.approx(0.5)
    assert preprocess.apply(wished, fitted, np.zeros((1, 100, 80), np.uint8)).shape == (1, 50, 40)


def test_nearly_the_wished_diameter_keeps_the_size() -> None:
    assert preprocess.fit(Preprocess(object_diameter_px=32), 1, [30.0]).scale == 1.0


def test_without_objects_the_size_stays() -> None:
    assert preprocess.fit(Preprocess(object_diameter_px=32), 3, []).scale == 1.0


def test_a_missing_channel_is_told() -> None:
    with pytest.raises(ImageError, match="3 channels"):
        preprocess.apply(Preprocess(), preprocess.Fitted(channels=3), np.zeros((1, 8, 8), np.uint8))


def test_labels_keep_their_ids_at_another_size() -> None:
    labels = np.zeros((40, 40), np.int32)
    labels[10:30, 10:30] = 70000
    small = preprocess.resize_labels(labels, (20, 20))
    assert set(np.unique(small)) == {0, 70000}
    assert (small > 0).sum() == 100


@pytest.mark.parametrize("name", NORMALISATIONS)
@pytest.mark.parametrize("scale", [1.0, 0.37, 1.6])
def test_a_part_is_what_the_whole_shows_there(name: str, scale: float) -> None:
    image = np.random.default_rng(0).integers(0, 4000, (2, 203, 157)).astype(np.uint16)
    image[:, :, 80:] //= 3
    fitted = preprocess.Fitted(channels=2, scale=scale)
    prepared = preprocess.prepare(Preprocess(normalisation=name), fitted, image)
    whole = prepared.whole()
    rows, columns = slice(11, 60), slice(0, whole.shape[2])
    assert np.abs(prepared.part(rows, columns) - whole[:, rows, columns]).max() < 1e-3


def test_a_huge_image_shrinks_in_strips_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.random.default_rng(0).integers(0, 255, (3, 301, 200)).astype(np.uint8)
    wished, fitted = Preprocess(side_px=64), preprocess.Fitted(channels=3)
    whole = preprocess.apply(wished, fitted, image)
    monkeypatch.setattr(preprocess, "WHOLE_PX", 5000)
    strips = preprocess.apply(wished, fitted, image)
    assert strips.shape == whole.shape == (3, 64, 43)
    assert np.abs(strips - whole).max() < 1e-3


def test_adaptive_equalisation_is_scikit_images() -> None:
    from skimage.exposure import equalize_adapthist

    rows, columns = np.mgrid[0:256, 0:256]
    light = 60 + rows / 4 + 40 * np.sin(columns / 9) * np.sin(rows / 7)
    image = (light + np.random.default_rng(0).normal(0, 3, light.shape)).astype(np.uint16)
    seen = preprocess.apply(
        Preprocess(normalisation="clahe"), preprocess.Fitted(channels=1), image[None]
    )
    low, high = np.percentile(image, (1.0, 99.8))
    theirs = equalize_adapthist(np.clip((image - low) / (high - low), 0, 1), clip_limit=0.02)
    assert np.abs(seen[0] - (theirs * 2 - 1)).mean() < 0.1
    assert np.corrcoef(seen[0].ravel(), theirs.ravel())[0, 1] > 0.98
