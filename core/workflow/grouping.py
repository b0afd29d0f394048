"""Groups and conditions of a study's images."""

from pathlib import Path
from typing import TYPE_CHECKING

from core.data import study as studies
from core.paths import Workspace
from core.records import Grouping

if TYPE_CHECKING:
    from core.data.grouping import Told


def suggest_pattern(workspace: Workspace, study: str) -> str:
    """Return the pattern in use or one the file names suggest; empty where none is seen."""
    from core.data import grouping

    return grouping.suggested(studies.load(workspace.study(study)))


def told_by_pattern(workspace: Workspace, study: str, pattern: str) -> "Told":
    """Return what the file names tell of every image by a pattern like `{donor}_{treatment}_{*}`.

    Nothing is kept. Raises TableError where the pattern is none.
    """
    from core.data import grouping

    return grouping.by_pattern(studies.load(workspace.study(study)), pattern)


def told_by_sheet(workspace: Workspace, study: str, sheet: Path) -> "Told":
    """Return what a sheet (CSV, Excel) tells of every image; nothing is kept.

    Raises TableError where it cannot be read.
    """
    from core.data import grouping

    return grouping.by_sheet(studies.load(workspace.study(study)), sheet)


def suggest_columns(told: "Told") -> Grouping:
    """Return which columns look like groups and conditions."""
    from core.data import grouping

    return grouping.suggested_columns(told)


def set_groups(workspace: Workspace, study: str, told: "Told", chosen: Grouping) -> list[str]:
    """Keep what was told, and which columns are groups and conditions; return what to know."""
    from core.data import grouping

    return grouping.apply(workspace.study(study), told, chosen)
