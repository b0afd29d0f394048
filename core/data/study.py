"""Studies: create, load, save, list."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from filelock import FileLock

from core.errors import ConflictError, StudyError
from core.paths import StudyDir, Workspace
from core.records import StudyRecord, files


def create(
    workspace: Workspace, name: str, *, description: str = "", simulated: bool = False
) -> StudyDir:
    """Make an empty study; StudyError where the name is taken or no folder can have it."""
    study_dir = workspace.study(name)
    if study_dir.record.exists():
        raise StudyError(f"there is a study {name!r} already; choose another name")
    for folder in (study_dir.images, study_dir.labels, study_dir.jobs):
        folder.mkdir(parents=True, exist_ok=True)
    files.write(
        study_dir.record, StudyRecord(name=name, description=description, simulated=simulated)
    )
    return study_dir


def load(study_dir: StudyDir) -> StudyRecord:
    """Return what `study.json` tells; StudyError where there is none."""
    if not study_dir.record.is_file():
        raise StudyError(
            f"there is no study {study_dir.name!r} in {study_dir.root.parent}; "
            "create it by importing images"
        )
    return files.read(study_dir.record, StudyRecord)


def save(study_dir: StudyDir, record: StudyRecord) -> StudyRecord:
    """Write the record with its revision one higher and return it.

    Raises ConflictError where the revision on disk is not the one the record was loaded with.
    """
    with _lock(study_dir):
        return _save(study_dir, record)


def update(study_dir: StudyDir, change: Callable[[StudyRecord], StudyRecord]) -> StudyRecord:
    """Load, change and save with nobody in between; return what was saved."""
    with _lock(study_dir):
        return _save(study_dir, change(load(study_dir)))


def listing(workspace: Workspace) -> list[StudyRecord]:
    """Return all studies that can be read, by name; `damaged` tells of the others."""
    return [files.read(path, StudyRecord) for path, fault in _found(workspace) if not fault]


def damaged(workspace: Workspace) -> dict[str, str]:
    """Return study -> why its record cannot be read."""
    return {path.parent.name: fault for path, fault in _found(workspace) if fault}


def _found(workspace: Workspace) -> list[tuple[Path, str]]:
    found = []
    for path in sorted(workspace.studies.glob("*/study.json")):
        try:
            files.read(path, StudyRecord)
        except StudyError as error:
            found.append((path, str(error)))
        else:
            found.append((path, ""))
    return found


def _save(study_dir: StudyDir, record: StudyRecord) -> StudyRecord:
    now = load(study_dir)
    if now.revision != record.revision:
        raise ConflictError(
            f"study {record.name!r} was changed meanwhile (revision {now.revision}, yours came "
            f"from {record.revision}); reload it and repeat the change"
        )
    saved = replace(record, revision=record.revision + 1)
    files.write(study_dir.record, saved)
    return saved


def _lock(study_dir: StudyDir) -> FileLock:
    study_dir.root.mkdir(parents=True, exist_ok=True)
    return FileLock(study_dir.root / ".lock")
