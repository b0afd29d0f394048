"""The label doctor: what stands out in the labels; a click leads there."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from app import desk, services, state, wording
from app.components import brushwork, finding
from core.records import Kind, StudyRecord

if TYPE_CHECKING:
    from core.annotate.symptoms import Symptom

_ASKED = "doctor-asked"
_DOUBTS = "doctor-doubts"
_HARMLESS = ("rare", "agreement", "cut")


def show(study: StudyRecord) -> None:
    """Draw the findings, once they were asked for: reading all labels takes a while."""
    st.caption(
        "Looks at every marked thing: specks, holes, pieces, two marked as one, rare classes, "
        "images labelled by two people. Once models are trained, also where they disagree, on the "
        "images kept for the final score alone: they never learned from those. What it says may "
        "well be meant so."
    )
    key = f"{_ASKED}-{study.name}"
    if not st.session_state.get(key):
        if st.button("Look at all labels", icon=":material/stethoscope:", key="ask-doctor"):
            st.session_state[key] = True
            st.rerun()
        return
    doubted = _doubts(study)
    order = list(services.symptom_titles())
    found = sorted(
        [*services.symptoms(study.name), *doubted], key=lambda one: order.index(one.kind)
    )
    if not found:
        st.success("Nothing stands out.", icon=":material/check_circle:")
        return
    _findings(study, found)


def _doubts(study: StudyRecord) -> "list[Symptom]":
    """Draw the button that lets other images' labels judge each image's; return what they said."""
    if study.task is not None and study.task.kind is Kind.CLASSIFICATION:
        return []
    key = f"{_DOUBTS}-{study.name}"
    known = st.session_state.get(key)
    if st.button(
        "Look for doubtful labels" if known is None else "Look for doubtful labels again",
        icon=":material/quick_reference_all:",
        key="ask-doubts",
        help="Quick learners, each from the other images alone, judge the labels of every image: "
        "what is marked unlike anything elsewhere, what was forgotten. About a second an image.",
    ):
        bar = st.progress(0.0, text="Looking at the images")

        def tell(share: float, told: str) -> None:
            bar.progress(min(share, 1.0), text=told)

        st.session_state[key] = services.look_for_doubts(study.name, tell)
        st.rerun()
    if known is None:
        return []
    for note in known.notes:
        st.caption(f":material/info: {note}")
    found = services.standing(study.name, known)
    if not found and not known.notes:
        st.caption(":material/check_circle: The images' labels do not contradict each other.")
    return found


def _findings(study: StudyRecord, found: "Sequence[Symptom]") -> None:
    counts = Counter(one.kind for one in found)
    titles = {kind: title for kind, title in services.symptom_titles().items() if counts[kind]}
    grave = sum(count for kind, count in counts.items() if kind not in _HARMLESS)
    told = f"**{wording.plural(grave, 'thing')} to look at**"
    st.markdown(f"{told}; a click on the box before a line leads there.")
    kind = st.pills(
        "What",
        list(titles),
        format_func=lambda each: f"{titles[each]} ({counts[each]})",
        default=next(iter(titles)),
        required=True,
        key=f"doctor-kind-{study.name}",
        label_visibility="collapsed",
    )
    shown = [one for one in found if one.kind == kind]
    picked = st.dataframe(
        [_row(study, one) for one in shown],
        hide_index=True,
        width="stretch",
        height=min(300, 38 + 36 * len(shown)),
        on_select="rerun",
        selection_mode="single-row",
        key=f"doctor-table-{study.name}-{kind}-{desk.mount()}",
    )
    rows = picked["selection"]["rows"]
    if rows and rows[0] < len(shown):
        state.choose_editor(brushwork.TITLE)
        finding.visit(shown, rows[0])
        if study.task is not None and study.task.kind is Kind.CLASSIFICATION:
            state.say(f"Look here: {shown[rows[0]].message}.")  # whole images have no painter
        st.rerun()


def _row(study: StudyRecord, one: "Symptom") -> dict[str, str | int | None]:
    row: dict[str, str | int | None] = {
        "Image": study.image(one.image_id).title,
        "What stands out": one.message,
        "Object": one.object_id,
    }
    if one.place_yx is not None:
        row["Across"], row["Down"] = one.place_yx[1], one.place_yx[0]
    return row
