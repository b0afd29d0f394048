"""Where this dashboard works."""

from core.paths import StudyDir, Workspace


def workspace() -> Workspace:
    """Return the workspace this dashboard works in (AIXCELL_WORKSPACE)."""
    return Workspace.at()


def study_dir(name: str) -> StudyDir:
    """Return a study's folder."""
    return workspace().study(name)
