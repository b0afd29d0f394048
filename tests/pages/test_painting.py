"""The page of the painter: what it says of strokes of others, and what it saves."""

import os

import numpy as np
import pytest
import small_study
from small_study import opened, text

from app import services
from app.components import brushwork
from core import workflow
from core.data.labels import journal
from core.records import Kind, TaskSpec

STUDY = small_study.UNLABELLED
STROKE = {"number": 1, "what": "brush", "points": [[10, 10], [20, 10]], "width": 5}


@pytest.fixture
def image(unlabelled):
    return unlabelled


def painting(image):
    """Return the page with the painter on the image, in a new tab."""
    test = opened(image, editor=brushwork.TITLE)
    assert not test.exception
    return test


def studio_of(test):
    return test.session_state["studio"][0]


def leave_a_stroke(image, tab, *, long_ago):
    studio = services.open_studio(services.study(STUDY), image, tab)
    studio.take([STROKE])
    if long_ago:
        os.utime(studio.journal.folder / "entries.jsonl", (1e9, 1e9))
    return studio


def test_strokes_of_a_closed_tab_are_there_and_told_when_the_image_is_opened(image):
    """The gallery said `begun` for ever, and the painter showed nothing."""
    leave_a_stroke(image, "tab-gone", long_ago=True)
    test = painting(image)
    assert len(studio_of(test).labels.objects) == 1
    assert "it is here again" in test.info[0].value
    test.button(key="save-paint").click().run()
    assert not test.exception
    labels, _ = services.load_labels(STUDY, image.id)
    assert len(labels.objects) == 1
    assert not services.label_states(STUDY)[image.id].is_begun
    assert not any("here again" in each.value for each in test.info)


def test_strokes_of_a_closed_tab_on_older_labels_are_a_version_beside(image):
    studio = leave_a_stroke(image, "tab-gone", long_ago=True)
    workflow.save_labels(services.workspace(), STUDY, image.id, studio.labels, parent=None)
    first = studio.labels
    studio.take([{**STROKE, "number": 2, "points": [[40, 40], [50, 40]]}])
    os.utime(studio.journal.folder / "entries.jsonl", (1e9, 1e9))
    test = painting(image)
    assert "a version of its own" in test.info[0].value
    assert len(studio_of(test).labels.objects) == len(first.objects)
    assert [each.conflict for each in services.label_history(STUDY, image.id)] == [True, False]


def test_who_draws_on_the_image_as_well_is_told_as_long_as_it_lasts(image, monkeypatch):
    """The warning stood in one run of the page and went with the first stroke."""
    theirs = leave_a_stroke(image, "tab-other", long_ago=False)
    test = painting(image)
    assert studio_of(test).journal.entries == []
    for _ in range(2):
        assert "is drawing on this image" in test.warning[0].value
        test.run()
    studio_of(test).take([STROKE])
    # The other one is told as well, within half a minute.
    assert services.others_at_work(STUDY, image.id, "tab-other") == [workflow.author()]
    os.utime(theirs.journal.folder / "entries.jsonl", (1e9, 1e9))
    test.run()
    assert test.warning
    monkeypatch.setattr(brushwork, "_LOOK_S", 0.0)
    assert not test.run().warning


def test_turning_off_that_all_is_marked_leaves_the_rest_open(image):
    """The painter heard the switch only when it was turned on."""
    test = painting(image)
    studio_of(test).take([STROKE])
    test.button(key="save-paint").click().run()
    labels, _ = services.load_labels(STUDY, image.id)
    assert labels.annotated_yx.all()
    [switch] = [each for each in test.toggle if each.label == "All of it is marked"]
    assert switch.value
    switch.set_value(False).run()
    test.button(key="save-paint").click().run()
    assert not test.exception
    labels, _ = services.load_labels(STUDY, image.id)
    np.testing.assert_array_equal(labels.annotated_yx, labels.flat_yx > 0)
    [switch] = [each for each in test.toggle if each.label == "All of it is marked"]
    assert not switch.value


def test_without_a_background_the_rest_is_never_taken_for_one(place, image):
    """Whoever went on to the next image had all that was not marked saved as background."""
    workflow.set_task(place, STUDY, TaskSpec(kind=Kind.SEMANTIC, classes=("one", "two")))
    test = painting(image)
    studio_of(test).take([STROKE])
    test.button(key="next").click().run()
    assert not test.exception
    labels, _ = services.load_labels(STUDY, image.id)
    np.testing.assert_array_equal(labels.annotated_yx, labels.flat_yx > 0)


def test_lines_that_cannot_be_read_do_not_close_the_image(image):
    studio = leave_a_stroke(image, "tab-gone", long_ago=False)
    studio.take([{**STROKE, "number": 2, "points": [[40, 40], [50, 40]]}])
    (studio.journal.folder / "000001.tiles").write_bytes(b"none")
    os.utime(studio.journal.folder / "entries.jsonl", (1e9, 1e9))
    test = painting(image)
    assert len(studio_of(test).labels.objects) == 1
    assert "cannot be read any more" in text(test)
    folder = services.study_dir(STUDY)
    assert [journal.editor(each) for each in journal.waiting(folder, image.id)] != ["tab-gone"]


def test_a_damaged_base_is_told_and_the_strokes_are_there(image):
    """The tab could not open the image any more: `this is no Basis record`, and no way on."""
    studio = leave_a_stroke(image, "tab-gone", long_ago=True)
    base = studio.journal.folder / "base.json"
    base.write_bytes(base.read_bytes()[:15])
    test = painting(image)
    assert len(studio_of(test).labels.objects) == 1
    assert str(base) in text(test)
    test.button(key="save-paint").click().run()
    assert not test.exception
    labels, _ = services.load_labels(STUDY, image.id)
    assert len(labels.objects) == 1


def offered(test):
    """Return the labels of the buttons for what is selected."""
    return [each.label for each in test.button if str(each.key).startswith("retouch-")]


def test_what_keys_do_to_selected_objects_has_buttons_where_it_applies(image):
    """Merge, fill holes, smooth, grow and shrink were known to readers of the help line alone."""
    test = painting(image)
    studio_of(test).take([STROKE, {**STROKE, "number": 2, "points": [[40, 40], [50, 40]]}])
    assert offered(test.run()) == []
    select = {"number": 3, "what": "select", "points": [[15, 10]]}
    studio_of(test).take([select])
    assert offered(test.run()) == ["Grow", "Shrink", "Fill holes", "Smooth", "Delete"]
    area = (studio_of(test).labels.flat_yx == 1).sum()
    test.button(key="retouch-grow").click().run()
    assert not test.exception
    assert (studio_of(test).labels.flat_yx == 1).sum() > area
    studio_of(test).take([{**select, "number": 4, "points": [[45, 40]], "shift": True}])
    assert offered(test.run())[0] == "Merge"
    assert "(M)" in test.button(key="retouch-merge").help
    test.button(key="retouch-merge").click().run()
    assert not test.exception
    assert len(studio_of(test).labels.objects) == 1
    studio_of(test).take([{"number": 5, "what": "click", "points": [[30, 30]]}])
    assert offered(test.run()) == ["Grow", "Shrink"]  # the last click


def classes_of(test):
    return next(each for each in test.radio if each.label == "Class")


@pytest.fixture
def of_three_classes(place, image):
    workflow.set_task(place, STUDY, TaskSpec(kind=Kind.INSTANCE, classes=("one", "two", "three")))
    return image


def test_every_class_that_the_mouse_chooses_counts(of_three_classes):
    """The second one without a stroke between jumped back to the first."""
    test = painting(of_three_classes)
    for name in ("two", "three", "one"):
        classes_of(test).set_value(name).run()
        assert not test.exception
        assert classes_of(test).value == name
        assert studio_of(test).class_name == name


def test_a_class_key_counts_after_the_mouse(of_three_classes):
    test = painting(of_three_classes)
    classes_of(test).set_value("two").run()
    for number, name in enumerate(("one", "three"), start=1):
        before = classes_of(test).key
        at = studio_of(test).classes.index(name)
        studio_of(test).take([{"number": number, "what": "class", "at": at}])
        test.run()
        assert not test.exception
        assert classes_of(test).value == name
        assert studio_of(test).class_name == name
        # Under the same key, the browser's next word would bring the class before back.
        assert classes_of(test).key != before


def tools_of(test):
    return next(each for each in test.segmented_control if each.label == "Tool")


def test_the_toolbar_shows_the_tool_that_a_key_chose(image):
    """It still said Brush, and a click on Brush was none."""
    test = painting(image)
    told = {"number": 1, "image": [STUDY, image.id, ""], "what": "tool", "tool": "eraser"}
    test.session_state["painter"] = {"hand": {"gestures": [told], "telling": 1, "held": {}}}
    before = tools_of(test).key
    test.run()
    assert not test.exception
    assert tools_of(test).value == "eraser"
    assert tools_of(test).key != before
    assert test.session_state["gestures-done"] == 1
    assert not studio_of(test).problem
    # What the browser said is read again with each stroke.
    tools_of(test).set_value("brush").run()
    assert not test.exception
    assert tools_of(test).value == "brush"


def test_the_opacity_of_labels_is_remembered_while_images_change(image):
    test = painting(image)
    test.session_state["looking"] = True
    slider = next(each for each in test.run().slider if each.label == "Opacity of the labels")
    assert slider.value == 100
    slider.set_value(40).run()
    assert not test.exception
    test.button(key="next").click().run()
    test.session_state["looking"] = False
    test.run()
    assert not [each for each in test.slider if each.label == "Opacity of the labels"]
    test.session_state["looking"] = True
    slider = next(each for each in test.run().slider if each.label == "Opacity of the labels")
    assert slider.value == 40


def test_that_not_all_is_marked_outlives_a_reload_and_is_heard_by_the_other_editor(image):
    """After a look at another page it was on again: unmarked cells were saved as background."""
    test = painting(image)
    tab = test.session_state["tab"]
    studio_of(test).take([STROKE])
    switch_of(test).set_value(False).run()
    assert not switch_of(opened(image, tab=tab, editor=brushwork.TITLE)).value
    opened(image, tab=tab, editor="Shapes")
    labels, _ = services.load_labels(STUDY, image.id)
    assert labels.objects
    np.testing.assert_array_equal(labels.annotated_yx, labels.flat_yx > 0)
    assert not switch_of(opened(image, tab=tab, editor=brushwork.TITLE)).value


def switch_of(test):
    (found,) = [each for each in test.toggle if each.label == "All of it is marked"]
    return found
