"""Layers of a study: what else is marked on the same pictures, such as nuclei within cells."""

import streamlit as st

from app import services, state, wording
from app.components import problem
from core.records import Kind, StudyRecord


def show(study: StudyRecord) -> None:
    """Draw the layers and the field for a new one."""
    names = services.sheets(study.name)
    others = len(names) - 1
    if not others and study.task is not None and study.task.kind is Kind.CLASSIFICATION:
        return  # whole pictures are sorted: nothing lies within anything
    title = f"Layers: {len(names)}" if others else "Layers: things within things"
    asked = st.expander(title, icon=":material/stacks:", key="layers", on_change="rerun")
    if not asked.open:
        return
    with asked, problem.shown():
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
