"""Earlier versions of an image's labels, and the way back to each."""

import streamlit as st

from app import desk, services, state, views, wording
from app.components import problem
from core.data.labels.store import LabelVersion
from core.errors import AIxCellError
from core.records import ImageRecord, StudyRecord

_SHOWN = 12
_NOTES = {
    "": "saved",
    "import": "imported",
    "chosen": "brought back",
}


def show(study: StudyRecord, image: ImageRecord) -> None:
    """Draw the versions below an editor; nothing where there is none."""
    history = services.label_history(study.name, image.id)
    if not history:
        return
    counting = services.label_version(study.name, image.id)
    with st.expander(
        f"Versions of these labels ({len(history)})", icon=":material/history:", key="versions"
    ):
        for position, entry in enumerate(history[:_SHOWN]):
            _row(study, image, entry, counting=counting, key=f"restore-{position}")
        if len(history) > _SHOWN:
            st.caption(f"{len(history) - _SHOWN} older ones are kept on the disk.")


def _row(
    study: StudyRecord, image: ImageRecord, entry: LabelVersion, *, counting: str | None, key: str
) -> None:
    picture, told, way = st.columns([1, 5, 2], vertical_alignment="center")
    try:
        made = services.made_of(study.name, image.id, entry.version)
        if entry.version:
            picture.image(views.version_picture(study.name, image, entry.version), width=72)
    except AIxCellError as error:  # this one is damaged: the others are still a way back
        made = f":orange[:material/broken_image:] {error}"
    who = entry.author or "somebody"
    what = _NOTES.get(entry.note, entry.note) if entry.version else "labels taken away"
    told.markdown(f"**{wording.moment(entry.time)}** · {who} · {what}")
    told.caption(f"{made}{'; kept, but somebody had saved meanwhile' if entry.conflict else ''}")
    if entry.version == counting:
        way.badge("counts now", icon=":material/check:", color="green")
    elif entry.version and way.button("Bring back", icon=":material/restore:", key=key):
        with problem.shown():
            services.restore_labels(study.name, image.id, entry.version, state.tab())
            desk.remount()
            state.say("The earlier version counts again; the others stay.")
            st.rerun()
