"""A trained model marks an image; a person accepts all of it, objects of it, or nothing."""

import streamlit as st

from app import services, wording
from app.components import job_line
from app.studio import Studio
from core.records import ImageRecord, StudyRecord


def show(study: StudyRecord, image: ImageRecord, studio: Studio) -> None:
    """Draw the choice of a model, its progress, or what it proposed."""
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
            studio.proposed.show(found.ids_yx, found.classes, found.note)
            studio.proposed.leave_out_marked(studio.labels, joined=studio.is_regions)
        studio.proposed.job = job_id
    _outcome(studio, job_id)


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


def _outcome(studio: Studio, job_id: str) -> None:
    left = len(studio.proposed.classes)
    with st.container(border=True):
        if not left:
            st.markdown("**The model proposes nothing more.**")
        else:
            what = ("class", "classes") if studio.is_regions else ("object", "objects")
            st.markdown(f"**The model proposes {wording.plural(left, *what)}** (orange)")
            st.caption("Click on what is right with Accept (A), or take all and correct it.")
            if studio.proposed.note:
                st.caption(f":orange[:material/info: {studio.proposed.note}]")
            if st.button("Accept all", icon=":material/done_all:", width="stretch", key="take-all"):
                studio.accept_all()
                services.send_away_proposal(job_id)
                st.rerun()
        if st.button("Close" if not left else "Send away", width="stretch", key="send-away"):
            studio.proposed.drop()
            services.send_away_proposal(job_id)
            st.rerun()
