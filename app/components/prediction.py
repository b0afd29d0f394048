"""The trained model on new images: upload, wait, look, download."""

import streamlit as st

from app import answers, services, state, wording
from app.components import comparison, job_line, problem
from core.records import Kind, TaskSpec

_SHOWN = 6
_ROWS = 200


def show(study: str, run_id: str, task: TaskSpec) -> None:
    """Draw the upload, and the answers of the last prediction."""
    uploads = st.file_uploader(
        "New images",
        accept_multiple_files=True,
        key=state.upload_key(f"predict-{run_id}"),  # never answered by another run's model
        help="Any size; the same kind of images as those that were learned from.",
    )
    if st.button(
        f"Use the model on {wording.plural(len(uploads), 'image')}" if uploads else "Use the model",
        type="primary",
        icon=":material/play_arrow:",
        disabled=not uploads,
        help=None if uploads else "Choose images first.",
        key=f"predict-{run_id}",
    ):
        with problem.shown():
            state.choose_prediction(run_id, answers.predict(study, run_id, uploads))
            state.clear_uploads()
            st.rerun()
    job_id = state.prediction(run_id) or services.last_prediction(study, run_id)
    if job_id is None:
        return
    if services.status(job_id).state != "finished":
        job_line.until_done(job_id, "Working through the new images")
        return
    _answers(job_id, task)


def _answers(job_id: str, task: TaskSpec) -> None:
    answer = answers.predicted(job_id)
    st.subheader("Answers", anchor=False)
    for refused in services.refused(job_id):
        st.warning(refused, icon=":material/block:")
    path = answer.classes if task.kind is Kind.CLASSIFICATION else answer.objects
    table, lines = answers.rows(path, _ROWS), services.image_lines(job_id)
    with st.container(horizontal=True):
        st.download_button(
            "Everything (zip)",
            data=lambda: answers.zipped_answers(job_id),
            file_name=f"{answer.out.name}.zip",
            mime="application/zip",
            icon=":material/download:",
            type="primary",
        )
        if table:
            st.download_button(
                "Table (CSV)",
                data=path.read_bytes,
                file_name=path.name,
                mime="text/csv",
                icon=":material/table:",
            )
    if task.kind is Kind.INSTANCE:
        found = answers.count_objects(lines, answer.objects)
        st.markdown(f"**{wording.plural(found, 'object')}** found.")
    shown = answers.predicted_pictures(job_id, task, _SHOWN)
    if shown:
        columns = st.columns(3)
        for position, (name, picture) in enumerate(shown):
            columns[position % 3].image(picture, caption=name, width="stretch")
    comparison.show(lines, job_id)
    if table:
        st.dataframe(table, hide_index=True, width="stretch", height=260)
    st.caption(f"On this computer: `{answer.out}`")
