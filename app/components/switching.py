"""From one editor to the other: what waits in the one that is left becomes a version first.

Each keeps its strokes in its own way and starts from the version that counts. Left unsaved, the
other would not show them, and whoever saved in both was in conflict with himself.
"""

import streamlit as st

from app import desk, drafts, services, state
from app.components import annotator, brushwork
from core.errors import ConflictError
from core.records import ImageRecord, StudyRecord

_SAID = "What was drawn in the other editor was saved as a version."


def settle(study: StudyRecord, image: ImageRecord, *, to_painter: bool) -> None:
    """Save what this tab drew on the image in the other editor, and draw the page anew then.

    Also what was left there on an earlier visit.
    """
    saved = _shapes(study, image) if to_painter else _strokes(study, image)
    if saved:
        state.say(_SAID)
        st.rerun()


def _shapes(study: StudyRecord, image: ImageRecord) -> bool:
    """Save shapes on the canvas that was left; return whether there were some."""
    is_left = desk.sheet() is not None
    draft = drafts.path_of(services.study_dir(study.name), image, state.tab())
    if not is_left and not draft.exists():
        return False
    try:
        saved = annotator.finish(study, image)
    except ConflictError as error:
        # What goes on top of the newer labels does so at once: with a later click, strokes of the
        # painter would lie on the version before, and whoever drew both in conflict with himself.
        state.keep_told([*state.told(), str(error)])
        saved = annotator.finish(study, image)
    if not saved:
        desk.remount()
    return saved


def _strokes(study: StudyRecord, image: ImageRecord) -> bool:
    """Save strokes of the painter that was left; return whether there were some."""
    brushwork.take()  # what the hand did last, on its way to the disk
    kept = desk.studio()
    if kept is None and not services.has_strokes(study.name, image, state.tab()):
        return False
    studio = kept[0] if kept is not None else services.open_studio(study, image, state.tab())
    has_some = bool(studio.journal.entries)
    brushwork.finish(studio)
    if kept is not None and not has_some:
        desk.remount()
    return has_some
