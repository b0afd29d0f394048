"""Uploads: they lie in the server's memory, so they are written to disk at once."""

import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import DataError

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

_FORGOTTEN_S = 24 * 3600
FOLDER_TABLES = ("labels.csv", "objects.csv", "colors.csv")
"""Tables that the import finds by itself, beside their pictures or masks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """Uploads as paths for the import."""

    paths: list[Path]
    """The folder of all plain files, and each zip by itself: a zip is a folder of its own."""
    table: Path | None
    """The sheet (CSV, Excel) that tells classes and groups, where there is exactly one."""


def stage(uploads: "Sequence[UploadedFile]", scratch: Path) -> Path:
    """Write the uploads into a folder that stays until `drop`; the parts of it go by `staged`.

    Raises DataError where two of one name differ: nothing is kept then.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    for old in scratch.iterdir():  # of browsers that were closed before the import
        if time.time() - old.stat().st_mtime > _FORGOTTEN_S:
            drop(old)
    folder = Path(tempfile.mkdtemp(dir=scratch))
    try:
        _write(uploads, folder)
    except DataError:
        drop(folder)
        raise
    return folder


def staged(folder: Path) -> Received:
    """Return what `stage` wrote."""
    plain = folder / "files"
    zips, tables = _files_in(folder / "zips"), _files_in(folder / "table")
    return Received(
        paths=[*([plain] if plain.is_dir() else []), *zips],
        table=tables[0] if tables else None,
    )


def drop(folder: Path) -> None:
    """Remove a staged folder."""
    shutil.rmtree(folder, ignore_errors=True)


def _files_in(folder: Path) -> list[Path]:
    # A folder upload names its files `root/plate.csv`, so each lies as deep as it did there.
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _write(uploads: "Sequence[UploadedFile]", folder: Path) -> None:
    zips = [each for each in uploads if each.name.lower().endswith(".zip")]
    tables = [each for each in uploads if _is_table(each.name)]
    for at, each in enumerate(zips):
        keep(each, folder / "zips" / str(at))
    for each in tables if len(tables) == 1 else []:
        keep(each, folder / "table")
    for each in uploads:
        if each not in zips and not (len(tables) == 1 and each in tables):
            _keep_alone(each, folder / "files")


def _keep_alone(upload: "UploadedFile", folder: Path) -> None:
    """Write an upload that has its name for itself: files of a browser come without folders."""
    path = _path(upload, folder)
    if path.exists() and not _is_same(upload, path):
        raise DataError(
            f"{upload.name} came twice, and the two differ; nothing was imported. Send them as a "
            'zip, or under "A folder from this browser": their folders tell them apart'
        )
    keep(upload, folder)


def keep(upload: "UploadedFile", folder: Path) -> Path:
    """Write an upload into the folder under its own name and return its path.

    A folder upload names its files by their path: images/a.png and masks/a.png differ.
    """
    path = _path(upload, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        shutil.copyfileobj(upload, file)
    return path


def keep_all(uploads: "Sequence[UploadedFile]", folder: Path) -> list[Path]:
    """Write uploads into the folder and return their paths, each content once.

    The second of a name lies in a folder `2`, and so on.
    """
    found = []
    for each in uploads:
        place, number = folder, 1
        while (path := _path(each, place)).exists() and not _is_same(each, path):
            number += 1
            place = folder / str(number)
        if not path.exists():
            found.append(keep(each, place))
    return found


def _path(upload: "UploadedFile", folder: Path) -> Path:
    """Return where an upload lies, never outside of the folder; DataError for what is no name."""
    # Roots (`/`, `//`) and drives have no name; on Windows that of `C:a.png` is `a.png`.
    names = [Path(part).name for part in Path(upload.name).parts]
    path = folder.joinpath(*(name for name in names if name not in ("", "..")))
    if path == folder or not path.is_relative_to(folder):
        raise DataError(
            f"{upload.name} is no name that a file can have here; rename it and send it again"
        )
    return path


def _is_same(upload: "UploadedFile", path: Path) -> bool:
    data = upload.getbuffer()
    return path.stat().st_size == data.nbytes and path.read_bytes() == data


def _is_table(name: str) -> bool:
    is_sheet = Path(name).suffix.lower() in (".csv", ".xlsx", ".xlsm")
    return is_sheet and Path(name).name.lower() not in FOLDER_TABLES
