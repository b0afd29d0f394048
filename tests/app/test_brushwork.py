"""Strokes that come in are put on the disk, or told again by the browser."""

import pytest
import streamlit as st

from app import state
from app.components import brushwork
from core.errors import StudyError

GESTURES = [{"number": number, "image": ["s", "a"], "what": "brush"} for number in (5, 6)]


@pytest.fixture
def disk(monkeypatch):
    """Return what was put on a disk that cannot be read for a while."""
    taken, faults = [], []

    def put(study, image_id, gestures, part):
        if faults:
            faults.pop()
            raise StudyError("the labels cannot be read")
        taken.extend(each["number"] for each in gestures)

    st.session_state.clear()
    monkeypatch.setattr(brushwork, "_put", put)
    monkeypatch.setattr(brushwork.painter, "sent", lambda: list(GESTURES))
    yield taken, faults
    st.session_state.clear()


def test_a_stroke_is_not_confirmed_while_the_disk_cannot_be_read(disk):
    taken, faults = disk
    faults.append(1)
    brushwork.take()
    assert (taken, state.gestures_done()) == ([], 0)
    brushwork.take()
    assert (taken, state.gestures_done()) == ([5, 6], 6)
    assert state.take_said() is None


def test_a_stroke_that_never_can_be_kept_is_told_and_holds_up_no_other(disk):
    taken, faults = disk
    faults += [1] * 4
    for _ in range(4):
        brushwork.take()
    assert (taken, state.gestures_done()) == ([], 6)
    assert "the labels cannot be read" in state.take_said()
