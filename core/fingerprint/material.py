"""A seeded sample of the images, prepared once for all features."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.data import truth
from core.data.samples import Sample
from core.fingerprint.regions import Regions, measure
from core.records import Kind, TaskSpec

# More images change the median features by less than the data sets differ.
MOST_IMAGES = 24

# Larger pictures are represented by one crop: enough for hundreds of cells.
CROP_PX = 1024

# Connected regions below five by five pixels are specks of the annotation.
SMALLEST_REGION_PX = 25


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Marks:
    """What is marked on a view."""

    foreground_yx: NDArray[np.bool_]
    annotated_yx: NDArray[np.bool_]
    regions: Regions


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """One sampled image, or a crop of it."""

    id: str
    image_cyx: NDArray[np.float32]
    shape_yx: tuple[int, int]
    """Of the whole image."""
    marks: Marks | None
    """None: no pixel labels."""

    @property
    def share(self) -> float:
        """Return the crop's share of the image's area, in (0, 1]."""
        rows, columns = self.image_cyx.shape[1:]
        return float(rows * columns / (self.shape_yx[0] * self.shape_yx[1]))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Material:
    """What the features are computed from."""

    task: TaskSpec
    views: tuple[View, ...]
    images: int
    """Train and validation images the views were drawn from."""
    class_counts: NDArray[np.float64]
    """Per class: images (classification), pixels (semantic), objects (instance)."""


def prepare(samples: Sequence[Sample], task: TaskSpec, *, seed: int, megapixels: float) -> Material:
    """Draw and prepare up to `MOST_IMAGES` of the samples, and at most `megapixels` of them.

    At least one image is drawn; the same seed draws the same images and crops.
    """
    random = np.random.default_rng(seed)
    counts = np.zeros(len(task.classes))
    if task.kind is Kind.CLASSIFICATION:
        known = [truth.of(sample, task).image_class for sample in samples]
        counts += np.bincount([index for index in known if index >= 0], minlength=len(counts))
    views: list[View] = []
    left = megapixels * 1e6
    for index in random.permutation(len(samples))[:MOST_IMAGES]:
        view = _view(samples[index], task, counts, random)
        left -= view.image_cyx[0].size
        if left < 0 and views:
            break
        views.append(view)
    return Material(task=task, views=tuple(views), images=len(samples), class_counts=counts)


def _view(
    sample: Sample, task: TaskSpec, counts: NDArray[np.float64], random: np.random.Generator
) -> View:
    rows, columns = sample.image_cyx.shape[1:]
    top = int(random.integers(0, max(1, rows - CROP_PX + 1)))
    left = int(random.integers(0, max(1, columns - CROP_PX + 1)))
    place = (slice(top, top + CROP_PX), slice(left, left + CROP_PX))
    image_cyx = np.nan_to_num(sample.image_cyx[:, *place].astype(np.float32))
    marks = None
    if task.kind is not Kind.CLASSIFICATION and sample.labels is not None:
        marks = _marks(truth.of(sample, task), task, place, counts)
    return View(id=sample.id, image_cyx=image_cyx, shape_yx=(rows, columns), marks=marks)


def _marks(
    known: truth.Truth,
    task: TaskSpec,
    place: tuple[slice, slice],
    counts: NDArray[np.float64],
) -> Marks:
    """Measure what is marked at `place`, and add its classes to `counts`."""
    pixels_yx = known.pixels_yx[place]
    annotated_yx = pixels_yx >= 0
    if task.kind is Kind.INSTANCE:
        regions_yx = pixels_yx
        ids = np.unique(pixels_yx[pixels_yx > 0])
        classes = [known.object_classes.get(int(i), truth.UNKNOWN) for i in ids]
        here = np.bincount([c for c in classes if c >= 0], minlength=len(counts))
    else:
        here = np.bincount(pixels_yx[annotated_yx], minlength=len(counts))
        regions_yx = _components(pixels_yx, _background(task, here))
    counts += here
    return Marks(
        foreground_yx=regions_yx > 0, annotated_yx=annotated_yx, regions=measure(regions_yx)
    )


def _background(task: TaskSpec, pixels: NDArray[np.int64]) -> int:
    """Return the declared background, else the class of most pixels."""
    if task.background is not None:
        return task.classes.index(task.background)
    return int(np.argmax(pixels))


def _components(classes_yx: NDArray[np.int32], background: int) -> NDArray[np.int32]:
    """Return the connected regions of each class but the background as ids 1..N."""
    from scipy import ndimage

    regions_yx = np.zeros(classes_yx.shape, dtype=np.int32)
    last = 0
    for index in np.unique(classes_yx):
        if index < 0 or index == background:
            continue
        found_yx, number = ndimage.label(classes_yx == index)
        areas = np.bincount(found_yx.ravel(), minlength=number + 1)
        ids = np.cumsum(areas >= SMALLEST_REGION_PX) - (areas[0] >= SMALLEST_REGION_PX)
        new_ids = np.where(areas >= SMALLEST_REGION_PX, ids + last, 0)
        new_ids[0] = 0
        regions_yx = np.maximum(regions_yx, new_ids[found_yx].astype(np.int32))
        last = int(new_ids.max(initial=last))
    return regions_yx
