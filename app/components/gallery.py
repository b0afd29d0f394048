"""All images of a study as cards with their state."""

import streamlit as st

from app import services, state, views, wording
from core.records import ImageRecord, Kind, StudyRecord

COLUMNS = 6
PAGE = 24
_FILTERS = ("All", "Not labelled", "Begun", "Labelled")


def show(study: StudyRecord) -> None:
    """Draw the images page by page; a click opens one."""
    done = set(services.labelled(study.name))
    begun = services.begun(study.name)
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
    st.progress(share, text=_progress(study, len(done)))
    chosen = {
        "All": lambda image_id: True,
        "Not labelled": lambda image_id: image_id not in done,
        "Begun": begun.__contains__,
        "Labelled": done.__contains__,
    }[wanted]
    shown = [each for each in study.images if chosen(each.id)]
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
                    _card(study, image, is_done=image.id in done, is_begun=image.id in begun)


def _progress(study: StudyRecord, done: int) -> str:
    """Return how many images are labelled, and how many objects of each class that gave."""
    counts = services.object_counts(study.name)
    told = f"{done} of {wording.plural(len(study.images), 'image')} labelled"
    if not counts or (study.task is not None and study.task.kind is not Kind.INSTANCE):
        return told
    return f"{told} · " + ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _card(study: StudyRecord, image: ImageRecord, *, is_done: bool, is_begun: bool) -> None:
    st.image(views.thumbnail(study.name, image, marked=is_done), width="stretch")
    st.button(
        views.card_title(image),
        key=f"open-{image.id}",
        icon=f":material/{_icon(is_done=is_done, is_begun=is_begun)}:",
        type="tertiary",
        help=views.card_help(study, image, is_done=is_done),
        on_click=state.choose_image,
        args=(image.id,),
        width="stretch",
    )


def _icon(*, is_done: bool, is_begun: bool) -> str:
    """Return the sign of an image's state; strokes that are not saved yet count most."""
    if is_begun:
        return "edit_note"
    return "check_circle" if is_done else "radio_button_unchecked"
