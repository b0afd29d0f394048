"""What a journal starts from: the version that counted, and its objects before the first stroke."""

import uuid
from dataclasses import dataclass
from pathlib import Path

from core.data.labels.model import LabelObject
from core.records import files


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """Where the labels come from that the strokes lie on."""

    version: str | None
    """None: the image had no labels."""
    token: str = ""
    """Another one for each journal that is begun, also on the same version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Objects:
    objects: tuple[LabelObject, ...]


def begin(place: Path, version: str | None, known: tuple[LabelObject, ...]) -> Basis:
    """Begin a journal in the folder, on a version with these objects."""
    basis = Basis(version=version, token=uuid.uuid4().hex[:8])
    files.write(place / "objects.json", _Objects(objects=known))
    files.write(place / "base.json", basis)
    return basis


def read(place: Path) -> Basis | None:
    """Return what the journal in the folder was begun on; None: there is none."""
    path = place / "base.json"
    return files.read(path, Basis) if path.is_file() else None


def objects(place: Path) -> tuple[LabelObject, ...]:
    """Return the table before the first stroke."""
    return files.read(place / "objects.json", _Objects).objects
