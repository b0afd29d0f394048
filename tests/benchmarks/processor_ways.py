"""What pays on a processor: bf16, channels-last, all cores, a compiled network.

    uv run python tests/benchmarks/processor_ways.py [--steps 10] [--pipeline NAME] [--without WAY]

A training step (network, loss, optimizer) on one batch in memory as the program does it, beside
the same step with one thing done otherwise. All take turns. Compiling is timed apart: it happens
anew in each training. Run it alone on the machine.
"""

import argparse
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

import torch
from torch import nn
from training_speed import ready

from core.pipeline import devices
from core.train.learner import LARGEST_GRADIENT, Learner

TURNS = 3
Step = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a step is computed."""

    bf16: bool = True
    """Where the processor has it."""
    channels_last: bool = True
    threads: int = 0
    """0: as many as there are cores."""
    compiled: bool = False


WAYS = {
    "as it is": Way(),
    "float32": Way(bf16=False),
    "channels first": Way(channels_last=False),
    "one thread": Way(threads=1),
    "compiled": Way(compiled=True),
}


def main() -> None:
    """Print the seconds of a step each way, and over those of the first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--pipeline", default="unet-lite0-distance")
    parser.add_argument("--without", action="append", default=[], choices=list(WAYS))
    asked = parser.parse_args()
    devices.use_all_cores()
    steps: dict[str, Step] = {}
    for name, way in WAYS.items():
        if name in asked.without:
            continue
        steps[name] = step_of(ready(asked.pipeline), way)
        began = time.perf_counter()
        steps[name]()
        first_s = time.perf_counter() - began
        steps[name]()
        print(f"{name}: first step {first_s:.1f} s", flush=True)
    spent = dict.fromkeys(steps, 0.0)
    for _ in range(TURNS):
        for name, step in steps.items():
            began = time.perf_counter()
            for _ in range(asked.steps):
                step()
            spent[name] += (time.perf_counter() - began) / (TURNS * asked.steps)
    usual = spent["as it is"]
    for name, seconds in spent.items():
        print(f"{name}: {seconds:.3f} s a step, {seconds / usual:.2f} of the usual")


def step_of(learner: Learner, way: Way) -> Step:
    """Return a step on one batch in memory."""
    trained, training = learner.trained, learner.judging.training
    pixels, targets = learner.draw(training.batch)
    network: nn.Module = trained.network
    if not way.channels_last:
        network = network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        pixels = pixels.contiguous()
    optimizer = torch.optim.AdamW(network.parameters(), lr=training.learning_rate)
    network.train()
    asked = torch.compile(network) if way.compiled else network
    cores = devices.cores_available()

    def step() -> None:
        torch.set_num_threads(way.threads or cores)
        with devices.autocast(trained.device) if way.bf16 else nullcontext():
            logits = asked(pixels)
        loss = trained.head.loss(logits, targets, learner.judging)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), LARGEST_GRADIENT)
        optimizer.step()

    return step


if __name__ == "__main__":
    main()
