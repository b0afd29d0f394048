"""Losses that leave out what nobody annotated (-1)."""

from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

# Keeps Dice defined where a class is absent from a batch.
SMOOTH = 1.0
# Source: Lin et al., "Focal loss for dense object detection", ICCV 2017, section 5.1.
FOCAL_GAMMA = 2.0
# A miss counts 0.7, a false alarm 0.3. Source: Salehi et al., "Tversky loss function for image
# segmentation using 3D fully convolutional deep networks", MLMI 2017, table 1.
TVERSKY_MISS = 0.7
# Pixels within two of a border weigh six times the others. The idea is that of the U-Net
# (Ronneberger et al., MICCAI 2015, section 3.1), whose weight of 11 falls off over 5 px.
BORDER_WINDOW_PX = 5
BORDER_EXTRA = 5.0


def classes(kind: str, logits: Tensor, target: Tensor, weights: Tensor | None) -> Tensor:
    """Return the overlap loss + cross entropy over classes, as `kind` says.

    `logits` (batch, classes, Y, X); `target` int (batch, Y, X), -1 left out; 0.0 where nothing
    is annotated.
    """
    valid = target >= 0
    if not bool(valid.any()):
        return logits.sum() * 0.0
    safe = target.clamp_min(0).long()
    log_probability = logits.float().log_softmax(dim=1)
    per_pixel = functional.nll_loss(log_probability, safe, weight=weights, reduction="none")
    if kind == "dice_focal":
        certain = log_probability.gather(1, safe[:, None])[:, 0].exp()
        per_pixel = per_pixel * (1 - certain) ** FOCAL_GAMMA
    counted = valid * near_border(target) if kind == "boundary_weighted" else valid.float()
    share = counted if weights is None else counted * weights[safe]
    entropy = (per_pixel * counted).sum() / share.sum().clamp_min(1e-6)
    one_hot = functional.one_hot(safe, logits.shape[1]).permute(0, 3, 1, 2)
    return entropy + _overlap(kind, log_probability.exp(), one_hot, valid[:, None])


def foreground(kind: str, logits: Tensor, target: Tensor, between: Tensor | None = None) -> Tensor:
    """Return the overlap loss + binary cross entropy of one map, as `kind` says.

    `logits` (batch, Y, X); `target` 0, 1 or -1 (left out). `between` bool (batch, Y, X): borders
    of touching objects, which the target does not show, for the kind `boundary_weighted`.
    """
    valid = target >= 0
    if not bool(valid.any()):
        return logits.sum() * 0.0
    truth = target.clamp_min(0).float()
    raw = logits.float()
    per_pixel = functional.binary_cross_entropy_with_logits(raw, truth, reduction="none")
    probability = raw.sigmoid()
    if kind == "dice_focal":
        missed = torch.where(truth > 0.5, 1 - probability, probability)
        per_pixel = per_pixel * missed**FOCAL_GAMMA
    counted = valid * near_border(target, between) if kind == "boundary_weighted" else valid
    entropy = (per_pixel * counted).sum() / counted.sum()
    return entropy + _overlap(kind, probability[:, None], truth[:, None], valid[:, None])


def near_border(target: Tensor, between: Tensor | None = None) -> Tensor:
    """Return each pixel's weight: `1 + BORDER_EXTRA` near where the target changes, else 1.

    `target` (batch, Y, X); -1 makes no border. `between` bool: further borders, widened alike.
    """
    known = target.float()[:, None]
    pool = partial(
        functional.max_pool2d,
        kernel_size=BORDER_WINDOW_PX,
        stride=1,
        padding=BORDER_WINDOW_PX // 2,
    )
    unknown = known < 0
    near = pool(known.masked_fill(unknown, -torch.inf)) > -pool(
        (-known).masked_fill(unknown, -torch.inf)
    )
    if between is not None:
        near = near | (pool(between.float()[:, None]) > 0)
    return 1 + BORDER_EXTRA * near[:, 0].float()


def height(logits: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Return the cross entropy of a map whose target lies anywhere in [0, 1].

    0.0 where nothing is valid. Its optimum is the mean: an absolute error's is the median, which
    is 0 wherever the network is unsure, and seeds vanish.
    """
    error = functional.binary_cross_entropy_with_logits(logits.float(), target, reduction="none")
    return (error * valid).sum() / valid.sum().clamp_min(1)


def direction(predicted: Tensor, target: Tensor, inside: Tensor) -> Tensor:
    """Return the squared error of directions (batch, 2, Y, X) over the pixels `inside`.

    0.0 where there are none. Its optimum is the mean: where the network is unsure the direction
    is short. Between 0 and 4 for directions of length 1.
    """
    error = (predicted.float() - target).square().sum(dim=1)
    return (error * inside).sum() / inside.sum().clamp_min(1)


def image_classes(kind: str, logits: Tensor, target: Tensor, weights: Tensor | None) -> Tensor:
    """Return smoothed cross entropy (or focal) of whole images; `target` (batch,), -1 left out."""
    if kind == "dice_focal":
        log_probability = logits.float().log_softmax(dim=1)
        safe = target.clamp_min(0)
        certain = log_probability.gather(1, safe[:, None])[:, 0].exp()
        loss = functional.nll_loss(
            log_probability, target, weight=weights, ignore_index=-1, reduction="none"
        )
        return (loss * (1 - certain) ** FOCAL_GAMMA).mean()
    # Source of the 0.1: Szegedy et al., "Rethinking the Inception architecture", CVPR 2016.
    return functional.cross_entropy(
        logits.float(), target, weight=weights, ignore_index=-1, label_smoothing=0.1
    )


def _overlap(kind: str, probability: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
    """Return 1 - soft Dice (or Tversky), pooled over the batch, averaged over classes present."""
    axes = (0, 2, 3)
    hit = (probability * truth * valid).sum(axes)
    missed = (truth * valid).sum(axes) - hit
    invented = (probability * valid).sum(axes) - hit
    # Dice is the Tversky index that counts both alike.
    miss = TVERSKY_MISS if kind == "tversky_ce" else 0.5
    total = hit + miss * missed + (1 - miss) * invented
    index = (2 * hit + SMOOTH) / (2 * total + SMOOTH)
    present = (truth * valid).sum(axes) > 0
    # An absent class says nothing about overlap; cross entropy already punishes inventing it.
    return 1 - index[present].mean() if bool(present.any()) else index.sum() * 0.0
