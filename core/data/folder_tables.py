"""What the tables and notes of a folder tell of its pictures."""

from dataclasses import replace
from pathlib import Path

import msgspec

from core.data import tables
from core.data.found import Findings, Found, Hints, Notice
from core.errors import TableError
from core.records import Kind


class _DataSet(msgspec.Struct):
    """A folder's own `dataset.json`, as far as it is used."""

    task: str = ""
    classes: list[str] | None = None
    background: str | None = None
    split: dict[str, list[str]] | None = None
    groups: dict[str, str] | None = None


def tell(folder: Path, found: Findings, start: int) -> None:
    """Use what the folder's own tables tell of the pictures from `start` on."""
    classes = folder / "classes.txt"
    if classes.is_file():
        names = classes.read_text(encoding="utf-8-sig").splitlines()
        found.hints = Hints(classes=tuple(name.strip() for name in names if name.strip()))
    about = folder / "dataset.json"
    if about.is_file():
        _tell_data_set(about, found, start)
    for colors in (folder / "colors.csv", folder / "masks" / "colors.csv"):
        if colors.is_file():
            _tell_colors(colors, found)
    try:
        for objects in (folder / "objects.csv", folder / "masks" / "objects.csv"):
            if objects.is_file():
                found.object_classes |= tables.read_objects(objects)
        if (folder / "labels.csv").is_file():
            found.pictures[start:], _ = with_rows(
                found.pictures[start:], tables.read(folder / "labels.csv")
            )
    except TableError as error:
        found.refused.append(Notice(file=folder.name, message=str(error)))


def _tell_colors(path: Path, found: Findings) -> None:
    """Use a table of colours: its masks show regions, black or the first class behind them."""
    try:
        colors = tables.read_colors(path)
    except TableError as error:
        found.refused.append(Notice(file=path.name, message=str(error)))
        return
    names = tuple(dict.fromkeys(colors.values()))
    found.hints = Hints(
        kind=Kind.SEMANTIC, classes=names, background=colors.get("#000000"), colors=colors
    )


def _tell_data_set(path: Path, found: Findings, start: int) -> None:
    try:
        about = msgspec.json.decode(path.read_bytes(), type=_DataSet)
    except msgspec.MsgspecError as error:
        found.notices.append(
            Notice(file=path.name, message=f"{path.name}: it is not understood ({error})")
        )
        return
    if about.task in tuple(Kind):
        found.hints = Hints(
            kind=Kind(about.task),
            classes=tuple(about.classes or ()),
            background=about.background,
        )
    tests = set((about.split or {}).get("test", ()))
    groups = about.groups or {}
    found.pictures[start:] = [
        replace(
            picture,
            test=picture.test or picture.path.stem in tests,
            group=groups.get(picture.path.stem, picture.group),
        )
        for picture in found.pictures[start:]
    ]


def with_rows(pictures: list[Found], rows: list[tables.Row]) -> tuple[list[Found], list[str]]:
    """Return the pictures with what the rows tell of them, and the files nobody has."""
    names = [(picture.name, picture.path.name, picture.path.stem) for picture in pictures]
    pairs, missing = tables.owners(rows, names)
    told = list(pictures)
    for place, row in pairs:
        now = told[place]
        told[place] = replace(
            now,
            image_class=row.image_class or now.image_class,
            group=row.group or now.group,
            condition=row.condition or now.condition,
            facts={**now.facts, **row.facts},
            test=now.test or (row.split or "").lower() == "test",
        )
    return told, missing
