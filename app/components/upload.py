"""Images and masks into the study: uploads, a folder on this computer; what became of each file."""

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from app import services, state, wording
from app.components import problem

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from core.data.imports import ImportReport

_SHOWN_NOTICES = 50


def show(study: str) -> None:
    """Draw the ways in, and the report of the last import."""
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
            "Add folder",
            icon=":material/drive_folder_upload:",
            disabled=not path.strip(),
            help=None if path.strip() else "Write the folder's path first.",
            key="add-folder",
        ):
            with problem.shown(), st.spinner("Reading the folder …"):
                _done(services.add_folder(study, Path(path.strip()).expanduser()))


def _add(study: str, uploads: "list[UploadedFile]", key: str) -> None:
    """Draw the button that takes the uploads into the study."""
    if st.button(
        f"Add {wording.plural(len(uploads), 'file')}" if uploads else "Add files",
        type="primary",
        icon=":material/upload:",
        disabled=not uploads,
        help=None if uploads else "Choose files first.",
        key=f"add-{key}",
    ):
        with problem.shown(), st.spinner("Reading the files …"):
            _done(services.add_files(study, uploads))


_LAYOUT_HELP = (
    "Expected: `images` and `masks` beside each other, or one folder a class, or loose pictures."
)
_FOLDER_HELP = "As the computer that runs AIxCell sees it; nothing is sent over the network."


def notices(report: "ImportReport | None") -> None:
    """Tell file by file what became of an import, until it is dismissed."""
    if report is None:
        return
    told = (
        f"{wording.plural(len(report.added), 'new image')}, "
        f"{len(report.labelled)} with labels, {len(report.refused)} not used."
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


def _done(report: "ImportReport") -> None:
    state.keep_notices(report)
    state.clear_uploads()
    st.rerun()
