"""What can be done with a study's images: one row of names, of which one is open at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from app.components import problem

KEY = "panel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One of them."""

    key: str
    title: str
    icon: str
    """A name of Google's Material Symbols."""
    draw: Callable[[], None]
    told: str = ""
    """What is known already, in a few words; stands beside the name."""

    @property
    def label(self) -> str:
        """Return what stands on its button."""
        told = f" · {self.told}" if self.told else ""
        return f":material/{self.icon}: {self.title}{told}"


def show(panels: Sequence[Panel], waiting: str | None = None) -> None:
    """Draw the names, and the one that is open; what is closed is not drawn.

    The table of files alone has a row for each of thousands. `waiting` names one that asks for an
    answer: it is open when one comes back to the page.
    """
    named = {panel.key: panel for panel in panels}
    if waiting is not None:
        st.session_state.setdefault(KEY, waiting)
    chosen = st.pills(
        "What to do with the images",
        list(named),
        format_func=lambda key: named[key].label,
        label_visibility="collapsed",
        key=KEY,
    )
    if chosen is not None:
        with st.container(border=True, key=f"panel-{chosen}"), problem.shown():
            named[chosen].draw()
