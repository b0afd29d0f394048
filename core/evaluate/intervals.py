"""How far a score may be trusted: the bootstrap over groups."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

# Below five groups the bootstrap has too few different draws to say anything.
FEWEST_GROUPS = 5
# The 2.5 % and 97.5 % points of 1000 draws rest on 25 draws each; repeats differ by less than 0.01.
DRAWS = 1000
COVERAGE = 0.95


def bootstrap(
    tallies: NDArray[np.float64],
    groups: Sequence[str],
    figure: Callable[[NDArray[np.float64]], float],
    *,
    seed: int = 0,
) -> tuple[float, float] | None:
    """Return the 95 % interval of a pooled figure when whole groups are drawn with replacement.

    `tallies` has one row an image (counts of any shape), `groups` the image's group, and `figure`
    turns the sum of rows into the score. None below five groups.
    Source: Efron and Tibshirani 1993, percentile interval; groups as the unit of sampling.
    """
    names = sorted(set(groups))
    if len(names) < FEWEST_GROUPS:
        return None
    member = np.array([[group == name for group in groups] for name in names], np.float64)
    by_group = np.tensordot(member, tallies.astype(np.float64), axes=1)
    draws = np.random.default_rng(seed).multinomial(
        len(names), np.full(len(names), 1 / len(names)), size=DRAWS
    )
    figures = [figure(np.tensordot(draw, by_group, axes=1)) for draw in draws]
    tail = (1 - COVERAGE) / 2
    low, high = np.quantile(figures, (tail, 1 - tail))
    return float(low), float(high)
