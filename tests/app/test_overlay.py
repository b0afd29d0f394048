"""Patches put together are the whole overlay, and hold no more than what changed."""

import numpy as np
import pytest

from app import look
from app.overlay import Overlay
from app.studio import Studio
from core.data import study
from core.data.labels import journal
from core.data.labels.model import MAIN
from core.records import Kind

SIDE = 200


@pytest.fixture
def studio(workspace):
    study_dir = study.create(workspace, "s")
    return Studio(
        study="s",
        image_id="a",
        image_cyx=np.zeros((1, SIDE, SIDE), np.uint8),
        journal=journal.open_(study_dir, "a", "tab", (SIDE, SIDE), author="ann"),
        kind=Kind.INSTANCE,
        classes=("mono", "bi"),
        background=None,
        class_name="mono",
    )


def whole(studio):
    return Overlay().patch(studio, 0).painted


def do(studio, what, *points, **more):
    gesture = {"number": studio.done + 1, "what": what, "points": points, "width": 9, **more}
    studio.take([gesture])
    assert not studio.problem


def test_patches_keep_the_overlay_as_it_would_be_painted_anew(studio):
    overlay = Overlay()
    held = overlay.patch(studio, 0).painted.copy()
    revision = overlay.revision
    proposed = np.zeros((SIDE, SIDE), np.int32)
    proposed[150:170, 20:40] = 1
    steps = [
        lambda: do(studio, "brush", (30, 30), (60, 30)),
        lambda: do(studio, "brush", (60, 36), (80, 36)),
        lambda: do(studio, "select", (32, 30)),
        lambda: do(studio, "class", at=1),
        lambda: do(studio, "teach", (120, 120), (140, 120)),
        lambda: studio.proposed.show(proposed, {1: "bi"}),
        lambda: do(studio, "accept", (30, 160)),
        lambda: do(studio, "eraser", (45, 10), (45, 50)),
        lambda: do(studio, "undo"),
        lambda: do(studio, "delete"),
    ]
    for step in steps:
        step()
        patch = overlay.patch(studio, revision)
        revision = overlay.revision
        if patch is not None:
            top, left, bottom, right = patch.window
            held[top:bottom, left:right] = patch.painted
            assert patch.since
        np.testing.assert_array_equal(held, whole(studio))
    assert studio.labels.layers[MAIN][160, 30] > 0


def test_a_stroke_sends_a_small_rectangle_and_what_was_missed_before_it(studio):
    overlay = Overlay()
    overlay.patch(studio, 0)
    do(studio, "brush", (20, 20), (26, 20))
    first = overlay.patch(studio, 1)
    assert first.painted.shape[0] < 20
    do(studio, "brush", (100, 100), (106, 100))
    both = overlay.patch(studio, 1)
    assert both.window[:2] == first.window[:2]
    assert both.window[2] > 100
    assert overlay.patch(studio, overlay.revision) is None


def test_who_holds_nothing_that_is_known_gets_the_whole(studio):
    overlay = Overlay()
    overlay.patch(studio, 0)
    for _ in range(3):
        do(studio, "brush", (20, 20), (26, 20 + studio.done))
        overlay.patch(studio, overlay.revision)
    assert overlay.patch(studio, 0).since == 0


def test_strokes_that_teach_and_proposals_are_seen_in_the_colour_of_their_class(studio):
    """All were orange, whatever class was chosen."""
    do(studio, "teach", (30, 30), (60, 30), **{"class": "bi"})
    do(studio, "ground", (30, 90), (60, 90))
    found = np.zeros((SIDE, SIDE), np.int32)
    found[150:170, 20:40], found[150:170, 60:80] = 1, 2
    studio.proposed.show(found, {1: "mono", 2: "bi"})
    painted = whole(studio)
    mono, bi = (look.rgb(studio.color(name)) for name in ("mono", "bi"))
    assert tuple(painted[30, 45, :3]) == bi
    assert tuple(painted[90, 45, :3]) == look.rgb(look.BACKGROUND_COLOR)
    assert [tuple(painted[160, at, :3]) for at in (30, 70)] == [mono, bi]
    assert tuple(painted[150, 30, :3]) == look.rgb(look.PREDICTED_COLOR)
