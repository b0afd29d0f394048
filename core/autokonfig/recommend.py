"""Pipelines ranked for one study, budget and machine, with score, time, memory and reasons."""

from collections.abc import Mapping, Sequence

import numpy as np

from core.autokonfig import (
    balance,
    cost,
    explain,
    kept,
    learner,
    neighbours,
    prior,
    scores,
    sizes,
    table,
)
from core.autokonfig.cost import Costs
from core.autokonfig.learner import Learner
from core.autokonfig.table import FIELD, Table
from core.errors import LibraryError
from core.records import (
    Budget,
    Fingerprint,
    Kind,
    Machine,
    Pipeline,
    Recommendation,
    Recommended,
    Snapshot,
    TaskSpec,
)

# Where fast prediction is wished, what takes more than this many times the quickest is left out.
_SLOWER = 2.0


def run(
    fingerprint: Fingerprint,
    task: TaskSpec,
    budget: Budget,
    snapshot: Snapshot,
    machine: Machine,
    *,
    pool: Mapping[str, Pipeline] | None = None,
) -> Recommendation:
    """Return the pool's pipelines for the task, best first, those a limit excludes at the end.

    `pool` is by default all pipelines of the program. The study's own finished runs count where
    the snapshot holds them. Raises LibraryError where the pool has no pipeline for the task.
    """
    known = table.build(snapshot, whole_pool() if pool is None else pool)
    candidates = known.candidates(task.kind)
    if not candidates:
        raise LibraryError(f"there is no pipeline for {task.kind} tasks")
    fitted = kept.fitted(known, snapshot.cache)
    learned = fitted.learner
    targets = forecast(known, learned, fingerprint)
    model = cost.fit(known, fitted.corrections)
    costs = {one.name: cost.predict(model, one, fingerprint, budget, machine) for one in candidates}
    away = neighbours.to_blocks(known, fingerprint)
    expected = scores.expect(
        scores.fit(known, task.kind),
        targets,
        away,
        {name: found.samples for name, found in costs.items()},
    )
    slowest = _slowest_s(costs) if task.wishes.fast_prediction else None
    ranked = []
    for one in candidates:
        excluded = explain.limits(costs[one.name], budget, machine, slowest)
        told = explain.reasons(one, known, learned, fingerprint, costs[one.name])
        ranked.append(
            Recommended(
                pipeline=one,
                score=round(expected[one.name].score, 4),
                score_low=round(expected[one.name].low, 4),
                score_high=round(expected[one.name].high, 4),
                seconds=budget.seconds,
                memory_gib=round(costs[one.name].memory_gib.bound, 2),
                samples=costs[one.name].samples,
                seconds_per_megapixel=round(costs[one.name].seconds_per_megapixel.value, 3),
                reasons=(*excluded, *told),
                rank_value=round(targets[one.name], 4),
                feasible=not excluded,
            )
        )
    # A stable sort: the order set by hand decides between equals.
    ranked.sort(key=lambda one: (not one.feasible, -one.rank_value))
    blocks = [block for block in known.of_kind(task.kind) if len(block.trials) > 1]
    return Recommendation(
        study=fingerprint.data_set,
        pipelines=tuple(ranked),
        neighbours=explain.nearest(known, snapshot.cards, away, fingerprint.data_set),
        weight=learned.shares.get(task.kind, 0.0) if blocks else 0.0,
        runs=sum(trial.runs for block in blocks for trial in block.trials),
        data_sets=len(blocks),
        notes=tuple(_notes(known, learned, task, ranked, machine)),
    )


def prepare(snapshot: Snapshot) -> None:
    """Fit what is to be fitted and keep it, before a fingerprint is there.

    Nothing where it is kept already; `run` then takes it from there.
    """
    kept.fitted(table.build(snapshot, whole_pool()), snapshot.cache)


def forecast(known: Table, learned: Learner, fingerprint: Fingerprint) -> dict[str, float]:
    """Return the expected target of each candidate on this data set.

    (1 - w) z(prior) + w z(learner), brought back to targets, then corrected by what was measured
    on data sets alike and on the study itself.
    """
    kind = fingerprint.kind
    near = neighbours.alike(known, fingerprint)
    # What is alike comes in by the correction; in the mean as well it would count twice.
    rest = known.dropping({block.subject for block, _ in near})
    believed = prior.fit(rest, kind)
    names = [one.name for one in known.candidates(kind)]
    values = np.array([believed[name] for name in names])
    share = learned.shares.get(kind, 0.0)
    if share > 0:
        found = learned.values([known.pool[name] for name in names], fingerprint)
        blend = (1 - share) * learner.standardised(values) + share * found
        # The learner sorts; how far pipelines stand apart on one data set is known to the blocks.
        spread = float(np.mean([b.targets.std() for b in known.of_kind(kind) if b.dense]))
        values = values.mean() + learner.standardised(blend) * max(spread, values.std())
    expected = dict(zip(names, values.tolist(), strict=True))
    others = _compared(known, fingerprint)
    alike = (other.values.get("diameter_px") for _, other in others)
    if not sizes.is_recorded(alike, fingerprint):
        for name in expected:
            expected[name] -= sizes.loss(known.pool[name], fingerprint)
    if not balance.is_recorded(others):
        for name in expected:
            expected[name] -= balance.loss(known.pool[name], fingerprint)
    return neighbours.corrected(expected, near)


def _compared(known: Table, fingerprint: Fingerprint) -> list[tuple[str, Fingerprint]]:
    """Return family and fingerprint of other data sets of the kind on which a field was compared.

    What is described alone, or was trained once, tells nothing of what suits it.
    """
    return [
        (block.family, known.fingerprints[block.subject])
        for block in known.of_kind(fingerprint.kind)
        if block.subject != fingerprint.data_set
        and block.subject in known.fingerprints
        and len(block.trials) >= FIELD
    ]


def _slowest_s(costs: Mapping[str, Costs]) -> float:
    return _SLOWER * min(found.seconds_per_megapixel.value for found in costs.values())


def _notes(
    known: Table,
    learned: Learner,
    task: TaskSpec,
    ranked: Sequence[Recommended],
    machine: Machine,
) -> list[str]:
    notes = [explain.source(known, learned, task.kind)]
    device = machine.device.rstrip("0123456789")
    if not any(row.hardware.startswith(device) for row in known.rows):
        notes.append(
            f"No run on a machine like this ({device}) is recorded yet: time and memory are "
            "estimated from the size of the networks and may be off fourfold."
        )
    if task.kind is Kind.CLASSIFICATION and known.of_kind(task.kind):
        notes.append(
            "How much better more time makes it is not known for sorting: the expected scores are "
            "those of the recorded trainings, whatever the time."
        )
    feasible = [one for one in ranked if one.feasible]
    if not feasible:
        notes.append("The limits exclude every pipeline; allow more memory or slower prediction.")
    wanted = task.wishes.wanted_score
    if wanted is not None and feasible and known.of_kind(task.kind):
        best = max(feasible, key=lambda one: one.score)
        if best.score_high < wanted:
            verdict = "none is expected to reach it in this time"
        elif best.score_low >= wanted:
            verdict = "the best ones are expected to reach it"
        else:
            verdict = "it may be reached"
        notes.append(f"The wanted score is {wanted:.2f}: {verdict}.")
    return notes


def whole_pool() -> Mapping[str, Pipeline]:
    """Return all pipelines of the program."""
    from core.pipeline.catalogue import POOL

    return POOL
