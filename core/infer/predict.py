"""A network's maps of an image of any size, by overlapping tiles."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

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
# Where memory does not suffice; the smallest one still sees more than its overlap.
LIGHTER_TILES_PX = (384, 256)
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
    companion: "Trained | None" = None
    """Classification: a second model; the answer is the mean of both."""


def answer(
    trained: Trained, image_cyx: npt.NDArray[np.generic], post: Postprocess | None = None
) -> Answer:
    """Return the answer for one image, in the image's own size."""
    post = post or trained.pipeline.postprocess
    return trained.head.decode(maps(trained, image_cyx, flips=post.flips), post, trained.task)


def maps(trained: Trained, image_cyx: npt.NDArray[np.generic], *, flips: bool = False) -> Floats:
    """Return what the head's `decode` reads: (maps, Y, X) at the image's own size.

    A companion's maps lie below the network's own.
    """
    if trained.companion is not None:
        own = maps(replace(trained, companion=None), image_cyx, flips=flips)
        # Mirrored views cost a frozen network little in one batch, and it needs them more.
        return np.concatenate([own, maps(trained.companion, image_cyx, flips=True)])
    image = preprocess.apply(trained.pipeline.preprocess, trained.fitted, image_cyx)
    batch = torch.from_numpy(np.ascontiguousarray(image))[None].to(trained.device)
    with torch.inference_mode():
        if trained.task.kind is Kind.CLASSIFICATION:
            return _whole_image(trained, batch, flips)
        views = VIEWS if flips else VIEWS[:1]
        total = sum(trained.head.mirrored(_seen(trained, torch.flip(batch, v)), v) for v in views)
        assert isinstance(total, Tensor)
        working = (total / len(views)).float()
        if working.shape[2:] != image_cyx.shape[1:]:
            size = (int(image_cyx.shape[1]), int(image_cyx.shape[2]))
            working = functional.interpolate(working, size, mode="bilinear", align_corners=False)
        result: Floats = working[0].cpu().numpy()
    return result


# Axes of a batch that are mirrored.
VIEWS: tuple[tuple[int, ...], ...] = ((), (2,), (3,), (2, 3))


def mirrored(batch: Tensor, views: tuple[tuple[int, ...], ...]) -> Tensor:
    """Return (views, channels, rows, columns) of a batch of one."""
    return _last(torch.cat([torch.flip(batch, view) for view in views]))


def _whole_image(trained: Trained, batch: Tensor, flips: bool) -> Floats:
    views = mirrored(pad(batch), VIEWS if flips else VIEWS[:1])
    with devices.autocast(trained.device):
        mean = trained.network(views).float().mean(dim=0)
    result: Floats = trained.head.activate(mean).cpu().numpy().reshape(-1, 1, 1)
    return result


def _seen(trained: Trained, batch: Tensor) -> Tensor:
    """Return activated maps (1, maps, Y, X), whole or by tiles.

    The picture is brought to the network's stride first, so that its edges look alike both ways.
    """
    rows, columns = batch.shape[2:]
    return _seen_padded(trained, pad(batch))[:, :, :rows, :columns]


def _seen_padded(trained: Trained, batch: Tensor) -> Tensor:
    """Return maps of a padded picture, by smaller tiles where memory does not suffice."""
    height, width = batch.shape[2:]
    first = max(height, width) if height * width <= WHOLE_PX else TILE_PX
    for tile_px in (first, *(side for side in LIGHTER_TILES_PX if side < first)):
        try:
            return _by_tiles(trained, batch, tile_px)
        except (RuntimeError, MemoryError) as error:
            if not devices.is_out_of_memory(error) or tile_px <= LIGHTER_TILES_PX[-1]:
                raise
        devices.free_memory()
    return _by_tiles(trained, batch, LIGHTER_TILES_PX[-1])


def _by_tiles(trained: Trained, batch: Tensor, tile_px: int) -> Tensor:
    height, width = batch.shape[2:]
    if max(height, width) <= tile_px:
        return forward(trained, batch)
    rows, columns = Side(height, tile_px), Side(width, tile_px)
    total: Tensor | None = None
    for top, left in _windows(height, width, tile_px):
        seen = forward(trained, batch[:, :, top, left])
        if total is None:
            total = torch.zeros((1, seen.shape[1], height, width), device=batch.device)
        total[:, :, top, left] += seen * shares(rows, columns, top, left).to(batch.device)
    assert total is not None
    return total


def tiles(height: int, width: int) -> Iterator[tuple[slice, slice]]:
    """Yield overlapping windows that cover the image; the last ones end at its edge.

    One window where the image is small enough for the network.
    """
    if height * width <= WHOLE_PX:
        yield slice(0, height), slice(0, width)
        return
    yield from _windows(height, width, TILE_PX)


def _windows(height: int, width: int, tile_px: int) -> Iterator[tuple[slice, slice]]:
    for top in _starts(height, tile_px):
        for left in _starts(width, tile_px):
            yield slice(top, min(top + tile_px, height)), slice(left, min(left + tile_px, width))


def _starts(side_px: int, tile_px: int) -> list[int]:
    if side_px <= tile_px:
        return [0]
    step = tile_px - OVERLAP_PX
    starts = list(range(0, side_px - tile_px, step))
    return [*starts, side_px - tile_px]


class Side:
    """The tiles along one side of an image: how much each counts for each pixel."""

    def __init__(self, length: int, tile_px: int | None = None) -> None:
        tile_px = tile_px or TILE_PX
        self._weight = torch.zeros(length)
        for start in _starts(length, tile_px):
            stop = min(start + tile_px, length)
            self._weight[start:stop] += _ramp(stop - start)

    def share(self, tile: slice) -> Tensor:
        """Return a tile's share of each of its pixels; those of all tiles add up to 1."""
        return _ramp(tile.stop - tile.start) / self._weight[tile]


def shares(rows: Side, columns: Side, top: slice, left: slice) -> Tensor:
    """Return (tile rows, tile columns): what the tile counts for each pixel, so that tiles blend.

    Weights are products of one a side, so that the sums over all tiles are, too.
    """
    return rows.share(top)[:, None] * columns.share(left)[None, :]


def _ramp(length: int) -> Tensor:
    """Return a tile's weight along one side, falling towards its ends."""
    place = torch.arange(length, dtype=torch.float32) + 0.5
    distance = torch.minimum(place, length - place)
    # Not zero: at the image's own edge there is no neighbour to take over.
    return ((distance - MARGIN_PX) / (OVERLAP_PX - 2 * MARGIN_PX)).clamp(1e-5, 1.0)


def forward(trained: Trained, batch: Tensor) -> Tensor:
    """Return activated maps of a batch whose sides are multiples of the network's stride."""
    with devices.autocast(trained.device):
        logits = trained.network(_last(batch))
    return trained.head.activate(logits)


def pad(batch: Tensor) -> Tensor:
    """Return the batch with sides brought up to the network's stride, mirrored at the far edges."""
    height, width = batch.shape[2:]
    down, right = padding(height), padding(width)
    if not down and not right:
        return batch
    # A mirror cannot be longer than the picture; what is tiny is continued by its last pixel.
    mode = "reflect" if down < height and right < width else "replicate"
    return functional.pad(batch, (0, right, 0, down), mode=mode)


def padding(side_px: int) -> int:
    """Return how many pixels a side lacks to a multiple of the network's stride."""
    return -side_px % STRIDE_PX


def _last(batch: Tensor) -> Tensor:
    return batch.contiguous(memory_format=torch.channels_last)
