"""A second look at an image's labels: a person found them right, or takes that back."""

from collections.abc import Callable

import streamlit as st

from app import services, state, wording
from core.records import ImageRecord, StudyRecord


def show(study: StudyRecord, image: ImageRecord, before_leaving: Callable[[], bool]) -> None:
    """Draw the mark of an image that is labelled; nothing for others."""
    known = services.saved_label_states(study.name).get(image.id)
    if known is None or not known.is_labelled:
        return
    if known.check is None:
        if (
            st.button(
                "Mark as checked",
                icon=":material/verified:",
                key="check-labels",
                help="Say that these labels are right, best as somebody who did not draw them. "
                "Whoever changes them later takes it back.",
            )
            and before_leaving()
        ):
            services.check_labels(study.name, image.id)
            st.rerun()
        return
    who = known.check.author or "somebody"
    if st.button(
        f"Checked by {who}",
        icon=":material/verified:",
        type="tertiary",
        key="uncheck-labels",
        help=f"{wording.moment(known.check.time)}. Click to take it back.",
    ):
        services.uncheck_labels(study.name, image.id)
        st.rerun()
    following = next_to_check(study, image)
    if (
        following is not None
        and st.button("Next to check", icon=":material/skip_next:", key="next-check")
        and before_leaving()
    ):
        state.choose_image(following)
        st.rerun()


def next_to_check(study: StudyRecord, image: ImageRecord | None) -> str | None:
    """Return the next labelled image that nobody checked, from here round; None: none is left."""
    ids = [each.id for each in study.images]
    at = ids.index(image.id) if image is not None else -1
    known = services.saved_label_states(study.name)
    waiting = {each for each, one in known.items() if one.state == "labelled"}
    return next((each for each in (*ids[at + 1 :], *ids[:at]) if each in waiting), None)
