"""Who sits before this tab: several people may share one dashboard, and with it one account.

The name belongs to the tab, whose own name stands in the link, and lies in WORKSPACE/people.json:
a reload or a restart of the server keeps it.
"""

import msgspec
import streamlit as st
from filelock import FileLock
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app import services, state
from core import workflow
from core.records import write_json

_WHO = "who"
# Tabs come and go; names of older ones are forgotten.
_REMEMBERED = 500


def name() -> str:
    """Return who sits here, for `workflow.ask`; empty: nobody said, or no tab asks."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return ""
    if _WHO not in st.session_state:
        tab = state.known_tab()
        st.session_state[_WHO] = _told().get(tab, "") if tab else ""
    told: str = st.session_state[_WHO]
    return told


def call(who: str) -> bool:
    """Let the work in this tab be this person's, empty: the account's; return if that is new."""
    who = " ".join(who.split())
    who = "" if who == workflow.account() else who
    if who == name():
        return False
    st.session_state[_WHO] = who
    path = services.workspace().root / "people.json"
    with FileLock(path.with_name(".people.lock")):
        known = {**_told(), state.tab(): who}
        write_json(path, dict(list(known.items())[-_REMEMBERED:]))
    return True


def _told() -> dict[str, str]:
    path = services.workspace().root / "people.json"
    return msgspec.json.decode(path.read_bytes(), type=dict[str, str]) if path.is_file() else {}
