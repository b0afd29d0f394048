"""The fixed recipe's way of training: AdamW, one cycle to the deadline, averaged weights."""

import copy
import math
import time
from collections.abc import Callable

import processor
import torch
from torch import Tensor, nn

RATE = 2e-3
WEIGHT_DECAY = 1e-2
WARM_UP = 0.05
# Averaged over the last hundred steps; over fewer at the start.
AVERAGING = 0.99
LARGEST_GRADIENT = 5.0

Loss = Callable[[Tensor, Tensor], Tensor]
Draw = Callable[[], tuple[Tensor, Tensor]]


def device() -> torch.device:
    """Return the card where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def autocast() -> torch.autocast:
    """Return the context of bf16 where the processor or the card has units for it."""
    kind = device().type
    has_units = bool(processor.X86_BF16 & processor.flags())
    return torch.autocast(kind, torch.bfloat16, enabled=kind == "cuda" or has_units)


def fit(network: nn.Module, draw: Draw, loss: Loss, until: float, rate: float = RATE) -> nn.Module:
    """Return the averaged network after training until the given time (seconds since 1970)."""
    network = network.to(device(), memory_format=torch.channels_last).train()
    averaged = copy.deepcopy(network).eval()
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=WEIGHT_DECAY)
    began, steps = time.time(), 0
    while time.time() < until:
        share = (time.time() - began) / max(until - began, 1e-6)
        for group in optimizer.param_groups:
            group["lr"] = rate * _cycle(share)
        images, targets = draw()
        with autocast():
            logits = network(images.contiguous(memory_format=torch.channels_last))
        value = loss(logits.float(), targets)
        optimizer.zero_grad(set_to_none=True)
        value.backward()
        nn.utils.clip_grad_norm_(network.parameters(), LARGEST_GRADIENT)
        optimizer.step()
        steps += 1
        _average(averaged, network, min(AVERAGING, (1 + steps) / (10 + steps)))
    print(f"{steps} steps in {time.time() - began:.0f} s")
    return averaged


def _cycle(share: float) -> float:
    """Return the rate's factor: up from 0 in a twentieth of the time, then a cosine down to 0."""
    if share < WARM_UP:
        return max(share / WARM_UP, 0.02)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (share - WARM_UP) / (1 - WARM_UP))))


@torch.no_grad()
def _average(averaged: nn.Module, network: nn.Module, keep: float) -> None:
    states = zip(averaged.state_dict().values(), network.state_dict().values(), strict=True)
    for mean, now in states:
        if mean.is_floating_point():
            mean.lerp_(now, 1 - keep)
        else:
            mean.copy_(now)
