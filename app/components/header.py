"""The head of a page: which study, what the page is for."""

import html

import streamlit as st

from app import services, state, wording
from app.components import empty
from core.records import StudyRecord

SIMULATED = "simulated data"


def show(title: str, lead: str, *, study: StudyRecord | None = None) -> None:
    """Draw the page's head; a simulated study is called so on every page."""
    if study is not None:
        badge = f'<span class="ax-simulated">{SIMULATED}</span>' if study.simulated else ""
        st.html(f'<div class="ax-eyebrow">{html.escape(wording.study(study.name))}{badge}</div>')
    st.title(title, anchor=False)
    if lead:
        st.html(f'<p class="ax-lead">{html.escape(lead)}</p>')
    said = state.take_said()
    if said:
        st.toast(said)


def of_study(title: str, lead: str) -> StudyRecord:
    """Draw the head of a page that needs a study and return it; stop the page without one."""
    name = state.study()
    if name is None or name not in services.study_names():
        show(title, lead)
        empty.show(
            "No study is open",
            "A study is one folder of images with their labels and trained models.",
            leads_to="studies",
            label="Open or create a study",
        )
        st.stop()
    record = services.study(name)
    show(title, lead, study=record)
    return record
