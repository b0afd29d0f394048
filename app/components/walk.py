"""From image to image: back, on, to the next one without labels."""

from collections.abc import Callable

import streamlit as st

from app import services, state
from app.components import checking
from core.data import regions
from core.data.regions import Part
from core.records import ImageRecord, StudyRecord

_WAYS = (
    ("left of", "arrow_back", 0, -1),
    ("above", "arrow_upward", -1, 0),
    ("below", "arrow_downward", 1, 0),
    ("right of", "arrow_forward", 0, 1),
)


def show(
    study: StudyRecord, image: ImageRecord, before_leaving: Callable[[], bool] = lambda: True
) -> None:
    """Draw the bar above an image; `before_leaving` may save and say whether to go."""
    ids = [each.id for each in study.images]
    position = ids.index(image.id)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("All images", icon=":material/grid_view:", key="to-gallery"):
            _go(None, before_leaving)
        if st.button(
            "Previous", icon=":material/chevron_left:", disabled=position == 0, key="previous"
        ):
            _go(neighbour(study, image, -1), before_leaving)
        if st.button(
            "Next",
            icon=":material/chevron_right:",
            icon_position="right",
            disabled=position == len(ids) - 1,
            key="next",
        ):
            _go(neighbour(study, image, 1), before_leaving)
        following = next_open(study, image)
        if st.button(
            "Next without labels",
            icon=":material/skip_next:",
            disabled=following is None,
            help="Every other image is labelled." if following is None else None,
            key="next-open",
        ):
            _go(following, before_leaving)
        checking.show(study, image, before_leaving)
        st.markdown(f"**{image.title}** :gray[{position + 1} of {len(ids)}]")
    if isinstance(image, Part):
        _parts(image, before_leaving)


def neighbour(study: StudyRecord, image: ImageRecord, step: int) -> str | None:
    """Return the id of the image before (-1) or after (1); None at the end."""
    ids = [each.id for each in study.images]
    at = ids.index(image.id) + step
    return ids[at] if 0 <= at < len(ids) else None


def next_open(study: StudyRecord, image: ImageRecord) -> str | None:
    """Return the next image without labels, from here round to the beginning; None: none left."""
    done = set(services.labelled(study.name))
    ids = [each.id for each in study.images]
    at = ids.index(image.id)
    return next((i for i in (*ids[at + 1 :], *ids[:at]) if i not in done), None)


def _parts(part: Part, before_leaving: Callable[[], bool]) -> None:
    """Draw the way from part to part of a large image."""
    rows, columns = part.whole_cyx[1:]
    here = part.region
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Whole image", icon=":material/map:", key="to-whole"):
            _go_to_part("", before_leaving)
        for name, icon, down, right in _WAYS:
            beside = regions.beside(here, (rows, columns), down, right)
            if st.button(
                "",
                icon=f":material/{icon}:",
                disabled=beside is None,
                help=f"The part {name} this one",
                key=f"part-{icon}",
            ):
                _go_to_part(beside.name if beside is not None else "", before_leaving)
        st.markdown(
            f":gray[Part of a large image: rows {here.top:,} to {here.top + here.rows:,} of "
            f"{rows:,}, columns {here.left:,} to {here.left + here.columns:,} of {columns:,}]"
        )


def _go_to_part(name: str, before_leaving: Callable[[], bool]) -> None:
    if before_leaving():
        state.choose_part(name)
        st.rerun()


def _go(image_id: str | None, before_leaving: Callable[[], bool]) -> None:
    if before_leaving():
        state.choose_image(image_id)
        st.rerun()
