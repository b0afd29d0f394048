"""Who races, and who wins: decided by figures alone."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.records import Candidate, Standing

# Of the time left after reading; what the winner learned in it is not lost.
RACE_SHARE = 0.3
# A probe needs this many steps: before, recorded validation curves are in their steep start, and
# what rises first is not what ends highest. After 260 tiles all of them are past it.
FEWEST_STEPS = 65
# Below this many seconds a probe tells nothing on any machine.
SHORTEST_PROBE_S = 10.0
MOST = 3
MOST_WITH_TIME = 5
TIME_FOR_MORE_S = 600.0
MOST_ALIKE = 2
# choice = PRIOR_WEIGHT * z(prior) + z(probe), of the same replay.
PRIOR_WEIGHT = 0.3
# Probes spread less than this are taken for equal: so far apart are two equal ones.
LEAST_SPREAD = 0.03


def select(
    candidates: Sequence[Candidate], budget_s: float, race_s: float
) -> tuple[Candidate, ...]:
    """Return who races: the first few, at most two that ask the same network the same way.

    Nobody where `race_s` seconds do not suffice for two probes that tell something.
    """
    most = MOST if budget_s < TIME_FOR_MORE_S else MOST_WITH_TIME
    most = min(most, int(race_s / SHORTEST_PROBE_S))
    alike: dict[tuple[str, str], int] = {}
    found: list[Candidate] = []
    dearest = 0.0
    for one in candidates:
        kind = (one.pipeline.model.network, one.pipeline.model.head)
        alike[kind] = alike.get(kind, 0) + 1
        if alike[kind] <= MOST_ALIKE and len(found) < most:
            # All learn for the same time, so the slowest one's steps decide.
            dearest = max(dearest, _share_needed(one))
            if (len(found) + 1) * dearest > RACE_SHARE:
                break
            found.append(one)
    return tuple(found) if len(found) > 1 else ()


def _share_needed(candidate: Candidate) -> float:
    """Return which share of the whole training the candidate's probe takes; 0 where unknown."""
    training = candidate.pipeline.training
    if candidate.expected_samples is None or training.fine_tuning == "linear":
        return 0.0
    return FEWEST_STEPS * training.batch / max(candidate.expected_samples, 1)


def winner(standings: Sequence[Standing]) -> int:
    """Return the place of the winner: what was believed beforehand counts a little."""
    figures = np.array([one.score for one in standings])
    believed = [one.prior for one in standings if one.prior is not None]
    if len(believed) < len(standings):
        return int(figures.argmax())
    worth = PRIOR_WEIGHT * _standardised(np.array(believed), 0.0)
    worth += _standardised(figures, LEAST_SPREAD)
    return int(worth.argmax())


def _standardised(values: NDArray[np.float64], least: float) -> NDArray[np.float64]:
    spread = max(float(values.std()), least)
    return (values - values.mean()) / spread if spread > 0 else values * 0.0
