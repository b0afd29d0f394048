"""Mean target a pipeline over all data sets, shrunk towards what its components reached.

Where the library is empty, the order of the pool, set by hand, is all there is.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.autokonfig.design import components
from core.autokonfig.table import Block, Table
from core.records import Kind, Pipeline

Targets = list[tuple[Block, NDArray[np.float64]]]
"""Each data set with one target a trial."""

# As many imaginary data sets say "as its components" as real ones must speak to be half believed.
SHRINKAGE = 2.0

# Ridge of the components' effects, in data sets.
_RIDGE = 1.0

# What a component did for another kind of task tells less, but something.
_OTHER_KINDS = 0.25

# Half the way from first to last in the order set by hand, in targets.
_BY_HAND = 0.3


def fit(table: Table, kind: Kind) -> dict[str, float]:
    """Return the expected target of each of the kind's pipelines in the pool."""
    return _means(table, kind, targets(table, kind))


def targets(table: Table, kind: Kind) -> Targets:
    """Return the kind's data sets with their targets; those with one pipeline tell nothing.

    Where few anchors ran, the middle of those that ran is not the field's middle: such data sets
    are shifted so that their mean is what the same pipelines reach elsewhere.
    """
    blocks = [block for block in table.of_kind(kind) if len(block.trials) > 1]
    dense: Targets = [(block, block.targets) for block in blocks if block.dense]
    elsewhere = _means(table, kind, dense)
    return dense + [
        (block, block.targets - block.targets.mean() + _expected(block, elsewhere))
        for block in blocks
        if not block.dense
    ]


def by_hand(candidates: Sequence[Pipeline]) -> dict[str, float]:
    """Return values that fall evenly along the order set by hand."""
    values = np.linspace(_BY_HAND, -_BY_HAND, max(len(candidates), 2))
    return {one.name: float(value) for one, value in zip(candidates, values, strict=False)}


def _expected(block: Block, prior: dict[str, float]) -> float:
    return float(np.mean([prior.get(name, 0.0) for name in block.pipelines]))


def _means(table: Table, kind: Kind, known: Targets) -> dict[str, float]:
    candidates = table.candidates(kind)
    # The order set by hand speaks where the library is silent.
    trust = SHRINKAGE / (SHRINKAGE + len(known))
    hand = {name: trust * value for name, value in by_hand(candidates).items()}
    effects = _effects(table, kind, known, hand)
    measured: dict[str, list[float]] = defaultdict(list)
    for block, values in known:
        for name, value in zip(block.pipelines, values, strict=True):
            measured[name].append(float(value))
    found = {}
    for one in candidates:
        fallback = hand[one.name] + sum(effects.get(part, 0.0) for part in components(one))
        seen = measured[one.name]
        found[one.name] = (sum(seen) + SHRINKAGE * fallback) / (len(seen) + SHRINKAGE)
    return found


def _effects(table: Table, kind: Kind, known: Targets, hand: dict[str, float]) -> dict[str, float]:
    """Return the effect of each component beyond the order set by hand: a ridge regression.

    Every data set weighs the same; those of other kinds of task weigh less.
    """
    others: Targets = [
        (block, block.targets)
        for block in table.blocks
        if block.kind is not kind and block.dense and len(block.trials) > 1
    ]
    rows: list[tuple[list[str], float, float]] = []
    for block, values in known + others:
        weight = (1.0 if block.kind is kind else _OTHER_KINDS) / len(block.trials)
        # Components differ within a data set; its mean belongs to the data set.
        offsets = np.array([hand.get(name, 0.0) for name in block.pipelines])
        rest = values - offsets
        for name, value in zip(block.pipelines, rest - rest.mean(), strict=True):
            rows.append((components(table.pool[name]), float(value), weight))
    if not rows:
        return {}
    names = sorted({part for parts, _, _ in rows for part in parts})
    design = np.array([[float(name in parts) for name in names] for parts, _, _ in rows])
    weights = np.array([weight for _, _, weight in rows])
    weighted = design * weights[:, None]
    gram = weighted.T @ design + _RIDGE * np.eye(len(names))
    found = np.linalg.solve(gram, weighted.T @ np.array([value for _, value, _ in rows]))
    return dict(zip(names, found.tolist(), strict=True))
