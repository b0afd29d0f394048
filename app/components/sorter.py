"""Whole images into classes, one button or digit each."""

import streamlit as st

from app import services, state, views
from app.components import looking, navigator, walk
from core.data import pyramid
from core.records import ImageRecord, StudyRecord, TaskSpec

_KEYS = "123456789"


def show(study: StudyRecord, image: ImageRecord, task: TaskSpec) -> None:
    """Draw the image and a button a class; a choice goes on to the next image without one."""
    walk.show(study, image)
    left, right = st.columns([3, 1], gap="large")
    with right:
        looking.show(study, image)
    with left:
        if pyramid.is_large(image):
            navigator.draw(study, image)
        else:
            st.image(views.picture(study.name, image), width="stretch")
    with right:
        st.markdown("**Which class is it?**")
        proposed = services.proposed_classes(study).get(image.id)
        if proposed is not None:
            st.caption(f"The model says **{proposed.name}** ({proposed.probability:.0%} sure).")
        for position, name in enumerate(task.classes):
            st.button(
                name,
                key=f"class-{image.id}-{name}",
                type="primary" if image.image_class == name else "secondary",
                icon=":material/smart_toy:" if proposed and proposed.name == name else None,
                shortcut=_KEYS[position] if position < len(_KEYS) else None,
                width="stretch",
                on_click=_choose,
                args=(study, image, name),
            )
        st.button(
            "Not sure: leave it out",
            key=f"class-{image.id}-none",
            type="tertiary",
            shortcut="0",
            width="stretch",
            on_click=_choose,
            args=(study, image, None),
        )
        st.caption("The digits on the keyboard do the same; the next image follows by itself.")


def _choose(study: StudyRecord, image: ImageRecord, name: str | None) -> None:
    services.set_image_class(study.name, image.id, name)
    following = (
        walk.next_open(study, image) if name is not None else walk.neighbour(study, image, 1)
    )
    if following is not None:
        state.choose_image(following)
