"""Uploads: they lie in the server's memory, so they are written to disk at once."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

FOLDER_TABLES = ("labels.csv", "objects.csv")
"""Tables that the import finds by itself, beside their pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """Uploads as paths for the import."""

    paths: list[Path]
    """The folder of all plain files, and each zip by itself: a zip is a folder of its own."""
    table: Path | None
    """The CSV that tells classes and groups, where there is exactly one."""


@contextlib.contextmanager
def received(uploads: "Sequence[UploadedFile]", scratch: Path) -> Iterator[Received]:
    """Yield the uploads in a folder below `scratch`, which is removed afterwards."""
    scratch.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=scratch))
    try:
        zips = [each for each in uploads if each.name.lower().endswith(".zip")]
        tables = [each for each in uploads if _is_table(each.name)]
        table = keep(tables[0], folder / "table") if len(tables) == 1 else None
        plain = [each for each in uploads if each not in zips and not (table and each in tables)]
        paths = [keep(each, folder / "zips" / str(at)) for at, each in enumerate(zips)]
        for each in plain:
            keep(each, folder / "files")
        yield Received(paths=[*([folder / "files"] if plain else []), *paths], table=table)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
    return name.lower().endswith(".csv") and Path(name).name.lower() not in FOLDER_TABLES
