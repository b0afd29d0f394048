"""One job as one line, until it has ended."""

import streamlit as st

from app import services, wording
from app.components import problem

_OPEN = ("queued", "running")


def until_done(job_id: str, title: str) -> None:
    """Follow a short job; when it has finished the page is drawn anew."""

    @st.fragment(run_every="1s")
    def line() -> None:
        with problem.shown():
            status = services.status(job_id)
            if status.state == "finished":
                st.rerun()
            with st.container(border=True):
                st.markdown(f"**{title}**")
                if status.state in _OPEN:
                    st.progress(status.progress, text=wording.now(status))
                    return
                st.error(wording.now(status), icon=":material/error:")
                if st.button("Try again", key=f"again-{job_id}"):
                    services.resume(job_id)

    line()
