"""The training loop beside the bare network: do tiles, augmentation and bookkeeping hold it up?

    uv run python tests/benchmarks/training_speed.py [--steps 40] [--pipeline unet-lite0-distance]

Tiles a second of the loop as it is (tiles drawn and varied, loss, optimizer, averaged weights) over
those of the same network, loss and optimizer on one batch that already lies in memory. Both take
turns, so that a machine whose speed drifts treats them alike. Run it alone on the machine.
"""

import argparse
import itertools
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from core.data.samples import Sample
from core.data.simulate import pictures
from core.data.truth import Truth
from core.paths import JobDir
from core.pipeline import catalogue, devices
from core.progress import Progress
from core.records import Budget, Candidate, Kind, Plan, Split, TaskSpec
from core.train import contender
from core.train.images import Images
from core.train.learner import LARGEST_GRADIENT, Learner

TURNS = 5
PICTURES = 8


def main() -> None:
    """Print both speeds and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--pipeline", default="unet-lite0-distance")
    asked = parser.parse_args()
    devices.use_all_cores()
    learner, twin = ready(asked.pipeline), ready(asked.pipeline)
    ways = {"loop": lambda: learner.step(1.0), "bare network": bare(twin)}
    for step in ways.values():
        _seconds(step, 3)
    each = max(1, asked.steps // TURNS)
    spent = dict.fromkeys(ways, 0.0)
    for _ in range(TURNS):
        for name, step in ways.items():
            spent[name] += _seconds(step, each)
    tiles = TURNS * each * learner.judging.training.batch
    for name, seconds in spent.items():
        print(f"{name}: {tiles / seconds:.2f} tiles a second")
    print(f"ratio: {spent['bare network'] / spent['loop']:.3f}")


def ready(name: str) -> Learner:
    """Return a learner of the pipeline on simulated pictures."""
    drawn = list(itertools.islice(pictures(), PICTURES))
    samples = [
        Sample(id=one.name, image_cyx=one.image_cyx, labels=None, group=None, image_class=None)
        for one in drawn
    ]
    truths = [Truth(pixels_yx=one.labels_yx, object_classes={}) for one in drawn]
    plan = Plan(
        study="speed",
        task=TaskSpec(kind=Kind.INSTANCE, classes=("cell",)),
        candidates=(Candidate(pipeline=catalogue.find(name)),),
        budget=Budget(seconds=60),
        split=Split(train=("a",), validation=(), test=(), seed=0, by_group=False),
        seed=0,
        image_hashes={},
        label_versions={},
    )
    with tempfile.TemporaryDirectory() as folder:
        progress = Progress(JobDir(Path(folder)))
        images = Images(samples, truths)
        return contender.ready(plan.candidates[0], plan, images, progress).learner


def bare(learner: Learner) -> Callable[[], None]:
    """Return a step of network, loss and optimizer on one batch that lies in memory."""
    trained, training = learner.trained, learner.judging.training
    pixels, targets = learner.draw(training.batch)
    optimizer = torch.optim.AdamW(trained.network.parameters(), lr=training.learning_rate)
    trained.network.train()

    def step() -> None:
        with devices.autocast(trained.device):
            logits = trained.network(pixels)
        loss = trained.head.loss(logits, targets, learner.judging)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(trained.network.parameters(), LARGEST_GRADIENT)
        optimizer.step()

    return step


def _seconds(step: Callable[[], object], count: int) -> float:
    began = time.perf_counter()
    for _ in range(count):
        step()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
