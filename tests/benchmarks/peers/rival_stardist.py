"""StarDist from random weights, as its example notebook for 2D trains it.

Its own network, augmentation, normalisation and optimisation of thresholds; only the length of an
epoch follows the budget: 40 epochs, so that its rule "halve the rate after a tenth of all epochs
without progress" (patience 40 of 400) keeps its meaning in minutes.
"""

import time

import job as jobs
import keras
import numpy as np
from csbdeep.utils import normalize
from dataset import Dataset
from job import Job
from stardist import fill_label_holes
from stardist.models import Config2D, StarDist2D

EPOCHS = 40
PATIENCE = EPOCHS // 10
# Steps to learn the speed from; the first one compiles.
STEPS_TO_TIME = 4
# What optimising the thresholds takes beyond predicting: three suppressions, 20 steps each.
TUNING_SHARE = 0.06
# Predicting includes the suppression of candidates, which `predict` does not.
SUPPRESSION = 1.5
MOST_TUNED = 5


class Deadline(keras.callbacks.Callback):
    """Ends the training at a time; keeps the times of its steps."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[float] = []
        self.at = float("inf")

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        """Look at the clock."""
        self.ends.append(time.time())
        if self.ends[-1] > self.at:
            self.model.stop_training = True


def run(job: Job) -> None:
    """Train, optimise the thresholds, predict."""
    np.random.seed(job.seed)
    keras.utils.set_random_seed(job.seed)
    data = Dataset(job.data)
    learned, tuned = data.divided(job.train, job.seed)
    train = [_image(data, name) for name in learned], [_mask(data, name) for name in learned]
    tuning = [_image(data, name) for name in tuned], [_mask(data, name) for name in tuned]
    model = StarDist2D(_config(train[0][0]), name="model", basedir=str(job.folder))
    _train(job, model, train, tuning)
    model.optimize_thresholds(tuning[0][:MOST_TUNED], tuning[1][:MOST_TUNED])
    for name in job.test:
        labels, _ = model.predict_instances(_image(data, name))
        job.write_labels(name, labels)


def _config(image: np.ndarray) -> Config2D:
    return Config2D(
        n_rays=32,
        grid=(2, 2),
        n_channel_in=1 if image.ndim == 2 else image.shape[2],
        train_epochs=EPOCHS,
        train_reduce_lr={"factor": 0.5, "patience": PATIENCE, "min_delta": 0},
        train_tensorboard=False,
    )


def _train(job: Job, model: StarDist2D, train: tuple, tuning: tuple) -> None:
    """Learn the speed of training and prediction in a few steps, then train to fit."""
    model.prepare_for_training()
    deadline = Deadline()
    model.callbacks.append(deadline)

    def go(epochs: int, steps: int) -> None:
        model.train(
            *train,
            tuning,
            augmenter=_augmented,
            seed=job.seed,
            epochs=epochs,
            steps_per_epoch=steps,
        )

    go(1, STEPS_TO_TIME)
    step_s = float(np.median(np.diff(deadline.ends)))
    one = train[0][0]
    model.predict(one)
    began = time.time()
    model.predict(one)
    images = len(job.test) + min(len(tuning[0]), MOST_TUNED)
    reserve_s = SUPPRESSION * images * (time.time() - began) + TUNING_SHARE * job.budget_s
    deadline.at = job.deadline - reserve_s
    steps = (deadline.at - time.time()) / step_s / EPOCHS
    print(f"{step_s:.2f} s a step, {steps:.1f} steps an epoch, {reserve_s:.0f} s kept for the end")
    go(EPOCHS, max(1, int(steps)))


def _image(data: Dataset, name: str) -> np.ndarray:
    return normalize(data.image(name), 1, 99.8, axis=(0, 1))


def _mask(data: Dataset, name: str) -> np.ndarray:
    return fill_label_holes(data.mask(name))


def _augmented(image: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Flip, rotate, change intensity, add noise. Source: examples/2D/2_training.ipynb."""
    draw = np.random  # the library seeds this one
    order = tuple(draw.permutation(2))
    image = image.transpose(order + tuple(range(2, image.ndim)))
    mask = mask.transpose(order)
    for axis in (0, 1):
        if draw.rand() > 0.5:
            image, mask = np.flip(image, axis), np.flip(mask, axis)
    image = image * draw.uniform(0.6, 2) + draw.uniform(-0.2, 0.2)
    image = image + 0.02 * draw.uniform(0, 1) * draw.normal(0, 1, image.shape)
    return image, mask


if __name__ == "__main__":
    jobs.serve("stardist", run)
