"""The race: the plan's best candidates are tried briefly, and the best goes on from there.

Replayed on 480 published test cases, a short probe of the first five candidates brought the regret
of choosing by recorded experience from 0.08 to 0.065; probing more brought nothing.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.errors import AIxCellError, PlanError, RunError
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
# A probe may end this share of its learning after the race should have.
OVERTIME = 0.25
# choice = PRIOR_WEIGHT * z(prior) + z(probe), of the same replay.
PRIOR_WEIGHT = 0.3
# Probes spread less than this are taken for equal: so far apart are two equal ones.
LEAST_SPREAD = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Who goes on, and how all stood."""

    winner: Contender
    standings: tuple[Standing, ...] = ()
    """Empty where there was no time for a race."""
    stopped: bool = False
    """Whether somebody cancelled; the winner is then the best so far."""


def run(
    plan: Plan, learn: Images, judge: Judge, clock: Clock, reserve_s: float, progress: Progress
) -> Outcome:
    """Return the candidate that goes on: the best of a few probes, or the first that fits.

    `reserve_s` is kept for tuning and report. Raises RunError where no candidate fits into
    memory, Stopped where somebody cancelled before there was anything to keep.
    """
    seconds = RACE_SHARE * max(0.0, clock.left() - reserve_s)
    entries = entrants(plan.candidates, plan.budget.seconds, seconds)
    race = _Race(plan, learn, judge, clock, progress, ends=time.time() + seconds)
    try:
        for place, candidate in enumerate(entries):
            if not race.probe(candidate, place, len(entries)):
                break
    except Stopped:
        if race.leader is None:
            raise
        return Outcome(winner=race.leader, standings=tuple(race.standings), stopped=True)
    if race.leader is None:
        rest = [one for one in plan.candidates if one not in race.tried]
        return Outcome(winner=first_that_fits(rest, plan, learn, progress))
    if race.standings:
        progress.event("race", winner=race.leader.candidate.pipeline.name)
    return Outcome(winner=race.leader, standings=tuple(race.standings))


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
        found = _fitting(candidate, plan, learn, progress, trial=len(candidates) > 1)
        if found is not None:
            return found
        devices.free_memory()
    raise RunError(
        "no pipeline of the plan fits into this machine's memory; close other programs, allow "
        "smaller networks, or train on a larger machine",
        cause="out_of_memory",
    )


def _fitting(
    candidate: Candidate, plan: Plan, learn: Images, progress: Progress, *, trial: bool
) -> Contender | None:
    try:
        found = contender.ready(candidate, plan, learn, progress)
        if trial:
            found.learner.step(FLOOR)
    except (RuntimeError, MemoryError) as error:
        if not devices.is_out_of_memory(error):
            raise
        _tell_left_out(candidate, error, progress)
        return None
    return found


@dataclass(slots=True)
class _Race:
    """How it stands. One contender is kept beside the one that runs: each may hold gigabytes."""

    plan: Plan
    learn: Images
    judge: Judge
    clock: Clock
    progress: Progress
    ends: float
    """Seconds since 1970."""
    tried: list[Candidate] = field(default_factory=list)
    standings: list[Standing] = field(default_factory=list)
    leader: Contender | None = None
    images: int = GLANCE_IMAGES
    """At how many validation images all are judged."""
    learning_s: float = 0.0
    """How long each probe learns; known once the first one is prepared."""
    probe_s: float = 0.0
    """What the longest probe took in all."""

    def probe(self, candidate: Candidate, place: int, count: int) -> bool:
        """Train the candidate briefly and note how it stands; return whether to go on.

        One that memory does not take, or that does not settle, is left out.
        """
        if self.standings and time.time() + self.probe_s > self.ends + OVERTIME * self.learning_s:
            return False
        began = time.time()
        self.tried.append(candidate)
        try:
            found = self._ran(candidate, began, place, count)
        except (RuntimeError, MemoryError, AIxCellError) as error:
            if not _may_be_left_out(error):
                raise
            _tell_left_out(candidate, error, self.progress)
            found = None
        if found is None:
            devices.free_memory()
            return True
        if found.learner.steps == 0 and not found.learner.headed:
            self.leader = found  # no time for a probe: the favourite goes on as it is
            return False
        self.probe_s = max(self.probe_s, time.time() - began)
        if chosen(self.standings) == len(self.standings) - 1:
            self.leader = found
        return True

    def _ran(self, candidate: Candidate, began: float, place: int, count: int) -> Contender:
        name = candidate.pipeline.name

        def tell(where: str) -> None:
            share = self.clock.used() / self.clock.budget_s
            told = f"Trying {name}, {place + 1} of {count}: {where}"
            self.progress.stage("racing", told, share, self.clock.left())

        tell("preparing the images")
        found = contender.ready(candidate, self.plan, self.learn, self.progress)
        if not self.learning_s:
            self._share_out(found, began, (self.ends - began) / (count - place))
            if self.learning_s < SHORTEST_PROBE_S / 2:
                return found
        until = time.time() + self.learning_s
        stretch = Stretch(until=until, tell=tell, probed=name, images=self.images)
        fitted = loop.probe(found.learner, self.judge, stretch, self.progress)
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
        self.standings.append(standing)
        return found

    def _share_out(self, first: Contender, began: float, each_s: float) -> None:
        """Give every probe the same time to learn: what preparing and looking leave."""
        self.judge.glance(first.trained, first.trained.pipeline.postprocess, 2)
        cost = max(self.judge.seconds_per_image, 1e-6)
        self.images = max(2, min(GLANCE_IMAGES, int(LOOK_SHARE * each_s / cost)))
        look_s = cost * self.judge.looked_at(first.trained.task, self.images)
        self.learning_s = max(0.0, each_s - (time.time() - began) - look_s)


def _may_be_left_out(error: BaseException) -> bool:
    """Return whether the others may still run: for want of memory, or if it does not settle."""
    if isinstance(error, RunError):
        return error.cause == "diverged"
    return isinstance(error, PlanError) or devices.is_out_of_memory(error)


def _tell_left_out(candidate: Candidate, error: BaseException, progress: Progress) -> None:
    short = devices.is_out_of_memory(error)
    message = "the memory did not suffice" if short else str(error)
    progress.event("left_out", pipeline=candidate.pipeline.name, message=message)


def _standardised(values: NDArray[np.float64], least: float) -> NDArray[np.float64]:
    spread = max(float(values.std()), least)
    return (values - values.mean()) / spread if spread > 0 else values * 0.0
