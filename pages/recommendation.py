"""Which pipelines promise most for this study, why, and the start of the training."""

import streamlit as st

from app import places, services, state, wording
from app.components import advice, empty, header, job_line, problem

study = header.of_study(
    "Recommendation",
    "What earlier experiments on similar images say: how good, how long, how much memory, and why.",
)
if study.task is None:
    empty.show(
        "Say first what you want",
        "Counting objects, colouring regions or sorting pictures each need another model.",
        leads_to="task",
        label="Go to the task",
    )
    st.stop()
missing = services.what_is_missing(study.name)
if missing is not None:
    empty.show("A few more labels, please", missing, leads_to="images", label="Go to the images")
    st.stop()

if not services.fingerprint_is_fresh(study.name):
    running = services.fingerprint_job(study.name)
    if running is None:
        running = services.start_fingerprint(study.name)
    job_line.until_done(
        running, "Describing your images: size, contrast, shapes. This takes about ten seconds."
    )
    st.stop()

with problem.shown():
    recommendation = services.recommend(study.name)
    possible = [each for each in recommendation.pipelines if each.feasible]
    if not possible:
        empty.show(
            "Nothing fits into these limits",
            "Every pipeline was excluded; below is why. Close other programs, or allow more "
            "memory.",
            leads_to="task",
            label="Change the limits",
        )
        advice.excluded(recommendation)
        st.stop()
    names = [each.pipeline.name for each in possible]
    gone = state.pipeline() is not None and state.pipeline() not in names
    if gone:
        st.warning(
            f"{state.pipeline()} does not fit into what is free any more: look at the list again, "
            "or close other programs.",
            icon=":material/memory:",
        )
        state.choose_pipeline(None)
    chosen = state.pipeline() or names[0]
    pick = possible[names.index(chosen)]

    left, right = st.columns([5, 3], gap="large")
    with right, st.container(border=True):
        st.subheader("Start the training", anchor=False)
        advice.chosen(pick, first=chosen == names[0], wanted=study.task.wishes.wanted_score)
        busy = services.active_run(study.name)
        pressed = st.button(
            "Start training",
            type="primary",
            icon=":material/play_arrow:",
            width="stretch",
            disabled=busy is not None,
            help="A training of this study is running; wait for it or stop it first."
            if busy
            else None,
        )
        if pressed and not gone:  # it was meant for what is not there any more
            run_id = services.start_training(study.name, None if chosen == names[0] else chosen)
            state.choose_run(run_id)
            st.switch_page(places.PAGES["training"])
        if busy is not None:
            st.page_link(
                places.PAGES["training"],
                label="Show the running training",
                icon=":material/monitoring:",
            )
        st.caption(
            (
                "The best ones are tried briefly on your images first, where time allows. "
                if chosen == names[0]
                else ""
            )
            + f"Takes at most {wording.duration(study.task.wishes.seconds)}. "
            + services.split_sentence(study.name)
        )
    with right:
        advice.evidence(recommendation)
        advice.neighbours(recommendation)
    with left:
        st.caption(f"{len(possible)} pipelines fit into your limits, best first.")
        for position, each in enumerate(possible):
            advice.card(position, each, is_chosen=each.pipeline.name == chosen)
        advice.excluded(recommendation)
