"""Images too large for one piece: the same answer in bounded memory.

The network's maps go tile by tile into a file; objects are found block by block and joined at the
seams. Both files are opened anew for each part, so that their pages do not stay in memory.
"""

import math
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile
import torch

from core.errors import ImageError
from core.infer import predict, seams
from core.infer.predict import Floats, Trained
from core.infer.seams import Objects, Window
from core.pipeline import preprocess
from core.records import Kind, Postprocess

# In one piece a U-Net's maps and the watershed take about 200 bytes a pixel: 0.8 GB.
LARGE_PX = 2048 * 2048
# With the widest margin a block is 2560 px wide; the watershed takes some 60 bytes a pixel.
CORE_PX = 1536
# An object's outline depends on its neighbours, and hardly on theirs: three diameters.
MARGIN_DIAMETERS, LEAST_MARGIN_PX, MOST_MARGIN_PX = 3.0, 128, 512
TIFF_TILE_PX = 512
# Shares of the whole work, for the progress: the network takes most of it.
MAPS_SHARE, OBJECTS_SHARE = 0.85, 0.1

PixelCounts = npt.NDArray[np.int64]
"""Pixels of each class."""
Told = Callable[[float], None]
"""Called with the share done in [0, 1]; may raise Stopped."""


@dataclass(frozen=True, slots=True)
class OnDisk:
    """An array in a file, of which only parts come into memory."""

    path: Path
    shape: tuple[int, ...]
    dtype: Any

    @property
    def nbytes(self) -> int:
        """Return its size."""
        return math.prod(self.shape) * int(np.dtype(self.dtype).itemsize)

    def create(self) -> "OnDisk":
        """Write zeros; ImageError where the disk has no room: a full one would end the process."""
        free = shutil.disk_usage(self.path.parent).free
        if free < 1.1 * self.nbytes:
            raise ImageError(
                f"this large image needs {self.nbytes / 1e9:.1f} GB in {self.path.parent} while it "
                f"is predicted, and {free / 1e9:.1f} GB are free; make room there"
            )
        np.memmap(self.path, self.dtype, "w+", shape=self.shape).flush()
        return self

    def open(self) -> npt.NDArray[Any]:
        """Return it for one operation; its pages leave memory with the returned array."""
        return np.memmap(self.path, self.dtype, "r+", shape=self.shape)


def is_large(trained: Trained, image_cyx: npt.NDArray[np.generic]) -> bool:
    """Return whether the image is to be predicted in parts."""
    if trained.task.kind is Kind.CLASSIFICATION:
        return False
    size_yx = image_cyx.shape[1:]
    working_yx = preprocess.working_shape(trained.pipeline.preprocess, trained.fitted, size_yx)
    return max(math.prod(size_yx), math.prod(working_yx)) > LARGE_PX


def answer(
    trained: Trained, image_cyx: npt.NDArray[np.generic], folder: Path, target: Path, told: Told
) -> Objects | PixelCounts:
    """Write the label picture to `target`; return its objects, or the pixels of each class.

    `folder` takes intermediate files: four bytes a map and working pixel, and four a pixel. The
    answer is that of one piece except for objects that a block's margin cuts, and holes wider than
    a block. Raises ImageError where the disk has no room; what `told` raises goes through.
    """
    post = trained.pipeline.postprocess
    size_yx = (int(image_cyx.shape[1]), int(image_cyx.shape[2]))
    maps = write_maps(
        trained, image_cyx, folder / "maps", post, lambda done: told(MAPS_SHARE * done)
    )
    labels = OnDisk(folder / "labels", size_yx, np.int32).create()
    objects = write_labels(
        trained, maps, post, labels, lambda done: told(MAPS_SHARE + OBJECTS_SHARE * done)
    )
    maps.path.unlink()
    write_tiff(labels, objects if isinstance(objects, Objects) else None, folder / "labels.tif")
    target.parent.mkdir(parents=True, exist_ok=True)
    (folder / "labels.tif").replace(target)
    told(1.0)
    return objects


def write_maps(
    trained: Trained,
    image_cyx: npt.NDArray[np.generic],
    path: Path,
    post: Postprocess,
    told: Told,
) -> OnDisk:
    """Return (maps, Y, X) at working size: the same tiles as in one piece, blended alike."""
    prepared = preprocess.prepare(trained.pipeline.preprocess, trained.fitted, image_cyx)
    height, width = prepared.shape_yx
    full = (height + predict.padding(height), width + predict.padding(width))
    windows = list(predict.tiles(*full))
    sides = [predict.Side(side) for side in full] if len(windows) > 1 else None
    views = predict.VIEWS if post.flips else predict.VIEWS[:1]
    file: OnDisk | None = None
    for done, (view, (rows, columns)) in enumerate((v, w) for v in views for w in windows):
        told(done / (len(views) * len(windows)))
        own = _place(rows, height, 2 in view), _place(columns, width, 3 in view)
        seen = _tile(trained, prepared, own, view)
        if sides is not None:
            seen = seen * predict.shares(sides[0], sides[1], rows, columns).numpy()
        if file is None:
            file = OnDisk(path, (len(seen), height, width), np.float32).create()
        inside = seen[:, : _length(own[0]), : _length(own[1])] / len(views)
        back = trained.head.mirrored(torch.from_numpy(inside)[None], view)[0].numpy()
        file.open()[:, own[0], own[1]] += back
    assert file is not None
    return file


def _tile(
    trained: Trained, prepared: preprocess.Prepared, own: Window, view: tuple[int, ...]
) -> Floats:
    """Return the maps (maps, Y, X) of one tile, mirrored and brought to the network's stride."""
    part = torch.from_numpy(np.ascontiguousarray(prepared.part(*own)))[None]
    with torch.inference_mode():
        batch = predict.pad(torch.flip(part, view)).to(trained.device)
        seen: Floats = predict.forward(trained, batch)[0].float().cpu().numpy()
    return seen


def _place(tile: slice, side: int, mirrored: bool) -> slice:
    """Return where a tile of the padded, maybe mirrored picture lies in the picture itself."""
    stop = min(tile.stop, side)
    return slice(side - stop, side - tile.start) if mirrored else slice(tile.start, stop)


def write_labels(
    trained: Trained, maps: OnDisk, post: Postprocess, labels: OnDisk, told: Told
) -> Objects | PixelCounts:
    """Fill the label map block by block; return its objects, or the pixels of each class."""
    size_yx = (labels.shape[0], labels.shape[1])
    semantic = trained.task.kind is Kind.SEMANTIC
    margin = 0 if semantic else margin_px(trained.fitted.object_diameter_px)
    # What is too small is known when all parts of an object are.
    decoded_as = replace(post, smallest_px=0, class_smallest_px=())
    joiner = seams.Joiner(size_yx, margin)
    counts = np.zeros(len(trained.task.classes), np.int64)
    parts = list(seams.blocks(size_yx, CORE_PX, margin))
    for done, block in enumerate(parts):
        told(done / len(parts))
        found = trained.head.decode(
            read_maps(maps, size_yx, block.window), decoded_as, trained.task
        )
        assert found.labels_yx is not None
        labels.open()[block.core] = found.labels_yx if semantic else joiner.add(block, found)
        if semantic:
            counts += np.bincount(found.labels_yx.ravel(), minlength=len(counts))
    return counts if semantic else joiner.finish(post)


def margin_px(diameter_px: float | None) -> int:
    """Return how far beyond its core a block is looked at."""
    wished = MARGIN_DIAMETERS * (diameter_px or 0.0)
    return int(min(max(wished, LEAST_MARGIN_PX), MOST_MARGIN_PX))


def read_maps(maps: OnDisk, size_yx: tuple[int, int], window: Window) -> Floats:
    """Return a window of the maps at the image's own size, bilinear as torch's interpolation."""
    working_yx = maps.shape[1:]
    if working_yx == size_yx:
        return np.array(maps.open()[:, window[0], window[1]])
    low, high, share = zip(
        *(_between(*each) for each in zip(window, size_yx, working_yx, strict=True)), strict=True
    )
    rows, columns = (slice(int(a[0]), int(b[-1]) + 1) for a, b in zip(low, high, strict=True))
    part = np.array(maps.open()[:, rows, columns])
    down = share[0][:, None]
    part = part[:, low[0] - rows.start] * (1 - down) + part[:, high[0] - rows.start] * down
    first, second = low[1] - columns.start, high[1] - columns.start
    seen: Floats = part[:, :, first] * (1 - share[1]) + part[:, :, second] * share[1]
    return seen


def _between(
    part: slice, side: int, working_side: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Floats]:
    """Return for each pixel the working pixels before and after it, and how near the latter is."""
    place = (np.arange(part.start, part.stop) + 0.5) * (working_side / side) - 0.5
    place = np.clip(place, 0, working_side - 1)
    low = place.astype(np.intp)
    return low, np.minimum(low + 1, working_side - 1), (place - low).astype(np.float32)


def write_tiff(labels: OnDisk, objects: Objects | None, path: Path) -> None:
    """Write the label picture, tiled and compressed, with the objects' final ids."""
    highest = 255 if objects is None else len(objects.regions.area) - 1
    dtype = np.uint16 if highest < 2**16 else np.uint32
    height, width = labels.shape

    def tiles() -> Iterator[npt.NDArray[np.generic]]:
        for top in range(0, height, TIFF_TILE_PX):
            strip = np.array(labels.open()[top : top + TIFF_TILE_PX])
            strip = (strip if objects is None else objects.final[strip]).astype(dtype)
            strip = np.pad(strip, ((0, TIFF_TILE_PX - len(strip)), (0, -width % TIFF_TILE_PX)))
            for left in range(0, width, TIFF_TILE_PX):
                yield np.ascontiguousarray(strip[:, left : left + TIFF_TILE_PX])

    tifffile.imwrite(
        path,
        tiles(),
        shape=labels.shape,
        dtype=dtype,
        tile=(TIFF_TILE_PX, TIFF_TILE_PX),
        compression="zlib",
        # Offsets of a plain TIFF have 32 bits.
        bigtiff=labels.nbytes > 2**31,
        photometric="minisblack",
    )


def _length(part: slice) -> int:
    return int(part.stop - part.start)
