"""Records as rows of a table, and back."""

import io
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from core.errors import LibraryError, StudyError
from core.records import DataSetCard, Fingerprint, RunRow, decode, to_plain

Record = TypeVar("Record", RunRow, Fingerprint, DataSetCard)

RUN_COLUMNS = tuple(field.name for field in fields(RunRow))


def run_values(row: RunRow, *, own: bool) -> dict[str, Any]:
    """Return the run as one row of the table `runs`; LibraryError where it has no id."""
    if not row.run:
        raise LibraryError(
            f"a run of {row.pipeline} on {row.data_set} has no id; the library tells runs apart "
            "by their ids, so give it one"
        )
    plain = to_plain(row)
    plain["curve"] = _text(plain["curve"])
    return {**plain, "own": own}


def run_record(values: dict[str, Any]) -> RunRow:
    """Return the run of a table's row."""
    known = {name: values[name] for name in RUN_COLUMNS}
    known["curve"] = msgspec.json.decode(known["curve"])
    return msgspec.convert(known, RunRow)


def named_values(record: Fingerprint | DataSetCard) -> dict[str, Any]:
    """Return a fingerprint or a card as one row of its table."""
    key = "data_set" if isinstance(record, Fingerprint) else "id"
    return {key: getattr(record, key), "kind": str(record.kind), "record": _text(to_plain(record))}


def to_arrow(rows: Sequence[dict[str, Any]]) -> Any:
    """Return the rows, at least one, as an Arrow table of typed columns."""
    import pyarrow

    schema = pyarrow.schema([(name, _ARROW_TYPES.get(name, "string")) for name in rows[0]])
    return pyarrow.Table.from_pylist(list(rows), schema=schema)


def to_parquet(rows: Sequence[dict[str, Any]]) -> bytes:
    """Return the rows, at least one, as a Parquet file."""
    from pyarrow import parquet

    sink = io.BytesIO()
    parquet.write_table(to_arrow(rows), sink)
    return sink.getvalue()


def from_parquet(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a Parquet file; LibraryError where it is damaged."""
    import pyarrow
    from pyarrow import parquet

    try:
        rows: list[dict[str, Any]] = parquet.read_table(path).to_pylist()
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise LibraryError(
            f"{path} cannot be read ({error}); move it away, and the library opens without it"
        ) from error
    return rows


def from_lines(path: Path) -> list[RunRow]:
    """Return the runs of a file with one JSON record a line.

    A last line that is torn is ignored: somebody may be writing it at this moment.
    """
    found = []
    for number, line in enumerate(path.read_bytes().splitlines(keepends=True), start=1):
        if not line.strip():
            continue
        try:
            found.append(decode(line, RunRow))
        except StudyError as error:
            if not line.endswith(b"\n"):
                break
            raise LibraryError(f"{path}, line {number}: {error}") from error
    return found


def from_folder(folder: Path, kind: type[Record]) -> list[Record]:
    """Return the records of all `*.json` in the folder, by name of file."""
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            found.append(decode(path.read_bytes(), kind))
        except StudyError as error:
            raise LibraryError(f"{path} cannot be read: {error}") from error
    return found


def _text(plain: Any) -> str:
    return msgspec.json.encode(plain).decode()


_ARROW_TYPES = {
    **dict.fromkeys(("seed", "samples", "batch", "tile_px", "added_ns"), "int64"),
    **dict.fromkeys(
        (
            "validation",
            "validation_se",
            "test",
            "test_se",
            "seconds",
            "seconds_per_step",
            "cpu_seconds_per_step",
            "peak_memory_gib",
            "seconds_per_megapixel",
        ),
        "float64",
    ),
    "own": "bool",
}
"""Columns that are no text."""
