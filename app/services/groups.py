"""Where the images come from: groups and conditions."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from app import uploads
from app.services.place import workspace
from core import workflow
from core.records import Grouping

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from core.data.grouping import Told


def suggest_pattern(name: str) -> str:
    """Return the study's pattern, or one its file names suggest."""
    return workflow.suggest_pattern(workspace(), name)


def told_by_pattern(name: str, pattern: str) -> "Told":
    """Return what the file names tell of every image."""
    return workflow.told_by_pattern(workspace(), name, pattern)


def told_by_sheet(name: str, sheet: "UploadedFile") -> "Told":
    """Return what an uploaded sheet tells of every image."""
    with tempfile.TemporaryDirectory(prefix="aixcell-") as folder:
        return workflow.told_by_sheet(workspace(), name, uploads.keep(sheet, Path(folder)))


def suggest_columns(told: "Told") -> Grouping:
    """Return which columns look like groups and conditions."""
    return workflow.suggest_columns(told)


def set_groups(name: str, told: "Told", chosen: Grouping) -> list[str]:
    """Keep groups and conditions; return what the user should know."""
    return workflow.set_groups(workspace(), name, told, chosen)
