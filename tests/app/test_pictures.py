"""Pictures whose every pixel is known."""

import io
import tracemalloc

import numpy as np
import pytest
import tifffile
from PIL import Image

from app import look, pictures

GREY = np.full((8, 8, 3), 100, dtype=np.uint8)


def square():
    labels = np.zeros((8, 8), dtype=np.int32)
    labels[2:6, 2:6] = 4
    return labels


def test_a_png_brings_the_same_pixels_back():
    assert (np.asarray(Image.open(io.BytesIO(pictures.png(GREY)))) == GREY).all()


def test_only_the_border_of_a_thing_is_drawn():
    shown = pictures.outlined(GREY, square(), {4: "#FF0000"})
    red = (shown == (255, 0, 0)).all(axis=-1)
    expected = square() == 4
    expected[3:5, 3:5] = False
    assert (red == expected).all()
    assert (shown[~red] == 100).all()


def test_ids_without_a_colour_stay_bare():
    assert (pictures.outlined(GREY, square(), {7: "#FF0000"}) == GREY).all()


def test_a_tint_mixes_inside_and_leaves_the_rest():
    shown = pictures.outlined(GREY, square(), {4: "#FF0000"}, tint=0.5)
    assert tuple(shown[3, 3]) == (177, 50, 50)
    assert tuple(shown[0, 0]) == (100, 100, 100)


def test_truth_and_answer_are_told_apart():
    shown = pictures.compared(GREY, square(), np.roll(square(), 1, axis=1))
    colors = {tuple(int(c) for c in pixel) for pixel in shown.reshape(-1, 3)}
    assert colors == {(100, 100, 100), look.rgb(look.TRUE_COLOR), look.rgb(look.PREDICTED_COLOR)}


@pytest.mark.parametrize("layout", [{"tile": (16, 32)}, {"rowsperstrip": 7}, {}])
@pytest.mark.parametrize("shown_px", [(13, 29), (60, 50), (100, 90)])
def test_a_label_picture_is_shown_like_its_ids(tmp_path, layout, shown_px):
    ids = np.arange(60 * 50, dtype=np.uint16).reshape(60, 50)
    tifffile.imwrite(tmp_path / "ids.tif", ids, compression="zlib", **layout)
    pixels = np.zeros((*shown_px, 3), np.uint8)
    found = pictures.fitted_file(tmp_path / "ids.tif", pixels)
    assert found.dtype == np.int32
    assert (found == pictures.fitted(ids.astype(np.int32), pixels)).all()


def test_a_large_label_picture_is_never_whole_in_memory(tmp_path):
    """It was read twice over, as it is and as int32: gigabytes for a picture of 2048 px."""
    ids = np.full((4096, 4096), 70_000, np.uint32)
    tifffile.imwrite(tmp_path / "ids.tif", ids, compression="zlib", tile=(512, 512))
    tracemalloc.start()
    found = pictures.fitted_file(tmp_path / "ids.tif", np.zeros((256, 256, 3), np.uint8))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found == 70_000).all()
    assert most < ids.nbytes / 4


def test_small_takes_the_middle_square():
    wide = np.zeros((10, 30, 3), dtype=np.uint8)
    wide[:, 10:20] = 200
    assert (pictures.small(wide, 5) == 200).all()


def test_a_class_keeps_its_colour_wherever_the_background_stands():
    first = look.class_color(("none", "vessel", "nerve"), "vessel", "none")
    last = look.class_color(("vessel", "nerve", "none"), "vessel", "none")
    assert first == last != look.class_color(("vessel", "nerve", "none"), "none", "none")
