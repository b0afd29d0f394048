"""Which tabs are open: what one left behind that is gone may be taken over."""

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx


def note(tab: str) -> None:
    """Remember the session of a tab; after a reload it has another one."""
    context = get_script_run_ctx()
    if context is not None:
        _sessions()[tab] = context.session_id


def is_open(tab: str) -> bool:
    """Return whether a browser shows the tab at this moment."""
    session = _sessions().get(tab)
    if session is None or not runtime.exists():
        return False
    return runtime.get_instance().is_active_session(session)


@st.cache_resource(show_spinner=False)
def _sessions() -> dict[str, str]:
    """Return tab -> session, of all tabs since the server was started."""
    return {}
