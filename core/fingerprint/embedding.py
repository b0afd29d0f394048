"""What a frozen network sees: the only door to torch in this package."""

import importlib
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor, nn

ENCODER = "efficientnet_lite0"
WIDTH = 1280

# The side the weights were trained at; the picture's longer side is brought to it.
SIDE_PX = 224

# Larger pictures show one crop: at a twentieth of their size cells would vanish.
CROP_PX = 1024

# Small enough for two cores' caches; larger batches are no quicker there.
_BATCH = 8

# The brightest pixels are often dirt: they must not set the range.
_PERCENTILES = (0.5, 99.5)


def load() -> None:
    """Import what the network needs, which takes seconds."""
    for name in ("torch", "timm"):
        importlib.import_module(name)


def of(images: Sequence[NDArray[np.generic]], seed: int = 0) -> NDArray[np.float32]:
    """Return the globally pooled features of each `image_cyx`, shape (n, 1280).

    `seed` places the crop of pictures beyond 1,024 px. An image's features do not depend on the
    others. Empty in, empty out: (0, 1280).
    """
    if not images:
        return np.zeros((0, WIDTH), dtype=np.float32)
    import torch

    # One generator an image: what is seen of one does not hang on those before it.
    inputs = [_input(image_cyx, np.random.default_rng(seed)) for image_cyx in images]
    found = np.zeros((len(inputs), WIDTH), dtype=np.float32)
    network = _network()
    with torch.inference_mode():
        for members in _batches(inputs):
            pooled = network(torch.cat([inputs[i] for i in members]))
            found[members] = pooled.numpy()
    return found


@lru_cache(maxsize=1)
def _network() -> "nn.Module":
    import timm

    from core.pipeline import pretrained

    network: nn.Module = timm.create_model(pretrained.TIMM_NAMES[ENCODER], num_classes=0)
    pretrained.load_into(network, ENCODER, in_channels=3)
    return network.eval()


def _input(image_cyx: NDArray[np.generic], random: np.random.Generator) -> "Tensor":
    """Return the picture as the weights expect it: 1,3,Y,X, scaled to [-1, 1]."""
    import torch
    from torch.nn import functional

    from core.pipeline.pretrained import INPUT_MEAN, INPUT_STD

    rows, columns = image_cyx.shape[1:]
    top = int(random.integers(0, max(1, rows - CROP_PX + 1)))
    left = int(random.integers(0, max(1, columns - CROP_PX + 1)))
    crop = np.nan_to_num(
        image_cyx[:, top : top + CROP_PX, left : left + CROP_PX].astype(np.float32)
    )
    unit = torch.from_numpy(_three_channels(_to_unit(crop)))[None]
    scale = SIDE_PX / max(unit.shape[2:])
    size = [max(1, round(side * scale)) for side in unit.shape[2:]]
    small = functional.interpolate(unit, size=size, mode="bilinear", antialias=True)
    return (small - INPUT_MEAN) / INPUT_STD


def _to_unit(image_cyx: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale to [0, 1] by percentiles: colour pictures as a whole, other channels one by one."""
    axes = (0, 1, 2) if image_cyx.shape[0] == 3 else (1, 2)
    low, high = np.percentile(image_cyx, _PERCENTILES, axis=axes, keepdims=True)
    scaled = (image_cyx - low) / np.maximum(high - low, 1e-6)
    unit: NDArray[np.float32] = np.clip(scaled, 0, 1).astype(np.float32)
    return unit


def _three_channels(image_cyx: NDArray[np.float32]) -> NDArray[np.float32]:
    """One channel is repeated, of two the third is their mean, of more the first three count."""
    if image_cyx.shape[0] == 1:
        return np.repeat(image_cyx, 3, axis=0)
    if image_cyx.shape[0] == 2:
        return np.concatenate([image_cyx, image_cyx.mean(axis=0, keepdims=True)])
    return np.ascontiguousarray(image_cyx[:3])


def _batches(inputs: Sequence["Tensor"]) -> list[list[int]]:
    """Return positions of equal size together, at most `_BATCH` of them."""
    by_size: dict[tuple[int, ...], list[int]] = {}
    for index, tensor in enumerate(inputs):
        by_size.setdefault(tuple(tensor.shape), []).append(index)
    return [
        members[start : start + _BATCH]
        for members in by_size.values()
        for start in range(0, len(members), _BATCH)
    ]
