"""How an image looks: truth by construction."""

from dataclasses import replace

import numpy as np
import pytest

from core.data import display, study
from core.data.display import AUTOMATIC, ChannelLook, Look
from core.errors import ImageError
from core.paths import Workspace

RED, BLUE = "#FF0000", "#0000FF"


def look(*channels: ChannelLook) -> Look:
    return Look(channels=channels)


@pytest.fixture
def two_channels() -> np.ndarray:
    """A bright left half in the first channel, a bright lower half in the second."""
    image_cyx = np.full((2, 8, 8), 100, np.uint16)
    image_cyx[0, :, :4] = 1100
    image_cyx[1, 4:] = 4100
    return image_cyx


def test_channels_are_added_in_their_colors(two_channels: np.ndarray) -> None:
    seen = display.render(two_channels, look(ChannelLook(color=RED), ChannelLook(color=BLUE)))
    assert seen[0, 0].tolist() == [255, 0, 0]
    assert seen[7, 7].tolist() == [0, 0, 255]
    assert seen[7, 0].tolist() == [255, 0, 255]
    assert seen[0, 7].tolist() == [0, 0, 0]


def test_a_channel_switched_off_leaves_nothing(two_channels: np.ndarray) -> None:
    off = ChannelLook(shown=False)
    seen = display.render(two_channels, look(off, ChannelLook(color=BLUE)))
    assert not seen[..., :2].any()
    assert not display.render(two_channels, look(off, off)).any()
    # Alone and in no colour of its own it is grey, which shows most.
    alone = display.render(two_channels, look(ChannelLook(), off))
    assert (alone == alone[..., :1]).all()
    assert alone[0, 0, 0] == 255


@pytest.mark.parametrize(
    "dtype", [np.uint8, np.uint16, np.int16, np.uint32, np.float32, np.float64]
)
def test_levels_gamma_and_type(dtype: type) -> None:
    ramp = np.arange(0, 101, dtype=dtype).reshape(1, 1, 101)
    linear = display.render(ramp, look(ChannelLook(levels=(20, 60))))[0, :, 0]
    assert linear[:21].max() == 0
    assert linear[60:].min() == 255
    assert linear[40] == 128
    bright = display.render(ramp, look(ChannelLook(levels=(20, 60), gamma=0.5)))[0, :, 0]
    assert bright[30] == round(255 * 0.25**0.5)
    percentiles = ChannelLook(levels=(20, 60), percentiles=True)
    np.testing.assert_array_equal(display.render(ramp, look(percentiles))[0, :, 0], linear)


def test_what_is_no_number_is_black_and_does_not_count() -> None:
    image_cyx = np.linspace(0, 1, 100, dtype=np.float32).reshape(1, 10, 10)
    image_cyx[0, 0, :3] = np.nan, np.inf, -np.inf
    seen = display.render(image_cyx)
    assert seen[0, 0, 0] == 0
    assert seen[0, 1, 0] == 255
    assert 120 < seen[5, 0, 0] < 135
    assert not display.render(np.full((1, 4, 4), np.nan)).any()


def test_a_part_has_the_levels_of_the_whole(two_channels: np.ndarray) -> None:
    whole = display.render(two_channels)
    within = display.levels(two_channels)
    part = display.render(two_channels[:, :4, 4:], within=within)
    np.testing.assert_array_equal(part, whole[:4, 4:])


def test_a_much_smaller_picture_is_the_mean_of_what_it_covers() -> None:
    rows, columns = np.mgrid[:640, :960]
    ramp = (rows + columns).astype(np.uint16)[None]
    look_plain = look(ChannelLook(levels=(0, 1598)))
    seen = display.render(ramp, look_plain, side=96)
    assert seen.shape == (64, 96, 3)
    exact = ramp[0].reshape(64, 10, 96, 10).mean(axis=(1, 3)) / 1598 * 255
    assert np.abs(seen[..., 0] - exact).max() < 1
    wide = display.render(np.repeat(np.repeat(ramp, 2, 1), 2, 2), look_plain, side=96)
    assert np.abs(wide[..., 0] - exact).max() < 2


def test_photographs_stay_as_they_are_until_somebody_changes_them() -> None:
    photo = np.random.default_rng(0).integers(0, 200, (3, 9, 9), dtype=np.uint8)
    np.testing.assert_array_equal(display.render(photo), photo.transpose(1, 2, 0))
    without_red = display.render(photo, look(ChannelLook(shown=False)))
    np.testing.assert_array_equal(without_red[..., 1:], photo.transpose(1, 2, 0)[..., 1:])
    assert not without_red[..., 0].any()


def test_dyes_in_eight_bits_have_their_own_colours_and_levels() -> None:
    """Three channels of 8 bits were taken for a photograph: DAPI was red, and dim."""
    dyes = np.random.default_rng(0).integers(0, 40, (3, 9, 9), dtype=np.uint8)
    told = ("#0000FF", "#00FF00", "#FF0000")
    assert display.colors(dyes, told=told) == list(told)
    seen = display.render(dyes, told=told)
    assert seen.max() == 255
    brightest = np.unravel_index(dyes[0].argmax(), dyes[0].shape)
    assert seen[brightest][2] == 255


def test_a_look_is_kept_for_images_of_its_kind(tmp_path) -> None:
    place = study.create(Workspace.at(tmp_path), "one")
    assert display.load(place, 2, "uint16") == AUTOMATIC
    chosen = look(ChannelLook(color=RED, levels=(3.0, 9.0), gamma=0.7), ChannelLook(shown=False))
    before = place.record.read_bytes()
    display.save(place, 2, "uint16", chosen)
    assert display.load(place, 2, "uint16") == chosen
    assert display.load(place, 3, "uint16") == AUTOMATIC
    assert place.record.read_bytes() == before
    place.looks.write_text("{")
    assert display.load(place, 2, "uint16") == AUTOMATIC


@pytest.mark.parametrize(
    "wrong",
    [
        {"color": "blue"},
        {"levels": (2.0, 2.0)},
        {"gamma": 0.0},
        {"levels": (5.0, 101.0), "percentiles": True},
    ],
)
def test_looks_that_cannot_be_shown_are_refused(wrong: dict) -> None:
    with pytest.raises(ImageError):
        replace(ChannelLook(), **wrong)
