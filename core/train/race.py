"""The race: the plan's best candidates are tried briefly, and the best goes on from there.

Replayed on 480 published test cases, a short probe of the first five candidates brought the regret
of choosing by recorded experience from 0.08 to 0.065; probing more brought nothing.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.errors import RunError
from core.pipeline import devices
from core.progress import Progress, Stopped
from core.records import Candidate, Plan, Standing
from core.train import contender, loop
from core.train.clock import FLOOR, Clock
from core.train.contender import Contender
from core.train.images import Images
from core.train.judge import GLANCE_IMAGES, Judge
from core.train.watch import Stretch

# Of the time left after reading; what the winner learned in it is not lost.
RACE_SHARE = 0.3
# A probe needs this many steps: before, recorded validation curves are in their steep start, and
# what rises first is not what ends highest.
FEWEST_STEPS = 75
# Below this many seconds a probe tells nothing on any machine.
SHORTEST_PROBE_S = 10.0
MOST = 3
MOST_WITH_TIME = 5
TIME_FOR_MORE_S = 600.0
MOST_ALIKE = 2
# A look may take this share of a probe.
LOOK_SHARE = 0.2
# choice = PRIOR_WEIGHT * z(prior) + z(probe), of the same replay.
PRIOR_WEIGHT = 0.3
# Probes spread less than this are taken for equal: so far apart are two equal ones.
LEAST_SPREAD = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Who goes on, and how all stood."""

    winner: Contender
    standings: tuple[Standing, ...]
    """Empty where there was no time for a race."""


def run(
    plan: Plan, learn: Images, judge: Judge, clock: Clock, reserve_s: float, progress: Progress
) -> Outcome:
    """Return the candidate that goes on: the best of a few probes, or the first that fits.

    `reserve_s` is kept for tuning and report. Raises RunError where no candidate fits into
    memory, Stopped where somebody cancelled.
    """
    seconds = RACE_SHARE * max(0.0, clock.left() - reserve_s)
    entries = entrants(plan.candidates, plan.budget.seconds, seconds)
    race = _Race(plan, learn, judge, clock, progress)
    ends = time.time() + seconds
    for place, candidate in enumerate(entries):
        race.probe(candidate, ends, place, len(entries))
    if not race.ran:
        rest = [one for one in plan.candidates if one not in entries]
        return Outcome(winner=first_that_fits(rest, plan, learn, progress), standings=())
    standings = tuple(standing for _, standing in race.ran)
    winner = race.ran[chosen(standings)][0]
    progress.event("race", winner=winner.candidate.pipeline.name)
    return Outcome(winner=winner, standings=standings)


def entrants(
    candidates: Sequence[Candidate], budget_s: float, race_s: float
) -> tuple[Candidate, ...]:
    """Return who races: the first few, at most two that ask the same network the same way.

    Nobody where `race_s` seconds do not suffice for two probes that tell something.
    """
    most = MOST if budget_s < TIME_FOR_MORE_S else MOST_WITH_TIME
    most = min(most, int(race_s / SHORTEST_PROBE_S))
    alike: dict[tuple[str, str], int] = {}
    found: list[Candidate] = []
    share = RACE_SHARE
    for one in candidates:
        kind = (one.pipeline.model.network, one.pipeline.model.head)
        alike[kind] = alike.get(kind, 0) + 1
        if alike[kind] <= MOST_ALIKE and len(found) < most:
            share -= _share_needed(one)
            if share < 0:
                break
            found.append(one)
    return tuple(found) if len(found) > 1 else ()


def _share_needed(candidate: Candidate) -> float:
    """Return which share of the whole training the candidate's probe takes; 0 where unknown."""
    training = candidate.pipeline.training
    if candidate.expected_samples is None or training.fine_tuning == "linear":
        return 0.0
    return FEWEST_STEPS * training.batch / max(candidate.expected_samples, 1)


def chosen(standings: Sequence[Standing]) -> int:
    """Return the place of the winner: what was believed beforehand counts a little."""
    figures = np.array([one.score for one in standings])
    believed = [one.prior for one in standings if one.prior is not None]
    if len(believed) < len(standings):
        return int(figures.argmax())
    worth = PRIOR_WEIGHT * _standardised(np.array(believed), 0.0)
    worth += _standardised(figures, LEAST_SPREAD)
    return int(worth.argmax())


def first_that_fits(
    candidates: Sequence[Candidate], plan: Plan, learn: Images, progress: Progress
) -> Contender:
    """Return the first candidate that this machine's memory takes.

    Raises RunError (out_of_memory) where there is none.
    """
    for candidate in candidates:
        try:
            found = contender.ready(candidate, plan, learn)
            if len(candidates) > 1:
                found.learner.step(FLOOR)
        except (RuntimeError, MemoryError) as error:
            _leave_out(candidate, error, progress)
            continue
        return found
    raise RunError(
        "no pipeline of the plan fits into this machine's memory; close other programs, allow "
        "smaller networks, or train on a larger machine",
        cause="out_of_memory",
    )


@dataclass(slots=True)
class _Race:
    """Who ran so far."""

    plan: Plan
    learn: Images
    judge: Judge
    clock: Clock
    progress: Progress
    images: int | None = None
    """At how many validation images all are judged; None before the first probe."""
    learning_s: float = 0.0
    """How long each probe learns; known once the first one is prepared."""
    ran: list[tuple[Contender, Standing]] = field(default_factory=list)

    def probe(self, candidate: Candidate, ends: float, place: int, count: int) -> None:
        """Train the candidate briefly and note how it stands; leave it out for want of memory."""
        name = candidate.pipeline.name
        began = time.time()

        def tell(where: str) -> None:
            share = self.clock.used() / self.clock.budget_s
            told = f"Trying {name}, {place + 1} of {count}: {where}"
            self.progress.stage("racing", told, share, self.clock.left())

        tell("preparing the images")
        try:
            found = contender.ready(candidate, self.plan, self.learn)
            self._share_out(found, began, (ends - began) / (count - place))
            until = min(time.time() + self.learning_s, ends)
            stretch = Stretch(until=until, tell=tell, probed=name, images=self.images)
            fitted = loop.probe(found.learner, self.judge, stretch, self.progress)
        except (RuntimeError, MemoryError) as error:
            _leave_out(candidate, error, self.progress)
            return
        if fitted.stopped:
            raise Stopped
        standing = Standing(
            pipeline=name,
            score=fitted.curve[-1][1],
            prior=candidate.prior,
            steps=fitted.schedule.steps,
            samples=fitted.samples,
            seconds=time.time() - began,
        )
        self.ran.append((found, standing))

    def _share_out(self, first: Contender, began: float, each_s: float) -> None:
        """Give every probe the same time to learn: what preparing the first one leaves."""
        if self.images is not None:
            return
        cost = contender.seconds_per_look(first.trained, self.judge.samples[0])
        self.images = max(2, min(GLANCE_IMAGES, int(LOOK_SHARE * each_s / max(cost, 1e-6))))
        self.learning_s = max(0.0, each_s - (time.time() - began))


def _leave_out(candidate: Candidate, error: RuntimeError | MemoryError, progress: Progress) -> None:
    """Tell that memory did not suffice; raise what is no want of memory."""
    if not devices.is_out_of_memory(error):
        raise error
    progress.event("left_out", pipeline=candidate.pipeline.name, cause="out_of_memory")
    devices.free_memory()


def _standardised(values: NDArray[np.float64], least: float) -> NDArray[np.float64]:
    spread = max(float(values.std()), least)
    return (values - values.mean()) / spread if spread > 0 else values * 0.0
