"""The training loop, whole."""

import time
from dataclasses import dataclass

from core.progress import Progress
from core.train import ladder, linear
from core.train.clock import Schedule
from core.train.judge import Judge
from core.train.learner import Learner
from core.train.watch import Stretch, Watch

# Of a stretch, where the last layer of a classifier is fitted first.
LINEAR_SHARE = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """What a stretch of training leaves behind."""

    schedule: Schedule
    samples: int
    """Training tiles seen since the network was built."""
    seconds_per_step: float
    cpu_seconds_per_step: float
    curve: tuple[tuple[int, float], ...]
    converged: bool
    stopped: bool
    """Whether somebody asked it to stop."""


def fit(learner: Learner, judge: Judge, stretch: Stretch, progress: Progress) -> Fitted:
    """Train until the stretch's time is over; the network ends with the best weights."""
    watch = _learn(learner, judge, stretch, progress)
    fresh = not watch.curve or watch.curve[-1][0] < learner.samples
    if fresh and not watch.stopped:
        watch.glance(last=True)
    learner.settle()
    return _left_behind(watch)


def probe(learner: Learner, judge: Judge, stretch: Stretch, progress: Progress) -> Fitted:
    """Train briefly with the same shape of schedule, then look once; the learner can go on."""
    watch = _learn(learner, judge, stretch, progress)
    if learner.steps and not watch.stopped:
        watch.glance()
    return _left_behind(watch)


def _learn(learner: Learner, judge: Judge, stretch: Stretch, progress: Progress) -> Watch:
    watch = Watch(learner, judge, stretch, progress)
    tuning = learner.judging.training.fine_tuning
    if tuning != "whole" and not learner.headed:
        linear.fit(learner, time.time() + LINEAR_SHARE * watch.left_s, progress)
        watch.glance()
        watch.stopped = progress.should_stop()
    while tuning != "linear" and not watch.over():
        watch.step(ladder.step(learner, watch.schedule.rate, progress))
    if watch.stopped and learner.steps:
        watch.keep()
    watch.tell()
    return watch


def _left_behind(watch: Watch) -> Fitted:
    seconds, processor = watch.pace()
    training = watch.learner.judging.training
    return Fitted(
        schedule=watch.schedule,
        samples=watch.learner.samples,
        seconds_per_step=seconds,
        cpu_seconds_per_step=processor,
        curve=tuple(watch.curve),
        converged=watch.converged or training.fine_tuning == "linear",
        stopped=watch.stopped,
    )
