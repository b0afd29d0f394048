"""All images of a study as cards with their state."""

import streamlit as st

from app import services, state, views, wording
from core.records import ImageRecord, StudyRecord

COLUMNS = 6
PAGE = 24
_FILTERS = ("All", "Not labelled", "Labelled")


def show(study: StudyRecord) -> None:
    """Draw the images page by page; a click opens one."""
    done = set(services.labelled(study.name))
    with st.container(horizontal=True, vertical_alignment="center"):
        wanted = st.segmented_control(
            "Show",
            _FILTERS,
            default=_FILTERS[0],
            required=True,
            label_visibility="collapsed",
            key="gallery-filter",
        )
        first_open = next((each.id for each in study.images if each.id not in done), None)
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
    share = len(done) / max(1, len(study.images))
    st.progress(share, text=f"{len(done)} of {wording.plural(len(study.images), 'image')} labelled")
    shown = [
        each
        for each in study.images
        if wanted == "All" or (each.id in done) == (wanted == "Labelled")
    ]
    if not shown:
        st.caption("No image is in this state.")
        return
    pages = -(-len(shown) // PAGE)
    page = st.pagination(pages, key="gallery-page") if pages > 1 else 1
    cards = shown[(page - 1) * PAGE : page * PAGE]
    for start in range(0, len(cards), COLUMNS):
        with st.container(key=f"gallery-row-{start}"):
            for column, image in zip(st.columns(COLUMNS), cards[start:], strict=False):
                with column:
                    _card(study, image, is_done=image.id in done)


def _card(study: StudyRecord, image: ImageRecord, *, is_done: bool) -> None:
    st.image(views.thumbnail(study.name, image, marked=is_done), width="stretch")
    st.button(
        views.card_title(image),
        key=f"open-{image.id}",
        icon=":material/check_circle:" if is_done else ":material/radio_button_unchecked:",
        type="tertiary",
        help=views.card_help(study, image, is_done=is_done),
        on_click=state.choose_image,
        args=(image.id,),
        width="stretch",
    )
