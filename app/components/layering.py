"""Layers of a study: what else is marked on the same pictures, such as nuclei within cells."""

from collections.abc import Sequence

import streamlit as st

from app import services, state, wording
from app.components.panels import Panel
from core.records import Kind, StudyRecord


def panels(study: StudyRecord) -> list[Panel]:
    """Return the panel of layers; none where whole pictures are sorted."""
    names = services.sheets(study.name)
    others = len(names) - 1
    if not others and study.task is not None and study.task.kind is Kind.CLASSIFICATION:
        return []
    told = str(len(names)) if others else ""
    return [
        Panel(
            key="layers",
            title="Layers",
            icon="stacks",
            told=told,
            draw=lambda: _show(study, names),
        )
    ]


def _show(study: StudyRecord, names: Sequence[str]) -> None:
    """Draw the layers and the field for a new one."""
    st.caption(
        "Nuclei within cells overlap, so they are marked in a layer of their own: the same "
        "pictures, with labels, task and trainings for the one thing. Exported labels tell in "
        "which object of the other layers each one lies."
    )
    with st.container(horizontal=True):
        for name in names:
            if st.button(
                wording.layer(name),
                icon=":material/stacks:",
                disabled=name == study.name,
                key=f"layer-{name}",
            ):
                _open(name)
    _new(names[0])


def ghosts(study: StudyRecord) -> None:
    """Draw the switch for what the other layers mark, where there are some."""
    others = [each for each in services.sheets(study.name) if each != study.name]
    if others:
        st.toggle(
            "Outlines of other layers",
            key=state.ghosts_key(),
            persist_state="session",
            help=f"What is marked on this picture in {', '.join(map(wording.layer, others))}; it "
            "is seen and not changed here.",
        )


def _new(whole: str) -> None:
    with st.form("new-layer", border=False):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            named = st.text_input("New layer", placeholder="e.g. nuclei", max_chars=40)
            asked = st.form_submit_button("Add layer", icon=":material/add:")
        if asked:
            _open(services.create_layer(whole, named.strip()))


def _open(name: str) -> None:
    state.choose_study(name)
    st.rerun()
