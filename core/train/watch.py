"""Time, speed, best weights and what is told while a network learns."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.errors import RunError
from core.infer.predict import Trained
from core.pipeline import devices
from core.progress import Progress
from core.records import TaskSpec
from core.train import previews
from core.train.checkpoint import COST_SHARE, Checkpoints
from core.train.clock import MEASURED_STEPS, SETTLING_STEPS, Schedule
from core.train.judge import Judge
from core.train.learner import Learner
from core.train.saved import SavedStretch
from core.train.stopwatch import Stopwatch

# Looking at validation images this often, within this share of the time, keeps the best weights.
GLANCE_SHARE = 0.08
GLANCES = 10
# Weights from the steep part of the schedule are never the best ones.
KEEP_FROM = 0.35
# A score that is perfect this many times in a row will not improve any more.
PERFECT = 0.9995
PERFECT_GLANCES = 3
EVENT_EVERY_S = 1.0
# A healthy gradient is above a thousandth; this one moves nothing any more.
VANISHED = 1e-7
VANISHED_STEPS = 10
# So far into a stretch a network that will ever find something has begun to.
EMPTY_FROM = 0.5
# Before, a network that marks nothing has just not learned enough.
EMPTY_STEPS = 50


class UnsettledError(RunError):
    """The learning came to nothing; at a lower rate it may do better."""

    def __init__(self, message: str, *, anew: bool) -> None:
        """Keep whether the weights are of no use, so that it must begin `anew`."""
        super().__init__(message, cause="diverged")
        self.anew = anew


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A stretch of training: until when, and how it is told."""

    until: float
    """Seconds since 1970."""
    tell: Callable[[str], None]
    """Takes how far it is, e.g. `step 12 of about 80`."""
    probed: str = ""
    """The pipeline's name where this is a probe: one look at the end, told as a standing."""
    images: int | None = None
    """Validation images at a look; None: as many as the time allows."""
    checkpoints: Checkpoints | None = None
    """Where the learner is kept, so that another process can go on; None: nowhere."""
    resumed: SavedStretch | None = None
    """How far an earlier process came."""
    previews: Path | None = None
    """Folder of pictures of what is answered at each look; None: none are drawn."""
    last_try: bool = False
    """Whether what comes to nothing is told and gone on with, as it was tried again already."""


class Watch:
    """Fits the schedule to the clock, looks at validation images, and tells."""

    def __init__(
        self, learner: Learner, judge: Judge, stretch: Stretch, progress: Progress
    ) -> None:
        self.learner = learner
        self.judge = judge
        self.stretch = stretch
        self.progress = progress
        self.schedule = Schedule()
        self.began = time.time()
        self.stopwatch = Stopwatch()
        """Runs from the first settled step on."""
        self.next_glance = 1.0 / GLANCES
        self.curve: list[tuple[int, float]] = []
        self.images = stretch.images
        """At how many validation images a look looks; None: not settled yet."""
        self.perfect = 0
        self.right = False
        """Whether the last look found nothing wrong."""
        self.stopped = False
        self.losses: list[Tensor] = []
        self.gradients: list[Tensor] = []
        self.vanished = 0
        """Steps without a gradient, up to now."""
        self.complained = False
        self.told = 0.0
        if stretch.resumed is not None:
            self._restore(stretch.resumed)
        self.first = self.schedule.steps
        """Steps of earlier processes."""

    @property
    def _task(self) -> TaskSpec:
        return self.learner.trained.task

    @property
    def left_s(self) -> float:
        """Return seconds until the stretch must have ended."""
        return self.stretch.until - time.time()

    @property
    def converged(self) -> bool:
        """Return whether nothing can improve any more."""
        return self.perfect >= PERFECT_GLANCES

    def over(self) -> bool:
        """Return whether the stretch must end: asked to, perfect, or out of time."""
        self.stopped = self.stopped or self.progress.should_stop()
        late = self.schedule.steps > 0 and self.left_s <= self.pace()[0]
        enough = self.learner.steps > 0 and self.progress.enough()
        return self.stopped or self.converged or late or enough or self.schedule.done

    def pace(self) -> tuple[float, float]:
        """Return seconds and processor seconds a step, without settling and glances."""
        return self.stopwatch.pace(self.schedule.steps)

    def step(self, loss: Tensor) -> None:
        """Count a step; fit the schedule to the clock once the speed is known."""
        self.schedule.advance()
        self.losses.append(loss)
        self.gradients.append(self.learner.gradient)
        here = self.schedule.steps - self.first
        if here == SETTLING_STEPS:
            self.stopwatch.start(self.schedule.steps)
        if here == SETTLING_STEPS + MEASURED_STEPS:
            self._refit()
        if time.time() - self.told >= EVENT_EVERY_S:
            self.tell()
        due = bool(self.schedule.plan) and self.schedule.share >= self.next_glance
        if due and not self.stretch.probed:
            self.glance()
        if self.stretch.checkpoints is not None and self.stretch.checkpoints.due():
            self.keep()

    def keep(self) -> None:
        """Write a checkpoint; RunError instead where the loss is no number any more."""
        with self.stopwatch.aside():
            self.tell()
            if self.stretch.checkpoints is not None and self.learner.healthy():
                self.stretch.checkpoints.write(self._saved())

    def _saved(self) -> SavedStretch:
        return SavedStretch(
            share=self.schedule.share,
            steps=self.schedule.steps,
            plan=tuple(self.schedule.plan),
            elapsed_s=time.time() - self.began,
            next_glance=self.next_glance,
            curve=tuple(self.curve),
            perfect=self.perfect,
            images=self.images,
        )

    def _restore(self, saved: SavedStretch) -> None:
        self.schedule = Schedule(share=saved.share, steps=saved.steps, plan=list(saved.plan))
        self.began -= saved.elapsed_s
        self.next_glance = saved.next_glance
        self.curve = list(saved.curve)
        self.perfect, self.right = saved.perfect, saved.perfect > 0
        if self.images is None:
            self.images = saved.images

    def glance(self, *, last: bool = False) -> float:
        """Look at validation images, keep the weights if they are the best; return the figure."""
        with self.stopwatch.aside():
            figure = self._looked(last=last)
        if self.pace()[0] > 0 and not self.schedule.done:
            self._refit()
        return figure

    def _looked(self, *, last: bool) -> float:
        if self.images is None and self._may_keep():
            # Of figures over different images the highest would not be the best.
            self.images = self._glance_images()
        figure = self._figure()
        self.curve.append((self.learner.samples, figure))
        # Before, a few easy images may be perfect by chance, and their weights are not kept.
        self.right = figure >= PERFECT and self.schedule.share >= KEEP_FROM
        # Where there is nothing to find, a network is right that has learned nothing.
        counts = self.right and self.judge.shows_something(self._task, self._glance_images())
        self.perfect = self.perfect + 1 if counts else 0
        # Classes of whole pictures come one by one: all alike at half time is no failure yet.
        whole = self.learner.pool.whole
        late = self.schedule.share >= EMPTY_FROM and self.learner.steps >= EMPTY_STEPS and not whole
        if (
            not self.stretch.probed
            and (last or late)
            and not self.right
            and self.judge.found_nothing()
        ):
            self._come_to_nothing("the network marks nothing on the check images", last=last)
        best = figure >= self.learner.best and self._may_keep()
        if best:
            self.learner.keep(figure)
        self.progress.event(
            "standing" if self.stretch.probed else "validation",
            step=self.learner.steps,
            samples=self.learner.samples,
            score=round(figure, 5),
            **({"pipeline": self.stretch.probed} if self.stretch.probed else {"best": best}),
        )
        if self.stretch.previews is not None:
            previews.write(self.stretch.previews, self.judge, self._task, self.learner.steps)
        self.next_glance = self.schedule.share + self._between()
        return figure

    def _may_keep(self) -> bool:
        if self.learner.fresh:  # a last layer fitted to frozen features stands by itself
            return True
        return not self.stretch.probed and self.schedule.share >= KEEP_FROM

    def tell(self) -> None:
        """Write the mean loss since the last time; RunError where it is no number any more."""
        if not self.losses:
            return
        loss = float(torch.stack(self.losses).mean())
        largest = float(torch.stack(self.gradients).max()) if self.gradients else 1.0
        self.vanished = self.vanished + len(self.gradients) if largest < VANISHED else 0
        self.losses.clear()
        self.gradients.clear()
        if not np.isfinite(loss):
            raise UnsettledError(
                "the training diverged (the loss is no number any more); "
                "start it again with a lower learning rate or another pipeline",
                anew=False,
            )
        if self.vanished >= VANISHED_STEPS and not self.right:
            self._come_to_nothing("the gradients have vanished: nothing is learned")
        self.told = time.time()
        batch = self.learner.judging.training.batch
        seconds = self.pace()[0]
        planned = self.schedule.plan[-1][1] - self.schedule.steps if self.schedule.plan else None
        total = None if planned is None else self.learner.steps + planned
        self.progress.event(
            "probe_step" if self.stretch.probed else "step",
            step=self.learner.steps,
            total=total,
            samples=self.learner.samples,
            loss=round(loss, 5),
            samples_per_s=round(batch / seconds, 2) if seconds else None,
            memory_gib=round(devices.memory_gib(self.learner.trained.device), 2),
        )
        self.stretch.tell(f"step {self.learner.steps}" + (f" of about {total}" if total else ""))

    def _come_to_nothing(self, what: str, *, last: bool = False) -> None:
        """Raise UnsettledError at the first try; where none is left tell it once and go on."""
        if not self.stretch.last_try and not last:
            raise UnsettledError(f"{what}; try another pipeline, or label more", anew=True)
        if not self.complained:
            self.complained = True
            lower = "even at a lower learning rate, " if self.stretch.last_try else ""
            message = f"Beware: {lower}{what}. Another pipeline, or more labels, may help."
            self.progress.event("message", message=message)

    def _refit(self) -> None:
        # A probe's only look comes after its time to learn.
        looks = 0.0
        if not self.stretch.probed:
            looks = max(0.0, 1.0 - self.schedule.share) / self._between()
        left = self.left_s - looks * self._glance_cost()
        if self.stretch.checkpoints is not None:
            left *= 1.0 - COST_SHARE
        self.schedule.fit(int(left / max(self.pace()[0], 1e-6)))

    def _glance_cost(self) -> float:
        count = self.judge.looked_at(self._task, self._glance_images())
        return self.judge.seconds_per_image * count

    def _between(self) -> float:
        """Return the share of the training from one look to the next."""
        window = max(self.stretch.until - self.began, 1.0)
        return max(1.0 / GLANCES, self._glance_cost() / (GLANCE_SHARE * window))

    def _glance_images(self) -> int:
        """Return how many validation images a look may take without eating the training."""
        if self.images is not None:
            return self.images
        window = max(self.stretch.until - self.began, 1.0) * GLANCE_SHARE / GLANCES
        cost = self.judge.seconds_per_image
        return 8 if cost <= 0 else max(2, min(8, int(window / cost)))

    def _figure(self) -> float:
        network, trained = self.learner.network, self.learner.trained
        network.eval()
        seen = Trained(
            network, trained.pipeline, trained.fitted, trained.head, trained.task, trained.device
        )
        return self.judge.glance(seen, trained.pipeline.postprocess, self._glance_images())
