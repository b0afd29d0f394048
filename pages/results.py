"""How good the model is, and its use on new images."""

import streamlit as st

from app import services, state, wording
from app.components import empty, exporting, header, outcome, prediction
from core.records import Kind

study = header.of_study("Results", "How good a trained model is, and its use on new images.")
finished = [each for each in services.runs(study.name) if each.state == "finished"]
if not finished or study.task is None:
    running = services.active_run(study.name)
    empty.show(
        "No result yet",
        "A training is at work; its results appear here when it has finished."
        if running
        else "Train a model first; here you will see how well it does and use it on new images.",
        leads_to="training" if running else "recommendation",
        label="Watch the training" if running else "Go to the recommendation",
    )
    st.stop()

ids = [each.id for each in finished]
current = state.run() if state.run() in ids else ids[0]
if len(ids) > 1:
    told = {each.id: outcome.short(each) for each in finished}
    picked = st.selectbox(
        "Training", ids, index=ids.index(current), format_func=told.__getitem__, key=f"of-{current}"
    )
    if picked != current:
        state.choose_run(picked)
        st.rerun()

report, result = services.report(current), services.result(current)
if report is None or result is None:
    st.warning("This training left no report; its folder is shown on the training page.")
    st.stop()
if study.simulated or report.simulated:
    st.info(
        "These images were simulated by AIxCell. The score tells how the method works, "
        "not how it will do on your microscope's images.",
        icon=":material/science:",
    )

task = services.plan_task(current)
outcome.headline(task, report)
views = ["Pictures", "Figures", "Use on new images", "Files"]
view = st.segmented_control(
    "View", views, default=views[0], required=True, label_visibility="collapsed", key="results-view"
)
if view == "Pictures":
    outcome.test_pictures(current, task, report)
elif view == "Figures":
    outcome.figures(current, task, report, result)
elif view == "Use on new images":
    prediction.show(study.name, current, task)
else:
    outcome.files(current)
    if task.kind is not Kind.CLASSIFICATION:
        exporting.of_answers(study.name, current)
st.caption(
    f"Pipeline {report.pipeline.replace('_', ' ')} · {result.hardware or result.device} · "
    f"{wording.duration(result.seconds)} · {result.samples:,} image pieces learned from"
)
