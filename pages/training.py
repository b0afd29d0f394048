"""What the training does at this moment; reads files only, so it survives every restart."""

import streamlit as st

from app import services, state, wording
from app.components import empty, header, monitor

study = header.of_study(
    "Training",
    "The work goes on by itself, even when you close this page or the program.",
)
runs = services.runs(study.name)
if not runs:
    empty.show(
        "Nothing has been trained yet",
        "Look at the recommendation, choose a pipeline and start.",
        leads_to="recommendation",
        label="Go to the recommendation",
    )
    st.stop()

ids = [each.id for each in runs]
current = state.run() if state.run() in ids else ids[0]
if len(ids) > 1:
    told = {each.id: each for each in runs}
    picked = st.selectbox(
        "Training",
        ids,
        index=ids.index(current),
        format_func=lambda each: (
            f"{wording.moment(told[each].created)} · {wording.STATE_WORDS[told[each].state]}"
        ),
        key=f"pick-{current}",
    )
    if picked != current:
        state.choose_run(picked)
        st.rerun()
if state.run() != current:
    state.choose_run(current)

monitor.show(current)
