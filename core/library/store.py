"""The only door to DuckDB.

The truth lies in files: `data_library/` (what came with the program) and WORKSPACE/library/
(what was collected, as Parquet). `library.duckdb` is an index of them. While one process holds
it read-write no other can open it, so it is opened for one operation under a file lock.
"""

import hashlib
import os
import time
from collections.abc import Iterator, Sequence, Set
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from filelock import FileLock, Timeout

from core.errors import LibraryError
from core.library import queries, tables
from core.library.queries import Stats
from core.paths import DATA_LIBRARY, Workspace
from core.records import DataSetCard, Fingerprint, RunRow, Snapshot, write_bytes

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["Library", "Stats"]

# One operation takes well below a second, a build of ten thousand runs some seconds; on a machine
# that is training, ten times that.
_PATIENCE_S = 120.0
_PAUSE_S = 0.05


@dataclass(frozen=True, slots=True)
class Library:
    """The algorithm library of a workspace."""

    workspace: Workspace
    shipped: Path = DATA_LIBRARY
    """Folder of the knowledge that came with the program; read only."""

    def rows(self) -> list[RunRow]:
        """Return all runs, sorted by id."""
        with self._open() as index:
            return queries.rows(index)

    def fingerprints(self) -> list[Fingerprint]:
        """Return the latest fingerprint of each data set, sorted by data set."""
        with self._open() as index:
            return queries.records(index, "fingerprints", Fingerprint)

    def cards(self) -> list[DataSetCard]:
        """Return the cards of the data sets, sorted by id."""
        with self._open() as index:
            return queries.records(index, "cards", DataSetCard)

    def snapshot(self) -> Snapshot:
        """Return everything of one moment."""
        with self._open() as index:
            return Snapshot(
                rows=tuple(queries.rows(index)),
                fingerprints=tuple(queries.records(index, "fingerprints", Fingerprint)),
                cards=tuple(queries.records(index, "cards", DataSetCard)),
                cache=str(self.workspace.library),
            )

    def collected(self) -> Snapshot:
        """Return the runs that did not come with the program, and what is known of their data."""
        with self._open() as index:
            rows = tuple(queries.rows(index, "WHERE own"))
            names = {row.subject for row in rows} | {row.data_set for row in rows}
            prints = queries.records(index, "fingerprints", Fingerprint)
            cards = queries.records(index, "cards", DataSetCard)
        return Snapshot(
            rows=rows,
            fingerprints=tuple(one for one in prints if one.data_set in names),
            cards=tuple(card for card in cards if card.id in names),
        )

    def stats(self) -> Stats:
        """Return how much the library knows."""
        with self._open() as index:
            return queries.stats(index)

    def add(
        self,
        rows: Sequence[RunRow] = (),
        *,
        fingerprints: Sequence[Fingerprint] = (),
        cards: Sequence[DataSetCard] = (),
    ) -> int:
        """Collect for good; return how many runs were new.

        A run whose id is known, a fingerprint or a card equal to the known one change nothing; a
        run that failed before and has finished since does.
        """
        unique = {row.run: tables.run_values(row, own=True) for row in rows}
        with self._open() as index:
            known = queries.known_runs(index, unique.values())
            fresh = [values for run, values in unique.items() if run not in known]
            named = {
                "fingerprints": queries.changed(index, "fingerprints", fingerprints),
                "cards": queries.changed(index, "cards", cards),
            }
            written = self._keep("runs", fresh)
            for name, values in named.items():
                stamped = [{**one, "added_ns": time.time_ns()} for one in values]
                written |= self._keep(name, stamped)
            self._take_in(index, fresh, [name for name, values in named.items() if values], written)
        return len(fresh)

    def _keep(self, table: str, rows: list[dict[str, Any]]) -> set[Path]:
        """Write the rows to a file named by its content: it appears whole or not at all."""
        if not rows:
            return set()
        data = tables.to_parquet(rows)
        name = f"{table}-{hashlib.sha256(data).hexdigest()[:16]}.parquet"
        write_bytes(self.workspace.library / name, data)
        return {self.workspace.library / name}

    def _take_in(
        self,
        index: "DuckDBPyConnection",
        runs: list[dict[str, Any]],
        named: Sequence[str],
        written: set[Path],
    ) -> None:
        """Let the open index know what was just written, so that nobody must build it anew.

        What the index was built from is said last: dying before, it is built anew. So it is where
        other files came in the meantime.
        """
        if not written or self._sources(without=written) != queries.built_from(index):
            return
        queries.insert(index, "runs", runs)
        for table in named:
            queries.put_over(index, table, self.workspace.library)
        index.execute("UPDATE built_from SET sources = ?", [self._sources()])

    @contextmanager
    def _open(self) -> Iterator["DuckDBPyConnection"]:
        """Open an index that knows all files of this moment, alone."""
        import duckdb  # noqa: F401 - loaded before others are kept waiting

        file = self.workspace.library_file
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with (
                FileLock(file.with_suffix(".lock"), timeout=_PATIENCE_S),
                _no_damage_kept(file),
                closing(self._current(file)) as index,
            ):
                yield index
        except Timeout as error:
            raise LibraryError(
                f"{file} has been in use for {_PATIENCE_S:.0f} s; close other programs that have "
                "it open and try again"
            ) from error

    def _current(self, file: Path) -> "DuckDBPyConnection":
        """Return the open index, built anew where files changed or where it cannot be read."""
        sources = self._sources()
        index = _connect(file)
        if _built_from(index) != sources:
            index.close()
            self._build(sources)
            index = _connect(file)
        return index

    def _sources(self, without: Set[Path] = frozenset()) -> str:
        """Return what tells whether a file appeared, changed or went, but for some files."""
        files = [
            *self.shipped.glob("experiments/*.jsonl"),
            *self.shipped.glob("fingerprints/*.json"),
            *self.shipped.glob("datasets/*.json"),
            *self.workspace.library.glob("*.parquet"),
        ]
        stamps = [
            (str(path), (about := path.stat()).st_size, about.st_mtime_ns)
            for path in files
            if path not in without
        ]
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
                queries.insert(index, "runs", runs)
            known = tables.from_folder(self.shipped / "fingerprints", Fingerprint)
            queries.insert(index, "fingerprints", [tables.named_values(one) for one in known])
            cards = tables.from_folder(self.shipped / "datasets", DataSetCard)
            queries.insert(index, "cards", [tables.named_values(one) for one in cards])
            for path in sorted(self.workspace.library.glob("runs-*.parquet")):
                queries.insert(index, "runs", tables.from_parquet(path))
            for name in ("fingerprints", "cards"):
                queries.put_over(index, name, self.workspace.library)
            index.execute("INSERT INTO built_from VALUES (?, ?)", [queries.SCHEMA_VERSION, sources])
        # What the old one had not taken in yet must not go into the new one.
        _log_of(file).unlink(missing_ok=True)
        os.replace(draft, file)


def _connect(file: Path) -> "DuckDBPyConnection":
    """Open the file, waiting for whoever holds it; a damaged index is thrown away."""
    import duckdb

    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return duckdb.connect(str(file))
        except duckdb.Error as error:
            # "lock" alone would do for damage, too: that is told of a "block".
            held = "set lock" in str(error)
            if held and time.monotonic() > until:
                raise LibraryError(
                    f"{file} is held by another program; close it and try again"
                ) from error
            if not held:
                _throw_away(file, error)
        time.sleep(_PAUSE_S)


def _built_from(index: "DuckDBPyConnection") -> str:
    """Return the sources of an index; nothing where it is damaged behind what opening reads."""
    import duckdb

    try:
        return queries.built_from(index)
    except duckdb.Error as error:
        if not _is_damage(error):
            raise
        return ""


@contextmanager
def _no_damage_kept(file: Path) -> Iterator[None]:
    """Throw away an index that turns out to be damaged while it is read: the next one is whole."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        _throw_away(file, error)
        raise LibraryError(
            f"{file} could not be read ({error}); it comes back from the files beside it, so try "
            "again"
        ) from error


def _throw_away(file: Path, error: Exception) -> None:
    """Delete an index that cannot be read: its content comes back from the files.

    Raises the error where it is of another kind.
    """
    if not _is_damage(error):
        raise error
    if not file.is_file():
        raise LibraryError(f"{file} cannot be opened: {error}") from error
    file.unlink()
    _log_of(file).unlink(missing_ok=True)


def _log_of(file: Path) -> Path:
    """Return where DuckDB keeps what an index has not taken in yet."""
    return file.with_name(f"{file.name}.wal")


def _is_damage(error: Exception) -> bool:
    """Return whether DuckDB tells of a file that it cannot read; a wrong query is a bug."""
    import duckdb

    told = (
        duckdb.IOException,
        duckdb.SerializationException,
        duckdb.InternalException,
        duckdb.FatalException,
    )
    # A wrong checksum is an error of no kind in particular.
    return isinstance(error, told) or type(error) is duckdb.Error
