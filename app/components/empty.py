"""What a page shows when there is nothing yet: what is missing and where to get it."""

import streamlit as st

from app import places


def show(title: str, text: str, *, leads_to: str | None = None, label: str = "") -> None:
    """Draw an empty state; `leads_to` names the page that helps."""
    with st.container(border=True, key=None, horizontal_alignment="center"):
        st.space("small")
        st.markdown(f"### {title}", text_alignment="center")
        st.markdown(text, text_alignment="center")
        if leads_to is not None:
            st.page_link(places.PAGES[leads_to], label=label, icon=":material/arrow_forward:")
        st.space("small")
