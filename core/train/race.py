"""The race: the plan's best candidates are tried briefly, and the best goes on from there.

Replayed on 480 published test cases, a short probe of the first five candidates brought the regret
of choosing by recorded experience from 0.08 to 0.065; probing more brought nothing.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.errors import AIxCellError, PlanError, RunError
from core.pipeline import devices
from core.progress import Progress, Stopped
from core.records import Candidate, Plan, Standing
from core.train import contender, entrants, ladder, loop
from core.train.checkpoint import Checkpoints
from core.train.clock import FLOOR, Clock
from core.train.contender import Contender
from core.train.images import Images
from core.train.judge import GLANCE_IMAGES, Judge
from core.train.pool import NoRoomError
from core.train.saved import SavedRace, SavedRun, SavedStretch
from core.train.watch import Stretch, UnsettledError

# Kept for looks, tuning and report before it is known what a look costs.
ROUGH_RESERVE_SHARE = 0.12
# A look may take this share of a probe.
LOOK_SHARE = 0.2
# A probe may end this share of its learning after the race should have.
OVERTIME = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Who goes on, and how all stood."""

    winner: Contender
    standings: tuple[Standing, ...] = ()
    """Empty where there was no time for a race."""
    stopped: bool = False
    """Whether somebody cancelled; the winner is then the best so far."""
    stretch: SavedStretch | None = None
    """How far an earlier process came with the winner after the race."""


def run(
    plan: Plan,
    learn: Images,
    judge: Judge,
    clock: Clock,
    progress: Progress,
    checkpoints: Checkpoints,
) -> Outcome:
    """Return the candidate that goes on: the best of a few probes, or the first that fits.

    A race that an earlier process began is gone on with. Raises RunError where no candidate fits
    into memory, Stopped where somebody cancelled before there was anything to keep.
    """
    known = checkpoints.known
    if known.raced and known.runner is not None:
        winner = contender.again(known.runner, checkpoints.tensors("runner"), plan, learn, progress)
        checkpoints.restore_chance()
        checkpoints.racing(None, winner)
        standings = known.race.standings if known.race else ()
        return Outcome(winner=winner, standings=standings, stretch=known.stretch)
    race = _Race(plan, learn, judge, clock, progress, checkpoints, *_entries(plan, clock, known))
    outcome = race.run()
    checkpoints.racing(None, outcome.winner)
    checkpoints.note(raced=True, race=race.saved() if race.standings else None)
    if outcome.standings and not outcome.stopped:
        checkpoints.write()
    return outcome


def _entries(plan: Plan, clock: Clock, known: SavedRun) -> tuple[tuple[Candidate, ...], float]:
    """Return who races and until when (since 1970, s); an earlier process may have said so."""
    if known.race is not None:
        return known.race.entries, clock.ordered + known.race.ends_s
    reserve_s = ROUGH_RESERVE_SHARE * clock.budget_s
    seconds = entrants.RACE_SHARE * max(0.0, clock.left() - reserve_s)
    return entrants.select(plan.candidates, plan.budget.seconds, seconds), time.time() + seconds


def first_that_fits(
    candidates: Sequence[Candidate], plan: Plan, learn: Images, progress: Progress
) -> Contender:
    """Return the first candidate that this machine's memory takes.

    Raises RunError (out_of_memory) where there is none.
    """
    for candidate in candidates:
        found = _fitting(candidate, plan, learn, progress)
        if found is not None:
            return found
        devices.free_memory()
    raise RunError(
        "no pipeline of the plan fits into this machine's memory beside the training images; "
        "close other programs, allow smaller networks, learn from fewer or smaller images, or "
        "train on a larger machine",
        cause="out_of_memory",
    )


def _fitting(
    candidate: Candidate, plan: Plan, learn: Images, progress: Progress
) -> Contender | None:
    """Return the candidate where a real step of it goes into memory, perhaps in a lighter form."""
    try:
        found = contender.ready(candidate, plan, learn, progress)
        ladder.step(found.learner, FLOOR, progress)
    except (RuntimeError, MemoryError) as error:
        if not devices.is_out_of_memory(error):
            raise
        tell_left_out(candidate, error, progress)
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
    checkpoints: Checkpoints
    entries: tuple[Candidate, ...]
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
    unsettled: list[Candidate] = field(default_factory=list)
    """Those that did not settle, at the lower rate at which they may: better than nobody."""

    def run(self) -> Outcome:
        """Return who goes on."""
        self._restore()
        try:
            for place, candidate in enumerate(self.entries):
                if candidate not in self.tried and not self.probe(candidate, place):
                    break
        except Stopped:
            if self.leader is None:
                raise
            return Outcome(winner=self.leader, standings=tuple(self.standings), stopped=True)
        if self.leader is None:
            rest = [one for one in self.plan.candidates if one not in self.tried] or self.unsettled
            return Outcome(winner=first_that_fits(rest, self.plan, self.learn, self.progress))
        if self.standings:
            self.progress.event("race", winner=self.leader.candidate.pipeline.name)
        return Outcome(winner=self.leader, standings=tuple(self.standings))

    def saved(self) -> SavedRace:
        """Return how it stands, for a checkpoint."""
        return SavedRace(
            entries=self.entries,
            tried=tuple(self.tried),
            standings=tuple(self.standings),
            ends_s=self.ends - self.clock.ordered,
            images=self.images,
            learning_s=self.learning_s,
            probe_s=self.probe_s,
        )

    def _restore(self) -> None:
        """Go on where an earlier process was."""
        known = self.checkpoints.known
        if known.race is None:
            return
        self.tried = list(known.race.tried)
        self.standings = list(known.race.standings)
        self.images, self.learning_s = known.race.images, known.race.learning_s
        self.probe_s = known.race.probe_s
        if known.leader is not None:
            tensors = self.checkpoints.tensors("leader")
            self.leader = contender.again(
                known.leader, tensors, self.plan, self.learn, self.progress
            )

    def probe(self, candidate: Candidate, place: int) -> bool:
        """Train the candidate briefly and note how it stands; return whether to go on.

        One that memory does not take, or that does not settle, is left out.
        """
        late = time.time() + self.probe_s > self.ends + OVERTIME * self.learning_s
        if self.standings and (late or self.progress.enough()):
            return False
        began = time.time()
        try:
            found = self._ran(candidate, began, place)
        except (RuntimeError, MemoryError, AIxCellError) as error:
            if not _may_be_left_out(error):
                raise
            tell_left_out(candidate, error, self.progress)
            if isinstance(error, UnsettledError):
                self.unsettled.append(contender.calmer(candidate))
            found = None
        self.tried.append(candidate)
        if found is None:
            self._keep(None)  # else the next would be prepared while this one is still held
            devices.free_memory()
            return True
        if found.learner.steps == 0 and not found.learner.headed:
            self.leader = found  # no time for a probe: the favourite goes on as it is
            return False
        self.probe_s = max(self.probe_s, time.time() - began)
        if entrants.winner(self.standings) == len(self.standings) - 1:
            self.leader = found
        self._keep(None)
        self.checkpoints.write()
        return True

    def _keep(self, runner: Contender | None) -> None:
        """Let checkpoints tell of the race, of its leader, and of the one that runs."""
        self.checkpoints.racing(self.leader, runner)
        self.checkpoints.note(race=self.saved())

    def _ran(self, candidate: Candidate, began: float, place: int) -> Contender:
        name = candidate.pipeline.name
        count = len(self.entries)

        def tell(where: str) -> None:
            share = self.clock.used() / self.clock.budget_s
            told = f"Trying {name}, {place + 1} of {count}: {where}"
            self.progress.stage("racing", told, share, self.clock.left())

        tell("preparing the images")
        found, resumed = self._prepared(candidate)
        if not self.learning_s:
            self._share_out(found, began, (self.ends - began) / (count - place))
            if self.learning_s < entrants.SHORTEST_PROBE_S / 2:
                return found
        self._keep(found)
        before_s = resumed.elapsed_s if resumed else 0.0
        stretch = Stretch(
            until=time.time() + self.learning_s - before_s,
            tell=tell,
            probed=name,
            images=self.images,
            checkpoints=self.checkpoints,
            resumed=resumed,
        )
        fitted = loop.probe(found.learner, self.judge, stretch, self.progress)
        if fitted.stopped:
            raise Stopped
        standing = Standing(
            pipeline=name,
            score=fitted.curve[-1][1],
            prior=candidate.prior,
            steps=fitted.schedule.steps,
            samples=fitted.samples,
            seconds=time.time() - began + before_s,
        )
        self.standings.append(standing)
        return found

    def _prepared(self, candidate: Candidate) -> tuple[Contender, SavedStretch | None]:
        """Return the candidate ready to learn, in the middle of its trial where it was kept."""
        known = self.checkpoints.known
        if known.runner is None or known.runner.candidate != candidate:
            return contender.ready(candidate, self.plan, self.learn, self.progress), None
        stretch, tensors = known.stretch, self.checkpoints.tensors("runner")
        found = contender.again(known.runner, tensors, self.plan, self.learn, self.progress)
        self.checkpoints.restore_chance()
        return found, stretch

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


def tell_left_out(candidate: Candidate, error: BaseException, progress: Progress) -> None:
    """Note that a candidate of the plan will not be trained, and why."""
    short = devices.is_out_of_memory(error) and not isinstance(error, NoRoomError)
    message = "the memory did not suffice" if short else str(error)
    progress.event("left_out", pipeline=candidate.pipeline.name, message=message)
