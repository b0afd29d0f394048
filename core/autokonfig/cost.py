"""Seconds a step, memory, and seconds a megapixel, predicted before the start.

The size of the network gives the first guess; recorded runs scale it. With many runs LightGBM
corrects what the size cannot tell, never against the direction of work and memory. Each figure
comes with a bound that holds for nine runs in ten.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.autokonfig import trees, work
from core.autokonfig.table import Table
from core.autokonfig.trees import Tree
from core.autokonfig.work import Case
from core.records import Budget, Fingerprint, Machine, Pipeline, RunRow

# From this many runs on, corrections beyond a common factor can be told from noise.
ENOUGH_RUNS = 60

_ROUNDS = 60
_FOLDS = 5

# Share of runs whose cost stays below the bound.
_LEVEL = 0.9

# Corrections are fitted anew with every so many runs: one more changes them by less than it takes.
_STEP_RUNS = 20

# Fewer runs than this tell the level, but not how far runs scatter around it.
_FEWEST_FOR_SPREAD = 10
_FEW_FACTOR = 1.6

# Of a budget: bundle, tuning, report. Replaced by what recorded runs needed.
_LEARNING_SHARE = 0.75
_START_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A predicted cost."""

    value: float
    bound: float
    """What nine runs in ten stay below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What one pipeline would cost on this machine."""

    seconds_per_step: Estimate
    memory_gib: Estimate
    seconds_per_megapixel: Estimate
    samples: int
    """Training tiles that fit into the budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One cost: a first guess from sizes, scaled by recorded runs."""

    figure: str
    """A key of `work.GUESSES`."""
    levels: dict[str, float]
    """Device -> logarithm of the usual ratio of measured to guessed."""
    spread: float
    """Logarithm of the factor that nine runs in ten stay below."""
    correction: str = ""
    """LightGBM model as text of what the levels leave; empty below `ENOUGH_RUNS`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostModel:
    """All costs, as the library's runs teach them."""

    step: Model
    memory: Model
    megapixel: Model
    learning_share: float
    """Of a budget, what is left for learning steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What LightGBM makes of the runs, beyond a common factor."""

    text: str
    """The model as text."""
    spread: float
    """Logarithm of the factor that nine in ten runs of pipelines not shown stay below."""


def correctable(table: Table) -> list[RunRow]:
    """Return the runs that corrections are fitted on: the earliest, in steps of `_STEP_RUNS`."""
    rows = sorted(
        (row for row in table.rows if row.state == "finished"), key=lambda row: (row.made, row.run)
    )
    return rows[: len(rows) // _STEP_RUNS * _STEP_RUNS]


def corrections(table: Table) -> dict[str, Correction]:
    """Return a correction for each figure that enough runs measured; it takes a second."""
    found = {}
    for figure in work.GUESSES:
        seen = _seen(figure, correctable(table), table)
        if len(seen) >= ENOUGH_RUNS:
            _, rest = _levels(figure, seen, "")
            text, left = _boost([case for case, _ in seen], rest)
            found[figure] = Correction(text=text, spread=_bound(left))
    return found


def fit(table: Table, known: Mapping[str, Correction]) -> CostModel:
    """Return what finished runs teach; from sizes alone where there are none.

    `known` are the table's `corrections`.
    """
    rows = [row for row in table.rows if row.state == "finished"]

    def model(figure: str) -> Model:
        seen = _seen(figure, rows, table)
        if not seen:
            return Model(figure=figure, levels={}, spread=0.0)
        correction = known.get(figure)
        levels, rest = _levels(figure, seen, correction.text if correction else "")
        return Model(
            figure=figure,
            levels=levels,
            spread=correction.spread if correction else _bound(rest),
            correction=correction.text if correction else "",
        )

    return CostModel(
        step=model("step"),
        memory=model("memory"),
        megapixel=model("megapixel"),
        learning_share=_learning_share(rows),
    )


def predict(
    model: CostModel,
    pipeline: Pipeline,
    fingerprint: Fingerprint | None,
    budget: Budget,
    machine: Machine,
) -> Costs:
    """Return what the pipeline would cost, and how many training tiles the budget affords."""
    case = Case(
        pipeline=pipeline,
        fingerprint=fingerprint,
        batch=pipeline.training.batch,
        device=machine.device.rstrip("0123456789"),
        cores=machine.cores,
    )
    step = _estimate(model.step, case)
    learning_s = max(0.0, budget.seconds - _START_S) * model.learning_share
    return Costs(
        seconds_per_step=step,
        memory_gib=_estimate(model.memory, case),
        seconds_per_megapixel=_estimate(model.megapixel, case),
        samples=max(1, int(learning_s / step.value)) * case.batch,
    )


def below_bounds(model: CostModel, rows: Sequence[RunRow], table: Table) -> list[tuple[str, bool]]:
    """Return (figure, whether it stayed below its bound) of each run the model never saw."""
    found = []
    for row in rows:
        case = work.of_run(row, table)
        for figure, one in _measured(row).items():
            bound = _estimate(getattr(model, figure), case).bound
            found.append((figure, one <= bound))
    return found


def _measured(row: RunRow) -> dict[str, float]:
    """Return what the run cost, by figure; unmeasured ones are left out.

    On a processor its own seconds count, whatever else ran beside; a card's seconds are only seen
    from outside, as the processor does next to nothing meanwhile.
    """
    own = row.cpu_seconds_per_step if row.hardware.startswith("cpu") else None
    found = {
        "step": own or row.seconds_per_step,
        "memory": row.peak_memory_gib,
        "megapixel": row.seconds_per_megapixel,
    }
    return {figure: value for figure, value in found.items() if value and value > 0}


def _seen(figure: str, rows: Sequence[RunRow], table: Table) -> list[tuple[Case, float]]:
    """Return the case and the figure of each run that measured it."""
    pairs = [(work.of_run(row, table), _measured(row).get(figure)) for row in rows]
    return [(case, value) for case, value in pairs if value is not None]


def _levels(
    figure: str, seen: Sequence[tuple[Case, float]], correction: str
) -> tuple[dict[str, float], NDArray[np.float64]]:
    """Return the usual logarithm of measured over expected a device, and what it leaves."""
    guess = work.GUESSES[figure][0]
    cases = [case for case, _ in seen]
    devices = np.array([case.device for case in cases])
    offsets = np.array([np.log(value / guess(case)) for case, value in seen])
    if correction:
        offsets = offsets - trees.predict(_parsed(correction), work.sizes(cases))
    levels = {
        str(name): float(np.median(offsets[devices == name])) for name in sorted(set(devices))
    }
    return levels, offsets - np.array([levels[name] for name in devices])


def _estimate(model: Model, case: Case) -> Estimate:
    """Return the cost; the bound is wide where no run on such a device is known."""
    guess, unknown = work.GUESSES[model.figure]
    known = case.device in model.levels
    log = np.log(guess(case)) + model.levels.get(case.device, 0.0)
    if model.correction and known:
        log += float(trees.predict(_parsed(model.correction), work.sizes([case]))[0])
    bound = model.spread if known else np.log(unknown)
    return Estimate(value=float(np.exp(log)), bound=float(np.exp(log + bound)))


@lru_cache(maxsize=8)
def _parsed(text: str) -> list[Tree]:
    return trees.parse(text)


def _learning_share(rows: Sequence[RunRow]) -> float:
    """Return the share of the time after the start that recorded runs spent on steps."""
    shares = [
        row.samples / row.batch * row.seconds_per_step / (row.seconds - _START_S)
        for row in rows
        if row.batch and row.seconds_per_step and row.seconds > 2 * _START_S
    ]
    return float(np.clip(np.median(shares), 0.2, 0.95)) if shares else _LEARNING_SHARE


def _bound(rest: NDArray[np.float64]) -> float:
    """Return the logarithm of the factor nine in ten stay below: the conformal quantile."""
    rank = int(np.ceil((len(rest) + 1) * _LEVEL))
    bound = float(np.sort(rest)[min(rank, len(rest)) - 1])
    return bound if len(rest) >= _FEWEST_FOR_SPREAD else max(bound, float(np.log(_FEW_FACTOR)))


def _boost(cases: Sequence[Case], rest: NDArray[np.float64]) -> tuple[str, NDArray[np.float64]]:
    """Return a model of what the common factor left, and what it leaves of runs not shown."""
    rows = work.sizes(cases)
    # Runs of one pipeline stay together: the bound must hold for pipelines never run here.
    names = sorted({case.pipeline.name for case in cases})
    folds = np.array([names.index(case.pipeline.name) % _FOLDS for case in cases])
    left = np.zeros(len(rest))
    for fold in np.unique(folds):
        held = folds == fold
        left[held] = rest[held] - trees.predict(trees.parse(_train(rows, rest, ~held)), rows[held])
    return _train(rows, rest, np.ones(len(rest), dtype=bool)), left


def _train(rows: NDArray[np.float64], rest: NDArray[np.float64], shown: NDArray[np.bool_]) -> str:
    import lightgbm

    options = {
        "objective": "regression_l2",
        "num_leaves": 7,
        "learning_rate": 0.1,
        "min_data_in_leaf": 10,
        "monotone_constraints": [1, 1, 1, 1],
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "seed": 0,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(rows[shown], label=rest[shown])
    text: str = lightgbm.train(options, data, num_boost_round=_ROUNDS).model_to_string()
    return text
