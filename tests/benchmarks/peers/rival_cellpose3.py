"""Cellpose 3 "from random weights": its network and recipe, without its pretrained models.

Those cannot be had from a package registry, and every rival here starts from the given images.
Settings are those of its command line (SGD, rate 0.2, batch 8, weight decay 1e-5, images brought
to a mean diameter of 30 px); the number of epochs follows the budget, and its schedule with it.
"""

import time
from itertools import product

import job as jobs
import numpy as np
import torch
from cellpose import dynamics, models, train
from dataset import Dataset
from job import Job
from objects import average_precision

BATCH = 8
# Enough to learn the speed from; with a warm-up from 0 they change next to nothing.
EPOCHS_TO_TIME = 4
# Following the flows of one image takes about as long as the network on two cores.
FLOWS_S = 1.5
TUNING_SHARE = 0.06
# The two numbers its documents advise to try.
CELL_PROBABILITIES = (0.0, -1.0, 1.0)
FLOW_ERRORS = (0.4, 0.0)


class OverError(Exception):
    """The time for training is over."""


class Clock:
    """Ends the training at a time; keeps the times of its steps."""

    def __init__(self) -> None:
        self.begins: list[float] = []
        self.at = float("inf")

    def __call__(self, net: torch.nn.Module, inputs: object) -> None:
        """Look at the clock before each pass of the network in training."""
        if not net.training:
            return
        self.begins.append(time.time())
        if self.begins[-1] > self.at:
            raise OverError


def run(job: Job) -> None:
    """Train, try thresholds, predict."""
    torch.manual_seed(job.seed)
    data = Dataset(job.data)
    learned, tuned = data.divided(job.train, job.seed)
    colour = data.image(learned[0]).ndim == 3
    # Grey images go in as its documents say; of colour images it sees all three channels. With
    # `mkldnn` the look that times a prediction would leave a network that cannot learn any more.
    model = models.CellposeModel(
        gpu=torch.cuda.is_available(),
        pretrained_model=False,
        nchan=3 if colour else 2,
        mkldnn=False,
    )
    _train(job, model, data, learned, len(tuned))
    model.diam_labels = model.net.diam_labels.item()
    model.net.eval()
    chosen = _tuned(job, model, [(data.image(name), data.mask(name)) for name in tuned])
    for name in job.test:
        labels = model.eval(data.image(name), **_channels(colour), **chosen)[0]
        job.write_labels(name, labels)


def _train(
    job: Job, model: models.CellposeModel, data: Dataset, learned: list[str], tuned: int
) -> None:
    """Learn the speed in a few epochs, then train as many as fit."""
    clock = Clock()
    model.net.register_forward_pre_hook(clock)
    images = [data.image(name).astype(np.float32) for name in learned]
    colour = images[0].ndim == 3
    if colour:
        images = [image.transpose(2, 0, 1) for image in images]
    flows = dynamics.labels_to_flows(
        [data.mask(name).astype(np.uint16) for name in learned], device=model.device
    )
    # Fewer images than a batch are drawn repeatedly, so that a step is always a whole batch.
    in_epoch = max(BATCH, len(images))

    def go(epochs: int) -> None:
        train.train_seg(
            model.net,
            train_data=images,
            train_labels=flows,
            channels=None if colour else [0, 0],
            batch_size=BATCH,
            learning_rate=0.2,
            weight_decay=1e-5,
            SGD=True,
            n_epochs=epochs,
            nimg_per_epoch=in_epoch,
            save_path=job.folder,
        )

    go(EPOCHS_TO_TIME)
    epoch_s = float(np.median(np.diff(clock.begins))) * -(-in_epoch // BATCH)
    began = time.time()
    model.net.eval()
    model.eval(data.image(learned[0]), **_channels(colour), compute_masks=False)
    predicted_s = (time.time() - began + FLOWS_S) * (len(job.test) + tuned)
    clock.at = job.deadline - predicted_s - TUNING_SHARE * job.budget_s
    epochs = int((clock.at - time.time()) / epoch_s)
    print(f"{epoch_s:.2f} s an epoch, {epochs} epochs, {predicted_s:.0f} s to predict")
    try:
        go(max(1, epochs))
    except OverError:
        print("training ended by the clock")


def _tuned(
    job: Job, model: models.CellposeModel, shown: list[tuple[np.ndarray, np.ndarray]]
) -> dict[str, float]:
    """Return the thresholds with the best AP on the tuning images, as far as time allows."""
    end = time.time() + TUNING_SHARE * job.budget_s
    best, chosen = -1.0, {}
    for probability, flow in product(CELL_PROBABILITIES, FLOW_ERRORS):
        now = {"cellprob_threshold": probability, "flow_threshold": flow}
        began = time.time()
        pairs = [
            (mask, model.eval(image, **_channels(image.ndim == 3), **now)[0].astype(np.int64))
            for image, mask in shown
        ]
        reached = average_precision(pairs)
        if reached > best:
            best, chosen = reached, now
        if time.time() + (time.time() - began) > end:
            break
    print(f"chosen {chosen}: AP {best:.3f} on {len(shown)} images")
    return chosen


def _channels(colour: bool) -> dict[str, object]:
    return {"channel_axis": -1} if colour else {"channels": [0, 0]}


if __name__ == "__main__":
    jobs.serve("cellpose", run)
