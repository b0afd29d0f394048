"""Which study is open and how far it is."""

import streamlit as st

from app import people, places, services, state, wording
from app.components import problem


def show() -> None:
    """Draw the study's choice and its state below the navigation."""
    names = services.study_names()
    with st.sidebar:
        if not names:
            return
        current = state.study()
        chosen = st.selectbox(
            "Open study",
            names,
            index=names.index(current) if current in names else None,
            format_func=wording.study,
            placeholder="none open",
            key=f"open-study-{current}",
        )
        if chosen != current and chosen is not None:
            state.choose_study(chosen)
            st.rerun()
        if current in names and current is not None:
            with problem.shown():  # a damaged study must not keep the page from being drawn
                _summary(current)
        _person()


def _person() -> None:
    with st.popover(services.author() or "Your name", icon=":material/person:", width="stretch"):
        told = st.text_input(
            "Your name",
            value=people.name() or services.author(),
            max_chars=60,
            key="your-name",
            help="It stands beside what you label and check. Several people at one dashboard are "
            "told apart by it.",
        )
    if people.call(told):
        st.rerun()


def _summary(name: str) -> None:
    overview = services.overview(name)
    if overview.simulated:
        st.badge("simulated data", color="orange")
    st.caption(
        f"{wording.plural(overview.images, 'image')} · {wording.labelled(overview)} · "
        f"{wording.plural(overview.runs, 'training')}"
    )
    if overview.active is not None:
        st.page_link(
            places.PAGES["training"],
            label=f"Training runs, {wording.percent(overview.active.progress)}",
            icon=":material/monitoring:",
        )
