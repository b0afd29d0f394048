"""Uploads: they lie in the server's memory, so they are written to disk at once."""

import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

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
    """Write the uploads into a folder that stays until `drop`; the parts of it go by `staged`."""
    scratch.mkdir(parents=True, exist_ok=True)
    for old in scratch.iterdir():  # of browsers that were closed before the import
        if time.time() - old.stat().st_mtime > _FORGOTTEN_S:
            drop(old)
    folder = Path(tempfile.mkdtemp(dir=scratch))
    _write(uploads, folder)
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
            keep(each, folder / "files")


def keep(upload: "UploadedFile", folder: Path) -> Path:
    """Write an upload into the folder under its own name and return its path.

    A folder upload names its files by their path: images/a.png and masks/a.png differ.
    """
    parts = [part for part in Path(upload.name).parts if part not in ("..", "/", "\\")]
    path = folder.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        shutil.copyfileobj(upload, file)
    return path


def _is_table(name: str) -> bool:
    is_sheet = Path(name).suffix.lower() in (".csv", ".xlsx", ".xlsm")
    return is_sheet and Path(name).name.lower() not in FOLDER_TABLES
