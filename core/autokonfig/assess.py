"""How good the advice is: one family of data sets left out at a time.

A family (a data set, its variants, others of its source) is never seen by what advises on it.
Every chooser ranks the same pipelines, those that completed on the data set. Judged is by test
scores where every run has one, else by validation scores.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from core.autokonfig import cost, learner, neighbours, recommend, scores, table
from core.autokonfig.rivals import RIVALS, ranks
from core.autokonfig.table import FIELD, Block, Table
from core.records import Fingerprint, Kind, Pipeline, Snapshot

Floats = NDArray[np.float64]

_TOP = 3
_DRAWS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One chooser on the data sets of one kind of task, means over families."""

    kind: str
    """A kind, or `all`."""
    chooser: str
    data_sets: int
    regret_1: float
    """(best - chosen) / (best - worst), in [0, 1]."""
    regret_1_low: float
    regret_1_high: float
    """95 %, bootstrap over families."""
    regret_3: float
    """The same for the best of its first three."""
    regret_median: float
    """(best - chosen) / (best - median)."""
    lost: float
    """Best minus chosen, in score."""
    spearman: float
    hit_3: float
    """How often the best is among its first three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecasts:
    """How far predictions were off for data sets never seen."""

    data_sets: int
    score_error: float
    """Mean absolute error of the predicted score at the recorded number of tiles."""
    score_inside: float
    """Share of scores inside the 90 % interval."""
    step_inside: float
    memory_inside: float
    megapixel_inside: float
    """Shares of runs below the 90 % bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What `aixcell library assess` tells."""

    figures: tuple[Figures, ...] = ()
    forecasts: Forecasts | None = None
    noise_floor: float = 0.0
    """Regret that chance alone makes: standard error of a score over (best - worst)."""
    weights: tuple[float, ...] = ()
    """The learner's share w, a data set each."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Case:
    """One left-out data set with what each chooser makes of it."""

    block: Block
    truth: Floats
    values: Mapping[str, Floats]
    """Chooser -> one value a pipeline, larger is better; random and oracle are not among them."""
    weight: float
    expected: Sequence[scores.Expected]


def run(snapshot: Snapshot, *, pool: Mapping[str, Pipeline] | None = None) -> Assessment:
    """Return the assessment of the library's recorded data sets."""
    known = table.build(snapshot, recommend.whole_pool() if pool is None else pool)
    judged = [block for block in known.blocks if block.dense and len(block.trials) >= FIELD]
    families = sorted({block.family for block in judged})
    if len(families) < 2:
        return Assessment(
            notes=("There are too few data sets with three pipelines each to judge.",)
        )
    cases: list[_Case] = []
    inside: dict[str, list[bool]] = {"step": [], "memory": [], "megapixel": []}
    for family in families:
        others = known.without(family)
        learned = learner.fit(others)
        cases += [
            _case(block, known, others, learned) for block in judged if block.family == family
        ]
        _count_costs(inside, others, known)
    kinds = [kind for kind in Kind if any(case.block.kind is kind for case in cases)]
    return Assessment(
        figures=tuple(
            figure
            for name, members in [
                *((str(kind), [c for c in cases if c.block.kind is kind]) for kind in kinds),
                ("all", cases),
            ]
            for figure in _figures(name, members)
        ),
        forecasts=_forecasts(cases, inside),
        noise_floor=float(np.mean([_noise(case) for case in cases])),
        weights=tuple(case.weight for case in cases),
        notes=_notes(len(families)),
    )


def lines(assessment: Assessment) -> list[str]:
    """Return the assessment as lines of a table."""
    told = [
        f"{'kind':<15}{'chooser':<16}{'sets':>5}{'regret@1':>10}{'95 %':>15}{'regret@3':>10}"
        f"{'to median':>11}{'lost':>8}{'rho':>7}{'hit@3':>7}"
    ]
    told += [
        f"{one.kind:<15}{one.chooser:<16}{one.data_sets:>5}{one.regret_1:>10.3f}"
        f"{f'{one.regret_1_low:.3f}-{one.regret_1_high:.3f}':>15}{one.regret_3:>10.3f}"
        f"{one.regret_median:>11.3f}{one.lost:>8.3f}{one.spearman:>7.2f}{one.hit_3:>7.2f}"
        for one in assessment.figures
    ]
    known = assessment.forecasts
    if known is not None:
        told += [
            f"noise floor of regret@1: {assessment.noise_floor:.3f}",
            f"share of the learner: {', '.join(f'{w:g}' for w in assessment.weights)}",
            f"predicted score: mean error {known.score_error:.3f}, "
            f"{known.score_inside:.0%} inside the 90 % interval",
            f"runs below the 90 % bound: seconds a step {known.step_inside:.0%}, memory "
            f"{known.memory_inside:.0%}, seconds a megapixel {known.megapixel_inside:.0%}",
        ]
    return [*told, *assessment.notes]


def _case(block: Block, known: Table, others: Table, learned: learner.Learner) -> _Case:
    about = known.fingerprints.get(block.subject) or Fingerprint(
        data_set=block.subject, kind=block.kind, values={}
    )
    targets = recommend.forecast(others, learned, about)
    away = neighbours.to_blocks(others, about)
    samples = {trial.pipeline: max(1, int(trial.samples)) for trial in block.trials}
    found = scores.expect(scores.fit(others, block.kind), targets, away, samples)
    names = block.pipelines
    values = {"autokonfig": targets}
    values |= {name: rank(others, block.kind, away) for name, rank in RIVALS.items()}
    tests = [trial.test for trial in block.trials]
    whole = [test for test in tests if test is not None]
    return _Case(
        block=block,
        truth=np.array(
            whole if len(whole) == len(tests) else [trial.score for trial in block.trials]
        ),
        values={
            chooser: np.array([ranked.get(name, -np.inf) for name in names])
            for chooser, ranked in values.items()
        },
        weight=learned.shares[block.kind],
        expected=[found[name] for name in names],
    )


def _figures(kind: str, cases: Sequence[_Case]) -> list[Figures]:
    found = [_judge(kind, chooser, cases) for chooser in ("autokonfig", *RIVALS)]
    return [*found, _judge(kind, "random", cases), _judge(kind, "oracle", cases)]


def _judge(kind: str, chooser: str, cases: Sequence[_Case]) -> Figures:
    single = np.array([_one(case, chooser) for case in cases])
    families = sorted({case.block.family for case in cases})
    # A family counts once, however many data sets it has.
    means = np.array(
        [
            single[[case.block.family == family for case in cases]].mean(axis=0)
            for family in families
        ]
    )
    random = np.random.default_rng(0)
    drawn = random.integers(0, len(means), (_DRAWS, len(means)))
    low, high = np.percentile(means[drawn, 0].mean(axis=1), [2.5, 97.5])
    regret_1, regret_3, regret_median, lost, spearman, hit_3 = means.mean(axis=0).tolist()
    return Figures(
        kind=kind,
        chooser=chooser,
        data_sets=len(cases),
        regret_1=regret_1,
        regret_1_low=float(low),
        regret_1_high=float(high),
        regret_3=regret_3,
        regret_median=regret_median,
        lost=lost,
        spearman=spearman,
        hit_3=hit_3,
    )


def _one(case: _Case, chooser: str) -> tuple[float, ...]:
    """Return regret@1, regret@3, regret to the median, lost score, Spearman, hit@3."""
    truth = case.truth
    best, worst, middle = truth.max(), truth.min(), float(np.median(truth))
    if chooser == "random":
        reached, spearman = float(truth.mean()), 0.0
        triples = list(combinations(truth, min(_TOP, len(truth))))
        reached_3 = float(np.mean([max(triple) for triple in triples]))
        hit = float(np.mean([best in triple for triple in triples]))
    else:
        values = truth if chooser == "oracle" else case.values[chooser]
        order = np.argsort(-values, kind="stable")
        reached, reached_3 = float(truth[order[0]]), float(truth[order[:_TOP]].max())
        hit = float(reached_3 == best)
        spearman = _correlation(ranks(values), ranks(truth))
    return (
        _share(best - reached, best - worst),
        _share(best - reached_3, best - worst),
        _share(best - reached, best - middle),
        float(best - reached),
        spearman,
        hit,
    )


def _forecasts(cases: Sequence[_Case], inside: Mapping[str, Sequence[bool]]) -> Forecasts:
    pairs = [
        (expected, trial.score)
        for case in cases
        for expected, trial in zip(case.expected, case.block.trials, strict=True)
    ]
    return Forecasts(
        data_sets=len(cases),
        score_error=float(np.mean([abs(one.score - score) for one, score in pairs])),
        score_inside=float(np.mean([one.low <= score <= one.high for one, score in pairs])),
        step_inside=_mean(inside["step"]),
        memory_inside=_mean(inside["memory"]),
        megapixel_inside=_mean(inside["megapixel"]),
    )


def _count_costs(inside: dict[str, list[bool]], others: Table, known: Table) -> None:
    """Add whether the costs of the runs that `others` never saw stayed below their bounds."""
    seen = {row.run for row in others.rows}
    held = [row for row in known.rows if row.run not in seen and row.state == "finished"]
    model = cost.fit(others, cost.corrections(others))
    for figure, below in cost.below_bounds(model, held, known):
        inside[figure].append(below)


def _noise(case: _Case) -> float:
    errors = [trial.standard_error for trial in case.block.trials]
    return _share(float(np.median(errors)), float(case.truth.max() - case.truth.min()))


def _notes(families: int) -> tuple[str, ...]:
    if families >= 18:
        return ()
    return (
        f"With {families} families of data sets regret is known to about +-"
        f"{0.07 * np.sqrt(18 / families):.2f} only.",
    )


def _correlation(one: Floats, other: Floats) -> float:
    if one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else 0.0


def _mean(flags: Sequence[bool]) -> float:
    return float(np.mean(flags)) if flags else float("nan")
