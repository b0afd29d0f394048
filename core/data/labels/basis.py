"""What a journal starts from: the version that counted, and its objects before the first stroke."""

import uuid
from dataclasses import dataclass, replace
from pathlib import Path

from core.data.labels.entries import LINES
from core.data.labels.model import LabelObject
from core.errors import StudyError
from core.records import files


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """Where the labels come from that the strokes lie on."""

    version: str | None
    """None: the image had no labels."""
    token: str = ""
    """Another one for each journal that is begun, also on the same version."""
    complete: bool | None = None
    """Whether all is marked, as somebody told since the version; None: nobody did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Objects:
    objects: tuple[LabelObject, ...]


def begin(place: Path, version: str | None, known: tuple[LabelObject, ...]) -> Basis:
    """Begin a journal in the folder, on a version with these objects."""
    basis = Basis(version=version, token=uuid.uuid4().hex[:8])
    files.write(place / "objects.json", _Objects(objects=known))
    files.write(path(place), basis)
    return basis


def tell_complete(place: Path, complete: bool) -> None:
    """Keep whether all is marked beside the strokes of the journal in the folder."""
    files.write(path(place), replace(files.read(path(place), Basis), complete=complete))


def path(place: Path) -> Path:
    """Return the file that tells what the journal in the folder was begun on."""
    return place / "base.json"


def read(place: Path) -> Basis | None:
    """Return what the journal in the folder was begun on; None: there is none.

    Raises StudyError where that is damaged, or gone though there are strokes.
    """
    told = path(place)
    if not told.is_file() and not (place / LINES).is_file():
        return None
    try:
        return files.read(told, Basis)
    except OSError as error:
        raise StudyError(f"{told} cannot be read: {error}") from error


def token(place: Path) -> str:
    """Return which journal stands in the folder; one word for none, and one for a damaged one."""
    try:
        told = read(place)
    except StudyError:
        return "damaged"
    return "gone" if told is None else told.token


def objects(place: Path) -> tuple[LabelObject, ...]:
    """Return the table before the first stroke."""
    return files.read(place / "objects.json", _Objects).objects
