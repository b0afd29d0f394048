"""Where this dashboard works."""

from core.paths import StudyDir, Workspace


def workspace() -> Workspace:
    """Return the workspace this dashboard works in (AIXCELL_WORKSPACE)."""
    return Workspace.at()


def study_dir(name: str) -> StudyDir:
    """Return a study's folder."""
    return workspace().study(name)


def labels_changed(name: str) -> int:
    """Return when labels of a study were last saved, for what is kept until then; 0: never."""
    heads = study_dir(name).labels.glob("*/head.json")
    return max((path.stat().st_mtime_ns for path in heads), default=0)
