"""Strokes that come in are put on the disk, or told again by the browser."""

import pytest
import streamlit as st

from app import desk, state
from app.components import brushwork
from core.errors import StudyError

GESTURES = [{"number": number, "image": ["s", "a"], "what": "brush"} for number in (5, 6)]


@pytest.fixture
def disk(monkeypatch):
    """Return what was put on a disk that cannot be read for a while."""
    taken, faults, browser = [], [], {"telling": 1, "seconds": 100.0}

    def put(study, image_id, gestures, part):
        if faults:
            faults.pop()
            raise StudyError("the labels cannot be read")
        taken.extend(each["number"] for each in gestures)

    st.session_state.clear()
    monkeypatch.setattr(brushwork, "_put", put)
    monkeypatch.setattr(brushwork.painter, "telling", lambda: browser["telling"])
    monkeypatch.setattr(desk.time, "monotonic", lambda: browser["seconds"])
    monkeypatch.setattr(brushwork.painter, "sent", lambda: list(GESTURES))
    yield taken, faults, browser
    st.session_state.clear()


def test_a_stroke_is_not_confirmed_while_the_disk_cannot_be_read(disk):
    taken, faults, _ = disk
    faults.append(1)
    brushwork.take()
    assert (taken, desk.gestures_done()) == ([], 0)
    brushwork.take()
    assert (taken, desk.gestures_done()) == ([5, 6], 6)
    assert state.take_said() is None


def test_a_stroke_that_never_can_be_kept_is_told_and_holds_up_no_other(disk):
    taken, faults, browser = disk
    faults += [1] * 5
    for _ in range(5):
        brushwork.take()
        browser["telling"] += 1
        browser["seconds"] += 1.5
    assert (taken, desk.gestures_done()) == ([], 6)
    assert "the labels cannot be read" in state.take_said()


def test_a_message_that_is_read_again_is_one_telling(disk):
    """A page reads it twice: strokes were let go after two tellings in two seconds."""
    _, faults, browser = disk
    faults += [1] * 20
    for _ in range(3):
        for _ in range(6):
            brushwork.take()
        browser["telling"] += 1
        browser["seconds"] += 10
    assert desk.gestures_done() == 0


def test_strokes_that_follow_each_other_quickly_do_not_use_up_the_patience(disk):
    """Each stroke tells all that waits: four of them took less than a second."""
    _, faults, browser = disk
    faults += [1] * 20
    for _ in range(20):
        brushwork.take()
        browser["telling"] += 1
        browser["seconds"] += 0.2
    assert desk.gestures_done() == 0
