"""How images look, and images too large for one picture, on the page of images."""

import numpy as np
import pytest
import tifffile
from small_study import shown

from app import services, views
from app.components import canvas, drawing
from core import workflow
from core.data import regions
from core.data.display import AUTOMATIC, ChannelLook, Look
from core.data.labels.model import MAIN

STUDY = "seen"
WIDE = (64, 4000)


def named(widgets, label):
    return next(each for each in widgets if each.label == label)


@pytest.fixture
def page(place, tmp_path):
    """Return a function that opens one image of a study: two channels, or a wide one."""
    rng, folder = np.random.default_rng(0), tmp_path / "in"
    folder.mkdir()
    for name in ("a", "b"):
        pair = rng.integers(200, 1000, (2, 64, 64), dtype=np.uint16)
        tifffile.imwrite(folder / f"{name}.tif", pair, metadata={"axes": "CYX"})
    tifffile.imwrite(folder / "wide.tif", rng.integers(200, 1000, WIDE, dtype=np.uint16))
    workflow.create_study(place, STUDY)
    workflow.import_files(place, STUDY, [folder])

    def opened(image):
        test = shown("images", study=STUDY)
        test.session_state["image"] = image
        test.session_state["looking"] = True
        test = test.run()
        assert not test.exception
        return test

    return opened


def test_chosen_levels_hold_for_all_images_until_automatic_again(page):
    test = page("a")
    first, other = (services.study(STUDY).image(name) for name in ("a", "b"))
    before = {each.id: views.painter_picture(STUDY, each) for each in (first, other)}
    mount = test.session_state["mount"]
    named(test.toggle, "Channel 2").set_value(False).run()
    named(test.toggle, "Automatic levels").set_value(False).run()
    named(test.slider, "Black and white").set_value((300, 600)).run()
    assert not test.exception
    assert test.session_state["mount"] == mount  # what is drawn stays on the canvas
    look = services.look(STUDY, other)
    assert look.of(0).levels == (300.0, 600.0)
    assert [each.shown for each in look.channels] == [True, False]
    changed = {each.id: views.painter_picture(STUDY, each) for each in (first, other)}
    assert all(changed[name] != before[name] for name in before)
    assert services.look(STUDY, services.study(STUDY).image("wide")) == AUTOMATIC
    named(test.button, "Back to automatic").click().run()
    assert not test.exception
    assert {each.id: views.painter_picture(STUDY, each) for each in (first, other)} == before
    assert named(test.toggle, "Channel 2").value


def test_a_look_that_another_tab_chose_is_not_undone_by_the_next_stroke_here(page):
    test = page("a")
    image = services.study(STUDY).image("a")
    chosen = Look(channels=(ChannelLook(), ChannelLook(shown=False)))
    services.set_look(STUDY, image, chosen)
    test.run()
    assert not test.exception
    assert not services.look(STUDY, image).of(1).shown
    assert not named(test.toggle, "Channel 2").value
    named(test.toggle, "Channel 2").set_value(True).run()
    assert services.look(STUDY, image).of(1).shown


def test_shapes_on_a_part_go_into_the_whole_images_labels(page):
    test = page("wide")
    named(test.button, "Mark this part").click().run()
    assert not test.exception
    test.button(key="part-arrow_forward").click().run()
    name = test.session_state["part"]
    whole = services.study(STUDY).image("wide")
    part = regions.named(whole, name)
    assert part.region.left + part.region.columns == WIDE[1]
    mounted = views.open_sheet(services.study(STUDY), part, 1.0, tab="tab-test")
    square = [drawing.Shape(points=((10, 10), (20, 10), (20, 20), (10, 20)), class_name="object")]
    raw = drawing.to_canvas(square, mounted.colors, mounted.scale)
    test.session_state[f"canvas-{test.session_state['mount']}"] = {
        "drawing": {"raw": raw, "data": None}
    }
    test.button(key="to-whole").click().run()
    assert not test.exception
    assert test.session_state["part"] == ""
    labels, _ = services.load_labels(STUDY, "wide")
    assert labels.shape_yx == WIDE
    left = part.region.left
    marked = labels.layers[MAIN] > 0
    # The canvas's outline may be half a pixel off.
    assert marked[11:20, left + 11 : left + 20].all()
    marked[10:21, left + 10 : left + 21] = False
    assert not marked.any()
    assert labels.annotated_yx[part.region.place].all()
    assert not labels.annotated_yx[:, : part.region.left].any()
    assert not any(one.is_begun for one in services.label_states(STUDY).values())
    assert views.marks(STUDY, whole) is not None


def test_a_strip_is_drawn_as_wide_as_a_hand_needs(page, place, tmp_path):
    """Its 8 rows were 2 pixels of the screen."""
    strip = np.random.default_rng(1).integers(200, 1000, (8, 2000), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "strip.tif", strip)
    workflow.import_files(place, STUDY, [tmp_path / "strip.tif"])
    mounted = page("strip").session_state["sheet"]
    assert 8 * mounted.scale >= 60


def test_what_is_enlarged_ends_where_browsers_do():
    assert canvas.scale((512, 2048)) == canvas.SIDE_PX / 2048
    assert canvas.scale((2048, 512), 4.0) == 4 * canvas.SIDE_PX / 2048
    assert canvas.scale((64, 2048)) * 64 == canvas.LEAST_PX
    for zoom in canvas.ZOOMS.values():
        assert canvas.scale((20_000, 8), zoom) * 20_000 == canvas.MOST_PX
