"""Two editors of one image, two tabs on it, and who sits before them."""

import os

import numpy as np
import pytest
import small_study
from small_study import button, opened, shown, text

from app import drafts, services, sheet, views
from app.components import drawing
from core import workflow
from core.data.labels.model import MAIN

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
