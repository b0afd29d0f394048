"""Labels, or a model's answers, as files for other programs."""

import streamlit as st

from app import answers, services
from app.components import job_line, problem


def of_answers(study: str, run_id: str) -> None:
    """Draw the export of a training's answers to its test images, closed at first."""
    asked = st.expander(
        "Export the answers to the test images",
        icon=":material/ios_share:",
        key="exporting",
        on_change="rerun",
    )
    if asked.open:
        with asked, problem.shown():
            show(study, run_id)


def show(study: str, run_id: str | None = None) -> None:
    """Draw the choice of a format, the progress, and the files; None: the study's own labels."""
    formats = services.export_formats()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Format",
            list(formats),
            format_func=lambda name: formats[name][0],
            key="export-format",
        )
        if st.button("Export", icon=":material/output:", key=f"start-export-{run_id}"):
            services.start_export(study, run_id, chosen)
            st.rerun()
    st.caption(f"Imported again: {formats[chosen][1]}.")
    _last(study, run_id)


def _last(study: str, run_id: str | None) -> None:
    last = services.last_export(study, run_id)
    if last is None:
        return
    title = services.export_formats()[last.format_name][0]
    if services.status(last.job).state != "finished":
        job_line.until_done(last.job, f"Writing {title}")
        return
    st.download_button(
        f"{title} (zip)",
        data=lambda: answers.zipped(last.folder),
        file_name=f"{study}-{last.format_name}.zip",
        mime="application/zip",
        icon=":material/download:",
        type="primary",
        key="download-export",
    )
    st.caption(f"On this computer: `{last.folder}`")
