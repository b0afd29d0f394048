"""Strokes, or a trained model, propose objects; a person takes all of them, some, or none."""

from collections import Counter

import streamlit as st

from app import services, wording
from app.components import job_line, problem
from app.studio import Studio
from core.records import ImageRecord, StudyRecord


def show(study: StudyRecord, image: ImageRecord, studio: Studio) -> None:
    """Draw what is proposed, and the ways to have something proposed."""
    _rest(studio)
    if studio.proposed.is_learned:
        _outcome(studio, None)
        return
    job_id = services.asked(study, image)
    if job_id is None:
        _choice(study, image)
        return
    if services.status(job_id).state != "finished":
        job_line.until_done(job_id, "The model looks at this image")
        return
    if studio.proposed.job != job_id:
        found = services.proposal(study, image, job_id)
        if found is not None:
            studio.proposed.show(found.ids_yx, found.classes, found.note, job=job_id)
            studio.proposed.leave_out_marked(studio.labels, joined=studio.is_regions)
            studio.proposed.reject(services.rejected(job_id))
        studio.proposed.job = job_id
    if studio.proposed.rejected != services.rejected(job_id):
        services.keep_rejected(job_id, studio.proposed.rejected)
    _outcome(studio, job_id)


def _rest(studio: Studio) -> None:
    """Let the strokes of the teaching tools, and images that are done, propose the rest."""
    if st.button(
        "Label the rest",
        icon=":material/auto_awesome:",
        width="stretch",
        key="label-rest",
        help="Learns from what is marked, from strokes with T (of the class that was chosen then) "
        "and G (background), and from the images that were labelled last. What it finds is no "
        "label before you accept it.",
    ):
        with problem.shown(), st.spinner("Learning from what is marked …"):
            if not studio.propose_rest():
                st.info("Nothing more is found; a few more strokes may help.")


def _choice(study: StudyRecord, image: ImageRecord) -> None:
    models = services.models_for(study)
    with st.expander("Let a trained model mark this image", icon=":material/smart_toy:"):
        if not models:
            st.caption("There is none yet: train on a few images first.")
            return
        run = st.selectbox(
            "Model",
            models,
            format_func=lambda each: f"{each.study}, {wording.moment(each.created)}",
            key="proposing-model",
        )
        if st.button("Mark this image", width="stretch", key="ask-model"):
            services.ask_model(study, image, run.id)
            st.rerun()


def _outcome(studio: Studio, job_id: str | None) -> None:
    """Draw what is left of a proposal; `job_id` is the model's, None where strokes taught it."""
    left = len(studio.proposed.classes)
    who = "Your strokes propose" if job_id is None else "The model proposes"
    with st.container(border=True):
        refused = services.refused(job_id) if job_id is not None and not left else []
        for sentence in refused:
            st.warning(sentence, icon=":material/block:")
        if not left and not refused:
            st.markdown("**The model proposes nothing more.**")
        if left:
            what = ("class", "classes") if studio.is_regions else ("object", "objects")
            st.markdown(f"**{who} {wording.plural(left, *what)}** (orange){_by_class(studio)}")
            st.caption(
                "Click on what is right with Accept by click (A), on what is wrong with Reject by "
                "click (R), or take all and correct it."
            )
            if studio.proposed.note:
                st.caption(f":orange[:material/info: {studio.proposed.note}]")
            if st.button("Accept all", icon=":material/done_all:", width="stretch", key="take-all"):
                studio.accept_all()
                _close(studio, job_id)
        if st.button("Close" if not left else "Send away", width="stretch", key="send-away"):
            _close(studio, job_id)


def _by_class(studio: Studio) -> str:
    """Return how many of each class are proposed; empty: there is one class."""
    counts = Counter(name or "no class" for name in studio.proposed.classes.values())
    if len(counts) < 2 or studio.is_regions:
        return ""
    return ": " + ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


def _close(studio: Studio, job_id: str | None) -> None:
    studio.proposed.drop()
    if job_id is not None:
        services.send_away_proposal(job_id)
    st.rerun()
