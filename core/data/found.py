"""What was found where a user pointed: pictures, what belongs to them, what cannot be used."""

from dataclasses import dataclass, field
from pathlib import Path

from core.records import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing a user should know about one file."""

    file: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One picture with what its place tells of it."""

    path: Path
    name: str
    """As the user knows it: the path below the folder or zip that was named."""
    test: bool = False
    mask: Path | None = None
    object_classes: dict[int, str] = field(default_factory=dict)
    image_class: str | None = None
    group: str | None = None
    condition: str | None = None
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """A mask file with what came along for it alone."""

    path: Path
    object_classes: dict[int, str] = field(default_factory=dict)
    """Id -> class."""
    value_names: tuple[str, ...] = ()
    """Classes of the values 0, 1, 2 ..., where regions are numbered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What a folder's `dataset.json` or `classes.txt` tells of the task."""

    kind: Kind | None = None
    classes: tuple[str, ...] = ()
    background: str | None = None
    colors: dict[str, str] = field(default_factory=dict)
    """`#RRGGBB` -> class, for masks of coloured regions."""


@dataclass(slots=True)
class Findings:
    """What was found so far."""

    scratch: Path
    """A folder for what is unpacked or packed on the way."""
    pictures: list[Found] = field(default_factory=list)
    lone_masks: list[tuple[Path, str]] = field(default_factory=list)
    """Masks without a picture beside them, and the stem they belong to."""
    object_classes: dict[str, dict[int, str]] = field(default_factory=dict)
    """By stem, from all tables: for masks and tables that came by different ways."""
    value_names: dict[Path, tuple[str, ...]] = field(default_factory=dict)
    """Mask file -> the classes of its values, where its folder lists them."""
    hints: Hints | None = None
    notices: list[Notice] = field(default_factory=list)
    refused: list[Notice] = field(default_factory=list)
