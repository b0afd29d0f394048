from dataclasses import replace

import numpy as np
import pytest

from core.annotate import edits, retouch
from core.data.labels.model import MAIN, Labels, empty
from core.errors import LabelError

SHAPE = (60, 80)


def _square(labels: Labels, left: int, top: int, side: int = 12, name: str = "cell") -> Labels:
    mask = np.zeros(SHAPE, bool)
    mask[top : top + side, left : left + side] = True
    return edits.add(labels, mask, class_name=name)


def _two() -> Labels:
    return _square(_square(empty(SHAPE), 5, 5), 40, 30)


def _area(labels: Labels, object_id: int) -> int:
    return int((labels.layers[MAIN] == object_id).sum())


@pytest.mark.parametrize("width", [1.0, 5.0, 12.0])
def test_a_brush_is_as_wide_as_it_says(width: float) -> None:
    mask = edits.stroke(SHAPE, [(10, 30), (60, 30)], width)
    assert mask[:, 35].sum() == pytest.approx(width, abs=1)
    assert mask[30, 10:61].all()


def test_a_dot_and_a_stroke_beyond_the_border_are_no_fault() -> None:
    assert edits.stroke(SHAPE, [(20.4, 20.6)], 7).sum() == pytest.approx(np.pi * 3.5**2, rel=0.2)
    assert not edits.stroke(SHAPE, [(-40, -40), (-30, -30)], 5).any()
    assert edits.stroke(SHAPE, [(-5, 10), (90, 10)], 3)[10].all()


def test_what_lies_outside_of_the_image_paints_nothing_at_its_border() -> None:
    """The line was pushed onto the border and painted a band there."""
    outside = edits.stroke(SHAPE, [(40, 30), (40, 100), (70, 100)], 5)
    assert outside[:, 50:].sum() == 0
    assert outside[:, 40].sum() == 60 - 30 + 2
    assert not edits.stroke(SHAPE, [(-30, 5), (-30, 50), (-20, 50)], 7).any()
    # A brush whose middle is just outside reaches in as far as it is wide.
    reaching = edits.stroke(SHAPE, [(-2, 20), (-2, 40)], 9)
    assert reaching[30, :3].all()
    assert not reaching[:, 3:].any()


def test_a_line_that_comes_back_is_an_outline() -> None:
    around = [(20, 10), (50, 10), (50, 40), (20, 40), (20, 12)]
    assert edits.stroke(SHAPE, around, 3, closes=True)[25, 35]
    assert not edits.stroke(SHAPE, around[:-2], 3, closes=True)[25, 35]
    assert not edits.stroke(SHAPE, around, 3)[25, 35]


def test_objects_never_overlap() -> None:
    labels = _square(_square(empty(SHAPE), 5, 5), 11, 5)
    assert (_area(labels, 1), _area(labels, 2)) == (144, 72)
    assert _area(_square(labels, 5, 5, 6), 3) == 0


def test_regions_of_a_class_are_one_and_go_over_others() -> None:
    mask = np.zeros(SHAPE, bool)
    mask[5:20, 5:20] = True
    labels = edits.add(empty(SHAPE), mask, class_name="gland", joined=True)
    labels = edits.add(labels, np.roll(mask, 8, axis=1), class_name="vessel", joined=True)
    labels = edits.add(labels, np.roll(mask, 30, axis=1), class_name="gland", joined=True)
    assert [item.class_name for item in labels.objects] == ["gland", "vessel"]
    assert _area(labels, 2) == 225


def test_merge_and_split_are_each_others_opposite() -> None:
    labels = _square(_square(empty(SHAPE), 5, 5), 17, 5)
    merged = edits.merge(labels, [1, 2])
    assert (len(merged.objects), _area(merged, 1)) == (1, 288)
    parted = edits.split(merged, [(16.5, 0), (16.5, 30)])
    assert len(parted.objects) == 2
    assert _area(parted, 1) + _area(parted, 2) == 288
    assert abs(_area(parted, 1) - _area(parted, 2)) <= 48
    with pytest.raises(LabelError, match="two objects"):
        edits.merge(labels, [1])


def test_a_line_that_does_not_cut_through_changes_nothing() -> None:
    labels = _two()
    np.testing.assert_array_equal(edits.split(labels, [(0, 10), (10, 10)]).flat_yx, labels.flat_yx)


def test_pieces_of_a_models_object_stay_a_models_and_are_signed_by_who_cut_it() -> None:
    """What was cut off was told to be drawn by hand, by nobody."""
    labels = _square(empty(SHAPE), 5, 5, 20)
    known = replace(labels.objects[0], source="model")
    labels = replace(labels, objects=(known,))
    parted = edits.signed(labels, edits.split(labels, [(15, 0), (15, 40)]), "ann")
    assert [(o.source, o.author) for o in parted.objects] == [("model", "ann")] * 2


def test_the_first_who_changed_a_models_object_stays_its_author() -> None:
    """Whoever changed it last became the author, against what DESIGN.md promises."""
    labels = _square(empty(SHAPE), 5, 5)
    labels = replace(labels, objects=(replace(labels.objects[0], source="model"),))
    first = edits.signed(labels, edits.reclass(labels, [1], "dust"), "ann")
    second = edits.signed(first, edits.reclass(first, [1], "cell"), "bob")
    assert [o.author for o in second.objects] == ["ann"]


def test_what_a_model_adds_beside_is_nobodys_work_yet() -> None:
    found = np.zeros(SHAPE, np.int32)
    found[30:40, 30:40] = 1
    labels = _two()
    added = edits.add_all(labels, found, {1: "cell"}, source="model")
    assert [o.author for o in edits.signed(labels, added, "ann").objects][-1] == ""


def test_delete_reclass_and_holes() -> None:
    labels = _two()
    assert [item.id for item in edits.delete(labels, [1]).objects] == [2]
    assert edits.reclass(labels, [2], "other").objects[1].class_name == "other"
    pierced = edits.erase(labels, edits.stroke(SHAPE, [(10, 10)], 3))
    assert _area(retouch.fill_holes(pierced, [1]), 1) == 144


def test_smoothing_rounds_corners_and_keeps_small_objects() -> None:
    labels = _square(_two(), 70, 5, 2)
    rounder = retouch.smooth(labels, [1, 3])
    assert 120 < _area(rounder, 1) < 144
    assert rounder.layers[MAIN][5, 5] == 0
    assert _area(rounder, 3) > 0


def test_what_is_under_a_point() -> None:
    assert edits.at(_two(), (10.2, 9.6)) == 1
    assert edits.at(_two(), (30, 30)) is None
    assert edits.at(_two(), (500, -3)) is None


def test_growing_adds_a_rim_of_free_pixels_and_shrinking_takes_it_away() -> None:
    labels = _square(_square(_two(), 17, 5, name="touching"), 0, 48)
    grown = retouch.grow(labels, [1, 4])
    assert _area(grown, 1) == 12 * 12 + 3 * 12  # one side touches another object
    assert _area(grown, 3) == _area(grown, 2) == 12 * 12
    assert _area(grown, 4) == 12 * 12 + 2 * 12  # two sides lie at the border of the image
    shrunk = retouch.shrink(labels, [2, 4])
    assert _area(shrunk, 2) == 10 * 10
    assert _area(shrunk, 4) == 11 * 11  # the border of the image is no outline
    assert _area(shrunk, 1) == 12 * 12


def test_an_object_that_would_vanish_does_not_shrink() -> None:
    labels = _square(_two(), 60, 10, side=2)
    assert _area(retouch.shrink(labels, [3]), 3) == 4
