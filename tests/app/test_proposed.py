"""What a model proposes beside what is marked already."""

import numpy as np

from app.proposed import Proposed
from core.annotate import edits
from core.data.labels.model import MAIN, empty

SIDE = 60


def box(top, left, side):
    mask = np.zeros((SIDE, SIDE), bool)
    mask[top : top + side, left : left + side] = True
    return mask


def two_found():
    """Return a model's map: 1 is a little wider than what a hand drew, 2 is new."""
    found = np.zeros((SIDE, SIDE), np.int32)
    found[box(8, 8, 16)], found[box(40, 40, 10)] = 1, 2
    return found


def drawn():
    return edits.add(empty((SIDE, SIDE)), box(10, 10, 12), class_name="cell", author="ann")


def test_all_that_is_accepted_makes_no_rims_around_objects_that_are_done():
    """Each proposal was given whatever was free: a crescent around every object drawn before."""
    proposed, labels = Proposed(), drawn()
    proposed.show(two_found(), {1: "cell", 2: "cell"})
    after = proposed.accepted(labels, [1, 2], joined=False)
    assert [(o.id, o.source) for o in after.objects] == [(1, "hand"), (2, "model")]
    np.testing.assert_array_equal(after.layers[MAIN] > 0, box(10, 10, 12) | box(40, 40, 10))


def test_what_was_accepted_and_saved_is_not_proposed_again():
    """After Save the answer was read again, and everything in it could be accepted once more."""
    proposed = Proposed()
    proposed.show(two_found(), {1: "cell", 2: "cell"})
    labels = proposed.accepted(empty((SIDE, SIDE)), [2], joined=False)
    again = Proposed()
    again.show(two_found(), {1: "cell", 2: "cell"})
    again.leave_out_marked(labels, joined=False)
    assert again.classes == {1: "cell"}
    assert set(np.unique(again.ids_yx)) == {0, 1}


def test_of_a_region_what_is_free_can_still_be_accepted():
    proposed, labels = Proposed(), drawn()
    proposed.show(two_found(), {1: "vessel", 2: "gland"})
    proposed.leave_out_marked(labels, joined=True)
    assert proposed.classes == {1: "vessel", 2: "gland"}
    everything = proposed.accepted(labels, [1, 2], joined=True)
    proposed.leave_out_marked(everything, joined=True)
    assert proposed.classes == {}
