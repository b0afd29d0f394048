"""nnU-Net v2, configuration 2d: its fingerprint, plan, preprocessing, network, loss, augmentation.

Objects come back through a border class. One epoch is one iteration here, so that its polynomial
schedule ends with the budget (it has no other way to keep a time limit than a number of epochs).
On a processor the plan is made for 1 GB instead of 8: smaller patches, some eight times as many
steps, which serves it better in minutes. Mirroring is given up where it would eat the budget.
"""

import json
import os
import time

import job as jobs
import numpy as np
import tifffile
import torch
from dataset import Dataset
from job import Job
from nnunetv2.experiment_planning.plan_and_preprocess_api import (
    extract_fingerprints,
    plan_experiments,
    preprocess,
)
from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
from nnunetv2.training.lr_scheduler.polylr import PolyLRScheduler
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer
from objects import Maps, border_classes, grown, median_area, tuned

NAME = "Dataset001_duel"
SMALL_PLAN_GB = 1.0
STEPS_TO_TIME = 3
# Predicting with all mirrors may take this share of the budget, else none is used.
MIRROR_SHARE = 0.15
TUNING_SHARE = 0.04
MOST_TUNED = 4


class Trainer(nnUNetTrainer):
    """nnU-Net's own trainer, ended by the clock; it validates nothing on the way."""

    deadline = float("inf")

    def start(self) -> float:
        """Run a few steps; return seconds a step."""
        self.on_train_start()
        self.network.train()
        ends = []
        for _ in range(STEPS_TO_TIME + 1):
            self.train_step(next(self.dataloader_train))
            ends.append(time.time())
        return float(np.median(np.diff(ends)))

    def finish(self, steps: int) -> int:
        """Run so many steps under its schedule, fewer if time is over; return their number."""
        self.set_deep_supervision_enabled(self.enable_deep_supervision)
        self.network.train()
        schedule = PolyLRScheduler(self.optimizer, self.initial_lr, steps)
        done = 0
        while done < steps and time.time() < self.deadline:
            schedule.step(done)
            self.train_step(next(self.dataloader_train))
            done += 1
        # Ends the processes that augment; there is nothing to resume from.
        self.disable_checkpointing = True
        self.on_train_end()
        return done


def prepare(job: Job) -> None:
    """Bring images and masks into nnU-Net's folders; objects as inside and border."""
    data = Dataset(job.data)
    place = job.folder / "raw" / NAME
    for side in ("imagesTr", "labelsTr"):
        (place / side).mkdir(parents=True)
    for name in job.train:
        tifffile.imwrite(place / "imagesTr" / f"{name}_0000.tif", data.image(name))
        mask = data.mask(name)
        classes = border_classes(mask) if data.task == "instance" else mask.astype(np.uint8)
        tifffile.imwrite(place / "labelsTr" / f"{name}.tif", classes)
    inner = ("inside", "border") if data.task == "instance" else data.classes[1:]
    names = ("background", *inner)
    about = {
        "channel_names": {str(c): f"channel {c}" for c in range(_channels(data, job))},
        "labels": {name: index for index, name in enumerate(names)},
        "numTraining": len(job.train),
        "file_ending": ".tif",
        "overwrite_image_reader_writer": "NaturalImage2DIO",
    }
    (place / "dataset.json").write_text(json.dumps(about))


def run(job: Job) -> None:
    """Plan, preprocess, train, tune where objects are wanted, predict."""
    parts = ("raw", "preprocessed", "results")
    os.environ.update({f"nnUNet_{part}": str(job.folder / part) for part in parts})
    # Compiling pays over hours; it takes a minute or more.
    os.environ.update({"nnUNet_compile": "false"})
    torch.manual_seed(job.seed)
    np.random.seed(job.seed)
    data = Dataset(job.data)
    learned, kept = data.divided(job.train, job.seed)
    # Without objects nothing is tuned: all images are learned from.
    learned = learned if data.task == "instance" else list(job.train)
    trainer = _trainer(job, learned, kept)
    step_s = trainer.start()
    began = time.time()
    _seen(_predictor(trainer, mirror=True), data, job.train[0])
    images = len(job.test) + min(len(kept), MOST_TUNED) * (data.task == "instance")
    predicted_s = images * (time.time() - began)
    mirror = predicted_s < MIRROR_SHARE * job.budget_s
    predicted_s *= 1 if mirror else 0.4
    trainer.deadline = job.deadline - predicted_s - TUNING_SHARE * job.budget_s
    steps = max(1, int((trainer.deadline - time.time()) / step_s))
    done = trainer.finish(steps)
    print(f"{step_s:.2f} s a step, {done} of {steps}, {predicted_s:.0f} s to predict, {mirror=}")
    _predict(job, data, _predictor(trainer, mirror=mirror), kept[:MOST_TUNED])


def _trainer(job: Job, learned: list[str], kept: list[str]) -> Trainer:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    card = torch.cuda.is_available()
    extract_fingerprints([1], num_processes=cores, show_progress_bar=False)
    plan_experiments([1], gpu_memory_target_in_gb=None if card else SMALL_PLAN_GB)
    preprocess([1], configurations=("2d",), num_processes=(cores,), show_progress_bar=False)
    place = job.folder / "preprocessed" / NAME
    (place / "splits_final.json").write_text(json.dumps([{"train": learned, "val": kept}]))
    plans = json.loads((place / "nnUNetPlans.json").read_text())
    print({key: plans["configurations"]["2d"][key] for key in ("patch_size", "batch_size")})
    about = json.loads((place / "dataset.json").read_text())
    device = torch.device("cuda" if card else "cpu")
    return Trainer({**plans, "continue_training": False}, "2d", 0, about, device)


def _predictor(trainer: Trainer, *, mirror: bool) -> nnUNetPredictor:
    trainer.set_deep_supervision_enabled(False)
    predictor = nnUNetPredictor(use_mirroring=mirror, device=trainer.device, allow_tqdm=False)
    predictor.manual_initialization(
        trainer.network,
        trainer.plans_manager,
        trainer.configuration_manager,
        [trainer.network.state_dict()],
        trainer.dataset_json,
        "nnUNetTrainer",
        trainer.inference_allowed_mirroring_axes,
    )
    return predictor


def _seen(predictor: nnUNetPredictor, data: Dataset, name: str) -> np.ndarray:
    """Return probabilities (classes, Y, X)."""
    image = data.image_yxc(name).astype(np.float32).transpose(2, 0, 1)[:, None]
    _, shares = predictor.predict_single_npy_array(
        image, {"spacing": (999, 1, 1)}, save_or_return_probabilities=True
    )
    return np.asarray(shares)[:, 0]


def _predict(job: Job, data: Dataset, predictor: nnUNetPredictor, kept: list[str]) -> None:
    if data.task == "semantic":
        for name in job.test:
            job.write_labels(name, _seen(predictor, data, name).argmax(axis=0))
        return
    shown = [(data.mask(name), _maps(_seen(predictor, data, name))) for name in kept]
    cut = tuned(shown, median_area([mask for mask, _ in shown]))
    print(cut)
    for name in job.test:
        job.write_labels(name, grown(_maps(_seen(predictor, data, name)), cut))


def _maps(shares: np.ndarray) -> Maps:
    return Maps(height_yx=shares[1], foreground_yx=shares[1] + shares[2])


def _channels(data: Dataset, job: Job) -> int:
    return int(data.image_yxc(job.train[0]).shape[2])


if __name__ == "__main__":
    jobs.serve("nnunetv2", run, prepare)
