"""One file for another lab: runs, fingerprints and cards, never images, labels or their names."""

import re
import secrets
from collections.abc import Iterable, Set
from dataclasses import replace
from pathlib import Path

from core.errors import LibraryError, StudyError
from core.library.queries import FINISHED
from core.library.store import Library
from core.paths import Workspace
from core.records import RunRow, Snapshot, read, write, write_bytes

# What another workspace's studies carry; a layer's name follows the same sign: `heart@nuclei`.
_MARKED = re.compile(r"@[0-9a-f]{6}$")


def export_to(library: Library, file: Path) -> int:
    """Write what this workspace collected to `file`; return the number of runs.

    Studies and layers go by their name and the workspace's own mark, so that two labs' `demo` stay
    two; what was imported keeps the mark it came with.
    """
    own, mark, here = library.collected(), _mark(library), _names(library.workspace)

    def marked(name: str) -> str:
        return name if _is_brought(name, here) else f"{name}@{mark}"

    write(
        file,
        Snapshot(
            rows=tuple(replace(row, data_set=marked(row.data_set)) for row in own.rows),
            fingerprints=tuple(
                replace(one, data_set=marked(one.data_set), images=()) for one in own.fingerprints
            ),
            cards=tuple(replace(card, id=marked(card.id)) for card in own.cards),
        ),
    )
    return len(own.rows)


def import_from(library: Library, file: Path) -> int:
    """Collect what another lab exported; return how many runs were new, or finished since.

    Importing a file twice, or one's own, changes nothing. Raises LibraryError for other files.
    """
    try:
        brought = read(file, Snapshot)
    except StudyError as error:
        raise LibraryError(
            f"{file} is no export of a library ({error}); make one with "
            "`aixcell library exchange export FILE`"
        ) from error
    if not brought.rows:
        raise LibraryError(f"{file} holds no runs; there is nothing to learn from it")
    known = {row.run: row.state for row in library.rows()}
    fresh = [row for row in brought.rows if known.get(row.run) not in (FINISHED, row.state)]
    subjects = {row.subject for row in fresh} | {row.data_set for row in fresh}
    return library.add(
        fresh,
        fingerprints=[one for one in brought.fingerprints if one.data_set in subjects],
        cards=[card for card in brought.cards if card.id in subjects],
    )


def of_others(workspace: Workspace, rows: Iterable[RunRow]) -> set[str]:
    """Return the ids of those of the collected runs that another workspace exported."""
    here = _names(workspace)
    return {row.run for row in rows if _is_brought(row.data_set, here)}


def _is_brought(name: str, here: Set[str]) -> bool:
    """Return whether a data set carries another workspace's mark, and is no layer of this one."""
    return _MARKED.search(name) is not None and name not in here


def _mark(library: Library) -> str:
    """Return the workspace's mark, made at the first export and kept."""
    file = library.workspace.library / "mark.txt"
    if not file.exists():
        write_bytes(file, secrets.token_hex(3).encode())
    return file.read_text().strip()


def _names(workspace: Workspace) -> Set[str]:
    """Return what this workspace's studies and layers are called."""
    return {study_dir.name for study_dir in workspace.study_dirs()}
