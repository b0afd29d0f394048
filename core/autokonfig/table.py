"""Runs to comparable targets: one block a data set.

Scores of different data sets do not compare. Within a data set, the target of a pipeline is
(score - median of the anchors) / (best - median of the anchors), clipped to [-2, 1]. Only
completed runs count: failures scored as 0 would teach that hard data sets are bad pipelines.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.autokonfig import splits
from core.records import Fingerprint, Kind, Pipeline, RunRow, Snapshot

LOWEST, HIGHEST = -2.0, 1.0

# Runs that saw less than this share of the most training tiles compare fidelities, not pipelines.
_SAME_FIDELITY = 0.5

# A run that saw less than this share of what is usual on its data set was starved, e.g. by other
# work on the machine: its score says nothing of the pipeline.
_STARVED = 0.1

# An anchor ran on at least this share of a kind's data sets.
_ANCHOR_SHARE = 0.8

# Two pipelines only tell which of the two is better; from three on there is a field.
FIELD = 3

# Used until a kind has repeated runs: seeds of the published comparisons differ by about a point.
DEFAULT_NOISE = 0.01

# All pipelines are judged on the same validation images: most of that error is shared.
_UNSHARED = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What one pipeline reached on one data set, seeds averaged."""

    pipeline: str
    score: float
    """Validation headline."""
    runs: int
    standard_error: float
    """Of the mean, seeds and the unshared part of the validation error together."""
    samples: float
    test: float | None = None
    earlier: bool = False
    """Whether it ran on earlier splits alone; the score is brought to the level of the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One data set with all pipelines that completed on it."""

    subject: str
    family: str
    """Source, or core data set: families stand on one side of a leave-one-out."""
    kind: Kind
    trials: tuple[Trial, ...]
    median: float
    """Score of the middle anchor."""
    scale: float
    """From the middle anchor to the best, never below twice the noise."""
    dense: bool
    """Whether enough anchors ran for the median to be comparable."""

    @property
    def pipelines(self) -> list[str]:
        """Return the names in the order of the trials."""
        return [trial.pipeline for trial in self.trials]

    @property
    def targets(self) -> NDArray[np.float64]:
        """Return one target a trial, in [-2, 1]."""
        scores = np.array([trial.score for trial in self.trials])
        return np.clip((scores - self.median) / self.scale, LOWEST, HIGHEST)

    @property
    def errors(self) -> NDArray[np.float64]:
        """Return the standard errors in units of the targets."""
        return np.array([trial.standard_error for trial in self.trials]) / self.scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """All that can be compared."""

    blocks: tuple[Block, ...]
    fingerprints: Mapping[str, Fingerprint]
    pool: Mapping[str, Pipeline]
    rows: tuple[RunRow, ...]

    def of_kind(self, kind: Kind) -> list[Block]:
        """Return the blocks of one kind of task."""
        return [block for block in self.blocks if block.kind is kind]

    def candidates(self, kind: Kind) -> list[Pipeline]:
        """Return the pool's pipelines for the kind, in the order set by hand."""
        return [pipeline for pipeline in self.pool.values() if kind in pipeline.kinds]

    def without(self, family: str) -> "Table":
        """Return the table as if the family had never been seen."""
        return self.dropping({one.subject for one in self.blocks if one.family == family})

    def dropping(self, subjects: Collection[str]) -> "Table":
        """Return the table as if these data sets had never been seen."""
        return Table(
            blocks=tuple(block for block in self.blocks if block.subject not in subjects),
            fingerprints={k: v for k, v in self.fingerprints.items() if k not in subjects},
            pool=self.pool,
            rows=tuple(row for row in self.rows if row.subject not in subjects),
        )


def build(snapshot: Snapshot, pool: Mapping[str, Pipeline]) -> Table:
    """Return the comparable blocks; runs of pipelines outside the pool are left out."""
    rows = tuple(row for row in snapshot.rows if row.pipeline in pool)
    families = {card.id: card.source or card.core or card.id for card in snapshot.cards}
    blocks: list[Block] = []
    for kind in Kind:
        scored = [row for row in rows if row.kind is kind and _counts(row)]
        cells = _cells(scored)
        noise = _noise(cells.values())
        compared, earlier = splits.brought(cells)
        names: dict[str, list[Trial]] = defaultdict(list)
        for (subject, pipeline), runs in sorted(compared.items()):
            is_earlier = (subject, pipeline) in earlier
            names[subject].append(_trial(pipeline, runs, noise, earlier=is_earlier))
        family_of = {row.subject: families.get(row.data_set, row.data_set) for row in scored}
        blocks += _blocks(kind, names, family_of)
    return Table(
        blocks=tuple(blocks),
        fingerprints={one.data_set: one for one in snapshot.fingerprints},
        pool=pool,
        rows=rows,
    )


def _counts(row: RunRow) -> bool:
    return row.state == "finished" and row.validation is not None and np.isfinite(row.validation)


def _cells(rows: Sequence[RunRow]) -> dict[tuple[str, str], list[RunRow]]:
    """Return the runs of each (data set, pipeline) that saw about the same number of tiles.

    As many as others of their split: between splits there is no comparing but by `splits`.
    """
    samples: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        samples[row.subject].append(row.samples)
    usual = {subject: float(np.median(seen)) for subject, seen in samples.items()}
    cells: dict[tuple[str, str], list[RunRow]] = defaultdict(list)
    for row in rows:
        if row.samples >= _STARVED * usual[row.subject]:
            cells[row.subject, row.pipeline].append(row)
    return {key: _alike_trained(runs) for key, runs in cells.items()}


def _alike_trained(runs: Sequence[RunRow]) -> list[RunRow]:
    most: dict[str, int] = defaultdict(int)
    for row in runs:
        most[row.split] = max(most[row.split], row.samples)
    return [row for row in runs if row.samples >= _SAME_FIDELITY * most[row.split]]


def _scores(runs: Iterable[RunRow]) -> NDArray[np.float64]:
    return np.array([row.validation for row in runs if row.validation is not None])


def _noise(cells: Iterable[list[RunRow]]) -> float:
    """Return the standard deviation between repeats, pooled over all that were repeated."""
    squares = freedom = 0.0
    for runs in cells:
        for split in {row.split for row in runs}:
            scores = _scores(row for row in runs if row.split == split)
            squares += float(((scores - scores.mean()) ** 2).sum())
            freedom += len(scores) - 1
    return float(np.sqrt(squares / freedom)) if freedom > 0 and squares > 0 else DEFAULT_NOISE


def _trial(pipeline: str, runs: list[RunRow], noise: float, *, earlier: bool) -> Trial:
    shared = [row.validation_se for row in runs if row.validation_se is not None]
    sampling = _UNSHARED * float(np.mean(shared)) if shared else noise
    tests = [row.test for row in runs if row.test is not None]
    return Trial(
        pipeline=pipeline,
        score=float(_scores(runs).mean()),
        runs=len(runs),
        # Seeds average out with more runs, the validation images stay the same.
        standard_error=float(np.sqrt(noise**2 / len(runs) + sampling**2)),
        samples=float(np.mean([row.samples for row in runs])),
        test=float(np.mean(tests)) if tests else None,
        earlier=earlier,
    )


def _blocks(
    kind: Kind, trials: Mapping[str, list[Trial]], family_of: Mapping[str, str]
) -> list[Block]:
    anchors = _anchors(trials)
    spans = {subject: _span(found, anchors) for subject, found in trials.items()}
    needed = max(FIELD, len(anchors) / 2)
    dense = {
        subject: sum(trial.pipeline in anchors for trial in found) >= needed
        for subject, found in trials.items()
    }
    usual = [spans[subject][1] for subject in trials if dense[subject]]
    blocks = []
    for subject, found in trials.items():
        median, spread = spans[subject]
        if not dense[subject] and usual:
            # Few pipelines: their spread says little of the field's.
            spread = max(spread, float(np.median(usual)) / 2)
        floor = 2 * float(np.median([trial.standard_error for trial in found]))
        blocks.append(
            Block(
                subject=subject,
                family=family_of[subject],
                kind=kind,
                trials=tuple(found),
                median=median,
                scale=max(spread, floor),
                dense=dense[subject],
            )
        )
    return blocks


def _anchors(trials: Mapping[str, list[Trial]]) -> set[str]:
    """Return the pipelines that ran on nearly every data set with a field; else all of those."""
    fields = [found for found in trials.values() if len(found) >= FIELD]
    counts: dict[str, int] = defaultdict(int)
    for found in fields:
        for trial in found:
            counts[trial.pipeline] += 1
    usual = {name for name, count in counts.items() if count >= _ANCHOR_SHARE * len(fields)}
    return usual if len(usual) >= FIELD else set(counts)


def _span(found: list[Trial], anchors: set[str]) -> tuple[float, float]:
    """Return the middle anchor's score and the way from it to the best of all."""
    middle = [t.score for t in found if t.pipeline in anchors] or [t.score for t in found]
    median = float(np.median(middle))
    return median, max(trial.score for trial in found) - median
