"""Readings and pixel sizes on the page of images."""

import numpy as np
import pytest
import tifffile
from small_study import shown, text

from app import services
from core import workflow

STUDY = "stacks"


@pytest.fixture
def stacks(place, tmp_path):
    """Return the workspace with a study of two stacks of nobody knows what, and a plain picture."""
    for number in range(2):
        pages = np.random.default_rng(number).integers(0, 999, (4, 40, 40), dtype=np.uint16)
        tifffile.imwrite(tmp_path / f"s{number}.tif", pages, photometric="minisblack")
    tifffile.imwrite(tmp_path / "plain.tif", pages[0])
    workflow.import_files(place, STUDY, sorted(tmp_path.glob("*.tif")))
    return place


def press(test, label, at=0):
    [*found] = [each for each in test.button if each.label == label]
    return found[at].click().run()


def images():
    return {image.id: image for image in services.study(STUDY).images}


def test_the_page_asks_shows_and_remembers(stacks):
    test = shown("images", study=STUDY)
    assert not test.exception
    assert "What are the 4 pages of s0.tif?" in text(test)
    told = text(test)
    for sentence in ("4 channels", "4 depths (z), the brightest shown", "4 times: 4 images"):
        assert sentence in told
    press(test, "This one")
    assert not test.exception
    assert "What are the 4 pages" not in text(test)
    assert {name: image.shape_cyx[0] for name, image in images().items()} == {
        "plain": 1, "s0": 4, "s1": 4,
    }  # fmt: skip


def test_a_decision_can_be_changed_and_labels_are_spoken_of(stacks):
    image = images()["s0"]
    channels = workflow.reading_named(image, "channels")
    workflow.read_as(stacks, STUDY, "s0", channels)
    test = shown("images", study=STUDY)
    test.session_state["panel"] = "readings"
    test.run()
    assert not test.exception
    times = [each.label for each in test.button].count("This one")
    assert times == 5  # the sixth way is how it is read now
    press(test, "This one", at=3)
    assert not test.exception
    assert len(images()) == 1 + 2 * 4
    assert images()["s1-3"].title == "s1.tif · time 3"


def test_one_page_alone_is_looked_at_before_it_is_taken(stacks):
    test = shown("images", study=STUDY)
    test.number_input[0].set_value(3).run()
    assert "Only page 3 of 4" in text(test)
    test.checkbox[0].check().run()
    press(test, "This one", at=-1)
    assert not test.exception
    assert {name: image.plane for name, image in images().items()} == {
        "plain": None, "s0": 2, "s1": 0,
    }  # fmt: skip


def test_one_depth_of_a_film_is_looked_at_before_it_is_taken(place, tmp_path):
    tzyx = np.random.default_rng(0).integers(0, 999, (2, 5, 40, 40), dtype=np.uint16)
    options = {"photometric": "minisblack", "metadata": {"axes": "TZYX"}}
    tifffile.imwrite(tmp_path / "film.tif", tzyx, **options)
    workflow.import_files(place, STUDY, [tmp_path / "film.tif"])
    test = shown("images", study=STUDY)
    assert "2 times, 5 depths (z), depth 3 shown: 2 images" in text(test)
    [depth] = [each for each in test.number_input if each.label == "Which depth"]
    depth.set_value(2).run()
    assert "depth 2 shown: 2 images" in text(test)
    press(test, "This one", at=3)
    assert not test.exception
    assert [(image.projection, image.depth) for image in images().values()] == [("one", 1)] * 2
    test.session_state["panel"] = "readings"
    test.run()
    assert "depth 2 shown" in text(test)


def test_a_pixel_size_is_typed(stacks):
    test = shown("images", study=STUDY)
    test.session_state["panel"] = "pixel-size"
    test.run()
    assert not test.exception
    way = next(each for each in test.button_group if "Type it" in each.options)
    way.set_value("Type it").run()
    assert not test.exception
    size = next(each for each in test.number_input if "Width of a pixel" in each.label)
    size.set_value(0.25).run()
    assert "A pixel is **0.25 µm** wide; the picture shows 10 × 10 µm." in text(test)
    press(test, "Use this size")
    assert not test.exception
    assert images()["plain"].pixel_size_um == 0.25
    named = next(each for each in test.button_group if any("Pixel size" in o for o in each.options))
    assert any("0.25 µm; 2 images without" in each for each in named.options)
