"""One image under the brush: painter, tools, what was learned, save."""

from dataclasses import replace

import numpy as np
import streamlit as st

from app import services, state, views, wording
from app.components import painter, problem, walk
from app.studio import Studio
from core.data.labels.model import Labels
from core.errors import ConflictError
from core.records import ImageRecord, Kind, StudyRecord


def show(study: StudyRecord, image: ImageRecord) -> None:
    """Draw the editor; a stroke redraws this part of the page only."""
    st.fragment(_editor)(study, image)


def _editor(study: StudyRecord, image: ImageRecord) -> None:
    with problem.shown():
        studio = _opened(study, image)
        studio.take(painter.sent(_key()))
        walk.show(study, image, before_leaving=lambda: _finish(study, image, studio))
        left, right = st.columns([7, 3], gap="large")
        with right:
            tool, width_px = _palette(studio, image)
            _learner(studio)
            _saving(study, image, studio)
        with left:
            painter.show(
                studio,
                views.painter_picture(study.name, image),
                tool=tool,
                width_px=width_px,
                key=_key(),
            )
            if studio.problem:
                st.caption(f":orange[:material/info: {studio.problem}.]")
            st.caption(painter.HELP)


def _key() -> str:
    return f"painter-{state.mount()}"


def _opened(study: StudyRecord, image: ImageRecord) -> Studio:
    """Return the studio of this mount; journal and pixels are read once a mount token."""
    kept: tuple[str, str, Studio] | None = state.studio()
    if kept is not None and kept[:2] == (study.name, image.id):
        return kept[2]
    studio = services.open_studio(study, image, state.tab())
    if studio.journal.entries:
        state.say("What was drawn before and not saved yet is there again.")
    others = services.others_at_work(study.name, image.id, state.tab())
    if others:
        st.warning(
            f"{' and '.join(sorted(set(others)))} is drawing on this image at the moment. Both "
            "versions will stay; one of them will have to be chosen.",
            icon=":material/group:",
        )
    state.keep_studio((study.name, image.id, studio))
    return studio


def _palette(studio: Studio, image: ImageRecord) -> tuple[str, float]:
    tool = st.segmented_control(
        "Tool",
        list(painter.TOOLS),
        format_func=painter.TOOLS.__getitem__,
        default="brush",
        required=True,
        wrap=True,
        key="painter-tool",
    )
    picked = st.radio(
        "Class",
        studio.classes,
        index=studio.classes.index(studio.class_name),
        key=f"painter-class-{state.mount()}-{studio.class_name}",
        horizontal=True,
    )
    studio.class_name = picked
    longest = max(image.shape_cyx[1:])
    width = st.slider(
        "Width, pixels of the image", 1.0, max(16.0, longest / 8), 8.0, key="brush-px"
    )
    return str(tool), float(width)


def _learner(studio: Studio) -> None:
    """Let the strokes of the teaching tools label the rest."""
    if st.button(
        "Label the rest",
        icon=":material/auto_awesome:",
        width="stretch",
        key="label-rest",
        help="Learns from what is marked and from strokes with T (object) and G (background); "
        "Ctrl+Z takes it back.",
    ):
        with problem.shown(), st.spinner("Learning from your strokes …"):
            added = studio.label_rest()
            state.say(f"{wording.plural(added, 'object')} proposed.")
            st.rerun(scope="fragment")


def _saving(study: StudyRecord, image: ImageRecord, studio: Studio) -> None:
    complete = (
        st.toggle(
            "All of it is marked",
            value=_was_complete(studio),
            key=f"painter-complete-{state.mount()}",
            help="On: what is not marked is background. Off: only what is marked counts.",
        )
        if _can_be_complete(studio)
        else False
    )
    if st.button("Save", type="primary", icon=":material/save:", width="stretch", key="save-paint"):
        _finish(study, image, studio, complete=complete)
        st.rerun()
    counts = ", ".join(
        f"{name or 'no class'} {count}" for name, count in sorted(_counts(studio.labels).items())
    )
    st.caption(
        f"{counts or 'Nothing is marked yet'}. Every stroke is on the disk at once; Save makes a "
        "version of it."
    )


def _counts(labels: Labels) -> dict[str, int]:
    found: dict[str, int] = {}
    for item in labels.objects:
        found[item.class_name or ""] = found.get(item.class_name or "", 0) + 1
    return found


def _can_be_complete(studio: Studio) -> bool:
    return studio.kind is not Kind.SEMANTIC or studio.background is not None


def _was_complete(studio: Studio) -> bool:
    return studio.journal.base is None or bool(studio.labels.annotated_yx.all())


def _finish(
    study: StudyRecord, image: ImageRecord, studio: Studio, *, complete: bool | None = None
) -> bool:
    """Make a version of the strokes; return whether the page may go on."""
    if complete is None and not studio.journal.entries:
        return True
    told = st.session_state.get(f"painter-complete-{state.mount()}", _was_complete(studio))
    wanted = bool(told) if complete is None else complete
    labels = studio.labels
    if wanted:
        labels = replace(labels, annotated_yx=np.ones(labels.shape_yx, dtype=bool))
    try:
        services.finish_studio(study.name, image.id, studio, labels)
    except ConflictError:
        state.remount()
        raise
    state.remount()
    state.say("Saved.")
    return True
