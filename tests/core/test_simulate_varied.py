"""Varied pictures: repeatable, truly labelled, of many kinds."""

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, label

from core.data.simulate.varied import Picture, picture

COUNT = 16


@pytest.fixture(scope="module")
def shown() -> list[Picture]:
    return [picture(number, side_px=192) for number in range(COUNT)]


def test_a_number_is_always_the_same_picture(shown: list[Picture]) -> None:
    again = picture(3, side_px=192)
    assert np.array_equal(again.image_cyx, shown[3].image_cyx)
    assert np.array_equal(again.labels_yx, shown[3].labels_yx)
    assert not np.array_equal(again.labels_yx, shown[4].labels_yx)


def test_ids_run_from_one_and_nothing_is_a_speck(shown: list[Picture]) -> None:
    for one in shown:
        assert one.image_cyx.shape == (3, 192, 192)
        assert one.image_cyx.dtype == np.uint8
        sizes = np.bincount(one.labels_yx.ravel())[1:]
        assert (sizes > 0).all()
        assert np.median(sizes) >= 20


def test_sizes_colours_and_crowds_differ(shown: list[Picture]) -> None:
    coloured = [bool(np.ptp(one.image_cyx.astype(int), axis=0).any()) for one in shown]
    assert 0 < sum(coloured) < COUNT
    medians = [np.median(np.bincount(one.labels_yx.ravel())[1:]) for one in shown]
    assert max(medians) > 10 * min(medians)
    touching = [one.labels_yx.max() - label(one.labels_yx > 0)[1] for one in shown]
    assert min(touching) <= 0 < max(touching)


def test_objects_can_be_seen(shown: list[Picture]) -> None:
    """Inside and just outside differ by more than chance would have it, in nearly all pictures."""
    seen = 0
    for one in shown:
        inside = one.labels_yx > 0
        around = binary_dilation(inside, iterations=4) & ~inside
        if not around.any():
            seen += 1
            continue
        apart = [
            abs(plane[inside].mean() - plane[around].mean()) / plane[inside | around].std()
            for plane in one.image_cyx.astype(float)
        ]
        seen += max(apart) > 0.2
    assert seen >= COUNT - 2
