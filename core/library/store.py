"""The only door to DuckDB.

The truth lies in files: `data_library/` (what came with the program) and WORKSPACE/library/
(what was collected, as Parquet). `library.duckdb` is an index of them. While one process holds
it read-write no other can open it, so it is opened for one operation under a file lock.
"""

import hashlib
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from filelock import FileLock, Timeout

from core.errors import LibraryError
from core.library import tables
from core.paths import DATA_LIBRARY, Workspace
from core.records import DataSetCard, Fingerprint, RunRow, Snapshot, decode, write_bytes

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Named = TypeVar("Named", Fingerprint, DataSetCard)

# Raised when schema.sql changes: older indexes are then built anew.
_SCHEMA_VERSION = 1

# One operation takes well below a second, a build of ten thousand runs some seconds; on a machine
# that is training, ten times that.
_PATIENCE_S = 120.0
_PAUSE_S = 0.05


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


@dataclass(frozen=True, slots=True)
class Library:
    """The algorithm library of a workspace."""

    workspace: Workspace
    shipped: Path = DATA_LIBRARY
    """Folder of the knowledge that came with the program; read only."""

    def rows(self) -> list[RunRow]:
        """Return all runs, sorted by id."""
        with self._open() as index:
            return _rows(index)

    def fingerprints(self) -> list[Fingerprint]:
        """Return the latest fingerprint of each data set, sorted by data set."""
        with self._open() as index:
            return _records(index, "fingerprints", Fingerprint)

    def cards(self) -> list[DataSetCard]:
        """Return the cards of the data sets, sorted by id."""
        with self._open() as index:
            return _records(index, "cards", DataSetCard)

    def snapshot(self) -> Snapshot:
        """Return everything of one moment."""
        with self._open() as index:
            return Snapshot(
                rows=tuple(_rows(index)),
                fingerprints=tuple(_records(index, "fingerprints", Fingerprint)),
                cards=tuple(_records(index, "cards", DataSetCard)),
                cache=str(self.workspace.library),
            )

    def collected(self) -> Snapshot:
        """Return the runs that did not come with the program, and what is known of their data."""
        with self._open() as index:
            rows = tuple(_rows(index, "WHERE own"))
            names = {row.subject for row in rows} | {row.data_set for row in rows}
            prints = _records(index, "fingerprints", Fingerprint)
            cards = _records(index, "cards", DataSetCard)
        return Snapshot(
            rows=rows,
            fingerprints=tuple(one for one in prints if one.data_set in names),
            cards=tuple(card for card in cards if card.id in names),
        )

    def stats(self) -> Stats:
        """Return how much the library knows."""
        with self._open() as index:
            return _stats(index)

    def add(
        self,
        rows: Sequence[RunRow] = (),
        *,
        fingerprints: Sequence[Fingerprint] = (),
        cards: Sequence[DataSetCard] = (),
    ) -> int:
        """Collect for good; return how many runs were new.

        A run whose id is known, a fingerprint or a card equal to the known one change nothing.
        """
        unique = {row.run: tables.run_values(row, own=True) for row in rows}
        with self._open() as index:
            known = _known_runs(index, unique)
            fresh = [values for run, values in unique.items() if run not in known]
            named = {
                "fingerprints": _changed(index, "fingerprints", fingerprints),
                "cards": _changed(index, "cards", cards),
            }
            self._keep("runs", fresh)
            for name, values in named.items():
                self._keep(name, [{**one, "added_ns": time.time_ns()} for one in values])
        return len(fresh)

    def _keep(self, table: str, rows: list[dict[str, Any]]) -> None:
        """Write the rows to a file named by its content: it appears whole or not at all."""
        if rows:
            data = tables.to_parquet(rows)
            name = f"{table}-{hashlib.sha256(data).hexdigest()[:16]}.parquet"
            write_bytes(self.workspace.library / name, data)

    @contextmanager
    def _open(self) -> Iterator["DuckDBPyConnection"]:
        """Open an index that knows all files of this moment, alone."""
        import duckdb  # noqa: F401 - loaded before others are kept waiting

        file = self.workspace.library_file
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(file.with_suffix(".lock"), timeout=_PATIENCE_S):
                sources = self._sources()
                index = _connect(file)
                if _built_from(index) != sources:
                    index.close()
                    self._build(sources)
                    index = _connect(file)
                with closing(index):
                    yield index
        except Timeout as error:
            raise LibraryError(
                f"{file} has been in use for {_PATIENCE_S:.0f} s; close other programs that have "
                "it open and try again"
            ) from error

    def _sources(self) -> str:
        """Return what tells whether a file appeared, changed or went."""
        files = [
            *self.shipped.glob("experiments/*.jsonl"),
            *self.shipped.glob("fingerprints/*.json"),
            *self.shipped.glob("datasets/*.json"),
            *self.workspace.library.glob("*.parquet"),
        ]
        stamps = [(str(path), (about := path.stat()).st_size, about.st_mtime_ns) for path in files]
        return hashlib.sha256(msgspec.json.encode(sorted(stamps))).hexdigest()

    def _build(self, sources: str) -> None:
        """Make the index anew beside the old one, and put it in its place."""
        file = self.workspace.library_file
        draft = file.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        with closing(_connect(draft)) as index:
            index.execute(Path(__file__).with_name("schema.sql").read_text())
            # What came with the program first: a collected copy of a run changes nothing.
            for path in sorted(self.shipped.glob("experiments/*.jsonl")):
                runs = [tables.run_values(row, own=False) for row in tables.from_lines(path)]
                _insert(index, "runs", runs)
            known = tables.from_folder(self.shipped / "fingerprints", Fingerprint)
            _insert(index, "fingerprints", [tables.named_values(one) for one in known])
            cards = tables.from_folder(self.shipped / "datasets", DataSetCard)
            _insert(index, "cards", [tables.named_values(one) for one in cards])
            for path in sorted(self.workspace.library.glob("runs-*.parquet")):
                _insert(index, "runs", tables.from_parquet(path))
            for name in ("fingerprints", "cards"):
                _put_over(index, name, self.workspace.library)
            index.execute("INSERT INTO built_from VALUES (?, ?)", [_SCHEMA_VERSION, sources])
        os.replace(draft, file)


def _connect(file: Path) -> "DuckDBPyConnection":
    """Open the file, waiting for whoever holds it; a damaged index is thrown away."""
    import duckdb

    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return duckdb.connect(str(file))
        except duckdb.IOException as error:
            held = "lock" in str(error).lower()
            if held and time.monotonic() > until:
                raise LibraryError(
                    f"{file} is held by another program; close it and try again"
                ) from error
            if not held:
                _throw_away(file, error)
        except (duckdb.SerializationException, duckdb.InternalException) as error:
            _throw_away(file, error)
        time.sleep(_PAUSE_S)


def _throw_away(file: Path, error: Exception) -> None:
    """Delete an index that cannot be read: its content comes back from the files."""
    if not file.is_file():
        raise LibraryError(f"{file} cannot be opened: {error}") from error
    file.unlink()


def _built_from(index: "DuckDBPyConnection") -> str:
    """Return the sources the index was built from; empty where it is none of this version."""
    names = {row[0] for row in index.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if "built_from" not in names:
        return ""
    found = index.execute("SELECT schema_version, sources FROM built_from").fetchall()
    return str(found[0][1]) if found and found[0][0] == _SCHEMA_VERSION else ""


def _insert(index: "DuckDBPyConnection", table: str, rows: list[dict[str, Any]]) -> None:
    """Put the rows into the table; those whose key is known change nothing."""
    unique = {row[_KEYS[table]]: row for row in reversed(rows)}
    if not unique:
        return
    index.register("incoming", tables.to_arrow(list(unique.values())))
    columns = ", ".join(row[0] for row in index.execute(f"DESCRIBE {table}").fetchall())
    index.execute(
        f"INSERT OR IGNORE INTO {table} ({columns}) SELECT {columns} FROM incoming"  # noqa: S608
    )
    index.unregister("incoming")


def _put_over(index: "DuckDBPyConnection", table: str, folder: Path) -> None:
    """Put collected fingerprints or cards over older ones of the same name."""
    found = [row for path in folder.glob(f"{table}-*.parquet") for row in tables.from_parquet(path)]
    key = _KEYS[table]
    found.sort(key=lambda row: int(row["added_ns"]), reverse=True)
    index.execute(
        f"DELETE FROM {table} WHERE {key} IN (SELECT unnest(?))",  # noqa: S608
        [[row[key] for row in found]],
    )
    _insert(index, table, found)


def _rows(index: "DuckDBPyConnection", where: str = "") -> list[RunRow]:
    answer = index.execute(f"SELECT * FROM runs {where} ORDER BY run")  # noqa: S608
    names = [about[0] for about in answer.description or ()]
    return [
        tables.run_record(dict(zip(names, values, strict=True))) for values in answer.fetchall()
    ]


def _records(index: "DuckDBPyConnection", table: str, kind: type[Named]) -> list[Named]:
    answer = index.execute(f"SELECT record FROM {table} ORDER BY {_KEYS[table]}")  # noqa: S608
    return [decode(text.encode(), kind) for (text,) in answer.fetchall()]


def _known_runs(index: "DuckDBPyConnection", runs: Iterable[str]) -> set[str]:
    answer = index.execute("SELECT run FROM runs WHERE run IN (SELECT unnest(?))", [list(runs)])
    return {run for (run,) in answer.fetchall()}


def _changed(
    index: "DuckDBPyConnection", table: str, records: Sequence[Fingerprint | DataSetCard]
) -> list[dict[str, Any]]:
    """Return the rows of the records that differ from the known ones."""
    known = dict(index.execute(f"SELECT {_KEYS[table]}, record FROM {table}").fetchall())  # noqa: S608
    values = [tables.named_values(record) for record in records]
    return [row for row in values if known.get(row[_KEYS[table]]) != row["record"]]


def _stats(index: "DuckDBPyConnection") -> Stats:
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
