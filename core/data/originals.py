"""The user's pictures, kept as they came: hashed, copied, named."""

import hashlib
import os
import re
import shutil
import tempfile
import unicodedata
from dataclasses import replace
from pathlib import Path

from core.data import readers
from core.data.folders import Found
from core.errors import ImageError
from core.paths import StudyDir
from core.records import ImageRecord

_LONGEST = 80
"""Leaves room for suffixes and folders below the 255 letters file systems allow."""


def hash_of(path: Path) -> str:
    """Return the file's SHA-256; ImageError where it cannot be opened."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ImageError(f"{path.name}: it cannot be opened ({error.strerror})") from error


def keep(
    study_dir: StudyDir, picture: Found, sha256: str, taken: set[str]
) -> tuple[ImageRecord, list[str]]:
    """Copy one picture into the study and return its record and what was decided.

    Raises ImageError where it cannot be read; then nothing is copied.
    """
    read = readers.read(picture.path)
    image_id = new_id(picture.path.stem, taken)
    suffix = picture.path.suffix.lower()
    file = f"{image_id}{suffix if re.fullmatch(r'[.][a-z0-9]{1,8}', suffix) else ''}"
    copy(picture.path, study_dir.images / file)
    notices = [f"{picture.name}: {text}" for text in read.notices]
    if image_id != picture.path.stem:
        notices.append(f"{picture.name}: it is called {image_id!r} in this study")
    if (read.image_cyx == read.image_cyx[:, :1, :1]).all():
        notices.append(f"{picture.name}: it shows nothing, all its pixels are alike")
    _, rows, columns = read.image_cyx.shape
    return ImageRecord(
        id=image_id,
        file=file,
        original_name=picture.path.name,
        sha256=sha256,
        shape_cyx=(len(read.image_cyx), rows, columns),
        dtype=str(read.image_cyx.dtype),
        axes=read.axes,
        plane=read.plane,
        channel_names=read.channel_names,
        channel_colors=read.channel_colors,
        pixel_size_um=read.pixel_size_um,
        group=picture.group,
        condition=picture.condition,
        facts=picture.facts,
        image_class=picture.image_class,
        given_split="test" if picture.test else None,
    ), notices


def read_as(
    study_dir: StudyDir, about: ImageRecord, *, axes: str, plane: int | None
) -> ImageRecord:
    """Return the record of an image that is read in another way; ImageError where it cannot."""
    read = readers.read(study_dir.images / about.file, plane=plane, axes=axes or about.axes)
    _, rows, columns = read.image_cyx.shape
    if (rows, columns) != about.shape_cyx[1:]:
        raise ImageError(
            f"{about.original_name}: read as {axes!r} it would be {columns} x {rows} pixels, not "
            f"{about.shape_cyx[2]} x {about.shape_cyx[1]}; its labels would not fit"
        )
    return replace(
        about,
        shape_cyx=(len(read.image_cyx), rows, columns),
        axes=read.axes,
        plane=read.plane,
        channel_names=read.channel_names,
    )


def new_id(stem: str, taken: set[str]) -> str:
    """Return the stem as a safe folder name that nobody has, whatever the letter case."""
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    safe = re.sub(r"[^A-Za-z0-9 ._-]+", "_", plain)[:_LONGEST].strip(" ._-") or "image"
    used = {name.lower() for name in taken}
    chosen, number = safe, 1
    while chosen.lower() in used:
        number += 1
        chosen = f"{safe}-{number}"
    return chosen


def copy(source: Path, target: Path) -> None:
    """Copy a file as it is; it appears whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.")
    try:
        with source.open("rb") as original, os.fdopen(handle, "wb") as file:
            shutil.copyfileobj(original, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
