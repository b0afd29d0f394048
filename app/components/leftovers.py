"""Strokes that another tab drew on this image with shapes and did not save."""

import streamlit as st

from app import desk, drafts, presence, services, sheet, state, wording
from app.sheet import Sheet


def show(mounted: Sheet) -> None:
    """Tell of strokes in a tab that is open, and offer those of one that is gone."""
    folder = services.study_dir(mounted.study)
    waiting = drafts.of_others(folder, mounted.image, state.tab())
    gone = [each for each in waiting if each.is_old and not presence.is_open(each.tab)]
    at_work = [each for each in waiting if each not in gone]
    if at_work:
        st.warning(
            f"{at_work[0].author or 'Somebody'} has drawn on this image in another window and not "
            "saved it yet. Both versions will stay; one of them will have to be chosen.",
            icon=":material/group:",
        )
    if not gone or sheet.has_draft(mounted):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f":orange[:material/history:] What {gone[0].author or 'somebody'} drew here "
            f"({wording.moment(gone[0].time)}) was not saved; its window is closed."
        )
        if st.button("Go on with it", icon=":material/draw:", key="take-over"):
            drafts.take_over(gone[0], mounted.draft)
            desk.remount()
            st.rerun()
