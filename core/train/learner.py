"""A network while it learns: its weights, optimizer and average, and the tiles it draws."""

import copy
import json
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from core.infer.predict import Trained
from core.pipeline import devices
from core.pipeline.heads import Batch, Judging
from core.records import STRIDE_PX, Candidate, Pipeline, Training
from core.train.pool import Pool
from core.train.saved import SavedLearner

# Far above a healthy gradient; stops a single broken batch from throwing the weights away.
LARGEST_GRADIENT = 5.0
# Normalisation inside the networks needs more than one tile at a time.
FEWEST_AT_ONCE = 2
# Below this a tile shows too little around an object to tell what it is.
LEAST_TILE_PX = 128

Tensors = tuple[Tensor, ...] | list[Tensor]


class Learner:
    """Takes steps; what it knows goes on from one stretch of training to the next."""

    def __init__(self, trained: Trained, pool: Pool, judging: Judging, seed: int) -> None:
        self.trained = trained
        self.pool = pool
        self.judging = judging
        self.steps = 0
        self.samples = 0
        """Training tiles seen."""
        self.headed = False
        """Whether the last layer was fitted by itself."""
        self.best = -1.0
        """Validation figure of the weights kept so far; below 0: none kept."""
        self.gradient = torch.ones(())
        """Norm over all weights at the last step, before it is cut."""
        self._best_state: dict[str, Tensor] = {}
        self._rng = np.random.default_rng(seed)
        training = judging.training
        # One rate for all: a lower one for the pretrained encoder lost AP in trainings of minutes.
        self._optimizer = torch.optim.AdamW(
            trained.network.parameters(), weight_decay=training.weight_decay
        )
        self._averaged = _averaged_copy(trained.network, training)

    @property
    def network(self) -> nn.Module:
        """Return the network to judge by: the averaged one where averaging is on."""
        # Before the first step the average knows nothing of a last layer fitted meanwhile.
        if self._averaged is None or self.fresh:
            return self.trained.network
        return self._averaged.module

    @property
    def fresh(self) -> bool:
        """Return whether the average has not begun: nothing learned since the last restart."""
        if self._averaged is None:
            return self.steps == 0
        return int(self._averaged.n_averaged) == 0

    def restart(self) -> None:
        """Begin the average anew and never fit the last layer by itself again."""
        self.headed = True
        self._averaged = _averaged_copy(self.trained.network, self.judging.training)

    def draw(self, count: int) -> tuple[Tensor, Batch]:
        """Return random tiles (count, C, Y, X) and their targets."""
        self.samples += count
        pixels, targets = self.pool.draw(count, self._rng)
        # Nothing moves where the pool lies on the training device, as it mostly does.
        device = self.trained.device
        return pixels.to(device), Batch(targets.smooth.to(device), targets.discrete.to(device))

    def keep(self, figure: float) -> None:
        """Keep the weights to judge by as the best ones, with their validation figure."""
        self.best = figure
        self._best_state = copy.deepcopy(self.network.state_dict())

    def healthy(self) -> bool:
        """Return whether all weights are numbers."""
        return all(bool(one.isfinite().all()) for one in self.trained.network.parameters())

    def begin_from(self, other: "Learner") -> None:
        """Go on from another one's best weights, with an optimizer that knows nothing of it."""
        self.trained.network.load_state_dict(other._best_state)
        self.restart()
        self.steps, self.samples = other.steps, other.samples
        self.best, self._best_state = other.best, other._best_state

    def settle(self) -> None:
        """Put the best weights into the network, the last ones where none were kept."""
        self.trained.network.load_state_dict(self._best_state or self.network.state_dict())
        self.trained.network.eval()

    def saved(self, candidate: Candidate) -> SavedLearner:
        """Return what a checkpoint tells of it beside its tensors."""
        return SavedLearner(
            candidate=candidate,
            pipeline=self.trained.pipeline,
            steps=self.steps,
            samples=self.samples,
            headed=self.headed,
            best=self.best,
            draws=json.dumps(self._rng.bit_generator.state),
        )

    def tensors(self) -> dict[str, Tensor]:
        """Return all that it learned: weights, their average, the best ones, the optimizer's."""
        parts = {"network": self.trained.network.state_dict(), "best": self._best_state}
        if self._averaged is not None:
            parts["average"] = self._averaged.state_dict()
        for index, state in self._optimizer.state_dict()["state"].items():
            parts[f"optimizer/{index}"] = state
        return {
            f"{part}/{name}": one for part, named in parts.items() for name, one in named.items()
        }

    def restore(self, saved: SavedLearner, tensors: Mapping[str, Tensor]) -> None:
        """Go on from what `saved` and `tensors` gave; RuntimeError where they do not fit."""
        self.steps, self.samples = saved.steps, saved.samples
        self.headed, self.best = saved.headed, saved.best
        self._rng.bit_generator.state = json.loads(saved.draws)
        self.trained.network.load_state_dict(_under("network", tensors))
        device = self.trained.device
        self._best_state = {n: one.to(device) for n, one in _under("best", tensors).items()}
        if self._averaged is not None:
            self._averaged.load_state_dict(_under("average", tensors))
        moments: dict[int, dict[str, Tensor]] = {}
        parameters = self._optimizer.param_groups[0]["params"]
        for key, tensor in _under("optimizer", tensors).items():
            index, name = key.split("/")
            moments.setdefault(int(index), {})[name] = _laid_out_like(
                parameters[int(index)], tensor
            )
        groups = self._optimizer.state_dict()["param_groups"]
        self._optimizer.load_state_dict({"state": moments, "param_groups": groups})

    def step(self, rate: float) -> Tensor:
        """Learn from one batch at `rate` times the pipeline's learning rate; return the loss."""
        training = self.judging.training
        network = self.trained.network
        for group in self._optimizer.param_groups:
            group["lr"] = training.learning_rate * rate
        network.train()
        self._optimizer.zero_grad(set_to_none=True)
        parts = [self._learn_from(count) for count in _parts(training.batch, training.passes)]
        self.gradient = nn.utils.clip_grad_norm_(network.parameters(), LARGEST_GRADIENT)
        self._optimizer.step()
        if self._averaged is not None:
            self._averaged.update_parameters(network)
        self.steps += 1
        return torch.stack(parts).sum()

    def _learn_from(self, count: int) -> Tensor:
        """Add the gradient of so many tiles of a batch; return their share of its loss."""
        pixels, targets = self.draw(count)
        with devices.autocast(self.trained.device):
            logits = self.trained.network(pixels)
        share = count / self.judging.training.batch
        loss = self.trained.head.loss(logits, targets, self.judging) * share
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    def lighten(self) -> str | None:
        """Learn with less memory from the next step on: smaller parts, then smaller tiles.

        Returns what has changed, in words; None where nothing is left to be tried.
        """
        pipeline = self.trained.pipeline
        training, tile_px = pipeline.training, max(self.pool.shape_yx)
        if training.batch // (2 * training.passes) >= FEWEST_AT_ONCE:
            training = replace(training, passes=2 * training.passes)
            self._adopt(replace(pipeline, training=training))
            return f"batches of {training.batch} are learned in {training.passes} parts"
        if self.pool.whole or tile_px // 2 < LEAST_TILE_PX:
            return None
        smaller = -(-tile_px // 2 // STRIDE_PX) * STRIDE_PX
        self.pool.shrink(smaller)
        self._adopt(replace(pipeline, preprocess=replace(pipeline.preprocess, tile_px=smaller)))
        return f"tiles have {smaller} px instead of {tile_px} px"

    def _adopt(self, pipeline: Pipeline) -> None:
        self.trained = replace(self.trained, pipeline=pipeline)
        self.judging = replace(self.judging, training=pipeline.training)


def _parts(batch: int, passes: int) -> list[int]:
    """Return how many tiles each part of a batch has."""
    return [batch // passes + (part < batch % passes) for part in range(passes)]


def _under(part: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    named = {n: one for n, one in tensors.items() if n.startswith(f"{part}/")}
    return {name.removeprefix(f"{part}/"): one for name, one in named.items()}


def _laid_out_like(parameter: Tensor, tensor: Tensor) -> Tensor:
    """Return the moment in its parameter's memory order: mixed orders are slow."""
    if tensor.shape != parameter.shape:
        return tensor  # the count of steps
    return torch.empty_like(parameter, requires_grad=False).copy_(tensor)


def _averaged_copy(network: nn.Module, training: Training) -> AveragedModel | None:
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
