"""The training loop, whole."""

import copy
import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from core.errors import RunError
from core.infer.predict import Trained
from core.pipeline import devices
from core.pipeline.heads import Judging
from core.progress import Progress
from core.records import Training
from core.train.clock import MEASURED_STEPS, SETTLING_STEPS, Clock, Schedule
from core.train.judge import Judge
from core.train.pool import Pool

# Far above a healthy gradient; stops a single broken batch from throwing the weights away.
LARGEST_GRADIENT = 5.0
# Looking at validation images this often, within this share of the time, keeps the best weights.
GLANCE_SHARE = 0.08
GLANCES = 10
# Weights from the steep part of the schedule are never the best ones.
KEEP_FROM = 0.35
# A score that is perfect this many times in a row will not improve any more.
PERFECT = 0.9995
PERFECT_GLANCES = 3
EVENT_EVERY_S = 1.0

Tensors = tuple[Tensor, ...] | list[Tensor]


@dataclass(frozen=True, slots=True)
class Fitted:
    """What the loop leaves behind."""

    schedule: Schedule
    samples: int
    seconds_per_step: float
    cpu_seconds_per_step: float
    curve: tuple[tuple[int, float], ...]
    converged: bool
    stopped: bool
    """Whether somebody asked it to stop."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What the loop works with."""

    trained: Trained
    pool: Pool
    judge: Judge
    judging: Judging
    clock: Clock
    reserve_s: float
    """Kept for tuning, test and report."""
    seed: int


def fit(setting: Setting, progress: Progress) -> Fitted:
    """Train the network in place until its time is over; it ends with the best weights."""
    network = setting.trained.network
    training = setting.judging.training
    # One rate for all: a lower one for the pretrained encoder lost AP in trainings of minutes.
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=training.weight_decay)
    averaged = averaged_copy(network, training)
    watch = Watch(setting, progress)
    rng = np.random.default_rng(setting.seed)
    while not watch.over():
        pixels, targets = setting.pool.draw(training.batch, rng)
        for group in optimizer.param_groups:
            group["lr"] = training.learning_rate * watch.schedule.rate
        network.train()
        with devices.autocast(setting.trained.device):
            logits = network(pixels)
        loss = setting.trained.head.loss(logits, targets, setting.judging)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), LARGEST_GRADIENT)
        optimizer.step()
        if averaged is not None:
            averaged.update_parameters(network)
        watch.step(loss)
        if watch.glance_due():
            watch.glance(network if averaged is None else averaged.module)
    return watch.end(network, network if averaged is None else averaged.module)


def averaged_copy(network: nn.Module, training: Training) -> AveragedModel | None:
    """Return the exponentially averaged twin, or None where averaging is off.

    The decay starts low and reaches `training.ema`, so that early weights are forgotten.
    """
    if training.ema <= 0:
        return None

    def average(ours: Tensors, current: Tensors, seen: Tensor | int) -> None:
        count = int(seen)
        decay = min(training.ema, (1 + count) / (10 + count))
        get_ema_multi_avg_fn(decay)(ours, current, seen)  # type: ignore[no-untyped-call]

    return AveragedModel(network, multi_avg_fn=average, use_buffers=True)


class Watch:
    """Time, speed, best weights and what is told while the loop runs."""

    def __init__(self, setting: Setting, progress: Progress) -> None:
        self.setting = setting
        self.progress = progress
        self.schedule = Schedule()
        self.began = time.time()
        self.glance_s = 0.0
        self.next_glance = 1.0 / GLANCES
        self.curve: list[tuple[int, float]] = []
        self.best = -1.0
        self.best_state: dict[str, Tensor] | None = None
        self.perfect = 0
        self.stopped = False
        self.losses: list[Tensor] = []
        self.told = 0.0
        self.measured_from = (0.0, 0.0, 0)

    def over(self) -> bool:
        """Return whether the loop must end: asked to, perfect, or out of time."""
        self.stopped = self.stopped or self.progress.should_stop()
        late = self.setting.clock.left() <= self.setting.reserve_s + self.pace()[0]
        enough = self.perfect >= PERFECT_GLANCES
        return self.stopped or enough or (self.schedule.steps > 0 and late) or self.schedule.done

    def pace(self) -> tuple[float, float]:
        """Return seconds and processor seconds a step, without settling and glances."""
        start, processor, steps = self.measured_from
        count = self.schedule.steps - steps
        if not start or count < 1:
            return 0.0, 0.0
        wall = time.time() - start - self.glance_s
        cores = devices.cores_available()
        return wall / count, (time.process_time() - processor) / cores / count

    def step(self, loss: Tensor) -> None:
        """Count a step; fit the schedule to the clock once the speed is known."""
        self.schedule.advance()
        self.losses.append(loss.detach())
        if self.schedule.steps == SETTLING_STEPS:
            self.measured_from = (time.time(), time.process_time(), self.schedule.steps)
        if self.schedule.steps == SETTLING_STEPS + MEASURED_STEPS:
            self._refit()
        if time.time() - self.told >= EVENT_EVERY_S:
            self._tell()

    def _refit(self) -> None:
        left = self.setting.clock.left() - self.setting.reserve_s
        looks = max(0.0, 1.0 - self.schedule.share) / self._between() * self._glance_cost()
        self.schedule.fit(int((left - looks) / max(self.pace()[0], 1e-6)))

    def _glance_cost(self) -> float:
        judge = self.setting.judge
        return judge.seconds_per_image * min(self._glance_images(), len(judge.samples))

    def _between(self) -> float:
        """Return the share of the training from one look to the next."""
        clock = self.setting.clock
        window = max(clock.deadline - self.setting.reserve_s - self.began, 1.0)
        return max(1.0 / GLANCES, self._glance_cost() / (GLANCE_SHARE * window))

    def _glance_images(self) -> int:
        """Return how many validation images a look may take without eating the training."""
        window = self.setting.clock.budget_s * GLANCE_SHARE / GLANCES
        cost = self.setting.judge.seconds_per_image
        return 8 if cost <= 0 else max(2, min(8, int(window / cost)))

    def _tell(self) -> None:
        loss = float(torch.stack(self.losses).mean())
        self.losses.clear()
        if not np.isfinite(loss):
            raise RunError(
                "the training diverged (the loss is no number any more); "
                "start it again with a lower learning rate or another pipeline",
                cause="diverged",
            )
        self.told = time.time()
        batch = self.setting.judging.training.batch
        seconds = self.pace()[0]
        total = self.schedule.plan[-1][1] if self.schedule.plan else None
        self.progress.event(
            "step",
            step=self.schedule.steps,
            total=total,
            samples=self.schedule.steps * batch,
            loss=round(loss, 5),
            samples_per_s=round(batch / seconds, 2) if seconds else None,
        )
        clock = self.setting.clock
        told = f"Learning from the images, step {self.schedule.steps}" + (
            f" of about {total}" if total else ""
        )
        self.progress.stage("fitting", told, clock.used() / clock.budget_s, clock.left())

    def glance_due(self) -> bool:
        """Return whether it is time to look at the validation images."""
        return bool(self.schedule.plan) and self.schedule.share >= self.next_glance

    def glance(self, network: nn.Module) -> None:
        """Look at the validation images and keep the weights if they are the best so far."""
        began = time.time()
        figure = self._figure(network)
        samples = self.schedule.steps * self.setting.judging.training.batch
        self.curve.append((samples, figure))
        self.perfect = self.perfect + 1 if figure >= PERFECT else 0
        best = figure >= self.best and self.schedule.share >= KEEP_FROM
        if best:
            self.best = figure
            self.best_state = copy.deepcopy(network.state_dict())
        self.progress.event(
            "validation",
            step=self.schedule.steps,
            samples=samples,
            score=round(figure, 5),
            best=best,
        )
        self.next_glance = self.schedule.share + self._between()
        self.glance_s += time.time() - began
        if not self.schedule.done:
            self._refit()

    def _figure(self, network: nn.Module) -> float:
        network.eval()
        trained = self.setting.trained
        seen = Trained(
            network, trained.pipeline, trained.fitted, trained.head, trained.task, trained.device
        )
        post = trained.pipeline.postprocess
        return self.setting.judge.glance(seen, post, self._glance_images())

    def end(self, network: nn.Module, last: nn.Module) -> Fitted:
        """Put the best weights into the network and return what happened."""
        if self.losses:
            self._tell()
        fresh = not self.curve or self.curve[-1][0] < self.schedule.steps * self._batch
        if fresh and not self.stopped:
            self.glance(last)
        if self.best_state is None:
            self.best_state = last.state_dict()
        network.load_state_dict(self.best_state)
        network.eval()
        seconds, processor = self.pace()
        return Fitted(
            schedule=self.schedule,
            samples=self.schedule.steps * self._batch,
            seconds_per_step=seconds,
            cpu_seconds_per_step=processor,
            curve=tuple(self.curve),
            converged=self.perfect >= PERFECT_GLANCES,
            stopped=self.stopped,
        )

    @property
    def _batch(self) -> int:
        return self.setting.judging.training.batch
