"""What the tables and notes of a folder tell of its pictures."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import msgspec

from core.data import owners, tables
from core.data.found import Findings, Found, Hints, Notice
from core.errors import TableError
from core.records import Kind, files


class _DataSet(msgspec.Struct):
    """A folder's own `dataset.json`, as far as it is used."""

    task: str = ""
    classes: list[str] | None = None
    background: str | None = None
    split: dict[str, list[str]] | None = None
    groups: dict[str, str] | None = None


def tell(folder: Path, found: Findings, start: int) -> None:
    """Use what the folder's own tables tell of the pictures from `start` on."""
    names: tuple[str, ...] = ()
    for classes in (folder / "classes.txt", folder / "masks" / "classes.txt"):
        if classes.is_file():
            names = _tell_classes(classes, found) or names
    about = folder / "dataset.json"
    if about.is_file():
        names = _tell_data_set(about, found, start) or names
    _name_values(names, folder, found, start)
    for colors in (folder / "colors.csv", folder / "masks" / "colors.csv"):
        if colors.is_file():
            _tell_colors(colors, found)
    try:
        _tell_objects((folder / "objects.csv", folder / "masks" / "objects.csv"), found, start)
        if (folder / "labels.csv").is_file():
            rows = tables.read(folder / "labels.csv")
            found.pictures[start:], owned = with_rows(found.pictures[start:], rows)
            found.refused += unclear(owned)
    except TableError as error:
        found.refused.append(Notice(file=folder.name, message=str(error)))


def _tell_classes(path: Path, found: Findings) -> tuple[str, ...]:
    """Use a list of classes, one a line, and return it."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        message = f"{path.name}: it is no text in UTF-8; save it as UTF-8 and import it again"
        found.refused.append(Notice(file=path.name, message=message))
        return ()
    names = tuple(line.strip() for line in lines if line.strip())
    found.hints = Hints(classes=names)
    return names


def _name_values(names: tuple[str, ...], folder: Path, found: Findings, start: int) -> None:
    """Keep with each mask of the folder what its values are called; a list nearer to it counts."""
    if len(names) < 2:  # regions are told apart by two values or more
        return
    masks = [picture.mask for picture in found.pictures[start:] if picture.mask is not None]
    masks += [mask for mask, _ in found.lone_masks if mask.is_relative_to(folder)]
    for mask in masks:
        found.value_names.setdefault(mask, names)


def _tell_objects(paths: Iterable[Path], found: Findings, start: int) -> None:
    """Use tables of the objects' classes; a table nearer to a picture counts."""
    told: dict[str, dict[int, str]] = {}
    for path in paths:
        told |= tables.read_objects(path) if path.is_file() else {}
    found.object_classes |= {tables.stem_of(file): classes for file, classes in told.items()}
    rows = [tables.Row(file=file) for file in told]
    owned = owners.find(rows, [_named(picture) for picture in found.pictures[start:]])
    found.refused += unclear(owned)
    for place, row in owned.pairs:
        picture = found.pictures[start + place]
        classes = picture.object_classes or told[row.file]
        found.pictures[start + place] = replace(picture, object_classes=classes)


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


def _tell_data_set(path: Path, found: Findings, start: int) -> tuple[str, ...]:
    """Use what a folder tells of itself; return what the values of its masks stand for."""
    try:
        about = msgspec.json.decode(path.read_bytes(), type=_DataSet)
    except files.NO_RECORD as error:
        found.notices.append(
            Notice(file=path.name, message=f"{path.name}: it is not understood ({error})")
        )
        return ()
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
    return tuple(about.classes or ()) if about.task == Kind.SEMANTIC else ()


def with_rows(
    pictures: list[Found], rows: Iterable[tables.Row]
) -> tuple[list[Found], owners.Owned]:
    """Return the pictures with what the rows tell of them, and whose the rows are."""
    owned = owners.find(rows, [_named(picture) for picture in pictures])
    told = list(pictures)
    for place, row in owned.pairs:
        now = told[place]
        told[place] = replace(
            now,
            image_class=row.image_class or now.image_class,
            group=row.group or now.group,
            condition=row.condition or now.condition,
            facts={**now.facts, **row.facts},
            test=now.test or (row.split or "").lower() == "test",
        )
    return told, owned


def with_object_classes(found: Findings) -> list[Found]:
    """Return the pictures; what no table of their folders names gets what another table tells.

    Only where one picture has the name: A01 of one plate is not A01 of the next.
    """
    names = Counter(picture.path.stem for picture in found.pictures)
    return [
        replace(picture, object_classes=found.object_classes.get(picture.path.stem, {}))
        if not picture.object_classes and names[picture.path.stem] == 1
        else picture
        for picture in found.pictures
    ]


def unclear(owned: owners.Owned) -> list[Notice]:
    """Return why rows are not used that nobody can attach to one picture."""
    return [Notice(file=file, message=f"{file}: {cause}") for file, cause in owned.unclear.items()]


def _named(picture: Found) -> owners.Named:
    return owners.Named(
        names=(picture.name, picture.path.name, picture.path.stem), file=str(picture.path)
    )
