"""Data sets alike, and what was measured on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.autokonfig.design import LOGARITHMIC, META
from core.autokonfig.table import Block, Table
from core.records import Fingerprint

# Distances are in standard deviations between the library's data sets: two at random stand about
# 1.4 apart, and only what is much nearer counts as alike.
REACH = 0.5

# Below this likeness (beyond 0.78 standard deviations) a data set is no neighbour.
ALIKE = 0.3

# Variance of a pipeline's target between data sets at random, and around its forecast.
_BETWEEN = 0.5
_FORECAST = 0.25

# A lead counts from what one comparison in twenty shows by chance, in standard errors.
_BEYOND_NOISE = 1.645

# The embedding counts as much as this many meta-features.
_LOOK_WEIGHT = 3.0

# Two embeddings of the library are typically this far apart (1 - cosine); used below
# `_FEWEST` data sets, where no spread can be measured.
_USUAL_LOOK = 0.3
_USUAL_SPREAD = 0.5
_FEWEST = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scales:
    """What one standard deviation is."""

    features: NDArray[np.float64]
    look: float


def scales(fingerprints: Mapping[str, Fingerprint]) -> Scales:
    """Return the spread of the features between the library's data sets."""
    known = [one for _, one in sorted(fingerprints.items())]
    if len(known) < _FEWEST:
        return Scales(features=np.full(len(META), _USUAL_SPREAD), look=_USUAL_LOOK)
    values = np.array([_vector(one) for one in known])
    counts = np.isfinite(values).sum(axis=0)
    spread = np.full(len(META), _USUAL_SPREAD)
    enough = counts >= _FEWEST
    spread[enough] = np.nanstd(values[:, enough], axis=0)
    looks = [_look(one, other) for i, one in enumerate(known) for other in known[:i]]
    seen = [look for look in looks if np.isfinite(look)]
    return Scales(
        # A feature all data sets share must not make the first that differs a stranger.
        features=np.maximum(spread, 0.1),
        look=max(float(np.median(seen)), 0.05) if seen else _USUAL_LOOK,
    )


def distance(one: Fingerprint, other: Fingerprint | None, scale: Scales) -> float:
    """Return the root mean square difference in standard deviations; infinite where unknown.

    Data sets of different kinds of task are infinitely far apart.
    """
    if other is None or one.kind is not other.kind:
        return float("inf")
    steps = ((_vector(one) - _vector(other)) / scale.features) ** 2
    weights = np.isfinite(steps).astype(float)
    total, weight = float(np.nansum(steps)), float(weights.sum())
    look = _look(one, other)
    if np.isfinite(look):
        # The median pair counts 2, as two independent draws do in a standardised feature.
        total += _LOOK_WEIGHT * 2 * (look / scale.look) ** 2
        weight += _LOOK_WEIGHT
    return float(np.sqrt(total / weight)) if weight else float("inf")


def likeness(distance_sd: float) -> float:
    """Return 1 for equal data sets, falling to 0."""
    return float(np.exp(-0.5 * (distance_sd / REACH) ** 2))


def to_blocks(table: Table, fingerprint: Fingerprint) -> dict[str, float]:
    """Return the distance to each data set of the same kind; 0 to the study itself."""
    scale = scales({**table.fingerprints, fingerprint.data_set: fingerprint})
    return {
        block.subject: 0.0
        if block.subject == fingerprint.data_set
        else distance(fingerprint, table.fingerprints.get(block.subject), scale)
        for block in table.of_kind(fingerprint.kind)
    }


def alike(table: Table, fingerprint: Fingerprint) -> list[tuple[Block, float]]:
    """Return the data sets that resemble the study, itself among them, with their likeness."""
    away = to_blocks(table, fingerprint)
    found = [(block, likeness(away[block.subject])) for block in table.of_kind(fingerprint.kind)]
    return [(block, like) for block, like in found if like >= ALIKE]


def corrected(
    forecast: Mapping[str, float], measured: Sequence[tuple[Block, float]]
) -> dict[str, float]:
    """Return the forecast targets, corrected by what was measured on data sets alike.

    The forecast must not have seen them. On each, pipelines are compared with the favourite: the
    one that was expected to be the best of those that ran. Equal within the noise, a rival comes
    up to the favourite but not past it; so what was recommended stays until something else is
    better beyond the noise. Measurements count by their error: seeds, validation images, and how
    unlike the data set is.
    """
    precision = dict.fromkeys(forecast, 1 / _FORECAST)
    shift = dict.fromkeys(forecast, 0.0)
    for block, like in measured:
        for name, surprise, error in _surprises(block, forecast):
            weight = 1 / (error**2 + (1 - like) * _BETWEEN)
            precision[name] += weight
            shift[name] += weight * surprise
    return {name: value + shift[name] / precision[name] for name, value in forecast.items()}


def _surprises(block: Block, forecast: Mapping[str, float]) -> list[tuple[str, float, float]]:
    """Return (rival, lead over the favourite beyond its forecast, error) in targets."""
    measured = {
        name: (float(target), float(error))
        for name, target, error in zip(block.pipelines, block.targets, block.errors, strict=True)
        if name in forecast
    }
    if len(measured) < 2:
        return []
    favourite = max(measured, key=lambda name: forecast[name])
    found = []
    for name in measured.keys() - {favourite}:
        lead = measured[name][0] - measured[favourite][0]
        error = float(np.hypot(measured[name][1], measured[favourite][1]))
        beyond = float(np.sign(lead)) * max(0.0, abs(lead) - _BEYOND_NOISE * error)
        found.append((name, beyond - (forecast[name] - forecast[favourite]), error))
    return sorted(found)


def _vector(fingerprint: Fingerprint) -> NDArray[np.float64]:
    values = [fingerprint.values.get(name, np.nan) for name in META]
    return np.array(
        [
            np.log(max(value, 1e-6)) if name in LOGARITHMIC else value
            for name, value in zip(META, values, strict=True)
        ]
    )


def _look(one: Fingerprint, other: Fingerprint) -> float:
    """Return 1 - cosine of the embeddings; NaN where one is missing."""
    if not one.embedding or len(one.embedding) != len(other.embedding):
        return float("nan")
    a, b = np.array(one.embedding), np.array(other.embedding)
    return float(1 - a @ b / max(np.linalg.norm(a) * np.linalg.norm(b), 1e-12))
