"""Images and masks into the study: uploads, a folder on this computer; what became of each file."""

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from app import services, state, wording
from app.components import problem

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from core.data.imports import ImportReport
    from core.data.pairing import Pair

_SHOWN_NOTICES = 50


def show(study: str) -> None:
    """Draw the ways in, or what was looked at and waits for a yes."""
    if is_waiting(study):
        _confirm(state.staged())
        return
    files, sent, folder = st.tabs(
        ["Files from this browser", "A folder from this browser", "A folder on this computer"]
    )
    with files:
        uploads = st.file_uploader(
            "Images, masks, tables or zip archives",
            accept_multiple_files=True,
            key=state.upload_key("images"),
            help="TIFF, PNG, JPEG, nd2, czi, lif and more, 8 or 16 bit, any channels. Masks are "
            "paired with images by name when they lie in folders `images` and `masks`, in a zip "
            "for example.",
        )
        _add(study, uploads, "files")
    with sent:
        uploads = st.file_uploader(
            "A folder with everything in it",
            accept_multiple_files="directory",
            key=state.upload_key("folder"),
            help="Also an OME-Zarr folder. " + _LAYOUT_HELP,
        )
        _add(study, uploads, "sent-folder")
    with folder:
        path = st.text_input(
            "Folder", placeholder="/data/experiment 12", key="folder-path", help=_FOLDER_HELP
        )
        st.caption(
            f"{_LAYOUT_HELP} The originals stay where they are; copies are kept in the study."
        )
        if st.button(
            "Look at the folder",
            icon=":material/drive_folder_upload:",
            disabled=not path.strip(),
            help=None if path.strip() else "Write the folder's path first.",
            key="add-folder",
        ):
            with problem.shown(), st.spinner("Reading the folder …"):
                _looked(services.look_at_folder(study, Path(path.strip()).expanduser()))


def is_waiting(study: str) -> bool:
    """Return whether files were looked at and wait for a yes."""
    waiting = state.staged()
    return waiting is not None and waiting.study == study


def _add(study: str, uploads: "list[UploadedFile]", key: str) -> None:
    """Draw the button that shows what the uploads hold."""
    if st.button(
        f"Look at {wording.plural(len(uploads), 'file')}" if uploads else "Look at the files",
        type="primary",
        icon=":material/upload:",
        disabled=not uploads,
        help=None if uploads else "Choose files first.",
        key=f"add-{key}",
    ):
        with problem.shown(), st.spinner("Reading the files …"):
            _looked(services.look_at_files(study, uploads))


_LAYOUT_HELP = (
    "Expected: `images` and `masks` beside each other, or one folder a class, or loose pictures."
)
_FOLDER_HELP = "As the computer that runs AIxCell sees it; nothing is sent over the network."


def notices(report: "ImportReport | None") -> None:
    """Tell file by file what became of an import, or of masks read again, until it is dismissed."""
    if report is None:
        return
    labelled, refused = len(report.labelled), len(report.refused)
    told = (
        f"{wording.plural(len(report.added), 'new image')}, {labelled} with labels, "
        f"{refused} not used."
        if report.added
        else f"{wording.plural(labelled, 'image')} with labels, "
        f"{wording.plural(refused, 'file')} not used."
    )
    with st.container(border=True, key="import-report"):
        (st.warning if report.refused else st.success)(
            told, icon=":material/rule:" if report.refused else ":material/check_circle:"
        )
        for title, entries in (("Not used", report.refused), ("Good to know", report.notices)):
            if not entries:
                continue
            with st.expander(f"{title} ({len(entries)})", expanded=title == "Not used"):
                for entry in entries[:_SHOWN_NOTICES]:
                    told = entry.message
                    st.markdown(told if entry.file in told else f"**{entry.file}**: {told}")
                if len(entries) > _SHOWN_NOTICES:
                    st.caption(f"… and {len(entries) - _SHOWN_NOTICES} more.")
        if st.button("Dismiss", key="dismiss-report"):
            state.keep_notices(None)
            st.rerun()


def _looked(waiting: services.Waiting) -> None:
    state.keep_staged(waiting)
    state.clear_uploads()
    st.rerun()


def _confirm(waiting: services.Waiting) -> None:
    """Show who belongs to whom, and import it only then."""
    preview = waiting.preview
    st.markdown(f"**{preview.sentence}**")
    if preview.pairs:
        st.dataframe(
            [_row(pair) for pair in preview.pairs], hide_index=True, width="stretch", height=280
        )
    for sentence in preview.refused[:_SHOWN_NOTICES]:
        st.markdown(f":orange[:material/error:] {sentence}")
    if preview.lone:
        st.caption(
            f"Labels for images that are in the study already, or misnamed: "
            f"{', '.join(preview.lone[:10])}{' …' if len(preview.lone) > 10 else ''}"
        )
    repair = st.checkbox(
        "Repair blurred masks",
        key="repair-masks",
        help="JPEG and resizing leave grey levels at the edges of a mask. On: everything above "
        "the middle is marked. Off: such masks are refused.",
    )
    with st.container(horizontal=True):
        if st.button("Import", type="primary", icon=":material/check:", key="import-waiting"):
            with problem.shown(), st.spinner("Reading the files …"):
                _done(services.import_waiting(waiting, repair=repair))
        if st.button("Cancel", key="cancel-waiting"):
            services.send_away(waiting)
            state.keep_staged(None)
            st.rerun()


def _row(pair: "Pair") -> dict[str, str]:
    """Return the pair as a line of the table; columns nobody uses stay away."""
    told = {
        "Picture": pair.picture,
        "Labels": pair.mask or "–",
        "Does not fit": pair.problem,
        "Class": pair.image_class or "",
        "Group": pair.group or "",
        "Condition": pair.condition or "",
        "Kept for the test": "yes" if pair.test else "",
    }
    return {name: text for name, text in told.items() if text or name in ("Picture", "Labels")}


def _done(report: "ImportReport") -> None:
    state.keep_notices(report)
    state.keep_staged(None)
    st.rerun()
