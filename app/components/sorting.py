"""Many whole images into one class at once: picked in the gallery, sorted by one press."""

from collections.abc import Sequence

import streamlit as st

from app import services, state, wording
from core.records import ImageRecord, Kind, StudyRecord, TaskSpec


def asked(study: StudyRecord) -> TaskSpec | None:
    """Draw the switch where whole images are sorted; return the task where it is on."""
    task = study.task
    if task is None or task.kind is not Kind.CLASSIFICATION:
        return None
    return task if st.toggle("Sort many at once", key="sort-many") else None


def bar(study: StudyRecord, task: TaskSpec, cards: Sequence[ImageRecord]) -> None:
    """Draw a button a class for the cards that are picked."""
    picked = [image.id for image in cards if st.session_state.get(_key(image.id))]
    every = len(picked) == len(cards)
    with st.container(horizontal=True, vertical_alignment="center", key="sort-bar"):
        st.button(
            "Pick none" if every else "Pick all shown",
            icon=":material/deselect:" if every else ":material/select_all:",
            key="sort-pick-all",
            on_click=_pick,
            args=([image.id for image in cards], not every),
        )
        st.markdown(f":gray[{len(picked)} picked, they are]")
        for name in task.classes:  # no keys: a box that was just ticked would take them
            st.button(
                name,
                key=f"sort-as-{name}",
                disabled=not picked,
                on_click=_sort,
                args=(study.name, picked, name),
            )
        st.button(
            "Not sure",
            key="sort-as-none",
            type="tertiary",
            disabled=not picked,
            on_click=_sort,
            args=(study.name, picked, None),
        )


def box(image: ImageRecord) -> None:
    """Draw the box that picks a card."""
    st.checkbox("Pick", key=_key(image.id))


def _key(image_id: str) -> str:
    return f"sort-pick-{image_id}"


def _pick(image_ids: Sequence[str], picked: bool) -> None:
    for each in image_ids:
        st.session_state[_key(each)] = picked


def _sort(study: str, image_ids: Sequence[str], name: str | None) -> None:
    services.set_image_classes(study, image_ids, name)
    _pick(image_ids, False)
    told = wording.plural(len(image_ids), "image")
    state.say(f"{told} sorted as {name}." if name else f"{told} left without a class.")
