"""A network's maps of an image of any size, by overlapping tiles."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.pipeline import devices, preprocess
from core.pipeline.answers import Answer
from core.pipeline.heads import Head
from core.records import STRIDE_PX, Kind, Pipeline, Postprocess, TaskSpec

Floats = npt.NDArray[np.float32]

# One pass up to this many working pixels: exact, and 1 GiB of activations at most on a U-Net.
WHOLE_PX = 1024 * 1024
TILE_PX = 768
# Two neighbours' margins, and as much again to blend in.
OVERLAP_PX = 128
# Of the overlap, the outermost pixels of a tile count for nothing where a neighbour sees them too.
MARGIN_PX = 32


@dataclass(frozen=True, slots=True)
class Trained:
    """A network with everything that belongs to it."""

    network: nn.Module
    pipeline: Pipeline
    fitted: preprocess.Fitted
    head: Head
    task: TaskSpec
    device: torch.device


def answer(
    trained: Trained, image_cyx: npt.NDArray[np.generic], post: Postprocess | None = None
) -> Answer:
    """Return the answer for one image, in the image's own size."""
    post = post or trained.pipeline.postprocess
    return trained.head.decode(maps(trained, image_cyx, flips=post.flips), post, trained.task)


def maps(trained: Trained, image_cyx: npt.NDArray[np.generic], *, flips: bool = False) -> Floats:
    """Return what the head's `decode` reads: (maps, Y, X) at the image's own size."""
    image = preprocess.apply(trained.pipeline.preprocess, trained.fitted, image_cyx)
    batch = torch.from_numpy(np.ascontiguousarray(image))[None].to(trained.device)
    with torch.inference_mode():
        if trained.task.kind is Kind.CLASSIFICATION:
            return _whole_image(trained, batch, flips)
        views = _VIEWS if flips else _VIEWS[:1]
        total = sum(torch.flip(_seen(trained, torch.flip(batch, v)), v) for v in views)
        assert isinstance(total, Tensor)
        working = (total / len(views)).float()
        if working.shape[2:] != image_cyx.shape[1:]:
            size = (int(image_cyx.shape[1]), int(image_cyx.shape[2]))
            working = functional.interpolate(working, size, mode="bilinear", align_corners=False)
        result: Floats = working[0].cpu().numpy()
    return result


_VIEWS: tuple[tuple[int, ...], ...] = ((), (2,), (3,), (2, 3))


def _whole_image(trained: Trained, batch: Tensor, flips: bool) -> Floats:
    padded = _pad(batch)
    views = _VIEWS if flips else _VIEWS[:1]
    with devices.autocast(trained.device):
        logits = [trained.network(_last(torch.flip(padded, v))).float() for v in views]
    mean = torch.stack(logits).mean(dim=0)
    result: Floats = trained.head.activate(mean).cpu().numpy().reshape(-1, 1, 1)
    return result


def _seen(trained: Trained, batch: Tensor) -> Tensor:
    """Return activated maps (1, maps, Y, X), whole or by tiles.

    The picture is brought to the network's stride first, so that its edges look alike both ways.
    """
    rows, columns = batch.shape[2:]
    return _seen_padded(trained, _pad(batch))[:, :, :rows, :columns]


def _seen_padded(trained: Trained, batch: Tensor) -> Tensor:
    height, width = batch.shape[2:]
    if height * width <= WHOLE_PX:
        return _forward(trained, batch)
    total: Tensor | None = None
    weight = torch.zeros((1, 1, height, width), device=batch.device)
    for rows, columns in tiles(height, width):
        seen = _forward(trained, batch[:, :, rows, columns])
        ramp = _ramp(seen.shape[2], seen.shape[3], batch.device)
        if total is None:
            total = torch.zeros((1, seen.shape[1], height, width), device=batch.device)
        total[:, :, rows, columns] += seen * ramp
        weight[:, :, rows, columns] += ramp
    assert total is not None
    return total / weight


def tiles(height: int, width: int) -> Iterator[tuple[slice, slice]]:
    """Yield overlapping windows that cover the image; the last ones end at its edge."""
    for top in _starts(height):
        for left in _starts(width):
            yield slice(top, min(top + TILE_PX, height)), slice(left, min(left + TILE_PX, width))


def _starts(side_px: int) -> list[int]:
    if side_px <= TILE_PX:
        return [0]
    step = TILE_PX - OVERLAP_PX
    starts = list(range(0, side_px - TILE_PX, step))
    return [*starts, side_px - TILE_PX]


def _ramp(height: int, width: int, device: torch.device) -> Tensor:
    """Return a tile's weight: falling towards its edges, so that neighbours blend."""

    def side(length: int) -> Tensor:
        place = torch.arange(length, device=device, dtype=torch.float32) + 0.5
        distance = torch.minimum(place, length - place)
        # Not zero: at the image's own edge there is no neighbour to take over.
        return ((distance - MARGIN_PX) / (OVERLAP_PX - 2 * MARGIN_PX)).clamp(1e-5, 1.0)

    return side(height)[:, None] * side(width)[None, :]


def _forward(trained: Trained, batch: Tensor) -> Tensor:
    with devices.autocast(trained.device):
        logits = trained.network(_last(batch))
    return trained.head.activate(logits)


def _pad(batch: Tensor) -> Tensor:
    """Return the batch with sides brought up to the network's stride, mirrored at the far edges."""
    height, width = batch.shape[2:]
    down, right = -height % STRIDE_PX, -width % STRIDE_PX
    if not down and not right:
        return batch
    # A mirror cannot be longer than the picture; what is tiny is continued by its last pixel.
    mode = "reflect" if down < height and right < width else "replicate"
    return functional.pad(batch, (0, right, 0, down), mode=mode)


def _last(batch: Tensor) -> Tensor:
    return batch.contiguous(memory_format=torch.channels_last)
