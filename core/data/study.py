"""Studies and their layers: create, load, save, list.

A layer keeps a record of its own (task, split); the images in it are those of its study, whoever
asks, and are kept in the study's record alone.
"""

from collections.abc import Callable
from dataclasses import replace

from filelock import FileLock

from core.errors import ConflictError, StudyError
from core.paths import StudyDir, Workspace
from core.records import StudyRecord, files

_SHARED = (
    "images",
    "channel_names",
    "pixel_size_um",
    "groups_known",
    "readings",
    "pixel_sizes_um",
    "grouping",
)
"""What belongs to the pictures, not to what is marked on them."""


def create(
    workspace: Workspace, name: str, *, description: str = "", simulated: bool = False
) -> StudyDir:
    """Make an empty study, or a layer of a study (`study@layer`).

    Raises StudyError where the name is taken, no folder can have it, or the layer's study is
    missing.
    """
    study_dir = workspace.study(name)
    if study_dir.record.exists():
        raise StudyError(f"there is a study {name!r} already; choose another name")
    if study_dir.layer:
        simulated = load(study_dir.base).simulated
    for folder in (study_dir.images, study_dir.labels, study_dir.jobs):
        folder.mkdir(parents=True, exist_ok=True)
    files.write(
        study_dir.record, StudyRecord(name=name, description=description, simulated=simulated)
    )
    return study_dir


def load(study_dir: StudyDir) -> StudyRecord:
    """Return what `study.json` tells; StudyError where there is none.

    The study is called like its folder, whatever the file says: folders are renamed and copied.
    """
    if not study_dir.record.is_file():
        raise StudyError(
            f"there is no study {study_dir.name!r} in {study_dir.root.parent}; "
            "create it by importing images"
        )
    own = replace(files.read(study_dir.record, StudyRecord), name=study_dir.name)
    if not study_dir.layer:
        return own
    base = load(study_dir.base)
    # Whatever changes in either is a change of the layer.
    return _with_shared(replace(own, revision=own.revision + base.revision), base)


def save(study_dir: StudyDir, record: StudyRecord) -> StudyRecord:
    """Write the record with its revision higher and return it.

    Raises ConflictError where the revision on disk is not the one the record was loaded with.
    """
    with _lock(study_dir):
        return _save(study_dir, record)


def update(study_dir: StudyDir, change: Callable[[StudyRecord], StudyRecord]) -> StudyRecord:
    """Load, change and save with nobody in between; return what was saved."""
    with _lock(study_dir):
        return _save(study_dir, change(load(study_dir)))


def listing(workspace: Workspace) -> list[StudyRecord]:
    """Return all studies and layers that can be read, by name; `damaged` tells of the others."""
    return [record for _, record, _ in _found(workspace) if record is not None]


def damaged(workspace: Workspace) -> dict[str, str]:
    """Return study -> why its record cannot be read, or nobody could ask for its folder."""
    unread = {name: fault for name, record, fault in _found(workspace) if record is None}
    misnamed = {
        each.name: f"{each.root} is left out: {each.misnamed}. Rename the folder."
        for each in workspace.misnamed_dirs()
    }
    return unread | misnamed


def _found(workspace: Workspace) -> list[tuple[str, StudyRecord | None, str]]:
    found: list[tuple[str, StudyRecord | None, str]] = []
    for study_dir in workspace.study_dirs():
        try:
            found.append((study_dir.name, load(study_dir), ""))
        except StudyError as error:
            found.append((study_dir.name, None, str(error)))
    return found


def _save(study_dir: StudyDir, record: StudyRecord) -> StudyRecord:
    now = load(study_dir)
    if now.revision != record.revision:
        raise ConflictError(
            f"study {record.name!r} was changed meanwhile (revision {now.revision}, yours came "
            f"from {record.revision}); reload it and repeat the change"
        )
    if not study_dir.layer:
        saved = replace(record, revision=record.revision + 1)
        files.write(study_dir.record, saved)
        return saved
    base = load(study_dir.base)
    with_images = _with_shared(base, record)
    if with_images != base:
        _save(study_dir.base, with_images)
    own = files.read(study_dir.record, StudyRecord)
    bare = _with_shared(record, StudyRecord(name=record.name))
    files.write(study_dir.record, replace(bare, revision=own.revision + 1))
    return load(study_dir)


def _with_shared(record: StudyRecord, other: StudyRecord) -> StudyRecord:
    """Return the record with the other's images and what belongs to them."""
    return replace(record, **{name: getattr(other, name) for name in _SHARED})


def _lock(study_dir: StudyDir) -> FileLock:
    """Return the lock of a study with all its layers: they share a record."""
    study_dir.base.root.mkdir(parents=True, exist_ok=True)
    return FileLock(study_dir.base.root / ".lock")
