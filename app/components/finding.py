"""A finding of the label doctor where it lies: the painter turns to it, then on to the next."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from app import services, sight, state
from app.studio import Studio
from core.data import pyramid, regions

if TYPE_CHECKING:
    from core.annotate.symptoms import Symptom


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A walk from finding to finding; what was found stands, though labels change on the way."""

    found: "tuple[Symptom, ...]"
    at: int
    token: str

    @property
    def one(self) -> "Symptom":
        """Return the finding that is looked at."""
        return self.found[self.at]


def visit(found: "Sequence[Symptom]", at: int) -> None:
    """Lead to one of the findings, on its image."""
    one = found[at]
    state.choose_image(one.image_id)
    image = services.study(state.study() or "").image(one.image_id)
    if one.place_yx is not None and pyramid.is_large(image):
        rows, columns = image.shape_cyx[1:]
        state.choose_part(regions.around(*one.place_yx, (rows, columns)).name)
    state.keep_round(Round(found=tuple(found), at=at, token=uuid.uuid4().hex[:8]))


def show(studio: Studio, before_leaving: Callable[[], bool]) -> None:
    """Draw what was found on this image, turn the painter to it, and offer the next one."""
    known: Round | None = state.round_()
    if known is None or known.one.image_id != studio.image_id:
        studio.sight = None
        return
    if studio.visited != known.token:
        studio.visited = known.token
        studio.sight = sight.of(known.one, studio.labels, known.token, part=studio.part)
        studio.select(known.one.object_id)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f":orange[:material/stethoscope:] {known.one.message} "
            f":gray[{known.at + 1} of {len(known.found)}]"
        )
        if st.button(
            "Next finding",
            icon=":material/arrow_forward:",
            disabled=known.at + 1 == len(known.found),
            key="next-finding",
        ) and _may_go(known, studio, before_leaving):
            visit(known.found, known.at + 1)
            st.rerun()
        if st.button("Close", icon=":material/close:", type="tertiary", key="close-finding"):
            state.keep_round(None)
            st.rerun(scope="fragment")


def _may_go(known: Round, studio: Studio, before_leaving: Callable[[], bool]) -> bool:
    """Return whether the next finding can be shown; on the same image nothing is saved for it."""
    return known.found[known.at + 1].image_id == studio.image_id or before_leaving()
