"""Seconds a step, memory, and seconds a megapixel, predicted before the start.

The size of the network gives the first guess; recorded runs scale it. With many runs LightGBM
corrects what the size cannot tell, never against the direction of work and memory. Each figure
comes with a bound that holds for nine runs in ten.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.autokonfig import trees
from core.autokonfig.design import anatomy, tile_pixels, zoom
from core.autokonfig.table import Table
from core.autokonfig.trees import Tree
from core.records import Budget, Fingerprint, Machine, Pipeline, RunRow

# From this many runs on, corrections beyond a common factor can be told from noise.
ENOUGH_RUNS = 60

_ROUNDS = 60
_FOLDS = 5

# Share of runs whose cost stays below the bound.
_LEVEL = 0.9

# Without any run. Measured on two cores of a server: steps of a slim U-Net, a LinkNet and a
# classifier are told within a fifth by 7e10 products a second and core, where a value between
# layers (read, normalised, written) counts as 400 products. Other machines differ tenfold.
_PRODUCTS_A_SECOND = {"cpu": 7e10, "cuda": 7e12, "mps": 7e11}
_PRODUCTS_A_VALUE = 400
# Fewer runs than this tell the level, but not how far runs scatter around it.
_FEWEST_FOR_SPREAD = 10
_FEW_FACTOR = 1.6

# A training step goes forward once and back at twice the cost.
_PASSES = 3

# Cores share memory: ten bring six to eight times the speed of one.
_CORES_POWER = 0.85

# Interpreter, torch and the images, in GiB, and what a value between layers takes: measured on
# the same three networks, within a twentieth.
_BASE_GIB = {"cpu": 1.0, "cuda": 0.1, "mps": 1.0}
_BYTES_A_VALUE = 7.6
# A parameter comes with gradient, two moments and an average.
_BYTES_A_PARAMETER = 20.0

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
class Case:
    """One pipeline on one data set and machine."""

    pipeline: Pipeline
    fingerprint: Fingerprint | None
    batch: int
    device: str
    cores: int

    @property
    def pixels(self) -> float:
        """Return the pixels of one batch."""
        return self.batch * tile_pixels(self.pipeline, self.fingerprint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One cost: a first guess from sizes, scaled by recorded runs."""

    figure: str
    """A key of `GUESSES`."""
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


def fit(table: Table) -> CostModel:
    """Return what finished runs teach; from sizes alone where there are none."""
    seen = [(_case(row, table), row) for row in table.rows if row.state == "finished"]

    def model(figure: str, measured: Callable[[RunRow], float | None]) -> Model:
        pairs = [(case, measured(row)) for case, row in seen]
        return _fit_one(figure, [(case, value) for case, value in pairs if value and value > 0])

    return CostModel(
        step=model("step", lambda row: row.cpu_seconds_per_step or row.seconds_per_step),
        memory=model("memory", lambda row: row.peak_memory_gib),
        megapixel=model("megapixel", lambda row: row.seconds_per_megapixel),
        learning_share=_learning_share([row for _, row in seen]),
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


def _fit_one(figure: str, seen: Sequence[tuple[Case, float]]) -> Model:
    guess, unknown = GUESSES[figure]
    if not seen:
        return Model(figure=figure, levels={}, spread=float(np.log(unknown)))
    cases = [case for case, _ in seen]
    devices = np.array([case.device for case in cases])
    offsets = np.array([np.log(value / guess(case)) for case, value in seen])
    levels = {name: float(np.median(offsets[devices == name])) for name in sorted(set(devices))}
    rest = offsets - np.array([levels[name] for name in devices])
    correction = ""
    if len(seen) >= ENOUGH_RUNS:
        correction, rest = _boost(cases, rest)
    return Model(figure=figure, levels=levels, spread=_bound(rest), correction=correction)


def _estimate(model: Model, case: Case) -> Estimate:
    """Return the cost; the bound is wide where no run on such a device is known."""
    guess, unknown = GUESSES[model.figure]
    known = case.device in model.levels
    log = np.log(guess(case)) + model.levels.get(case.device, 0.0)
    if model.correction and known:
        log += float(trees.predict(_parsed(model.correction), _sizes([case]))[0])
    bound = model.spread if known else np.log(unknown)
    return Estimate(value=float(np.exp(log)), bound=float(np.exp(log + bound)))


@lru_cache(maxsize=8)
def _parsed(text: str) -> list[Tree]:
    return trees.parse(text)


def _step_guess(case: Case) -> float:
    return _PASSES * _work(case.pipeline) * case.pixels / _speed(case)


def _megapixel_guess(case: Case) -> float:
    seen = 1e6 * zoom(case.pipeline, case.fingerprint) ** 2
    return _work(case.pipeline) * seen / _speed(case)


def _work(pipeline: Pipeline) -> float:
    """Return the products that one pixel's way through the network is worth."""
    size = anatomy(pipeline)
    return size.products_per_pixel + _PRODUCTS_A_VALUE * size.activations_per_pixel


def _speed(case: Case) -> float:
    """Return products a second; a card's do not hang on the cores."""
    cores = case.cores**_CORES_POWER if case.device == "cpu" else 1.0
    return float(_PRODUCTS_A_SECOND.get(case.device, _PRODUCTS_A_SECOND["cpu"]) * cores)


def _memory_guess(case: Case) -> float:
    size = anatomy(case.pipeline)
    values = size.activations_per_pixel * case.pixels * _BYTES_A_VALUE
    return (
        _BASE_GIB.get(case.device, 0.75) + (values + size.parameters * _BYTES_A_PARAMETER) / 2**30
    )


def _case(row: RunRow, table: Table) -> Case:
    pipeline = table.pool[row.pipeline]
    cores = re.search(r"(\d+) cores", row.hardware)
    return Case(
        pipeline=pipeline,
        fingerprint=table.fingerprints.get(row.subject),
        batch=row.batch or pipeline.training.batch,
        device=(row.hardware.split() or ["cpu"])[0].rstrip("0123456789"),
        cores=int(cores.group(1)) if cores else 1,
    )


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


def _sizes(cases: Sequence[Case]) -> NDArray[np.float64]:
    """Return what a cost can only grow with, on the log scale."""
    sizes = [(anatomy(case.pipeline), case.pixels) for case in cases]
    plain: NDArray[np.float64] = np.array(
        [
            (one.products_per_pixel, one.activations_per_pixel, one.parameters, pixels)
            for one, pixels in sizes
        ]
    )
    return np.log(plain)


def _boost(cases: Sequence[Case], rest: NDArray[np.float64]) -> tuple[str, NDArray[np.float64]]:
    """Return a model of what the common factor left, and what it leaves of runs not shown."""
    rows = _sizes(cases)
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


GUESSES: dict[str, tuple[Callable[[Case], float], float]] = {
    "step": (_step_guess, 4.0),
    "memory": (_memory_guess, 1.5),
    "megapixel": (_megapixel_guess, 4.0),
}
"""Figure -> first guess, and the factor it may be off on a device nobody measured."""
