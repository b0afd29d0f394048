"""Images in, labels on: the gallery, and one image under the pen."""

import streamlit as st

from app import places, services, state, wording
from app.components import (
    annotator,
    brushwork,
    doctor,
    empty,
    exporting,
    gallery,
    groups,
    header,
    layering,
    navigator,
    presorting,
    problem,
    readings,
    ruler,
    sorter,
    switching,
    upload,
    versions,
)
from core.data import pyramid, regions
from core.records import Kind

LEAD = "Add images and mark what matters in a few of them; ten well-marked images go a long way."
study = header.of_study("Images & labels", LEAD if state.image() is None else "")
ids = {each.id for each in study.images}
chosen = state.image() if state.image() in ids else None

if chosen is None:
    with st.expander(
        "Add images", expanded=not study.images, icon=":material/add_photo_alternate:"
    ):
        upload.show(study.name)
    upload.notices(state.notices())
    if not study.images:
        empty.show("No images yet", "Drop your first images into the field above.")
        st.stop()
    with problem.shown():
        readings.show(study)
        ruler.show(study)
    # What is closed is not drawn: the table of files has a row for each of thousands.
    asked = st.expander(
        groups.summary(study), icon=":material/account_tree:", key="groups", on_change="rerun"
    )
    if asked.open:
        with asked:
            groups.show(study)
    layering.show(study)
    if services.labelled(study.name):
        asked = st.expander(
            "Label doctor", icon=":material/stethoscope:", key="doctor", on_change="rerun"
        )
        if asked.open:
            with asked, problem.shown():
                doctor.show(study)
        if study.task is None or study.task.kind is not Kind.CLASSIFICATION:
            exporting.show(study.name)
    with problem.shown():
        if study.task is not None and study.task.kind is Kind.CLASSIFICATION:
            presorting.show(study)
        gallery.show(study)
    for finding in services.findings(study.name):
        st.info(finding, icon=":material/info:")
    if study.task is None:
        st.page_link(
            places.PAGES["task"], label="Next: say what you want", icon=":material/arrow_forward:"
        )
    elif services.what_is_missing(study.name) is None:
        st.page_link(
            places.PAGES["recommendation"],
            label="Next: see what is recommended",
            icon=":material/arrow_forward:",
        )
    st.stop()

image = regions.named(study.image(chosen), state.part())
readings.warn(image)
with problem.shown():
    if study.task is not None and study.task.kind is Kind.CLASSIFICATION:
        sorter.show(study, image, study.task)
    elif pyramid.is_large(image) and not state.part():
        navigator.show(study, image)
        versions.show(study, image)
    else:
        if study.task is None:
            others = [each for each in wording.kinds_of(study.name) if each is not Kind.INSTANCE]
            st.caption(
                "You are marking single things of one class. Something else? The task page knows "
                f"also: {', '.join(wording.KIND_TITLES[each].lower() for each in others)}."
            )
        editors = {"Shapes": annotator.show, brushwork.TITLE: brushwork.show}
        editor = st.segmented_control(
            "Editor",
            list(editors),
            required=True,
            key=state.editor_key("Shapes"),
            persist_state="session",
            label_visibility="collapsed",
        )
        with problem.shown():
            switching.settle(study, image, to_painter=editor == brushwork.TITLE)
        editors[editor or "Shapes"](study, image)
        versions.show(study, image)
