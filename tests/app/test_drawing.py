"""Shapes on the canvas whose pixels are known beforehand."""

import math

import numpy as np
import pytest

from app.components import drawing
from core.data.labels.shapes import Shape, fill

CLASSES = {"#00ff00": "cell"}
SCALE = 4.0


def fabric(kind, **values):
    """Return an object as the canvas sends it."""
    common = {
        "type": kind,
        "stroke": "#00FF00",
        "strokeWidth": 2,
        "strokeUniform": True,
        "scaleX": 1,
        "scaleY": 1,
        "angle": 0,
        "strokeDashOffset": 0,
    }
    return {"objects": [{**common, **values}]}


def pixels(drawn, shape_yx=(40, 60)):
    (mark,) = drawing.from_canvas(drawn, CLASSES, SCALE)
    return np.any([fill(each.points, shape_yx) for each in mark], axis=0)


def test_a_box_covers_the_pixels_it_was_dragged_over():
    # From screen (39, 19) to (119, 59), the stroke's half width outside: pixels 10..29, 5..14.
    box = fabric("Rect", originX="left", originY="top", left=39, top=19, width=80, height=40)
    inside = pixels(box)
    expected = np.zeros((40, 60), dtype=bool)
    expected[5:15, 10:30] = True
    assert (inside == expected).all()


def test_a_turned_box_stands_upright():
    box = fabric(
        "Rect", originX="center", originY="center", left=80, top=80, width=80, height=24, angle=90
    )
    rows, columns = np.nonzero(pixels(box))
    assert (rows.min(), rows.max()) == (10, 29)
    assert (columns.min(), columns.max()) == (17, 22)


def test_a_circle_has_the_area_of_its_radius_whatever_its_angle():
    # Dragged at 52 degrees from (50, 50): its origin is the left end of its turned diameter.
    circle = fabric(
        "Circle", originX="left", originY="center", left=50, top=50, width=80, height=80,
        radius=40, angle=52.125,
    )  # fmt: skip
    inside = pixels(circle)
    assert inside.sum() == pytest.approx(math.pi * 10**2, rel=0.03)
    rows, columns = np.nonzero(inside)
    along = math.radians(52.125)
    assert columns.mean() + 0.5 == pytest.approx((50 + 41 * math.cos(along)) / SCALE, abs=0.3)
    assert rows.mean() + 0.5 == pytest.approx((50 + 41 * math.sin(along)) / SCALE, abs=0.3)


def test_a_moved_and_scaled_polygon_keeps_its_old_points_and_still_lies_where_it_is_seen():
    # The canvas reports old points; only left, top and scale change when a shape is moved.
    corners = [{"x": 0, "y": 0}, {"x": 40, "y": 0}, {"x": 40, "y": 40}, {"x": 0, "y": 40}]
    moved = fabric(
        "Polygon", originX="center", originY="center", left=120, top=80, width=40, height=40,
        points=corners, scaleX=2, scaleY=1,
    )  # fmt: skip
    rows, columns = np.nonzero(pixels(moved))
    assert (columns.min(), columns.max()) == (20, 39)
    assert (rows.min(), rows.max()) == (15, 24)


def test_a_freehand_line_is_closed_and_filled():
    path = [["M", 40, 40], ["L", 120, 40], ["Q", 140, 80, 120, 120], ["L", 40, 120]]
    low, high = np.array([40, 40]), np.array([130, 120])  # the curve reaches 130
    line = fabric(
        "Path", originX="center", originY="center", left=float((low + high)[0] / 2),
        top=80.0, width=90, height=80, path=path, fill=None,
    )  # fmt: skip
    inside = pixels(line)
    assert inside[20, 12]
    assert inside[20, 31]
    assert not inside[20, 34]
    assert not inside[5, 20]


def test_a_brush_stroke_covers_its_width_also_around_a_corner():
    # 8 image pixels wide, from (10, 10) to (40, 10) to (40, 30).
    path = [["M", 40, 40], ["L", 160, 40], ["L", 160, 120]]
    stroke = fabric(
        "Path", originX="center", originY="center", left=100.0, top=80.0, width=120, height=80,
        path=path, fill=None, strokeWidth=32, strokeUniform=False, stroke="#00FF0099",
    )  # fmt: skip
    inside = pixels(stroke)
    assert inside[6:14, 10:40].all()
    assert inside[10:30, 36:44].all()
    assert not inside[15:, :35].any()
    assert not inside[:5].any()
    expected = 8 * 30 + 8 * 20 + math.pi * 16 - 16 + math.pi * 4  # bars, ends, and the corner
    assert inside.sum() == pytest.approx(expected, rel=0.04)
    (mark,) = drawing.from_canvas(stroke, CLASSES, SCALE)
    assert {each.class_name for each in mark} == {"cell"}


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_another_enlargement_shows_the_same_shapes(factor):
    for drawn in (
        fabric("Rect", originX="left", originY="top", left=39, top=19, width=80, height=40),
        fabric("Path", originX="center", originY="center", left=100.0, top=80.0, width=120,
               height=80, path=[["M", 40, 40], ["L", 160, 40], ["L", 160, 120]], strokeWidth=32,
               strokeUniform=False),
    ):  # fmt: skip
        larger = {"objects": drawing.rescaled(drawn["objects"], factor)}
        (mark,) = drawing.from_canvas(larger, CLASSES, SCALE * factor)
        there = np.any([fill(each.points, (40, 60)) for each in mark], axis=0)
        assert (there != pixels(drawn)).sum() <= 0.02 * pixels(drawn).sum()


@pytest.mark.parametrize(
    "item",
    [
        fabric("Path", left=1, top=1, width=0, height=0, path=[["M", 1, 1], ["L", 1, 1]]),
        fabric("Line", left=1, top=1, width=9, height=9),
        {"objects": []},
        None,
    ],
)
def test_what_encloses_nothing_is_left_out(item):
    assert drawing.from_canvas(item, CLASSES, SCALE) == []


def test_shapes_survive_the_way_to_the_canvas_and_back():
    shapes = [
        Shape(points=((1.0, 2.0), (9.5, 2.0), (9.5, 8.25)), class_name="cell", object_id=7),
        Shape(points=((20.0, 2.0), (30.0, 2.0), (25.0, 12.0)), class_name="cell", object_id=9),
    ]
    back = drawing.from_canvas(
        drawing.to_canvas(shapes, {"cell": "#00ff00"}, SCALE), CLASSES, SCALE
    )
    assert drawing.changed_ids(shapes, back) == set()
    assert [mark[0].object_id for mark in back] == [7, 9]
    for before, (after,) in zip(shapes, back, strict=True):
        assert np.allclose(before.points, after.points, atol=1e-3)


def test_a_moved_a_deleted_and_a_recoloured_object_are_noticed():
    def square(object_id, at, class_name="cell"):
        points = ((at, at), (at + 5, at), (at + 5, at + 5))
        return Shape(points=points, class_name=class_name, object_id=object_id)

    before = [square(1, 0.0), square(2, 10.0), square(3, 20.0), square(4, 30.0)]
    after = [(square(1, 0.0),), (square(2, 11.0),), (square(4, 30.0, "other"),)]
    assert drawing.changed_ids(before, after) == {2, 3, 4}
