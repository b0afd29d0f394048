"""What was fitted, kept as text until what it was fitted on changes.

Looked for beside the library, then among the knowledge that came with the program.
"""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from core.autokonfig import cost, learner, table
from core.autokonfig.cost import Correction
from core.autokonfig.design import NAMES, Directions
from core.autokonfig.learner import Learner
from core.autokonfig.table import Table
from core.errors import StudyError
from core.library.store import Library
from core.paths import DATA_LIBRARY, Workspace
from core.pipeline.catalogue import POOL
from core.records import Kind, read, to_plain, write

# Raised when the design or the way of fitting changes: older files are then fitted anew.
_VERSION = 1


FILE = "learner.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """All that takes seconds to fit."""

    learner: Learner
    corrections: dict[str, Correction]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """The file: arrays as lists."""

    key: str
    shares: dict[Kind, float]
    rankers: tuple[str, ...]
    regressors: tuple[str, ...]
    mean: list[float]
    axes: list[list[float]]
    corrections: dict[str, Correction]


def fitted(known: Table, cache: str = "") -> Fitted:
    """Return what the table teaches: from a file where one fits, else fitted now and kept.

    `cache` is a folder; empty keeps nothing. A missing, damaged or outdated file is replaced.
    """
    key = _key(known)
    folders = [Path(cache)] if cache else []
    for folder in (*folders, DATA_LIBRARY):
        kept = _load(folder / FILE, key)
        if kept is not None:
            return kept
    found = Fitted(learner=learner.fit(known), corrections=cost.corrections(known))
    for folder in folders:
        keep(known, found, folder)
    return found


def keep(known: Table, found: Fitted, folder: Path) -> None:
    """Write what was fitted on the table to the folder."""
    write(
        folder / FILE,
        _Kept(
            key=_key(known),
            shares=found.learner.shares,
            rankers=found.learner.rankers,
            regressors=found.learner.regressors,
            mean=found.learner.directions.mean.tolist(),
            axes=found.learner.directions.axes.tolist(),
            corrections=found.corrections,
        ),
    )


def ship(folder: Path = DATA_LIBRARY) -> Path:
    """Fit on what comes with the program alone, and put the file into the folder; return it.

    Without it a first recommendation fits for some seconds; a file that does not belong to the
    recorded experiments is not used.
    """
    with tempfile.TemporaryDirectory() as empty:
        snapshot = Library(Workspace(Path(empty))).snapshot()
    known = table.build(snapshot, POOL)
    keep(known, Fitted(learner=learner.fit(known), corrections=cost.corrections(known)), folder)
    return folder / FILE


def _load(path: Path, key: str) -> Fitted | None:
    try:
        file = read(path, _Kept)
    except StudyError:
        return None
    if file.key != key:
        return None
    axes = np.array(file.axes) if file.axes else np.zeros((0, 0))
    return Fitted(
        learner=Learner(
            rankers=file.rankers,
            regressors=file.regressors,
            shares=file.shares,
            directions=Directions(mean=np.array(file.mean), axes=axes),
        ),
        corrections=file.corrections,
    )


def _key(known: Table) -> str:
    """Return a hash over all that is fitted on.

    A study with one or two pipelines is not among it: its runs count at once, without a new fit.
    """
    learned = learner.learnable(known)
    prints = [known.fingerprints.get(block.subject) for block, _ in learned]
    facts = [
        _VERSION,
        NAMES,
        [(to_plain(block), values.tolist()) for block, values in learned],
        [None if one is None else (sorted(one.values.items()), one.embedding) for one in prints],
        [to_plain(pipeline) for pipeline in known.pool.values()],
        [to_plain(row) for row in cost.correctable(known)],
    ]
    return hashlib.sha256(msgspec.json.encode(facts)).hexdigest()
