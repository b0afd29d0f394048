"""What an import would do, shown before it is done: who belongs to whom, and what does not fit."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from core.data import folder_tables, folders, readers, readers_plain, readers_tiff, tables
from core.data.found import Findings, Found
from core.data.labels import vectors
from core.errors import DataError

# Opening more headers than this would keep the user waiting.
_SIZED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One picture and what would come with it."""

    picture: str
    mask: str | None = None
    """The file of its labels; None: there is none of its name."""
    image_class: str | None = None
    group: str | None = None
    condition: str | None = None
    test: bool = False
    problem: str = ""
    """Why it will not be used as it stands; empty: nothing is known against it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would become of the files."""

    pairs: tuple[Pair, ...] = ()
    lone: tuple[str, ...] = ()
    """Label files whose picture is not among the files; it may be in the study already."""
    refused: tuple[str, ...] = ()
    """A sentence for each file that cannot be used."""

    @property
    def sentence(self) -> str:
        """Return what is there in numbers."""
        paired = sum(pair.mask is not None for pair in self.pairs)
        wrong = sum(bool(pair.problem) for pair in self.pairs) + len(self.refused)
        several = "s" * (len(self.pairs) != 1)
        told = f"{len(self.pairs)} picture{several}, {paired} with labels"
        told += f", {len(self.lone)} labels without a picture" if self.lone else ""
        return told + (f", {wrong} that do not fit" if wrong else "")


def preview(paths: Iterable[Path], *, table: Path | None = None) -> Preview:
    """Return what `imports.add` would pair; nothing is kept.

    Sizes are compared by the files' headers alone. Raises TableError where the table is none.
    """
    rows = [] if table is None else tables.read(table)
    with tempfile.TemporaryDirectory(prefix="aixcell-") as scratch:
        found = folders.find(paths, Path(scratch))
        found.pictures, owned = folder_tables.with_rows(found.pictures, rows)
        return Preview(
            pairs=tuple(
                _pair(each, found, sized=at < _SIZED) for at, each in enumerate(found.pictures)
            ),
            lone=tuple(mask.name for mask, _ in found.lone_masks),
            refused=(
                *(each.message for each in (*found.refused, *folder_tables.unclear(owned))),
                *(
                    f"{file}: the table names it, but there is no such picture"
                    for file in owned.missing
                ),
            ),
        )


def _pair(picture: Found, found: Findings, *, sized: bool) -> Pair:
    return Pair(
        picture=picture.name,
        mask=None if picture.mask is None else picture.mask.name,
        image_class=picture.image_class,
        group=picture.group,
        condition=picture.condition,
        test=picture.test,
        problem=_problem(picture) if sized else "",
    )


def _problem(picture: Found) -> str:
    """Return why the picture or its labels cannot be used, as far as headers tell."""
    try:
        size = size_of(picture.path)
        if picture.mask is None:
            return ""
        kind = vectors.kind_of(picture.mask)
        labelled = vectors.size_told(picture.mask, kind) if kind else size_of(picture.mask)
    except DataError as error:
        return str(error)
    except readers.DECODER_FAULTS as error:
        return f"it is damaged ({type(error).__name__})"
    if size is None or labelled is None or size == labelled:
        return ""
    return (
        f"the labels are {labelled[1]} x {labelled[0]} pixels, the picture is {size[1]} x {size[0]}"
    )


def size_of(path: Path) -> tuple[int, int] | None:
    """Return rows and columns by the header; None: they differ, or are told only when it is read.

    Raises ImageError where the file is no picture.
    """
    kind = readers.format_of(path)
    if kind == "TIFF":
        return readers_tiff.size_of(path)
    if kind in ("PNG", "JPEG", "BMP", "GIF"):
        with Image.open(path) as image:
            return readers_plain.shown_size(image)
    return None
