"""All images of a study as cards with their state."""

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

import streamlit as st

from app import services, side_by_side, state, views, wording
from app.components import checking, sorting
from core.data import thumbnails
from core.errors import AIxCellError
from core.records import ImageRecord, Kind, StudyRecord

if TYPE_CHECKING:
    from core.data.label_states import LabelState

COLUMNS = 6
PAGE = thumbnails.FIRST
# One waits for the disk while others work; large images at once would fill the memory.
_AT_ONCE, _LARGE_PX = 4, 16_000_000
_FILTERS: dict[str, tuple[str, ...]] = {
    "All": ("to do", "begun", "labelled", "checked"),
    "Not labelled": ("to do",),
    "Begun": ("begun",),
    "Labelled": ("labelled", "checked"),
    "Not checked": ("labelled",),
    "Checked": ("checked",),
}
"""What is shown -> the states of its images."""
_ICONS = {
    "to do": "radio_button_unchecked",
    "begun": "edit_note",
    "labelled": "check_circle",
    "checked": "verified",
}


def show(study: StudyRecord) -> None:
    """Draw the images page by page; a click opens one."""
    states = services.label_states(study.name)
    with st.container(horizontal=True, vertical_alignment="center"):
        wanted = st.segmented_control(
            "Show",
            list(_FILTERS),
            default="All",
            required=True,
            label_visibility="collapsed",
            key="gallery-filter",
        )
        first_open = next((i for i, one in states.items() if not one.is_labelled), None)
        st.button(
            "Label the next one",
            icon=":material/draw:",
            type="primary",
            disabled=first_open is None,
            help="Every image is labelled." if first_open is None else None,
            on_click=state.choose_image,
            args=(first_open,),
            key="label-next",
        )
        waiting = checking.next_to_check(study, None)
        if waiting is not None:
            st.button(
                "Check the next one",
                icon=":material/verified:",
                help="A second look at what is labelled: is it right?",
                on_click=state.choose_image,
                args=(waiting,),
                key="check-next",
            )
        sorted_as = sorting.asked(study)
    done = sum(one.is_labelled for one in states.values())
    st.progress(done / max(1, len(study.images)), text=_progress(study, states))
    shown = [each for each in study.images if states[each.id].state in _FILTERS[wanted]]
    if not shown:
        st.caption("No image is in this state.")
        return
    pages = -(-len(shown) // PAGE)
    page = st.pagination(pages, key="gallery-page") if pages > 1 else 1
    cards = shown[(page - 1) * PAGE : page * PAGE]
    if sorted_as is not None:
        sorting.bar(study, sorted_as, cards)
    proposed = services.proposed_classes(study)
    pictures = _pictures(study, cards, states)
    for start in range(0, len(cards), COLUMNS):
        with st.container(key=f"gallery-row-{start}"):
            for column, image in zip(st.columns(COLUMNS), cards[start:], strict=False):
                with column:
                    if sorted_as is not None:
                        sorting.box(image)
                    known, picture = states[image.id], pictures[image.id]
                    _card(study, image, known, picture, proposed.get(image.id))


def _pictures(
    study: StudyRecord, images: Sequence[ImageRecord], states: "dict[str, LabelState]"
) -> dict[str, bytes | AIxCellError]:
    """Return image -> its card's picture, or why there is none.

    At the first visit they are made side by side.
    """

    def made(image: ImageRecord) -> bytes | AIxCellError:
        try:
            return views.thumbnail(study.name, image, marked=states[image.id].is_labelled)
        except AIxCellError as error:
            return error

    largest = max(prod(image.shape_cyx) for image in images)
    found = side_by_side.mapped(made, images, _AT_ONCE if largest <= _LARGE_PX else 1)
    return dict(zip((each.id for each in images), found, strict=True))


def _progress(study: StudyRecord, states: "dict[str, LabelState]") -> str:
    """Return how many images are labelled and checked, and how many objects a class that gave."""
    counts = services.object_counts(study.name)
    done = sum(one.is_labelled for one in states.values())
    checked = sum(one.check is not None for one in states.values())
    told = f"{done:,} of {wording.plural(len(study.images), 'image')} labelled"
    told += f", {checked:,} checked" if checked else ""
    if not counts or (study.task is not None and study.task.kind is not Kind.INSTANCE):
        return told
    return f"{told} · " + ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _card(
    study: StudyRecord,
    image: ImageRecord,
    known: "LabelState",
    picture: bytes | AIxCellError,
    proposed: "services.ProposedClass | None",
) -> None:
    if isinstance(picture, AIxCellError):
        st.caption(f":orange[:material/broken_image:] {picture}")
    else:
        st.image(picture, width="stretch")
    st.button(
        views.card_title(image, proposed),
        key=f"open-{image.id}",
        icon=f":material/{_ICONS[known.state]}:",
        type="tertiary",
        help=views.card_help(study, image, known),
        on_click=state.choose_image,
        args=(image.id,),
        width="stretch",
    )
