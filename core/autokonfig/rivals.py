"""Simple choosers that the advice must beat: each ranks a kind's pipelines by other data sets."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from core.autokonfig import prior
from core.autokonfig.table import Table
from core.records import Kind

Floats = NDArray[np.float64]


def ranks(values: Floats) -> Floats:
    """Return ranks from 1, larger values larger; equal values share their mean rank."""
    order = np.array([np.sum(values < v) + (np.sum(values == v) + 1) / 2 for v in values])
    return order.astype(float)


def _by_hand(others: Table, kind: Kind, away: Mapping[str, float]) -> dict[str, float]:
    return prior.by_hand(others.candidates(kind))


def _single_best(others: Table, kind: Kind, away: Mapping[str, float]) -> dict[str, float]:
    """Rank by how often a pipeline was the best of a data set, then by mean score."""
    wins: dict[str, float] = {}
    for block in others.of_kind(kind):
        best = max(trial.score for trial in block.trials)
        for trial in block.trials:
            won = float(trial.score == best) + 1e-3 * trial.score
            wins[trial.pipeline] = wins.get(trial.pipeline, 0.0) + won
    return wins


def _average_rank(others: Table, kind: Kind, away: Mapping[str, float]) -> dict[str, float]:
    places: dict[str, list[float]] = {}
    for block in others.of_kind(kind):
        for name, rank in zip(block.pipelines, ranks(block.targets), strict=True):
            places.setdefault(name, []).append(rank / len(block.trials))
    return {name: float(np.mean(found)) for name, found in places.items()}


def _nearest(count: int) -> Callable[[Table, Kind, Mapping[str, float]], dict[str, float]]:
    def rank(others: Table, kind: Kind, away: Mapping[str, float]) -> dict[str, float]:
        blocks = sorted(others.of_kind(kind), key=lambda block: away[block.subject])[:count]
        found: dict[str, list[float]] = {}
        for block in blocks:
            for name, target in zip(block.pipelines, block.targets, strict=True):
                found.setdefault(name, []).append(float(target))
        return {name: float(np.mean(values)) for name, values in found.items()}

    return rank


RIVALS: dict[str, Callable[[Table, Kind, Mapping[str, float]], dict[str, float]]] = {
    "by hand": _by_hand,
    "single best": _single_best,
    "average rank": _average_rank,
    "1 nearest": _nearest(1),
    "3 nearest": _nearest(3),
}
"""Name -> chooser; it takes the table, the kind and the distances to its data sets."""
