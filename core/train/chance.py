"""Every generator of random numbers that a training may draw from, kept and put back."""

import json
import random

import numpy as np
import torch
from torch import Tensor

CARD = "cuda"


def state() -> tuple[dict[str, str], dict[str, Tensor]]:
    """Return python's and numpy's states as JSON, and torch's, the cards' among them."""
    numpy_state = np.random.get_state(legacy=False)
    numbers = {
        "python": json.dumps(random.getstate()),
        "numpy": json.dumps(numpy_state, default=lambda array: array.tolist()),
    }
    tensors = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        cards = torch.cuda.get_rng_state_all()
        tensors |= {f"{CARD}{index}": one for index, one in enumerate(cards)}
    return numbers, tensors


def restore(numbers: dict[str, str], tensors: dict[str, Tensor]) -> None:
    """Go on with the states that `state` gave; cards that are not here any more are left out."""
    version, internal, gauss = json.loads(numbers["python"])
    random.setstate((version, tuple(internal), gauss))
    np.random.set_state(json.loads(numbers["numpy"]))
    torch.set_rng_state(tensors["cpu"])
    for index in range(torch.cuda.device_count()):
        if f"{CARD}{index}" in tensors:
            torch.cuda.set_rng_state(tensors[f"{CARD}{index}"], index)
