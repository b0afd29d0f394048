"""LightGBM on the targets: rankers and regressors, bagged over data sets.

With about twenty data sets a learner can be worse than the prior, so its share w in the advice is
earned: chosen by leaving one data set out at a time, in favour of 0 within one standard error.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.autokonfig import prior, trees
from core.autokonfig.design import NAMES, Directions, directions, matrix
from core.autokonfig.prior import Targets
from core.autokonfig.table import FIELD, HIGHEST, LOWEST, Table
from core.autokonfig.trees import Tree
from core.records import Fingerprint, Kind, Pipeline

WEIGHTS = (0.0, 0.25, 0.5, 0.75)
"""The shares w that are tried."""

GRADES = 10
"""Linear grades of relevance a target is cut into for the ranker."""

# Below this many families of data sets a comparison of shares is guesswork.
FEWEST_FAMILIES = 5

_ROUNDS = 40
_BAGS = 6
# While shares are compared every family is left out once: fewer bags keep that within a second.
_BAGS_COMPARED = 2

_COMMON: dict[str, Any] = {
    "num_leaves": 7,
    "learning_rate": 0.1,
    "min_data_in_leaf": 5,
    "feature_fraction": 0.7,
    "lambda_l2": 1.0,
    "deterministic": True,
    "force_row_wise": True,
    # Thousands of tiny fits: more threads only wait for each other.
    "num_threads": 1,
    "verbosity": -1,
}
_RANKER = _COMMON | {
    "objective": "lambdarank",
    "label_gain": list(range(GRADES)),
    "lambdarank_truncation_level": 10,
}
_REGRESSOR = _COMMON | {"objective": "regression_l2"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Learner:
    """The fitted ensemble."""

    rankers: tuple[str, ...]
    """LightGBM models as text."""
    regressors: tuple[str, ...]
    shares: dict[Kind, float]
    """Kind -> w."""
    directions: Directions

    @cached_property
    def _trees(self) -> list[list[Tree]]:
        return [trees.parse(text) for text in (*self.rankers, *self.regressors)]

    def values(
        self, pipelines: Sequence[Pipeline], fingerprint: Fingerprint
    ) -> NDArray[np.float64]:
        """Return one standardised value a pipeline, larger is better; zeros without rankers."""
        if not self.rankers:
            return np.zeros(len(pipelines))
        return _values(self._trees, matrix(pipelines, fingerprint, self.directions))

    def contributions(self, pipeline: Pipeline, fingerprint: Fingerprint) -> dict[str, float]:
        """Return what each column of the design adds to the target, by name."""
        if not self.regressors:
            return {}
        row = matrix([pipeline], fingerprint, self.directions)
        regressors = self._trees[len(self.rankers) :]
        parts = [trees.contributions(model, row)[0, :-1] for model in regressors]
        return dict(zip(NAMES, np.mean(parts, axis=0).tolist(), strict=True))


def fit(table: Table, *, seed: int = 0) -> Learner:
    """Return the learner of all data sets of all kinds; without rankers where there are too few."""
    known = learnable(table)
    found = directions(_pictured(table, known))
    families = {block.family for block, _ in known}
    if len(families) < FEWEST_FAMILIES:
        return Learner(rankers=(), regressors=(), shares=dict.fromkeys(Kind, 0.0), directions=found)
    shares = _shares(table, known, seed)
    rankers, regressors = _ensemble(table, known, found, bags=_BAGS, seed=seed)
    return Learner(
        rankers=tuple(rankers),
        regressors=tuple(regressors),
        shares=shares,
        directions=found,
    )


def standardised(values: ArrayLike) -> NDArray[np.float64]:
    """Return the values with mean 0 and standard deviation 1; zeros where all are equal."""
    array = np.asarray(values, dtype=float)
    spread = array.std() if len(array) else 0.0
    return np.zeros(len(array)) if spread < 1e-12 else (array - array.mean()) / spread


def learnable(table: Table) -> Targets:
    """Return the data sets with a field of pipelines: all that the learner is fitted on."""
    return [
        (block, values)
        for kind in Kind
        for block, values in prior.targets(table, kind)
        if len(block.trials) >= FIELD
    ]


def _pictured(table: Table, known: Targets) -> dict[str, Fingerprint]:
    """Return the fingerprints of the data sets."""
    names = [block.subject for block, _ in known]
    return {name: table.fingerprints[name] for name in names if name in table.fingerprints}


def _ensemble(
    table: Table, known: Targets, found: Directions, *, bags: int, seed: int
) -> tuple[list[str], list[str]]:
    """Return models as text; each bag is fitted on as many data sets, drawn with replacement."""
    import lightgbm

    designs = [
        matrix(
            [table.pool[name] for name in block.pipelines],
            table.fingerprints.get(block.subject),
            found,
        )
        for block, _ in known
    ]
    random = np.random.default_rng(seed)
    rankers: list[str] = []
    regressors: list[str] = []
    for bag in range(bags):
        drawn = random.integers(0, len(known), len(known))
        rows = np.concatenate([designs[i] for i in drawn])
        values = np.concatenate([known[i][1] for i in drawn])
        sizes = [len(designs[i]) for i in drawn]
        # Every data set weighs the same, however many pipelines ran on it.
        weights = np.concatenate([np.full(size, 1 / size) for size in sizes])
        weights *= len(weights) / weights.sum()
        options = {"seed": seed + bag}
        grades = np.rint((values - LOWEST) / (HIGHEST - LOWEST) * (GRADES - 1)).astype(int)
        ranking = lightgbm.Dataset(rows, label=grades, weight=weights, group=sizes)
        plain = lightgbm.Dataset(rows, label=values, weight=weights)
        for models, how, data in ((rankers, _RANKER, ranking), (regressors, _REGRESSOR, plain)):
            booster = lightgbm.train(how | options, data, num_boost_round=_ROUNDS)
            models.append(booster.model_to_string())
    return rankers, regressors


def _values(models: Sequence[Sequence[Tree]], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return standardised(np.mean([standardised(trees.predict(m, rows)) for m in models], axis=0))


def _shares(table: Table, known: Targets, seed: int) -> dict[Kind, float]:
    """Return w of each kind: the smallest whose regret is within one standard error of the best."""
    judged = {(block.kind, block.family) for block, _ in known if block.dense}
    enough = [kind for kind in Kind if sum(k is kind for k, _ in judged) >= FEWEST_FAMILIES]
    if not enough:  # nobody may get a share: a training need not wait for the comparison
        return dict.fromkeys(Kind, 0.0)
    regrets: dict[Kind, dict[str, list[NDArray[np.float64]]]] = {kind: {} for kind in Kind}
    for family in sorted({block.family for block, _ in known}):
        others = table.without(family)
        shown = learnable(others)
        found = directions(_pictured(others, shown))
        texts = _ensemble(others, shown, found, bags=_BAGS_COMPARED, seed=seed)
        models = [trees.parse(text) for each in texts for text in each]
        priors: dict[Kind, Mapping[str, float]] = {}
        for block, values in known:
            if block.family != family or not block.dense:
                continue
            believed = priors.setdefault(block.kind, prior.fit(others, block.kind))
            pipelines = [table.pool[name] for name in block.pipelines]
            rows = matrix(pipelines, table.fingerprints.get(block.subject), found)
            one = standardised([believed[name] for name in block.pipelines])
            two = _values(models, rows)
            lost = [_regret(values, (1 - w) * one + w * two) for w in WEIGHTS]
            regrets[block.kind].setdefault(family, []).append(np.array(lost))
    return {
        kind: _one_standard_error([np.mean(lost, axis=0) for lost in by_family.values()])
        for kind, by_family in regrets.items()
    }


def _regret(truth: NDArray[np.float64], believed: NDArray[np.float64]) -> float:
    """Return (best - chosen) / (best - worst), in [0, 1]."""
    span = truth.max() - truth.min()
    return float((truth.max() - truth[int(np.argmax(believed))]) / span) if span > 0 else 0.0


def _one_standard_error(regrets: Sequence[NDArray[np.float64]]) -> float:
    """Return the smallest share not worse than the best by more than a standard error."""
    if len(regrets) < FEWEST_FAMILIES:
        return 0.0
    table = np.array(regrets)
    best = int(np.argmin(table.mean(axis=0)))
    behind = table - table[:, [best]]
    allowed = behind.std(axis=0, ddof=1) / np.sqrt(len(table))
    good = behind.mean(axis=0) <= allowed + 1e-12
    return WEIGHTS[int(np.argmax(good))]
