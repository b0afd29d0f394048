"""Training images, prepared once and kept in memory, from which random tiles are drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.data.samples import Sample
from core.data.truth import Truth
from core.pipeline import augment, heads, preprocess
from core.pipeline.heads import Batch, Head
from core.records import STRIDE_PX, Kind, Pipeline, TaskSpec

# A third of the tiles is centred on a class drawn evenly, so that rare ones are met; the rest fall
# where they may, so that the background is known as well.
AIMED_SHARE = 0.34
# With the balance "tiles" two thirds are, and on rare classes more often than on frequent ones.
BALANCED_SHARE = 0.67
# Where less of an image is annotated, tiles are drawn around what is: most others teach nothing.
SPARSE_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Prepared:
    """One training image at working size, on the device of its pool."""

    image: Tensor
    """(C, Y, X) float32."""
    smooth: Tensor
    discrete: Tensor
    """(k, Y, X) float32, so that it can be sampled; whole numbers, -1 left out."""
    places: dict[int, np.ndarray]
    """Class -> some pixels (n, 2) of it, to aim at."""
    sizes: dict[int, int]
    """Class -> its pixels; for whole images its class -> 1."""
    annotated: np.ndarray | None = None
    """Some annotated pixels (n, 2) where they are few; None: most of the image is annotated."""


class NoRoomError(MemoryError):
    """The training images do not go into memory, however small the network is."""


class Pool:
    """Where tiles come from: the training device, or the machine's memory beside a card."""

    def __init__(self, items: Sequence[Prepared], pipeline: Pipeline, task: TaskSpec) -> None:
        self.items = items
        self.whole = task.kind is Kind.CLASSIFICATION
        self.strength = augment.STRENGTHS[pipeline.training.augmentation]
        self.shape_yx = tile_shape(items, pipeline, whole=self.whole)
        self.device = items[0].image.device
        self.grid = augment.identity_grid(self.shape_yx, self.device)
        self.turning = heads.find(pipeline.model.head).directions is not None
        balanced = pipeline.training.class_balance == "tiles"
        self.chances = _image_chances(items, whole=self.whole, balanced=balanced)
        self.aimed_share = BALANCED_SHARE if balanced else AIMED_SHARE
        self.classes = sorted({c for item in items for c in item.places})
        self.class_chances = _class_chances(items, self.classes, balanced=balanced)

    def draw(self, count: int, rng: np.random.Generator) -> tuple[Tensor, Batch]:
        """Return `count` random tiles (count, C, Y, X) and their targets."""
        tiles, smooth, discrete = [], [], []
        for _ in range(count):
            item, centre_yx = self._aim(rng)
            grid = augment.warp_grid(self.grid, self.strength, rng)
            tiles.append(augment.cut(item.image, grid, centre_yx, "bilinear"))
            if self.whole:
                smooth.append(item.smooth)
                discrete.append(item.discrete)
                continue
            smooth.append(
                augment.cut_directions(item.smooth, grid, centre_yx)
                if self.turning
                else augment.cut(item.smooth, grid, centre_yx, "bilinear")
            )
            discrete.append(augment.cut(item.discrete, grid, centre_yx, "nearest"))
        targets = torch.stack(discrete).long()
        pixels = augment.recolour(torch.stack(tiles), self.strength, rng)
        return (
            pixels.contiguous(memory_format=torch.channels_last),
            Batch(torch.stack(smooth), targets.reshape(count) if self.whole else targets),
        )

    def shrink(self, tile_px: int) -> None:
        """Draw tiles of at most this side from now on."""
        rows, columns = self.shape_yx
        self.shape_yx = min(rows, tile_px), min(columns, tile_px)
        self.grid = augment.identity_grid(self.shape_yx, self.device)

    def _aim(self, rng: np.random.Generator) -> tuple[Prepared, tuple[float, float]]:
        """Return an image and the centre of a tile in it."""
        if self.whole:
            item = self.items[int(rng.choice(len(self.items), p=self.chances))]
            height, width = item.image.shape[1:]
            return item, ((height - 1) / 2, (width - 1) / 2)
        if self.classes and rng.random() < self.aimed_share:
            wanted = self.classes[int(rng.choice(len(self.classes), p=self.class_chances))]
            holders = [item for item in self.items if wanted in item.places]
            item = holders[int(rng.integers(len(holders)))]
            return item, self._near(item.places[wanted], rng)
        item = self.items[int(rng.choice(len(self.items), p=self.chances))]
        height, width = item.image.shape[1:]
        if item.annotated is not None:
            return item, self._near(item.annotated, rng)
        return item, (
            _inside(height, self.shape_yx[0], rng),
            _inside(width, self.shape_yx[1], rng),
        )

    def _near(self, places: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
        """Return the centre of a tile that shows one of the places, anywhere in its middle half."""
        row, column = places[int(rng.integers(len(places)))]
        shift = rng.uniform(-0.25, 0.25, 2) * self.shape_yx
        return float(row + shift[0]), float(column + shift[1])


def prepare(
    sample: Sample, truth: Truth, pipeline: Pipeline, head: Head, context: "Context"
) -> Prepared:
    """Return one image at working size with its targets, on the context's device."""
    image = preprocess.apply(pipeline.preprocess, context.fitted, sample.image_cyx)
    targets = head.targets(_rescaled(truth, image.shape[1:]), context.task)
    return Prepared(
        torch.from_numpy(np.ascontiguousarray(image)).to(context.device),
        torch.from_numpy(targets.smooth_kyx).to(context.device),
        torch.from_numpy(targets.discrete_kyx.astype(np.float32)).to(context.device),
        _places(targets.discrete_kyx, context.task, context.seed),
        _sizes(targets.discrete_kyx),
        _annotated(targets.discrete_kyx[0], context.seed),
    )


@dataclass(frozen=True, slots=True)
class Context:
    """What preparing every image needs to know."""

    task: TaskSpec
    fitted: preprocess.Fitted
    device: torch.device
    seed: int


def tile_shape(items: Sequence[Prepared], pipeline: Pipeline, *, whole: bool) -> tuple[int, int]:
    """Return rows and columns of a tile: multiples of the stride, no larger than the images."""
    tallest = max(item.image.shape[1] for item in items)
    widest = max(item.image.shape[2] for item in items)
    if whole:
        return _up(tallest), _up(widest)
    tile_px = pipeline.preprocess.tile_px
    return min(tile_px, _up(tallest)), min(tile_px, _up(widest))


def _image_chances(items: Sequence[Prepared], *, whole: bool, balanced: bool) -> np.ndarray:
    """Return each image's chance to be drawn where no class is aimed at."""
    if whole:
        # Balanced: one class is drawn as often as another. Others: one image as often as another.
        named = [next(iter(item.sizes), None) for item in items]
        weights = np.array([1 / named.count(name) if balanced else 1.0 for name in named])
    else:
        # Larger images hold more to learn, but one large image must not drown the small ones.
        weights = np.sqrt([item.image[0].numel() for item in items])
    chances: np.ndarray = weights / weights.sum()
    return chances


def _class_chances(
    items: Sequence[Prepared], classes: Sequence[int], *, balanced: bool
) -> np.ndarray:
    """Return each class's chance to be aimed at: alike, or falling with the root of its share."""
    sizes = np.array([sum(item.sizes.get(c, 0) for item in items) for c in classes], dtype=float)
    # The root: in full proportion nearly every tile would show the rarest class.
    weights = 1 / np.sqrt(np.maximum(sizes, 1)) if balanced else np.ones(len(classes))
    chances: np.ndarray = weights / max(weights.sum(), 1e-12)
    return chances


def _up(side_px: int) -> int:
    return -(-side_px // STRIDE_PX) * STRIDE_PX


def _inside(side_px: int, tile_px: int, rng: np.random.Generator) -> float:
    """Return a centre from which a tile stays inside where it can."""
    if side_px <= tile_px:
        return (side_px - 1) / 2
    return float(rng.uniform(tile_px / 2, side_px - tile_px / 2) - 0.5)


def _rescaled(truth: Truth, shape_yx: tuple[int, ...]) -> Truth:
    if not truth.pixels_yx.size:
        return truth
    pixels_yx = preprocess.resize_labels(truth.pixels_yx, (shape_yx[0], shape_yx[1]))
    return Truth(
        pixels_yx=pixels_yx,
        object_classes=truth.object_classes,
        image_class=truth.image_class,
    )


def _places(
    discrete_kyx: np.ndarray, task: TaskSpec, seed: int, most: int = 2000
) -> dict[int, np.ndarray]:
    """Return up to `most` pixels of each class, from the last map (class, else foreground)."""
    if task.kind is Kind.CLASSIFICATION:
        return {}
    rng = np.random.default_rng(seed)
    last = discrete_kyx[-1]
    places = {}
    for value in np.unique(last[last >= 0]):
        places[int(value)] = _some(last == value, rng, most)
    return places


def _annotated(first_yx: np.ndarray, seed: int, most: int = 2000) -> np.ndarray | None:
    known = first_yx >= 0
    if not 0 < known.mean() < SPARSE_SHARE:
        return None
    return _some(known, np.random.default_rng(seed), most)


def _some(mask_yx: np.ndarray, rng: np.random.Generator, most: int) -> np.ndarray:
    """Return up to `most` pixels of a mask, (n, 2)."""
    found = np.flatnonzero(mask_yx)
    if len(found) > most:
        found = found[rng.integers(0, len(found), most)]
    return np.stack(np.unravel_index(found, mask_yx.shape), axis=1)


def _sizes(discrete_kyx: np.ndarray) -> dict[int, int]:
    """Return the pixels of each class of the last map."""
    last = discrete_kyx[-1]
    found, counts = np.unique(last[last >= 0], return_counts=True)
    return {int(value): int(count) for value, count in zip(found, counts, strict=True)}
