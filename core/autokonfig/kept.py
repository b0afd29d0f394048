"""The fitted learner, kept as text beside the library until what it was fitted on changes."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from core.autokonfig import learner
from core.autokonfig.design import NAMES, Directions
from core.autokonfig.learner import Learner
from core.autokonfig.table import Table
from core.errors import StudyError
from core.records import Kind, read, to_plain, write

# Raised when the design or the way of fitting changes: older files are then fitted anew.
_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    key: str
    shares: dict[Kind, float]
    rankers: tuple[str, ...]
    regressors: tuple[str, ...]
    mean: list[float]
    axes: list[list[float]]


def fitted(table: Table, cache: str = "") -> Learner:
    """Return the table's learner: from the folder `cache` where it fits, else fitted now and kept.

    A missing, damaged or outdated file is replaced.
    """
    key = _key(table)
    path = Path(cache) / "learner.json"
    known = _load(path, key) if cache else None
    if known is not None:
        return known
    found = learner.fit(table)
    if cache:
        file = _File(
            key=key,
            shares=found.shares,
            rankers=found.rankers,
            regressors=found.regressors,
            mean=found.directions.mean.tolist(),
            axes=found.directions.axes.tolist(),
        )
        write(path, file)
    return found


def _load(path: Path, key: str) -> Learner | None:
    try:
        file = read(path, _File)
    except StudyError:
        return None
    if file.key != key:
        return None
    axes = np.array(file.axes)
    return Learner(
        rankers=file.rankers,
        regressors=file.regressors,
        shares=file.shares,
        directions=Directions(
            mean=np.array(file.mean), axes=axes if axes.size else np.zeros((0, 0))
        ),
    )


def _key(table: Table) -> str:
    """Return a hash over all the learner is fitted on."""
    facts = [
        _VERSION,
        NAMES,
        [to_plain(block) for block in table.blocks],
        [
            (name, sorted(one.values.items()), one.embedding)
            for name, one in sorted(table.fingerprints.items())
        ],
        [to_plain(pipeline) for pipeline in table.pool.values()],
    ]
    return hashlib.sha256(msgspec.json.encode(facts)).hexdigest()
