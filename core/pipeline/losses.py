"""Losses that leave out what nobody annotated (-1)."""

import torch
from torch import Tensor
from torch.nn import functional

# Keeps Dice defined where a class is absent from a batch.
SMOOTH = 1.0
# Source: Lin et al., "Focal loss for dense object detection", ICCV 2017, section 5.1.
FOCAL_GAMMA = 2.0


def classes(kind: str, logits: Tensor, target: Tensor, weights: Tensor | None) -> Tensor:
    """Return Dice + cross entropy (or focal) over classes.

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
    share = valid if weights is None else valid * weights[safe]
    entropy = (per_pixel * valid).sum() / share.sum().clamp_min(1e-6)
    one_hot = functional.one_hot(safe, logits.shape[1]).permute(0, 3, 1, 2)
    return entropy + _dice(log_probability.exp(), one_hot, valid[:, None])


def foreground(kind: str, logits: Tensor, target: Tensor) -> Tensor:
    """Return Dice + binary cross entropy (or focal) of one map.

    `logits` (batch, Y, X); `target` 0, 1 or -1 (left out).
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
    entropy = (per_pixel * valid).sum() / valid.sum()
    return entropy + _dice(probability[:, None], truth[:, None], valid[:, None])


def height(logits: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Return the cross entropy of a map whose target lies anywhere in [0, 1].

    0.0 where nothing is valid. Its optimum is the mean: an absolute error's is the median, which
    is 0 wherever the network is unsure, and seeds vanish.
    """
    error = functional.binary_cross_entropy_with_logits(logits.float(), target, reduction="none")
    return (error * valid).sum() / valid.sum().clamp_min(1)


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


def _dice(probability: Tensor, truth: Tensor, valid: Tensor) -> Tensor:
    """Return 1 - soft Dice, pooled over the batch, averaged over the classes present."""
    axes = (0, 2, 3)
    overlap = (probability * truth * valid).sum(axes)
    total = (probability * valid).sum(axes) + (truth * valid).sum(axes)
    dice = (2 * overlap + SMOOTH) / (total + SMOOTH)
    present = (truth * valid).sum(axes) > 0
    # An absent class says nothing about overlap; cross entropy already punishes inventing it.
    return 1 - dice[present].mean() if bool(present.any()) else dice.sum() * 0.0
