"""What is asked of the index, given an open connection; `store` alone opens one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from core.library import tables
from core.records import DataSetCard, Fingerprint, RunRow, decode

Named = TypeVar("Named", Fingerprint, DataSetCard)

FINISHED = "finished"
# Raised when schema.sql changes: older indexes are then built anew.
SCHEMA_VERSION = 1


class Connection(Protocol):
    """What is used of DuckDB's connection."""

    def execute(self, query: str, parameters: Any = None, /) -> Any:
        """Run one statement."""

    def register(self, view_name: str, python_object: Any, /) -> Any:
        """Let statements read a table of this process."""

    def unregister(self, view_name: str, /) -> Any:
        """Forget it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """How much the library knows."""

    runs: int
    finished: int
    own_runs: int
    """Runs of this workspace's studies and of imports."""
    data_sets: int
    pipelines: int
    hours: float
    """Wall clock of all runs together."""
    states: dict[str, int] = field(default_factory=dict)
    """State, or the cause of a failure -> runs."""
    kinds: dict[str, int] = field(default_factory=dict)
    """Kind of task -> finished runs."""


def built_from(index: Connection) -> str:
    """Return the sources the index was built from; empty where it is none of this version."""
    names = {row[0] for row in index.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if "built_from" not in names:
        return ""
    found = index.execute("SELECT schema_version, sources FROM built_from").fetchall()
    return str(found[0][1]) if found and found[0][0] == SCHEMA_VERSION else ""


def insert(index: Connection, table: str, rows: list[dict[str, Any]]) -> None:
    """Put the rows into the table; those whose key is known change nothing.

    But for a run that failed first, was resumed and finished: what it came to takes its place.
    """
    unique = {row[_KEYS[table]]: row for row in reversed(rows)}
    if table == "runs":
        ended = {run for run, row in unique.items() if row["state"] == FINISHED}
        index.execute(
            "DELETE FROM runs WHERE run IN (SELECT unnest(?)) AND state <> ?",
            [list(ended), FINISHED],
        )
    if not unique:
        return
    index.register("incoming", tables.to_arrow(list(unique.values())))
    columns = ", ".join(row[0] for row in index.execute(f"DESCRIBE {table}").fetchall())
    index.execute(
        f"INSERT OR IGNORE INTO {table} ({columns}) SELECT {columns} FROM incoming"  # noqa: S608
    )
    index.unregister("incoming")


def put_over(index: Connection, table: str, folder: Path) -> None:
    """Put collected fingerprints or cards over older ones of the same name."""
    found = [row for path in folder.glob(f"{table}-*.parquet") for row in tables.from_parquet(path)]
    key = _KEYS[table]
    found.sort(key=lambda row: int(row["added_ns"]), reverse=True)
    index.execute(
        f"DELETE FROM {table} WHERE {key} IN (SELECT unnest(?))",  # noqa: S608
        [[row[key] for row in found]],
    )
    insert(index, table, found)


def rows(index: Connection, where: str = "") -> list[RunRow]:
    """Return the runs, sorted by id; `where` is a clause of this package's own."""
    answer = index.execute(f"SELECT * FROM runs {where} ORDER BY run")  # noqa: S608
    names = [about[0] for about in answer.description or ()]
    return [
        tables.run_record(dict(zip(names, values, strict=True))) for values in answer.fetchall()
    ]


def records(index: Connection, table: str, kind: type[Named]) -> list[Named]:
    """Return the fingerprints or cards, sorted by name."""
    answer = index.execute(f"SELECT record FROM {table} ORDER BY {_KEYS[table]}")  # noqa: S608
    return [decode(text.encode(), kind) for (text,) in answer.fetchall()]


def known_runs(index: Connection, rows: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the ids of the rows that tell nothing new."""
    states = {row["run"]: row["state"] for row in rows}
    answer = index.execute(
        "SELECT run, state FROM runs WHERE run IN (SELECT unnest(?))", [list(states)]
    )
    return {run for run, known in answer.fetchall() if known == FINISHED or states[run] != FINISHED}


def changed(
    index: Connection, table: str, records: Sequence[Fingerprint | DataSetCard]
) -> list[dict[str, Any]]:
    """Return the rows of the records that differ from the known ones."""
    known = dict(index.execute(f"SELECT {_KEYS[table]}, record FROM {table}").fetchall())  # noqa: S608
    values = [tables.named_values(record) for record in records]
    return [row for row in values if known.get(row[_KEYS[table]]) != row["record"]]


def stats(index: Connection) -> Stats:
    """Return how much the library knows."""
    total = index.execute(
        "SELECT count(*), count(*) FILTER (state = 'finished'), count(*) FILTER (own), "
        "count(DISTINCT data_set), count(DISTINCT pipeline), coalesce(sum(seconds), 0) / 3600 "
        "FROM runs"
    ).fetchone()
    assert total is not None  # an aggregate has one row
    runs, finished, own, data_sets, pipelines, hours = total
    states = index.execute(
        "SELECT coalesce(cause, state) AS how, count(*) FROM runs GROUP BY how ORDER BY how"
    ).fetchall()
    kinds = index.execute(
        "SELECT kind, count(*) FROM runs WHERE state = 'finished' GROUP BY kind ORDER BY kind"
    ).fetchall()
    return Stats(
        runs=runs,
        finished=finished,
        own_runs=own,
        data_sets=data_sets,
        pipelines=pipelines,
        hours=hours,
        states=dict(states),
        kinds=dict(kinds),
    )


_KEYS = {"runs": "run", "fingerprints": "data_set", "cards": "id"}
"""Table -> the column that tells its rows apart."""
