"""What lies under the hand in one browser tab: the mounted canvas or painter, and its strokes.

The keys of the session are declared once, here and in `state`.
"""

import time
import uuid
from typing import Any

import streamlit as st

_MOUNT = "mount"
_SHEET = "sheet"
_PLACE = "place"
_ZOOM = "zoom"
_STUDIO = "studio"
_PROPOSED = "proposed"
_DONE = "gestures-done"
_FAILED = "gesture-failed"
_TOOL = "tool-in-hand"


def mount() -> str:
    """Return the token of the mounted canvas.

    The canvas reads its drawing from disk once a token; while the token stands, strokes only
    travel from the canvas to the disk, so that no rerun can empty it.
    """
    if _MOUNT not in st.session_state:
        remount()
    token: str = st.session_state[_MOUNT]
    return token


def remount() -> None:
    """Let the canvas read its drawing from disk again."""
    st.session_state[_MOUNT] = uuid.uuid4().hex[:8]
    st.session_state.pop(_SHEET, None)
    st.session_state.pop(_STUDIO, None)


def visit(place: str) -> None:
    """Notice that another page is shown: the browser forgot the canvas, so it is mounted anew."""
    if st.session_state.get(_PLACE) != place:
        st.session_state[_PLACE] = place
        remount()


def sheet() -> Any:
    """Return the mounted sheet, or None."""
    return st.session_state.get(_SHEET)


def keep_sheet(mounted: Any) -> None:
    """Keep the sheet as long as its mount token stands."""
    st.session_state[_SHEET] = mounted


def zoom() -> str:
    """Return how much the canvas enlarges; a key of `canvas.ZOOMS`."""
    chosen: str = st.session_state.get(_ZOOM, "Whole image")
    return chosen


def choose_zoom(chosen: str) -> None:
    """Enlarge differently; the canvas is mounted anew."""
    st.session_state[_ZOOM] = chosen
    remount()


def studio() -> Any:
    """Return the image under the brush, or None."""
    return st.session_state.get(_STUDIO)


def keep_studio(opened: Any) -> None:
    """Keep the image under the brush as long as its mount token stands."""
    st.session_state[_STUDIO] = opened


def keep_proposed(place: tuple[str, str, str], proposed: Any) -> None:
    """Keep what is proposed for an image until its editor is mounted anew."""
    st.session_state[_PROPOSED] = place, proposed


def take_proposed(place: tuple[str, str, str]) -> Any:
    """Return what was kept for the image, once; None: that was for another one, or nothing."""
    kept, proposed = st.session_state.pop(_PROPOSED, (None, None))
    return proposed if kept == place else None


def tool() -> str:
    """Return the painter's tool in the hand."""
    name: str = st.session_state.get(_TOOL, "brush")
    return name


def choose_tool(name: str) -> None:
    """Take another tool of the painter's into the hand."""
    st.session_state[_TOOL] = name


def key_of(widget: str, value: str) -> tuple[str, str]:
    """Return the key under which a widget shows the value, whoever chose that, and its default.

    A new key where it is not what the widget holds: told under the old one, a browser that has not
    heard of it yet would choose the value before again, with the next stroke.
    """
    turn, default = st.session_state.get(f"{widget}-turn", (0, value))
    if st.session_state.get(f"{widget}-{turn}", default) != value:
        turn, default = turn + 1, value
    st.session_state[f"{widget}-turn"] = turn, default
    return f"{widget}-{turn}", default


def is_shown(widget: str, key: str) -> bool:
    """Return whether the key is the widget's last one; a browser goes on telling of those before.

    Streamlit has forgotten them, takes them for new and calls what is to happen on a change.
    """
    turn, _ = st.session_state.get(f"{widget}-turn", (0, ""))
    return key == f"{widget}-{turn}"


def gestures_done() -> int:
    """Return the number of the painter's last gesture that is on the disk."""
    number: int = st.session_state.get(_DONE, 0)
    return number


def keep_gestures_done(number: int) -> None:
    """Confirm the painter's gestures up to this number, whatever image they were made on."""
    st.session_state[_DONE] = number


def count_failure(number: int, telling: int) -> tuple[int, float]:
    """Return in how many tellings of the browser the painter's gesture failed, and for how long.

    In seconds. A page reads what the browser told more than once.
    """
    now = time.monotonic()
    known, last, times, since = st.session_state.get(_FAILED, (number, None, 0, now))
    if known != number:
        last, times, since = None, 0, now
    times += telling != last
    st.session_state[_FAILED] = (number, telling, times, since)
    return times, now - since
