"""What one browser tab remembers: where it is, what it was told, how it looks at images.

Each session key is declared once, here and in `desk`. The link in the address bar names study and
run, so that a reload or a shared link leads back.
"""

import uuid
from typing import Any

import streamlit as st

from app import desk

_STUDY = "study"
_RUN = "run"
_IMAGE = "image"
_PIPELINE = "pipeline"
_NOTICES = "notices"
_PREDICTION = "prediction"
_SAID = "said"
_TOLD = "told"
_UPLOAD = "upload"
_STAGED = "staged"
_TAB = "tab"
_LOOK = "look-turn"
_LOOK_DRAWN = "look-drawn"
_OPACITY = "opacity-percent"
_PART = "part"
_LAST_PART = "last-part"
_ROUND = "round"
_EDITOR = "editor"
_GHOSTS = "ghosts"

_IN_LINK = (_STUDY, _RUN)


def restore() -> None:
    """Take study and run from the link when the tab is new, and keep the link up to date."""
    for key in _IN_LINK:
        if key not in st.session_state:
            st.session_state[key] = st.query_params.get(key)
        value = st.session_state[key]
        if value is None:
            st.query_params.pop(key, None)
        elif st.query_params.get(key) != value:
            st.query_params[key] = value


def _put_in_link(key: str, value: str | None) -> None:
    st.session_state[key] = value
    if value is None:
        st.query_params.pop(key, None)
    else:
        st.query_params[key] = value


def study() -> str | None:
    """Return the chosen study's name."""
    name: str | None = st.session_state.get(_STUDY)
    return name


def choose_study(name: str | None) -> None:
    """Go to another study; what belonged to the last one is forgotten."""
    if name != study():
        for key in (_IMAGE, _PART, _PIPELINE, _NOTICES, _PREDICTION, _TOLD):
            st.session_state.pop(key, None)
        _put_in_link(_RUN, None)
        desk.remount()
    _put_in_link(_STUDY, name)


def run() -> str | None:
    """Return the run that monitor and results show; None: the study's newest."""
    chosen: str | None = st.session_state.get(_RUN)
    return chosen


def choose_run(run_id: str | None) -> None:
    """Show another run."""
    _put_in_link(_RUN, run_id)


def image() -> str | None:
    """Return the id of the image under annotation."""
    chosen: str | None = st.session_state.get(_IMAGE)
    return chosen


def choose_image(image_id: str | None) -> None:
    """Annotate another image; the canvas is mounted anew."""
    st.session_state[_IMAGE] = image_id
    st.session_state.pop(_PART, None)
    st.session_state.pop(_LAST_PART, None)
    st.session_state.pop(_ROUND, None)
    desk.remount()


def part() -> str:
    """Return the name of the region of a large image that is worked on; empty: none."""
    name: str = st.session_state.get(_PART, "")
    return name


def choose_part(name: str) -> None:
    """Work on another region of the image, or on none; the editor is mounted anew."""
    st.session_state[_PART] = name
    if name:
        st.session_state[_LAST_PART] = name
    desk.remount()


def last_part() -> str:
    """Return the name of the region that was worked on last; empty: none."""
    name: str = st.session_state.get(_LAST_PART, "")
    return name


def editor_key(first: str) -> str:
    """Return the key of the choice of an editor; `first` is chosen where nobody chose yet."""
    st.session_state.setdefault(_EDITOR, first)
    return _EDITOR


def ghosts_key() -> str:
    """Return the key of the switch for what other layers mark; it is on at first."""
    st.session_state.setdefault(_GHOSTS, True)
    return _GHOSTS


def shows_ghosts() -> bool:
    """Return whether what other layers mark is seen."""
    shows: bool = st.session_state.get(_GHOSTS, True)
    return shows


def choose_editor(name: str) -> None:
    """Open the next image in another editor."""
    st.session_state[_EDITOR] = name


def round_() -> Any:
    """Return the walk through the label doctor's findings, or None."""
    return st.session_state.get(_ROUND)


def keep_round(walk: Any) -> None:
    """Keep the walk through findings until another image is chosen."""
    st.session_state[_ROUND] = walk


def pipeline() -> str | None:
    """Return the name of the pipeline chosen among the recommended ones."""
    chosen: str | None = st.session_state.get(_PIPELINE)
    return chosen


def choose_pipeline(name: str | None) -> None:
    """Prefer another pipeline than the first."""
    st.session_state[_PIPELINE] = name


def known_tab() -> str | None:
    """Return this tab's own name; None: it has not been given one yet."""
    name: str | None = st.session_state.get(_TAB) or st.query_params.get(_TAB)
    return name


def tab() -> str:
    """Return this tab's own name; it stands in the link, so that a reload keeps it."""
    name = known_tab() or f"tab-{uuid.uuid4().hex[:8]}"
    st.session_state[_TAB] = name
    if st.query_params.get(_TAB) != name:
        st.query_params[_TAB] = name
    return str(name)


def opacity_percent() -> int:
    """Return how much of the labels is seen over the image; 0: nothing, 100: all of it."""
    percent: int = st.session_state.get(_OPACITY, 100)
    return percent


def choose_opacity(percent: int) -> None:
    """Show the labels of all images like this."""
    st.session_state[_OPACITY] = percent


def look_turn() -> int:
    """Return a number that changes when the settings of the look are to be drawn anew."""
    turn: int = st.session_state.get(_LOOK, 0)
    return turn


def look_drawn(image_id: str) -> Any:
    """Return how the image was shown when the settings were drawn last; None: it was another."""
    drawn: tuple[str, Any] = st.session_state.get(_LOOK_DRAWN, ("", None))
    return drawn[1] if drawn[0] == image_id else None


def keep_look_drawn(image_id: str, look: Any) -> None:
    """Keep how the image is shown, to tell what is chosen here from what others chose."""
    st.session_state[_LOOK_DRAWN] = (image_id, look)


def renew_look() -> None:
    """Let the settings of the look be read from disk again."""
    st.session_state[_LOOK] = look_turn() + 1


def notices() -> Any:
    """Return the report of the last import, or None."""
    return st.session_state.get(_NOTICES)


def keep_notices(report: Any) -> None:
    """Keep an import's report until the next import or until it is dismissed."""
    st.session_state[_NOTICES] = report


def staged() -> Any:
    """Return the files that were looked at and wait for the import, or None."""
    return st.session_state.get(_STAGED)


def keep_staged(waiting: Any) -> None:
    """Let files wait until they are imported or sent away."""
    st.session_state[_STAGED] = waiting


def prediction(run_id: str) -> str | None:
    """Return the id of the prediction job that was ordered last, if of this run's model."""
    kept: tuple[str, str] | None = st.session_state.get(_PREDICTION)
    return kept[1] if kept is not None and kept[0] == run_id else None


def choose_prediction(run_id: str, job_id: str) -> None:
    """Show another prediction of a run's model."""
    st.session_state[_PREDICTION] = (run_id, job_id)


def say(sentence: str) -> None:
    """Tell something once, after the page has been drawn anew."""
    st.session_state[_SAID] = sentence


def take_said() -> str | None:
    """Return what is to be told, once."""
    sentence: str | None = st.session_state.pop(_SAID, None)
    return sentence


def told() -> list[str]:
    """Return what stays on the page until the user has read it."""
    sentences: list[str] = st.session_state.get(_TOLD, [])
    return sentences


def keep_told(sentences: list[str]) -> None:
    """Tell something until it is dismissed; nothing: what was told is dismissed."""
    st.session_state[_TOLD] = sentences


def upload_key(what: str) -> str:
    """Return the key of an upload field; after `clear_uploads` the field is empty."""
    return f"{_UPLOAD}-{what}-{st.session_state.get(_UPLOAD, 0)}"


def clear_uploads() -> None:
    """Empty the upload fields: their files lie on disk now."""
    st.session_state[_UPLOAD] = st.session_state.get(_UPLOAD, 0) + 1
