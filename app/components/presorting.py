"""A trained model proposes classes for whole images; a person takes them, or looks."""

from collections import Counter
from collections.abc import Mapping, Sequence

import streamlit as st

from app import services, state, wording
from app.components import job_line
from app.components.panels import Panel
from app.services import ProposedClass
from core.records import JobStatus, StudyRecord

_SURE = 0.9


def panels(study: StudyRecord) -> list[Panel]:
    """Return the panel that has images sorted; none without a model, or while one has answered."""
    if services.asked_to_sort(study) is not None:
        return []
    models = services.models_for(study)
    left = sum(image.image_class is None for image in study.images)
    if not models or not left:
        return []
    return [
        Panel(
            key="presorting",
            title="Let a model sort",
            icon="smart_toy",
            draw=lambda: _choice(study, models, left),
        )
    ]


def show(study: StudyRecord) -> None:
    """Draw what a model proposes, or how far it is; nothing where none was asked."""
    job_id = services.asked_to_sort(study)
    if job_id is None:
        return
    if services.status(job_id).state != "finished":
        job_line.until_done(job_id, "The model looks at the images without a class")
    else:
        _outcome(study, services.proposed_classes(study), services.refused(job_id))


def _choice(study: StudyRecord, models: Sequence[JobStatus], left: int) -> None:
    run = st.selectbox(
        "Model",
        models,
        format_func=lambda each: f"{each.study}, {wording.moment(each.created)}",
        key="presorting-model",
    )
    told = wording.plural(min(left, services.MOST_IMAGES), "image")
    if st.button(f"Look at {told} without a class", key="presort"):
        with st.spinner("Handing the images over …"):
            services.ask_to_sort(study, run.id)
            st.rerun()


def _outcome(
    study: StudyRecord, proposed: Mapping[str, ProposedClass], refused: Sequence[str]
) -> None:
    with st.container(border=True, key="presorted"):
        if refused:
            told = f"{wording.plural(len(refused), 'image')} could not be used, or only in part"
            st.warning(f"{told}; the first: {refused[0]}", icon=":material/block:")
        strange = services.strange_classes(study)
        if strange:
            st.caption(
                f"This study has no class {' or '.join(strange)}; images the model takes for that "
                "are left out."
            )
        if not proposed:
            st.markdown("**The model proposes nothing more.**")
            _send_away(study, "Close")
            return
        counts = Counter(one.name for one in proposed.values()).most_common()
        told = ", ".join(f"{count:,} {name}" for name, count in counts)
        st.markdown(f"**The model proposes classes for {len(proposed):,} images:** {told}")
        least = st.slider(
            "How sure it has to be",
            min_value=0.5,
            max_value=1.0,
            value=_SURE,
            step=0.01,
            format="percent",
            key="presorting-sure",
            help="As sure as the model says it is. How far that can be trusted stands among the "
            "figures of its results: the error of the stated certainty.",
        )
        sure = [image_id for image_id, one in proposed.items() if one.probability >= least]
        with st.container(horizontal=True):
            st.button(
                f"Accept {wording.plural(len(sure), 'image')}",
                type="primary",
                disabled=not sure,
                key="presorting-accept",
                on_click=_accept,
                args=(study.name, proposed, sure),
            )
            st.button(
                "Look at them one by one",
                key="presorting-look",
                on_click=state.choose_image,
                args=(min(proposed, key=lambda each: proposed[each].probability),),
                help="Begins with the image of which it is least sure.",
            )
            _send_away(study, "Reject the rest")


def _accept(study: str, proposed: Mapping[str, ProposedClass], image_ids: list[str]) -> None:
    services.accept_classes(study, proposed, image_ids)
    state.say(f"{wording.plural(len(image_ids), 'image')} sorted as the model proposed.")


def _send_away(study: StudyRecord, label: str) -> None:
    st.button(
        label,
        type="tertiary",
        key="presorting-away",
        on_click=services.send_presorting_away,
        args=(study,),
    )
