"""Tables (CSV, Excel) of images: class, group, split, condition, facts; of objects: class."""

import csv
import io
import re
import zipfile
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path, PurePosixPath

from core.errors import TableError


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a table tells of one image; None: nothing."""

    file: str
    image_class: str | None = None
    group: str | None = None
    split: str | None = None
    condition: str | None = None
    facts: dict[str, str] = field(default_factory=dict)
    """All further columns that hold something: donor, treatment, dose ..."""


EXCEL = (".xlsx", ".xlsm")
FILE = ("file", "filename", "image", "name", "path")
COLUMNS = {
    "image_class": ("class", "label", "image_class"),
    "group": ("group",),
    "split": ("split",),
    "condition": ("condition",),
}
_SPLITS = ("train", "training", "validation", "val", "test", "")


def read(path: Path) -> list[Row]:
    """Return the rows; TableError naming the file where it is no such table."""
    header, lines = _lines(path)
    file_column = _column(header, FILE)
    if file_column is None:
        raise TableError(
            f"{path.name}: it has no column `file`; its columns are {', '.join(header) or 'none'}"
        )
    places = {key: _column(header, names) for key, names in COLUMNS.items()}
    used = {file_column, *places.values()}
    further = {name: at for at, name in enumerate(header) if at not in used and name}
    rows = []
    for number, line in enumerate(lines, start=2):
        told = {
            key: (line[at].strip() or None) if at is not None and at < len(line) else None
            for key, at in places.items()
        }
        file = line[file_column].strip() if file_column < len(line) else ""
        if not file:
            raise TableError(f"{path.name}: line {number} names no file")
        split = (told["split"] or "").lower()
        if split not in _SPLITS:
            raise TableError(
                f"{path.name}: line {number} has the split {split!r}; use train or test"
            )
        facts = {
            name: line[at].strip()
            for name, at in further.items()
            if at < len(line) and line[at].strip()
        }
        rows.append(Row(file=file, facts=facts, **told))
    return rows


def read_objects(path: Path) -> dict[str, dict[int, str]]:
    """Return file -> id -> class from columns file, id, class; TableError otherwise."""
    header, lines = _lines(path)
    places = [_column(header, names) for names in (FILE, ("id", "label_id"), ("class", "label"))]
    if None in places:
        raise TableError(
            f"{path.name}: it needs the columns file, id, class; its columns are "
            f"{', '.join(header) or 'none'}"
        )
    file_at, id_at, class_at = (at for at in places if at is not None)
    found: dict[str, dict[int, str]] = {}
    for number, line in enumerate(lines, start=2):
        try:
            file, object_id, name = line[file_at].strip(), int(line[id_at]), line[class_at].strip()
        except (IndexError, ValueError) as error:
            raise TableError(f"{path.name}: line {number} holds no whole id and class") from error
        if name:
            found.setdefault(file, {})[object_id] = name
    return found


def read_colors(path: Path) -> dict[str, str]:
    """Return `#RRGGBB` -> class from columns color, class; TableError otherwise."""
    header, lines = _lines(path)
    color_at, class_at = (_column(header, names) for names in (("color", "colour"), ("class",)))
    if color_at is None or class_at is None:
        raise TableError(
            f"{path.name}: it needs the columns color, class; its columns are "
            f"{', '.join(header) or 'none'}"
        )
    found = {}
    for number, line in enumerate(lines, start=2):
        color = line[color_at].strip().upper() if color_at < len(line) else ""
        if not re.fullmatch("#[0-9A-F]{6}", color) or class_at >= len(line):
            raise TableError(f"{path.name}: line {number} holds no colour like #FF8000 and class")
        found[color] = line[class_at].strip()
    return found


def stem_of(file: str) -> str:
    """Return the file's name without folders and suffix."""
    return PurePosixPath(file.replace("\\", "/")).stem


def _lines(path: Path) -> tuple[list[str], list[list[str]]]:
    if path.suffix.lower() in EXCEL:
        return _excel_lines(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise TableError(f"{path}: there is no such table") from error
    except UnicodeDecodeError as error:
        raise TableError(
            f"{path.name}: it is no text in UTF-8; save it as CSV (UTF-8) and try again"
        ) from error
    except OSError as error:
        raise TableError(f"{path.name}: it cannot be opened ({error.strerror})") from error
    first = text.split("\n", 1)[0]
    # Spreadsheets write semicolons or tabs where commas are decimal points.
    delimiter = max(",;\t", key=first.count)
    try:
        lines = [line for line in csv.reader(io.StringIO(text), delimiter=delimiter) if any(line)]
    except csv.Error as error:
        raise TableError(f"{path.name}: it is no CSV table ({error})") from error
    if not lines:
        raise TableError(f"{path.name}: it is empty; its first line must name the columns")
    return [name.strip().lower() for name in lines[0]], lines[1:]


def _excel_lines(path: Path) -> tuple[list[str], list[list[str]]]:
    """Return the first sheet of a workbook as text; formulas by their last results."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            sheet = book.worksheets[0]
            lines = [[_cell(value) for value in line] for line in sheet.iter_rows(values_only=True)]
        finally:
            book.close()
    except FileNotFoundError as error:
        raise TableError(f"{path}: there is no such table") from error
    # What openpyxl lets through of zip, XML and its own checks on a damaged workbook.
    except (
        InvalidFileException, zipfile.BadZipFile, SyntaxError, KeyError, ValueError, TypeError,
        IndexError, OSError,
    ) as error:  # fmt: skip
        raise TableError(
            f"{path.name}: it is no Excel workbook that can be read ({error}); save it as CSV "
            "(UTF-8) and try again"
        ) from error
    lines = [line for line in lines if any(line)]
    if not lines:
        raise TableError(f"{path.name}: its first sheet is empty; line 1 must name the columns")
    return [name.strip().lower() for name in lines[0]], lines[1:]


def _cell(value: object) -> str:
    """Return a cell as one would read it: 3 instead of 3.0, days as 2026-01-31."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        plain = value.date().isoformat()
        return plain if value.time() == datetime.min.time() else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _column(header: list[str], names: tuple[str, ...]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)
