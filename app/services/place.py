"""Where this dashboard works, and when what lies there was changed."""

import os
from contextlib import suppress

from core import workflow
from core.paths import StudyDir, Workspace


def workspace() -> Workspace:
    """Return the workspace this dashboard works in (AIXCELL_WORKSPACE)."""
    return Workspace.at()


def study_dir(name: str) -> StudyDir:
    """Return a study's folder."""
    return workspace().study(name)


def author() -> str:
    """Return who works in this tab."""
    return workflow.author()


def labels_changed(name: str) -> int:
    """Return a number that changes with every save of the study's labels; 0: there are none."""
    found = 0
    # Asked with every stroke, of thousands of images: a glob takes five times as long.
    with suppress(FileNotFoundError), os.scandir(study_dir(name).labels) as images:
        for image in images:
            with suppress(FileNotFoundError, NotADirectoryError):
                found += _stamp(f"{image.path}/head.json")
    return found


def study_changed(name: str) -> int:
    """Return a number that changes with every save of the study's record; 0: there is none."""
    place = study_dir(name)
    with suppress(FileNotFoundError):
        # The images of a layer stand in the record of its study.
        return sum(_stamp(each.record) for each in {place, place.base})
    return 0


def _stamp(path: str | os.PathLike[str]) -> int:
    """Return a file's time and number: two saves may fall into one tick of the clock."""
    seen = os.stat(path)
    return seen.st_mtime_ns + seen.st_ino
