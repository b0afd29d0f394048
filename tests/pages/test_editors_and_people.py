"""Two editors of one image, two tabs on it, and who sits before them."""

import os

import numpy as np
import pytest
import small_study
from small_study import button, opened, shown, text

from app import drafts, services, sheet, views
from app.components import drawing
from core import workflow
from core.data.labels.model import MAIN, LabelObject, Labels

STUDY = small_study.UNLABELLED


@pytest.fixture
def image(unlabelled):
    return unlabelled


def draw_square(test, image):
    """Put a square of 11 pixels on the canvas, as a hand would."""
    mounted = views.open_sheet(services.study(STUDY), image, 1.0, tab="tab-test")
    square = [drawing.Shape(points=((10, 10), (20, 10), (20, 20), (10, 20)), class_name="object")]
    raw = drawing.to_canvas(square, mounted.colors, mounted.scale)
    test.session_state[f"canvas-{test.session_state['mount']}"] = {
        "drawing": {"raw": raw, "data": None}
    }


def put(test, objects):
    """Put all this on the canvas instead of what is there."""
    test.session_state[f"canvas-{test.session_state['mount']}"] = {
        "drawing": {"raw": {"objects": objects}, "data": None}
    }
    return test.run()


def nuclei(*corners):
    """Return labels of squares of 8 pixels, all of the image annotated."""
    layer = np.zeros((64, 64), np.int32)
    for number, (row, column) in enumerate(corners, start=1):
        layer[row : row + 8, column : column + 8] = number
    known = tuple(LabelObject(id=i + 1, class_name="object") for i in range(len(corners)))
    return Labels(layers={MAIN: layer}, annotated_yx=np.ones((64, 64), bool), objects=known)


def kept_beside(image):
    return [each.version for each in services.label_history(STUDY, image.id) if each.conflict]


def switch_of(test):
    (found,) = [each for each in test.toggle if each.label == "All of it is marked"]
    return found


def switched(test, editor):
    test.segmented_control(key="editor").set_value(editor).run()
    assert not test.exception
    return test


def test_what_was_drawn_with_shapes_is_there_for_the_brush(image):
    """It waited unseen, and whoever saved in both editors was in conflict with himself."""
    test = opened(image)
    draw_square(test, image)
    switched(test, "Brush and clicks")
    studio, _ = test.session_state["studio"]
    assert (studio.labels.layers[MAIN] > 0).sum() == pytest.approx(121, rel=0.2)
    assert len(services.label_history(STUDY, image.id)) == 1
    studio.take([{"number": 1, "what": "brush", "points": [[40, 50], [50, 50]], "width": 5}])
    test.button(key="save-paint").click().run()
    assert not test.exception
    assert not test.warning
    labels, _ = services.load_labels(STUDY, image.id)
    assert len(labels.objects) == 2


def test_strokes_of_the_brush_are_there_for_shapes(image):
    """They waited unseen in the journal, and saving the shapes ended in a conflict."""
    test = switched(opened(image), "Brush and clicks")
    studio, _ = test.session_state["studio"]
    studio.take([{"number": 1, "what": "brush", "points": [[40, 50], [50, 50]], "width": 5}])
    switched(test, "Shapes")
    assert len(test.session_state["sheet"].outlines) == 1
    assert len(services.label_history(STUDY, image.id)) == 1
    # To and fro without a stroke makes no version.
    switched(switched(test, "Brush and clicks"), "Shapes")
    assert len(services.label_history(STUDY, image.id)) == 1


def test_shapes_of_a_window_that_is_closed_are_offered_and_never_deleted(image):
    """One draft was shared by all tabs: opening the image deleted what another had drawn."""
    study = services.study(STUDY)
    theirs = views.open_sheet(study, image, 1.0, tab="tab-gone")
    square = [drawing.Shape(points=((10, 10), (20, 10), (20, 20), (10, 20)), class_name="object")]
    raw = drawing.to_canvas(square, theirs.colors, theirs.scale)
    sheet.keep_draft(theirs, raw, author="bea")
    test = opened(image)
    assert "bea has drawn on this image in another window" in test.warning[0].value
    assert theirs.draft.exists()
    os.utime(theirs.draft, (0, 0))
    test = opened(image)
    assert not test.warning
    assert "What bea drew here" in text(test)
    button(test, "Go on with it").click().run()
    assert not test.exception
    assert not theirs.draft.exists()
    test.button(key="save-labels").click().run()
    labels, _ = services.load_labels(STUDY, image.id)
    assert len(labels.objects) == 1
    assert drafts.of_others(services.study_dir(STUDY), image, "tab-test") == []


def test_labels_bear_the_name_of_who_sits_at_the_tab(place, image):
    """Everybody at a shared dashboard had the account's name, so nothing was labelled twice."""
    test = opened(image)
    test.text_input(key="your-name").input("  Bea   Mohr ").run()
    assert not test.exception
    draw_square(test, image)
    test.run()
    test.button(key="save-labels").click().run()
    assert [each.author for each in services.label_history(STUDY, image.id)] == ["Bea Mohr"]
    again = shown("images", study=STUDY, tab=test.session_state["tab"])
    assert again.text_input(key="your-name").value == "Bea Mohr"
    other = shown("images", study=STUDY)
    assert other.text_input(key="your-name").value == workflow.account()
    assert workflow.author() == workflow.account()  # outside of a tab


def test_an_image_drawn_on_by_hand_tells_who_did_it(image):
    test = opened(image)
    draw_square(test, image)
    test.run()
    test.button(key="save-labels").click().run()
    labels, _ = services.load_labels(STUDY, image.id)
    assert [(o.source, o.author) for o in labels.objects] == [("hand", workflow.author())]
    assert np.unique(labels.layers[MAIN]).tolist() == [0, 1]


def test_what_somebody_saved_meanwhile_outlives_the_way_to_the_painter(image):
    """The way back saved an older draft over it: all that the other had drawn was deleted."""
    test = opened(image)
    draw_square(test, image)
    test.run()
    theirs = nuclei((40, 4), (40, 20), (40, 36))
    version = services.save_labels(STUDY, image.id, theirs, parent=None)
    switched(test, "Brush and clicks")
    assert "changed meanwhile" in test.warning[0].value
    test.button(key="save-paint").click().run()
    assert not test.exception
    labels, counting = services.load_labels(STUDY, image.id)
    assert counting != version
    assert len(labels.objects) == 4
    np.testing.assert_array_equal(labels.flat_yx[40:48], theirs.flat_yx[40:48])
    assert labels.flat_yx[15, 15] > 0
    assert len(kept_beside(image)) == 1


def test_strokes_of_the_painter_after_a_conflict_are_in_none_with_those_of_the_shapes(image):
    """The shapes were saved under them with the next click, and Save met a conflict."""
    test = opened(image)
    draw_square(test, image)
    test.run()
    services.save_labels(STUDY, image.id, nuclei((40, 4)), parent=None)
    switched(test, "Brush and clicks")
    studio, _ = test.session_state["studio"]
    studio.take([{"number": 1, "what": "brush", "points": [[40, 30], [50, 30]], "width": 5}])
    test.button(key="save-paint").click().run()
    assert not test.exception
    labels, _ = services.load_labels(STUDY, image.id)
    assert len(labels.objects) == 3


@pytest.mark.parametrize("editor", ["Shapes", "Brush and clicks"])
def test_changed_outlines_of_an_older_version_are_kept_beside_once_and_told(image, editor):
    """They vanished without a word: only new strokes go on top of what somebody else saved."""
    first = services.save_labels(STUDY, image.id, nuclei((4, 4), (4, 20)), parent=None)
    test = opened(image)
    tab = test.session_state["tab"]
    moved, left = (dict(each) for each in test.session_state["sheet"].initial["objects"])
    moved["top"] += 20 * test.session_state["sheet"].scale
    put(test, [moved, left])
    theirs = nuclei((4, 4), (4, 20), (40, 40))
    second = services.save_labels(STUDY, image.id, theirs, parent=first)
    test = opened(image, tab=tab, editor=editor)
    assert not test.exception
    assert "yours are kept as version" in test.warning[0].value
    assert services.label_version(STUDY, image.id) == second
    (beside,) = kept_beside(image)
    mine, _ = services.load_labels(STUDY, image.id, version=beside)
    assert (mine.flat_yx[24:32, 4:12] == 1).mean() > 0.9
    assert not (mine.flat_yx[40:48] > 0).any()
    test.run()
    opened(image, tab=tab, editor=editor)
    assert len(kept_beside(image)) == 1
    assert services.label_version(STUDY, image.id) == second
    assert not services.label_states(STUDY)[image.id].is_begun


def test_what_a_conflict_kept_is_not_kept_again_and_new_strokes_go_on_top(image):
    first = services.save_labels(STUDY, image.id, nuclei((4, 4)), parent=None)
    test = opened(image)
    moved = dict(test.session_state["sheet"].initial["objects"][0])
    moved["top"] += 20 * test.session_state["sheet"].scale
    new = {**moved, "strokeDashOffset": 0, "top": moved["top"] + 20 * moved["height"] / 8}
    put(test, [moved, new])
    theirs = nuclei((4, 4), (4, 40))
    services.save_labels(STUDY, image.id, theirs, parent=first)
    test.button(key="save-labels").click().run()
    assert "changed meanwhile" in test.warning[0].value
    test.run()
    test.button(key="save-labels").click().run()
    assert not test.exception
    assert len(kept_beside(image)) == 1
    labels, _ = services.load_labels(STUDY, image.id)
    assert len(labels.objects) == 3
    np.testing.assert_array_equal(labels.flat_yx[:16], theirs.flat_yx[:16])


def test_that_not_all_is_marked_outlives_page_and_reload_also_before_the_first_stroke(image):
    """After a look at another page it was on again: unmarked cells were saved as background."""
    test = opened(image)
    switch_of(test).set_value(False).run()
    for page in ("task", "images"):
        test.switch_page(f"../pages/{page}.py").run()
    assert not switch_of(test).value
    draw_square(test, image)
    test.run()
    again = opened(image, tab=test.session_state["tab"])
    assert not switch_of(again).value
    again.button(key="save-labels").click().run()
    labels, _ = services.load_labels(STUDY, image.id)
    np.testing.assert_array_equal(labels.annotated_yx, labels.flat_yx > 0)
    folder = services.study_dir(STUDY).labels / image.id
    assert not list(folder.glob("complete.*"))  # the version tells it from now on


def test_the_other_editor_saves_no_more_as_background_than_was_told(image):
    """It had not seen the switch, and took everything for marked."""
    test = opened(image)
    switch_of(test).set_value(False)
    draw_square(test, image)
    test.run()
    opened(image, tab=test.session_state["tab"], editor="Brush and clicks")
    labels, _ = services.load_labels(STUDY, image.id)
    assert labels.objects
    np.testing.assert_array_equal(labels.annotated_yx, labels.flat_yx > 0)
