"""Gestures of the painter become labels: once each, in order, on the disk."""

import numpy as np
import pytest

from app.overlay import Overlay
from app.studio import Studio
from core.annotate import scribbles
from core.data import study
from core.data.labels import history, journal
from core.data.labels.model import MAIN, LabelObject, Labels
from core.errors import LabelError
from core.records import Kind

SIDE = 120


@pytest.fixture
def open_studio(workspace):
    study_dir = study.create(workspace, "s")
    rows, columns = np.mgrid[:SIDE, :SIDE]
    image = np.random.default_rng(0).normal(20, 4, (SIDE, SIDE))
    for row, column in ((30, 30), (30, 80), (80, 55)):
        image[(rows - row) ** 2 + (columns - column) ** 2 < 100] += 100

    def make(kind=Kind.INSTANCE, background=None):
        work = journal.open_(study_dir, "a", "tab", (SIDE, SIDE), author="ann")
        return Studio(
            study="s",
            image_id="a",
            image_cyx=image.clip(0, 255).astype(np.uint8)[None],
            journal=work,
            kind=kind,
            classes=("mono", "bi"),
            background=background,
            class_name="mono",
        )

    return make


def gesture(number, what, *points, width=7, **more):
    places = [list(p) for p in points]
    return {"number": number, "what": what, "points": places, "width": width, **more}


def test_a_gesture_that_is_sent_twice_is_done_once(open_studio):
    studio = open_studio()
    first = gesture(1, "brush", (20, 60), (40, 60))
    assert studio.take([first]) == 1
    assert studio.take([first, gesture(2, "brush", (80, 100), (90, 100))]) == 1
    assert [item.id for item in studio.labels.objects] == [1, 2]
    assert studio.done == 2


RING = ((20, 20), (45, 20), (45, 45), (20, 45), (20, 22))


def test_what_takes_away_takes_what_it_goes_over_and_not_what_lies_inside(open_studio):
    """Trimming the rim of a cell once around deleted the cell."""
    studio = open_studio()
    studio.take([gesture(1, "brush", *RING, width=5)])
    assert studio.labels.layers[MAIN][32, 32] == 1
    studio.take([gesture(2, "eraser", *RING, width=5)])
    assert studio.labels.layers[MAIN][20, 32] == 0
    assert studio.labels.layers[MAIN][32, 32] == 1


def test_a_ring_of_background_teaches_nothing_of_what_it_goes_around(open_studio):
    studio = open_studio()
    studio.take([gesture(1, "ground", *RING, width=5)])
    assert studio.taught.strokes_yx[20, 32] == scribbles.BEHIND
    assert studio.taught.strokes_yx[32, 32] == scribbles.UNKNOWN
    studio.take([gesture(2, "teach", *RING, width=5)])
    assert studio.taught.strokes_yx[32, 32] > scribbles.BEHIND


def test_what_was_drawn_is_there_after_a_reload(open_studio):
    studio = open_studio()
    studio.take([gesture(1, "click", (30, 30)), gesture(2, "brush", (20, 60), (40, 60))])
    again = open_studio()
    np.testing.assert_array_equal(again.labels.flat_yx, studio.labels.flat_yx)
    assert len(again.labels.objects) == 2


def test_a_click_outlines_and_grows_and_undo_takes_back(open_studio):
    studio = open_studio()
    studio.take([gesture(1, "click", (30, 30))])
    area = (studio.labels.layers[MAIN] == 1).sum()
    assert 0.7 < area / 314 < 1.4
    studio.take([gesture(2, "shrink"), gesture(3, "shrink")])
    assert 0 < (studio.labels.layers[MAIN] == 1).sum() <= area
    studio.take([gesture(4, "undo"), gesture(5, "undo"), gesture(6, "undo")])
    assert studio.labels.objects == ()
    studio.take([gesture(7, "undo")])
    assert "nothing to take back" in studio.problem


def test_a_box_outlines_the_object_in_it(open_studio):
    studio = open_studio()
    studio.take([gesture(1, "box", (69, 19), (91, 41))])
    mask = studio.labels.layers[MAIN] == 1
    assert mask[30, 80]
    assert 0.75 < mask.sum() / 314 < 1.3


def test_selected_objects_are_merged_classed_and_deleted(open_studio):
    studio = open_studio()
    studio.take(
        [
            gesture(1, "brush", (20, 60), (40, 60)),
            gesture(2, "brush", (20, 70), (40, 70)),
            gesture(3, "merge"),
        ]
    )
    assert "select" in studio.problem
    studio.take(
        [
            gesture(4, "select", (30, 60)),
            gesture(5, "select", (30, 70), shift=True),
            gesture(6, "class", at=1),
            gesture(7, "merge"),
        ]
    )
    [item] = studio.labels.objects
    assert item.class_name == "bi"
    studio.take([gesture(8, "delete")])
    assert studio.labels.objects == ()
    assert studio.selected == ()


def taught(studio):
    """Show the studio's learner one disc and the background."""
    studio.take(
        [
            gesture(1, "teach", (26, 30), (34, 30)),
            gesture(2, "ground", (10, 110), (110, 110)),
            gesture(3, "ground", (55, 10), (55, 60), width=3),
        ]
    )
    return studio


def test_strokes_label_the_rest_of_the_image_as_a_models_work(open_studio):
    studio = taught(open_studio())
    assert studio.propose_rest() == 3
    assert studio.labels.objects == ()
    assert studio.accept_all() == 3
    assert {item.source for item in studio.labels.objects} == {"model"}
    studio.take([gesture(4, "undo")])
    assert studio.labels.objects == ()


def test_of_what_strokes_taught_single_objects_are_accepted_and_rejected(open_studio):
    """All of it became labels at once, right or wrong."""
    studio = taught(open_studio())
    studio.propose_rest()
    studio.take([gesture(4, "accept", (80, 30))])
    assert not studio.problem
    [taken] = studio.labels.objects
    assert (taken.source, taken.author, taken.class_name) == ("model", "", "mono")
    assert studio.labels.layers[MAIN][30, 80] == taken.id
    assert studio.labels.layers[MAIN][30, 30] == 0
    assert len(studio.proposed.classes) == 2
    studio.take([gesture(5, "reject", (55, 80))])
    assert len(studio.proposed.classes) == 1
    studio.take([gesture(6, "accept", (55, 80))])
    assert "nothing is proposed" in studio.problem
    studio.take([gesture(7, "brush", (80, 30), (100, 30))])
    [taken] = studio.labels.objects
    assert (taken.source, taken.author) == ("model", "ann")  # corrected
    assert studio.accept_all() == 1
    assert studio.proposed.ids_yx is None


def two_kinds(open_studio, kind=Kind.INSTANCE, background=None):
    """Return a studio of five discs, two bright and three of half the light, one of each taught."""
    studio = open_studio(kind, background)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    image = np.random.default_rng(0).normal(20, 4, (SIDE, SIDE))
    for (row, column), light in ((BRIGHT[0], 200), (BRIGHT[1], 200), *((at, 90) for at in DIM)):
        image[(rows - row) ** 2 + (columns - column) ** 2 < 100] += light
    studio.image_cyx[:] = image.clip(0, 255).astype(np.uint8)
    (y, x), (dim_y, dim_x) = BRIGHT[0], DIM[0]
    studio.take(
        [
            gesture(1, "teach", (x - 4, y), (x + 4, y), **{"class": "mono"}),
            gesture(2, "class", at=1),
            gesture(3, "teach", (dim_x - 4, dim_y), (dim_x + 4, dim_y), **{"class": "bi"}),
            gesture(4, "ground", (10, 116), (110, 116)),
            gesture(5, "ground", (55, 10), (55, 45), width=3),
        ]
    )
    return studio


BRIGHT = ((30, 30), (80, 90))
DIM = ((30, 80), (80, 25), (75, 60))


def classes_at(studio, places):
    """Return which classes are proposed there; None: nothing is."""
    return [studio.proposed.classes.get(int(studio.proposed.ids_yx[at])) for at in places]


def test_each_stroke_teaches_the_class_it_was_drawn_with(open_studio):
    """All strokes taught one class, and what was found became the class chosen at last."""
    studio = two_kinds(open_studio)
    assert studio.propose_rest() == 5
    assert classes_at(studio, BRIGHT) == ["mono"] * 2
    assert classes_at(studio, DIM) == ["bi"] * 3
    studio.take([gesture(6, "accept", (90, 80))])
    assert [item.class_name for item in studio.labels.objects] == ["mono"]
    studio.accept_all()
    assert sorted(item.class_name for item in studio.labels.objects) == ["bi"] * 3 + ["mono"] * 2


def test_the_classes_of_strokes_are_there_after_a_reload_in_whatever_order(open_studio):
    two_kinds(open_studio)
    again = open_studio()
    again.classes = ("bi", "other", "mono")
    again.image_cyx[:] = 0
    again.taught.classes = again.classes
    again.taught.show(again.journal.teaching.standing)
    strokes_yx = again.taught.strokes_yx
    assert strokes_yx[BRIGHT[0]] == scribbles.INSIDE + 2
    assert strokes_yx[DIM[0]] == scribbles.INSIDE
    assert strokes_yx[116, 50] == scribbles.BEHIND


def test_objects_that_are_marked_teach_their_class(open_studio):
    studio = two_kinds(open_studio)
    studio.take([gesture(6, "undo"), gesture(7, "undo"), gesture(8, "undo")])  # all but mono
    studio.take([gesture(9, "brush", (76, 30), (84, 30), width=10, **{"class": "bi"})])
    studio.take([gesture(10, "ground", (10, 116), (110, 116))])
    studio.take([gesture(11, "ground", (55, 10), (55, 45), width=3)])
    studio.propose_rest()
    assert classes_at(studio, BRIGHT) == ["mono"] * 2
    assert classes_at(studio, DIM[1:]) == ["bi"] * 2


def test_regions_of_all_classes_are_proposed_at_once(open_studio):
    studio = two_kinds(open_studio, Kind.SEMANTIC)
    assert studio.propose_rest() == 2
    assert classes_at(studio, (*BRIGHT, *DIM)) == ["mono"] * 2 + ["bi"] * 3
    studio.accept_all()
    assert sorted(item.class_name for item in studio.labels.objects) == ["bi", "mono"]


def test_a_stroke_of_the_background_class_teaches_the_background(open_studio):
    studio = two_kinds(open_studio, Kind.SEMANTIC, "bi")
    assert studio.propose_rest() == 1
    assert classes_at(studio, (*BRIGHT, *DIM)) == ["mono"] * 2 + [None] * 3


def test_without_a_stroke_on_the_background_objects_have_no_outline(open_studio):
    studio = two_kinds(open_studio)
    studio.take([gesture(6, "undo"), gesture(7, "undo")])
    with pytest.raises(LabelError, match="background"):
        studio.propose_rest()


def test_strokes_teach_on_after_a_save_until_all_they_taught_is_decided(open_studio):
    """The first object that is accepted is not the end of the teaching."""
    studio = taught(open_studio())
    studio.propose_rest()
    studio.take([gesture(4, "accept", (80, 30))])
    history.finish(studio.journal)
    again = open_studio()
    assert len(again.journal.teaching.standing) == 3
    assert again.propose_rest() == 2
    again.take([gesture(5, "accept", (30, 30)), gesture(6, "accept", (55, 80))])
    history.finish(again.journal)
    assert open_studio().journal.teaching.standing == []


def test_regions_of_a_class_are_one(open_studio):
    studio = open_studio(Kind.SEMANTIC, "bi")
    studio.take(
        [
            gesture(1, "brush", (20, 60), (40, 60)),
            gesture(2, "brush", (20, 90), (40, 90)),
            gesture(3, "class", at=1),
            gesture(4, "brush", (20, 60), (30, 60)),
        ]
    )
    [item] = studio.labels.objects
    assert item.class_name == "mono"
    assert studio.labels.layers[MAIN][60, 25] == 0
    assert studio.labels.annotated_yx[60, 25]


def proposed_discs():
    rows, columns = np.mgrid[:SIDE, :SIDE]
    ids = np.zeros((SIDE, SIDE), np.int32)
    for each, (row, column) in enumerate(((30, 30), (30, 80), (80, 55)), start=1):
        ids[(rows - row) ** 2 + (columns - column) ** 2 < 100] = each
    return ids


def test_an_accepted_object_is_made_by_a_model_until_a_person_corrects_it(open_studio):
    studio = open_studio()
    studio.proposed.show(proposed_discs(), {1: "mono", 2: "bi", 3: "mono"})
    studio.take([gesture(1, "accept", (30, 30))])
    (taken,) = studio.labels.objects
    assert (taken.source, taken.author) == ("model", "")
    np.testing.assert_array_equal(studio.labels.flat_yx > 0, proposed_discs() == 1)
    studio.take([gesture(2, "brush", (30, 30), (50, 30))])
    (taken,) = studio.labels.objects
    assert (taken.source, taken.author) == ("model", "ann")
    assert studio.accept_all() == 2
    assert [(o.class_name, o.author) for o in studio.labels.objects] == [
        ("mono", "ann"),
        ("bi", ""),
        ("mono", ""),
    ]


def test_what_is_drawn_is_not_painted_over_by_a_proposal(open_studio):
    studio = open_studio()
    studio.take([gesture(1, "brush", (25, 30), (35, 30))])
    drawn = studio.labels.flat_yx.copy()
    studio.proposed.show(proposed_discs(), {1: "mono"})
    studio.accept_all()
    assert (studio.labels.flat_yx[drawn > 0] == drawn[drawn > 0]).all()
    studio.take([gesture(2, "accept", (100, 100))])
    assert "nothing is proposed" in studio.problem


def test_a_stroke_keeps_the_class_that_was_chosen_when_the_hand_moved(open_studio):
    studio = open_studio()
    studio.take([{**gesture(1, "brush", (20, 60), (40, 60)), "class": "bi"}])
    assert studio.labels.objects[0].class_name == "bi"
    assert studio.class_name == "mono"


def test_a_stroke_told_again_after_a_reload_is_done_once(open_studio):
    open_studio().take([gesture(1, "brush", (20, 60), (40, 60))])
    again = open_studio()
    again.take([gesture(1, "brush", (20, 60), (40, 60)), gesture(2, "brush", (20, 90), (40, 90))])
    assert [each.what for each in again.journal.entries] == ["brush", "brush"]


def test_two_sessions_of_one_tab_lose_nothing_of_each_other(open_studio):
    """A reload leaves the old session at work for a moment: both wrote the same entry number."""
    old, new = open_studio(), open_studio()
    new.take([gesture(2, "brush", (20, 90), (40, 90))])
    old.take([gesture(1, "brush", (20, 60), (40, 60))])
    new.take([gesture(3, "brush", (80, 90), (100, 90))])
    assert [each.cause for each in open_studio().journal.entries] == ["tab 2", "tab 1", "tab 3"]


def test_a_polygon_is_one_object_of_the_pixels_inside_and_is_taken_back(open_studio):
    studio = open_studio()
    studio.take([gesture(1, "polygon", (10, 10), (50, 10), (50, 40), (10, 40))])
    [item] = studio.labels.objects
    assert (item.class_name, item.source, item.author) == ("mono", "hand", "ann")
    inside = studio.labels.layers[MAIN] == item.id
    assert abs(inside.sum() - 40 * 30) <= 40 + 30 + 1  # the outline runs through pixels
    assert inside[12:39, 12:49].all()
    assert not inside[:9].any()
    studio.take([gesture(2, "undo")])
    assert studio.labels.objects == ()


def test_a_polygon_never_takes_the_pixels_of_another_object(open_studio):
    studio = open_studio()
    corners = (10, 10), (50, 10), (50, 40), (10, 40)
    studio.take([gesture(1, "polygon", *corners), gesture(2, "polygon", *corners)])
    assert len(studio.labels.objects) == 1
    assert "marked already" in studio.problem
    studio.take([gesture(3, "polygon", (10, 10), (50, 10))])
    assert "three points" in studio.problem


def test_a_polygon_of_the_background_erases(open_studio):
    studio = open_studio(Kind.SEMANTIC, "bi")
    studio.take([gesture(1, "brush", (20, 60), (40, 60)), gesture(2, "class", at=1)])
    studio.take([gesture(3, "polygon", (0, 0), (119, 0), (119, 119), (0, 119))])
    assert studio.labels.objects == ()
    assert studio.labels.annotated_yx[60, 30]


def test_an_image_that_is_done_teaches_the_next_one_before_any_stroke(open_studio):
    from core.annotate import lessons

    studio = open_studio()
    with pytest.raises(LabelError, match="second class"):
        studio.propose_rest()
    rows, columns = np.mgrid[:SIDE, :SIDE]
    ids = np.zeros((SIDE, SIDE), np.int32)
    for number, (row, column) in enumerate(((20, 60), (60, 20), (90, 90)), start=1):
        ids[(rows - row) ** 2 + (columns - column) ** 2 < 100] = number
    objects = tuple(LabelObject(id=number) for number in (1, 2, 3))
    done = Labels(layers={MAIN: ids}, annotated_yx=ids >= 0, objects=objects)
    image = np.random.default_rng(1).normal(20, 4, (SIDE, SIDE)) + 100 * (ids > 0)
    lesson = lessons.draw(image.clip(0, 255).astype(np.uint8)[None], lessons.known(done))
    studio.taught.earlier = lambda classes: [lesson]
    assert studio.propose_rest() == 3
    assert studio.proposed.ids_yx[30, 80]


def test_what_the_learner_made_keeps_the_strokes_of_another_session(open_studio):
    """Only strokes looked whether another had written: this wrote the same entry number."""
    old, new = open_studio(), open_studio()
    new.take([gesture(1, "brush", (20, 60), (40, 60))])
    old.proposed.show(proposed_discs(), {2: "bi"}, job="one")
    assert old.accept_all() == 1
    new.take([gesture(2, "teach", (26, 30), (34, 30)), gesture(3, "ground", (10, 110), (110, 110))])
    new.take([gesture(4, "ground", (55, 10), (55, 60), width=3)])
    old.take([gesture(5, "brush", (80, 100), (90, 100))])
    assert old.propose_rest() >= 1  # taught by what the other session was shown
    old.accept_all()
    again = open_studio().journal.entries
    assert [each.what for each in again] == [
        "brush",
        "proposed by a model",
        "brush",
        "rest of the image",
    ]
    assert [each.number for each in again] == [0, 1, 2, 3]


def test_strokes_that_are_gone_on_with_elsewhere_are_told(open_studio):
    old, new = open_studio(), open_studio()
    old.take([gesture(1, "brush", (20, 60), (40, 60))])
    history.finish(new.journal)
    old.take([gesture(2, "brush", (80, 100), (90, 100))])
    assert "in another window" in old.news[0]
    assert len(old.labels.objects) == 2


def test_strokes_for_the_learner_are_there_after_a_reload(open_studio):
    """They were confirmed, and gone with the page."""
    studio = open_studio()
    studio.take(
        [
            gesture(1, "teach", (26, 30), (34, 30)),
            gesture(2, "ground", (10, 110), (110, 110)),
            gesture(3, "ground", (55, 10), (55, 60), width=3),
        ]
    )
    again = open_studio()
    np.testing.assert_array_equal(again.taught.strokes_yx, studio.taught.strokes_yx)
    again.take([gesture(2, "ground", (10, 110), (110, 110))])  # told again, done once
    assert len(again.journal.teaching.standing) == 3
    assert again.propose_rest() == 3


def test_undo_takes_back_the_last_stroke_for_the_learner(open_studio):
    """It took back an older stroke of the brush instead."""
    studio, overlay = open_studio(), Overlay()
    studio.take([gesture(1, "brush", (20, 60), (40, 60)), gesture(2, "teach", (80, 30), (90, 30))])
    overlay.patch(studio, 0)
    studio.take([gesture(3, "undo")])
    assert len(studio.labels.objects) == 1
    assert (studio.taught.strokes_yx < 0).all()
    assert overlay.patch(studio, 1).since == 1  # the browser is told where it was
    studio.take([gesture(4, "redo")])
    assert (studio.taught.strokes_yx >= 0).any()
    studio.take([gesture(5, "undo"), gesture(6, "undo"), gesture(7, "undo")])
    assert studio.labels.objects == ()
    assert "nothing to take back" in studio.problem


def test_a_digit_after_a_stroke_is_meant_for_the_next_object(open_studio):
    """What the brush had gone on with was selected, and the digit made it another class."""
    studio = open_studio()
    studio.take(
        [
            gesture(1, "brush", (20, 60), (40, 60)),
            gesture(2, "brush", (40, 60), (60, 60)),
            gesture(3, "class", at=1),
            gesture(4, "brush", (20, 90), (40, 90)),
        ]
    )
    assert [item.class_name for item in studio.labels.objects] == ["mono", "bi"]
    studio.take([gesture(5, "select", (30, 60)), gesture(6, "brush", (80, 90), (100, 90))])
    studio.take([gesture(7, "class", at=0)])
    assert [item.class_name for item in studio.labels.objects] == ["mono", "bi", "bi"]


def test_selected_objects_grow_and_shrink_by_a_pixel(open_studio):
    """The keys grew and shrank the last click of the wand alone."""
    studio = open_studio()
    studio.take([gesture(1, "brush", (20, 60), (40, 60)), gesture(2, "select", (30, 60))])
    area = (studio.labels.layers[MAIN] == 1).sum()
    studio.take([gesture(3, "grow")])
    assert (studio.labels.layers[MAIN] == 1).sum() > area
    studio.take([gesture(4, "shrink"), gesture(5, "shrink")])
    assert (studio.labels.layers[MAIN] == 1).sum() < area
    assert studio.selected == (1,)
    studio.take([gesture(6, "undo"), gesture(7, "undo"), gesture(8, "undo")])
    assert (studio.labels.layers[MAIN] == 1).sum() == area
