"""What was fitted, kept as text until what it was fitted on changes.

Looked for beside the library, then among the knowledge that came with the program.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from core.autokonfig import cost, learner
from core.autokonfig.cost import CostModel
from core.autokonfig.design import NAMES, Directions
from core.autokonfig.learner import Learner
from core.autokonfig.table import Table
from core.errors import StudyError
from core.paths import DATA_LIBRARY
from core.records import Kind, read, to_plain, write

# Raised when the design or the way of fitting changes: older files are then fitted anew.
_VERSION = 1


FILE = "learner.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """All that takes seconds to fit."""

    learner: Learner
    costs: CostModel


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """The file: arrays as lists."""

    key: str
    shares: dict[Kind, float]
    rankers: tuple[str, ...]
    regressors: tuple[str, ...]
    mean: list[float]
    axes: list[list[float]]
    costs: CostModel


def fitted(table: Table, cache: str = "") -> Fitted:
    """Return what the table teaches: from a file where one fits, else fitted now and kept.

    `cache` is a folder; empty keeps nothing. A missing, damaged or outdated file is replaced.
    """
    key = _key(table)
    folders = [Path(cache)] if cache else []
    for folder in (*folders, DATA_LIBRARY):
        known = _load(folder / FILE, key)
        if known is not None:
            return known
    found = Fitted(learner=learner.fit(table), costs=cost.fit(table))
    for folder in folders:
        keep(table, found, folder)
    return found


def keep(table: Table, found: Fitted, folder: Path) -> None:
    """Write what was fitted on the table to the folder."""
    write(
        folder / FILE,
        _Kept(
            key=_key(table),
            shares=found.learner.shares,
            rankers=found.learner.rankers,
            regressors=found.learner.regressors,
            mean=found.learner.directions.mean.tolist(),
            axes=found.learner.directions.axes.tolist(),
            costs=found.costs,
        ),
    )


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
        costs=file.costs,
    )


def _key(table: Table) -> str:
    """Return a hash over all that is fitted on."""
    facts = [
        _VERSION,
        NAMES,
        [to_plain(row) for row in sorted(table.rows, key=lambda row: row.run)],
        [(block.subject, block.family) for block in table.blocks],
        [
            (name, sorted(one.values.items()), one.embedding)
            for name, one in sorted(table.fingerprints.items())
        ],
        [to_plain(pipeline) for pipeline in table.pool.values()],
    ]
    return hashlib.sha256(msgspec.json.encode(facts)).hexdigest()
