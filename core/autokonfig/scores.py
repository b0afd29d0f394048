"""The headline score to expect within the budget, and how far off that may be.

Expected = level of data sets alike + (target of the pipeline) x (spread of data sets alike),
moved along the recorded learning curves to the number of training tiles the budget affords. The
interval is what leaving one data set out at a time gets wrong.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.autokonfig import neighbours, prior
from core.autokonfig.table import HIGHEST, Block, Table
from core.records import Fingerprint, Kind, RunRow

# How quickly a data set's say falls with its distance in standard deviations.
_FALL = 1.5
# All data sets of the kind together count a little, however far.
_LEAST_SAY = 0.02
# A study's own runs say more of it than all other data sets together.
_OWN_SAY = 20.0

_LEVEL = 0.9
# Fewer families than this say nothing of how wrong a forecast for a new one may be.
_FEWEST_FAMILIES = 3
_WIDEST = 0.5
_NORMAL_90 = 1.645

# Halvings of the training that curves are read at.
_HALVINGS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A forecast of the headline score."""

    score: float
    low: float
    high: float
    """90 % interval with `low`, within [0, 1]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What recorded runs tell about the scores of one kind of task."""

    blocks: tuple[Block, ...]
    halving: NDArray[np.float64]
    """What is lost after 1, 2, ... halvings of the training, in score."""
    half_width: float
    runs: int
    fallback: Mapping[str, float] = field(default_factory=dict)
    """Targets of the prior: what is expected of pipelines in sparse data sets."""


def fit(table: Table, kind: Kind) -> Scores:
    """Return what the kind's runs tell; legal without any."""
    plain = _uncalibrated(table, kind)
    errors: dict[str, list[float]] = defaultdict(list)
    for family in {block.family for block in plain.blocks}:
        others = table.without(family)
        known = _uncalibrated(others, kind)
        for block in plain.blocks:
            if block.family == family and known.blocks:
                errors[family] += _errors(block, known, others, table)
    return Scores(
        blocks=plain.blocks,
        halving=plain.halving,
        half_width=_half_width(list(errors.values())),
        runs=plain.runs,
        fallback=plain.fallback,
    )


def expect(
    known: Scores,
    targets: Mapping[str, float],
    away: Mapping[str, float],
    samples: Mapping[str, int],
) -> dict[str, Expected]:
    """Return the expected score of each pipeline at the number of tiles it can see.

    `away` are the distances to the blocks, 0 for the study's own. Without any run the whole range
    [0, 1] is possible, and so it is said.
    """
    if not known.blocks:
        return {name: Expected(score=0.5, low=0.0, high=1.0) for name in targets}
    says = _says(known.blocks, away)
    level = float(says @ [_level(block, known.fallback) for block in known.blocks])
    spread = float(says @ [block.scale for block in known.blocks])
    moved = _moved(known, says, samples)
    own = float(sum(says[i] for i, b in enumerate(known.blocks) if away[b.subject] == 0.0))
    error = float(says @ [np.median([t.standard_error for t in b.trials]) for b in known.blocks])
    half = max(known.half_width * np.sqrt(1 - own), _NORMAL_90 * error)
    found = {}
    for name, target in targets.items():
        score = float(np.clip(level + min(target, HIGHEST) * spread + moved, 0, 1))
        found[name] = Expected(score=score, low=max(0.0, score - half), high=min(1.0, score + half))
    return found


def _uncalibrated(table: Table, kind: Kind) -> Scores:
    rows = [row for row in table.rows if row.kind is kind and row.state == "finished"]
    return Scores(
        blocks=tuple(table.of_kind(kind)),
        halving=_halving(rows),
        half_width=_WIDEST,
        runs=len(rows),
        fallback=prior.fit(table, kind),
    )


def _says(blocks: Sequence[Block], away: Mapping[str, float]) -> NDArray[np.float64]:
    says = np.array(
        [
            _OWN_SAY
            if away[one.subject] == 0.0
            else np.exp(-_FALL * away[one.subject]) + _LEAST_SAY
            for one in blocks
        ]
    )
    return np.asarray(says / says.sum())


def _level(block: Block, fallback: Mapping[str, float]) -> float:
    """Return the middle anchor's score; where few anchors ran, what those that ran imply."""
    if block.dense:
        return block.median
    return float(
        np.mean([t.score - fallback.get(t.pipeline, 0.0) * block.scale for t in block.trials])
    )


def _moved(known: Scores, says: NDArray[np.float64], samples: Mapping[str, int]) -> float:
    """Return how much more, or less, is reached with the tiles that fit into the budget.

    One figure for all pipelines: how often the training doubles hangs on budget and machine.
    """
    recorded: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for say, block in zip(says, known.blocks, strict=True):
        for trial in block.trials:
            recorded[trial.pipeline].append((np.log2(max(trial.samples, 1)), say))
    steps = [
        np.log2(samples[name]) - np.average([x for x, _ in seen], weights=[say for _, say in seen])
        for name, seen in recorded.items()
        if name in samples
    ]
    doublings = float(np.median(steps)) if steps else 0.0
    losses = np.concatenate([[0.0], known.halving])
    if doublings < 0:
        return -float(np.interp(-doublings, np.arange(len(losses)), losses))
    # Each doubling brings half of what the one before brought.
    return float(losses[1] * (1 - 0.5**doublings))


def _halving(rows: Sequence[RunRow]) -> NDArray[np.float64]:
    """Return the median loss after each number of halvings; zeros where no curve tells.

    Curves of sorting tell none: they hold how likely the true class is, in another unit than the
    headline, and it may fall while that rises.
    """
    lost: dict[str, list[NDArray[np.float64]]] = defaultdict(list)
    for row in rows:
        if row.kind is Kind.CLASSIFICATION or len(row.curve) < 3 or row.curve[0][0] <= 0:
            continue
        seen = np.log2([samples for samples, _ in row.curve])
        # The best weights are kept: a curve never falls.
        reached = np.maximum.accumulate([score for _, score in row.curve])
        at = seen[-1] - np.arange(1, _HALVINGS + 1)
        lost[row.subject].append(reached[-1] - np.interp(at, seen, reached))
    if not lost:
        return np.zeros(_HALVINGS)
    by_subject = [np.mean(found, axis=0) for found in lost.values()]
    return np.maximum.accumulate(np.median(by_subject, axis=0))


def _errors(block: Block, known: Scores, others: Table, table: Table) -> list[float]:
    """Return measured minus expected of each trial, the block's family never seen."""
    about = table.fingerprints.get(block.subject) or Fingerprint(
        data_set=block.subject, kind=block.kind, values={}
    )
    away = neighbours.to_blocks(others, about)
    samples = {trial.pipeline: max(1, int(trial.samples)) for trial in block.trials}
    targets = {name: known.fallback.get(name, 0.0) for name in samples}
    found = expect(known, targets, away, samples)
    return [trial.score - found[trial.pipeline].score for trial in block.trials]


def _half_width(errors: Sequence[Sequence[float]]) -> float:
    """Return the half width that held for nine in ten, every family counting the same."""
    if len(errors) < _FEWEST_FAMILIES:
        return _WIDEST
    sizes = np.concatenate([np.abs(found) for found in errors])
    weights = np.concatenate([np.full(len(found), 1 / len(found)) for found in errors])
    order = np.argsort(sizes)
    # One family more, wrong by anything: the conformal correction for what was never seen.
    share = np.cumsum(weights[order]) / (len(errors) + 1)
    place = int(np.searchsorted(share, _LEVEL))
    return (
        float(sizes[order][place]) if place < len(sizes) else min(_WIDEST, float(sizes.max()) * 1.5)
    )
