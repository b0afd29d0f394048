"""The strongest fixed way on a small machine; nothing about it depends on the data set.

Pixels: U-Net with ImageNet EfficientNet-Lite0 on tiles of 256 px at the images' own scale; objects
from foreground and distance by a seeded watershed, whose three numbers are tuned on validation;
classes by cross entropy and Dice. Whole images: Lite0 fine-tuned at 224 px. AdamW, one cycle that
ends with the budget, averaged weights, test-time flips.
"""

import time

import job as jobs
import lite0
import numpy as np
import recipe_training
import segmentation_models_pytorch as smp
import torch
from dataset import Dataset
from job import Job
from objects import Maps, grown, median_area, tuned
from recipe_tiles import Tiles, scaled, shown
from torch import Tensor, nn
from torch.nn import functional

BATCH = 8
IMAGE_BATCH = 16
# Lower where few images are fine-tuned as a whole.
IMAGE_RATE = 1e-3
LABEL_SMOOTHING = 0.1
# Distances keep neighbours apart: as heavy as cross entropy and Dice together.
DISTANCE_WEIGHT = 2.0
VIEWS = ((), (2,), (3,), (2, 3))
# Reading the clock, writing, the watershed: kept beside the measured time of the network.
TUNING_SHARE = 0.03
MOST_TUNED = 5


def run(job: Job) -> None:
    """Train, tune, predict."""
    torch.manual_seed(job.seed)
    data = Dataset(job.data)
    RECIPES[data.task](job, data)


def objects(job: Job, data: Dataset) -> None:
    """Foreground and distance, cut by a seeded watershed."""
    learned, kept = data.divided(job.train, job.seed)
    kept = kept[:MOST_TUNED]
    network = _trained(job, data, learned, len(job.test) + len(kept), 2, _object_loss)
    known = [(data.mask(name), _object_maps(network, data, name)) for name in kept]
    cut = tuned(known, median_area([data.mask(name) for name in learned]))
    print(cut)
    for name in job.test:
        job.write_labels(name, grown(_object_maps(network, data, name), cut))


def pixels(job: Job, data: Dataset) -> None:
    """The likeliest class of every pixel; nothing is tuned, so all images are learned from."""
    network = _trained(job, data, list(job.train), len(job.test), len(data.classes), _class_loss)
    for name in job.test:
        logits = _logits(network, data, name, lambda maps: maps.softmax(dim=1))
        job.write_labels(name, logits[0].argmax(dim=0).cpu().numpy())


def images(job: Job, data: Dataset) -> None:
    """The whole image's class."""
    squares = {name: _square(data, name) for name in (*job.train, *job.test)}
    known = torch.tensor([data.classes.index(data.label(name)) for name in job.train])
    counts = torch.bincount(known, minlength=len(data.classes)).clamp(min=1)
    # Each class is drawn alike.
    odds = (1 / counts[known]).double()

    def draw() -> tuple[Tensor, Tensor]:
        chosen = torch.multinomial(odds, IMAGE_BATCH, replacement=True)
        batch = torch.stack([squares[job.train[index]] for index in chosen])
        return _varied(batch).to(recipe_training.device()), known[chosen].to(
            recipe_training.device()
        )

    def loss(logits: Tensor, classes: Tensor) -> Tensor:
        return functional.cross_entropy(logits, classes, label_smoothing=LABEL_SMOOTHING)

    until = job.deadline - max(1.0, 0.05 * job.budget_s)
    network = lite0.classifier(len(data.classes))
    network = recipe_training.fit(network, draw, loss, until, IMAGE_RATE)
    found = {}
    for name in job.test:
        batch = squares[name][None].to(recipe_training.device())
        with torch.inference_mode(), recipe_training.autocast():
            seen = [network(torch.flip(batch, view)).float().softmax(dim=1) for view in VIEWS]
        found[name] = data.classes[int(torch.stack(seen).mean(dim=0).argmax())]
    job.write_classes(found)


def _trained(
    job: Job, data: Dataset, learned: list[str], predicted: int, maps: int, loss: object
) -> nn.Module:
    """Return the trained network; leaves time to predict so many images."""
    channels = data.image_yxc(learned[0]).shape[2]
    network = smp.Unet(f"tu-{lite0.NAME}", encoder_weights=None, in_channels=channels, classes=maps)
    lite0.load_into(network.encoder.model, channels)
    tiles = Tiles([shown(data, name) for name in learned], recipe_training.device(), job.seed)
    network = network.to(recipe_training.device(), memory_format=torch.channels_last)
    network.eval()
    _logits(network, data, learned[0], torch.sigmoid)
    began = time.time()
    _logits(network, data, learned[0], torch.sigmoid)
    predicted_s = 1.3 * predicted * (time.time() - began) + TUNING_SHARE * job.budget_s
    print(f"{len(learned)} images, {predicted_s:.1f} s kept for the end")
    until = job.deadline - predicted_s
    return recipe_training.fit(network, lambda: tiles.batch(BATCH), loss, until)


def _object_loss(logits: Tensor, targets: Tensor) -> Tensor:
    foreground, distance = logits[:, 0], logits[:, 1]
    known = (targets[:, 0] > 0.5).float()
    height = functional.binary_cross_entropy_with_logits(distance, targets[:, 1].clamp(0, 1))
    plain = functional.binary_cross_entropy_with_logits(foreground, known)
    return (
        plain
        + _dice_loss(foreground.sigmoid()[:, None], known[:, None])
        + (DISTANCE_WEIGHT * height)
    )


def _class_loss(logits: Tensor, targets: Tensor) -> Tensor:
    classes = targets[:, 0].long()
    hot = functional.one_hot(classes, logits.shape[1]).permute(0, 3, 1, 2).float()
    return functional.cross_entropy(logits, classes) + _dice_loss(logits.softmax(dim=1), hot)


def _dice_loss(shares: Tensor, known: Tensor) -> Tensor:
    """Return 1 - Dice pooled over the batch, mean over the classes that are there."""
    over = (0, 2, 3)
    both = (shares * known).sum(over)
    total = shares.sum(over) + known.sum(over)
    there = known.sum(over) > 0
    return 1 - ((2 * both + 1) / (total + 1))[there].mean() if there.any() else total.sum() * 0


def _object_maps(network: nn.Module, data: Dataset, name: str) -> Maps:
    foreground, distance = _logits(network, data, name, torch.sigmoid)[0].cpu().numpy()
    return Maps(height_yx=distance, foreground_yx=foreground)


def _logits(network: nn.Module, data: Dataset, name: str, activate: object) -> Tensor:
    """Return activated maps (1, K, Y, X), the mean over flips."""
    batch = scaled(data.image_yxc(name))[None].to(recipe_training.device())
    rows, columns = batch.shape[2:]
    # Five halvings: sides must be multiples of 32.
    edges = (0, -columns % 32, 0, -rows % 32)
    batch = functional.pad(batch, edges, mode="reflect")
    batch = batch.contiguous(memory_format=torch.channels_last)
    total = torch.zeros(())
    with torch.inference_mode(), recipe_training.autocast():
        for view in VIEWS:
            maps = activate(network(torch.flip(batch, view)).float())
            total = total.to(maps.device) + torch.flip(maps, view)
    return (total / len(VIEWS))[:, :, :rows, :columns]


def _square(data: Dataset, name: str) -> Tensor:
    return lite0.square(torch.from_numpy(data.image_yxc(name).astype(np.float32)))


def _varied(batch: Tensor) -> Tensor:
    """Return images turned by any angle, scaled, mirrored, with other brightness and contrast."""
    count = len(batch)
    angle = torch.rand(count) * 2 * torch.pi
    zoom = torch.empty(count).uniform_(0.75, 1.2)
    mirror = torch.randint(0, 2, (count,)) * 2 - 1
    turned = torch.zeros(count, 2, 3)
    turned[:, 0, 0], turned[:, 0, 1] = zoom * angle.cos() * mirror, -zoom * angle.sin()
    turned[:, 1, 0], turned[:, 1, 1] = zoom * angle.sin() * mirror, zoom * angle.cos()
    turned[:, :, 2] = torch.empty(count, 2).uniform_(-0.08, 0.08)
    grid = functional.affine_grid(turned, list(batch.shape), align_corners=False)
    moved = functional.grid_sample(batch, grid, padding_mode="reflection", align_corners=False)
    contrast = torch.empty(count, 1, 1, 1).uniform_(0.75, 1.25)
    return moved * contrast + torch.empty(count, 1, 1, 1).uniform_(-0.2, 0.2)


RECIPES = {"instance": objects, "semantic": pixels, "classification": images}

if __name__ == "__main__":
    jobs.serve("segmentation-models-pytorch", run)
