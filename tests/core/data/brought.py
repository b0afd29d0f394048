"""Small files as users bring them."""

from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

SHAPE = (24, 32)


def picture(path: Path, seed: int, shape: tuple[int, int] = SHAPE) -> Path:
    """Write a picture of noise, another one for every seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, shape, dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def cells(path: Path, count: int = 3, shape: tuple[int, int] = SHAPE) -> Path:
    """Write a mask of so many objects, numbered from 1."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ids = np.zeros(shape, dtype=np.uint16)
    for number in range(count):
        ids[2 + number * 4 : 5 + number * 4, 2:10] = number + 1
    tifffile.imwrite(path, ids)
    return path


def regions(path: Path) -> Path:
    """Write a mask of two regions beside what lies behind them: 0, then 1, then 2."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.zeros(SHAPE, dtype=np.uint8)
    values[:, 10:20], values[:, 20:] = 1, 2
    Image.fromarray(values).save(path)
    return path
