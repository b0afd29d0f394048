"""Tiles of the fixed recipe: prepared once, cut and augmented on the training device."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from dataset import Dataset
from objects import relative_distance
from torch import Tensor
from torch.nn import functional

TILE_PX = 256
# Objects are seen at their own size, give or take a third.
SCALES = (0.75, 1.33)
# A tile at the smallest scale must fit into every image.
SMALLEST_PX = math.ceil(TILE_PX / SCALES[0])
# So many tiles show a class drawn evenly instead of a place drawn evenly.
CLASS_SHARE = 0.5
# Enough places of each class an image to draw centres from.
PLACES = 2000


@dataclass(frozen=True, slots=True)
class Shown:
    """One image to learn from."""

    image_cyx: Tensor
    """In [-1, 1], of the percentiles 0.5 and 99.5."""
    targets_kyx: Tensor
    """Objects: foreground and relative distance, half precision; classes: one map of ids."""
    places: dict[int, Tensor]
    """Class id -> (n, 2) rows and columns where it is; empty for objects."""


def scaled(image_yxc: np.ndarray) -> Tensor:
    """Return (C, Y, X) in [-1, 1]; colours are scaled together."""
    low, high = np.percentile(image_yxc, (0.5, 99.5))
    unit = np.clip((image_yxc - low) / max(high - low, 1e-6), 0, 1)
    return torch.from_numpy((unit * 2 - 1).astype(np.float32).transpose(2, 0, 1).copy())


def shown(data: Dataset, name: str) -> Shown:
    """Return an image with its targets, mirrored at the edges where it is too small."""
    image, mask = scaled(data.image_yxc(name)), data.mask(name)
    if data.task == "instance":
        targets = torch.from_numpy(np.stack([np.sign(mask), relative_distance(mask)]))
        targets = targets.float()
        places = {}
    else:
        targets = torch.from_numpy(mask)[None].float()
        places = _places(mask)
    return Shown(_padded(image), _padded(targets).half(), places)


def _on(image: Shown, device: torch.device) -> Shown:
    planes, targets = image.image_cyx.to(device), image.targets_kyx.to(device)
    return replace(image, image_cyx=planes, targets_kyx=targets)


def _places(mask: np.ndarray) -> dict[int, Tensor]:
    found = {}
    for index in np.unique(mask):
        where = torch.from_numpy(np.argwhere(mask == index))
        found[int(index)] = where[torch.randperm(len(where))[:PLACES]]
    return found


def _padded(planes: Tensor) -> Tensor:
    rows, columns = planes.shape[1:]
    down, right = max(0, SMALLEST_PX - rows), max(0, SMALLEST_PX - columns)
    mode = "reflect" if down < rows and right < columns else "replicate"
    return functional.pad(planes[None], (0, right, 0, down), mode=mode)[0]


class Tiles:
    """Draws batches of augmented tiles."""

    def __init__(self, images: Sequence[Shown], device: torch.device, seed: int) -> None:
        self.images = [_on(image, device) for image in images]
        self.device = device
        self.rng = np.random.default_rng(seed)
        classes = {index for image in self.images for index in image.places}
        self.holders = {
            index: [image for image in self.images if index in image.places] for index in classes
        }

    def batch(self, size: int) -> tuple[Tensor, Tensor]:
        """Return images (size, C, tile, tile) and targets (size, K, tile, tile)."""
        pairs = [self._tile() for _ in range(size)]
        images = torch.stack([image for image, _ in pairs])
        return self._coloured(images), torch.stack([target for _, target in pairs])

    def _tile(self) -> tuple[Tensor, Tensor]:
        shown, row, column = self._place()
        side = round(TILE_PX / math.exp(self.rng.uniform(*np.log(SCALES))))
        rows, columns = shown.image_cyx.shape[1:]
        top = int(np.clip(row - side // 2, 0, rows - side))
        left = int(np.clip(column - side // 2, 0, columns - side))
        where = (slice(None), slice(top, top + side), slice(left, left + side))
        mode = "nearest" if shown.places else "bilinear"
        image = functional.interpolate(shown.image_cyx[where][None], TILE_PX, mode="bilinear")
        target = functional.interpolate(shown.targets_kyx[where][None].float(), TILE_PX, mode=mode)
        turn, flip = int(self.rng.integers(4)), bool(self.rng.integers(2))
        return _turned(image[0], turn, flip), _turned(target[0], turn, flip)

    def _place(self) -> tuple[Shown, int, int]:
        """Return an image and the row and column to cut around."""
        if self.holders and self.rng.random() < CLASS_SHARE:
            index = self.rng.choice(sorted(self.holders))
            shown = self.holders[index][self.rng.integers(len(self.holders[index]))]
            places = shown.places[index]
            row, column = places[self.rng.integers(len(places))].tolist()
            # Not always in the middle.
            shift = self.rng.integers(-TILE_PX // 3, TILE_PX // 3, 2)
            return shown, row + int(shift[0]), column + int(shift[1])
        shown = self.images[self.rng.integers(len(self.images))]
        rows, columns = shown.image_cyx.shape[1:]
        return shown, int(self.rng.integers(rows)), int(self.rng.integers(columns))

    def _coloured(self, images: Tensor) -> Tensor:
        """Return other brightness, contrast and, of colours, other shares."""
        shape = (len(images), images.shape[1], 1, 1)
        together = torch.from_numpy(self.rng.uniform(-1, 1, (2, len(images), 1, 1, 1))).float()
        each = torch.from_numpy(self.rng.uniform(-1, 1, (2, *shape))).float()
        apart = 0.08 if images.shape[1] > 1 else 0.0
        contrast = 1 + 0.25 * together[0] + apart * each[0]
        brightness = 0.2 * together[1] + apart * each[1]
        return images * contrast.to(self.device) + brightness.to(self.device)


def _turned(planes: Tensor, turn: int, flip: bool) -> Tensor:
    turned = torch.rot90(planes, turn, (1, 2))
    return torch.flip(turned, (2,)) if flip else turned
