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
    panels,
    presorting,
    problem,
    readings,
    ruler,
    sorter,
    switching,
    upload,
    versions,
)
from app.components.panels import Panel
from core.data import pyramid, regions
from core.records import Kind

LEAD = "Add images and mark what matters in a few of them; ten well-marked images go a long way."
study = header.of_study("Images & labels", LEAD if state.image() is None else "")
ids = {each.id for each in study.images}
chosen = state.image() if state.image() in ids else None

if chosen is None:
    by_image = study.task is not None and study.task.kind is Kind.CLASSIFICATION
    upload.notices(state.notices())
    if not study.images:
        with st.container(border=True):
            upload.show(study.name)
        empty.show("No images yet", "Drop your first images into the field above.")
        st.stop()
    with problem.shown():
        readings.ask(study)
        tools = [
            Panel(
                key="add",
                title="Add images",
                icon="add_photo_alternate",
                draw=lambda: upload.show(study.name),
            ),
            *readings.panels(study),
            Panel(
                key="groups",
                title="Groups and conditions",
                icon="account_tree",
                told=groups.summary(study),
                draw=lambda: groups.show(study),
            ),
            Panel(
                key="pixel-size",
                title="Pixel size",
                icon="straighten",
                told=ruler.summary(study),
                draw=lambda: ruler.show(study),
            ),
            *layering.panels(study),
        ]
        if services.labelled(study.name):
            check = Panel(
                key="doctor",
                title="Label doctor",
                icon="stethoscope",
                draw=lambda: doctor.show(study),
            )
            leave = Panel(
                key="exporting",
                title="Export labels",
                icon="ios_share",
                draw=lambda: exporting.show(study.name),
            )
            tools += [check] if by_image else [check, leave]
        if by_image:
            tools += presorting.panels(study)
        panels.show(tools, waiting="add" if upload.is_waiting(study.name) else None)
        if by_image:
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
