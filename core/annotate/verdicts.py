"""What pixels judged by others say of an image's labels, object by object and region by region."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.annotate import places
from core.annotate.symptoms import Symptom
from core.records import TaskSpec

# An object whose inside is so seldom taken for one is not what others call an object.
UNLIKE = 0.2
# A place is told to be missed where it is taken for an object throughout. With 25 objects of 30
# images of dsb2018_histology forgotten, 0.85 told 20 places, 13 of the 25 among them; 0.8 told 43.
MISSED = 0.85
# Of all objects: who marks on purpose what looks like others (debris is left out) is not told each.
_MOST_MISSED, _FEW = 0.03, 5
# Pixels tell too little where the middle object, or class, is not even found so far.
TELLING = 0.6
# Sampled pixels below which an object's mean is chance.
_LEAST_SEEN = 8
# Of the middle object's area: smaller or larger places are no object that was forgotten.
_LEAST_AREA, _MOST_AREA = 0.4, 3.0
# Of the middle object's half width: thinner ones are rims of what is marked.
_LEAST_DEPTH = 0.5
# An object is told to be of another class where the trees know classes so well.
_CLASS_TELLING, _OTHER_CLASS = 0.8, 0.9
# A region is doubted from this share of its image on; smaller ones are uncertain edges.
_LEAST_REGION = 0.003
_MOST_REGIONS = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """One image on a grid, and what others say of each pixel."""

    image_id: str
    step: int
    """Rows and columns of the image from one of the grid to the next."""
    ids_yx: NDArray[np.int32]
    """Objects, or the class of each pixel; -1 = not annotated."""
    object_classes: dict[int, int]
    """Object -> index of its class; -1 = nobody told."""
    classes: tuple[int, ...]
    """What the shares are of: 0 background, 1 + class for objects; the class for regions."""
    shares: NDArray[np.float32]
    """(classes, rows, columns), adding up to 1."""

    def share(self, index: int) -> NDArray[np.float32]:
        """Return how likely each pixel is of a class; others never saw it: not at all."""
        if index not in self.classes:
            return np.zeros(self.ids_yx.shape, np.float32)
        return np.asarray(self.shares[self.classes.index(index)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is doubted, the strongest first; a sentence where nothing can be told."""

    symptoms: tuple[Symptom, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Objects:
    """The objects of one image that have enough pixels on the grid."""

    one: Judged
    inside_yx: NDArray[np.float32]
    ids: NDArray[np.int64]
    areas: NDArray[np.float64]
    """In pixels of the image."""
    support: NDArray[np.float64]
    """Mean share of an object over its inside, in [0, 1]."""


def of(judged: Sequence[Judged], task: TaskSpec) -> Verdict:
    """Return objects that others do not see, or see as another class, and missed ones."""
    objects = [_objects(one) for one in judged]
    support = np.concatenate([each.support for each in objects]) if objects else np.zeros(0)
    if not len(support) or np.median(support) < TELLING:
        return Verdict(note=_TOO_LITTLE)
    area = float(np.median(np.concatenate([each.areas for each in objects])))
    missed = _strongest_first(pair for each in objects for pair in _missed(each, area))
    told = max(_FEW, round(_MOST_MISSED * len(support)))
    left = len(missed) - told
    unlike = [pair for each in objects for pair in _unlike(each)]
    return Verdict(
        symptoms=(
            *_strongest_first([*unlike, *_other_classes(objects, task)]),
            *missed[:told],
        ),
        note=f"{left} more places look like objects, less surely." if left > 0 else "",
    )


def of_regions(judged: Sequence[Judged], task: TaskSpec) -> Verdict:
    """Return places marked as one class that others take for another."""
    right, seen = np.zeros(len(task.classes)), np.zeros(len(task.classes))
    for one in judged:
        for index in range(len(task.classes)):
            own = one.ids_yx == index
            right[index] += one.share(index)[own].sum()
            seen[index] += own.sum()
    known = right / np.maximum(seen, 1)
    telling = [at for at in range(len(task.classes)) if seen[at] and known[at] >= TELLING]
    if not telling:
        return Verdict(note=_TOO_LITTLE)
    found = [pair for one in judged for pair in _regions(one, task, telling)]
    return Verdict(symptoms=_strongest_first(found))


def _objects(one: Judged) -> _Objects:
    inside_yx = np.asarray(1 - one.share(0))
    flat = np.maximum(one.ids_yx, 0).ravel()
    counts = np.bincount(flat)
    sums = np.bincount(flat, inside_yx.ravel())
    ids = np.flatnonzero(counts >= _LEAST_SEEN)
    ids = ids[ids > 0]
    return _Objects(
        one=one,
        inside_yx=inside_yx,
        ids=ids,
        areas=counts[ids].astype(np.float64) * one.step**2,
        support=sums[ids] / counts[ids],
    )


def _unlike(objects: _Objects) -> Iterator[tuple[float, Symptom]]:
    for at in np.flatnonzero(objects.support < UNLIKE):
        one, object_id = objects.one, int(objects.ids[at])
        against = 1 - float(objects.support[at])
        yield (
            against,
            Symptom(
                kind="unlike",
                image_id=one.image_id,
                object_id=object_id,
                place_yx=places.middle(one.ids_yx == object_id, one.step),
                message=f"by the labels of other images this is background ({_percent(against)})",
            ),
        )


def _missed(objects: _Objects, usual_px: float) -> Iterator[tuple[float, Symptom]]:
    """Yield places without a label that are as large and as thick as an object, and look so."""
    from scipy import ndimage

    one = objects.one
    free = (objects.inside_yx > 0.5) & (one.ids_yx == 0)
    parts, count = ndimage.label(ndimage.binary_opening(free))
    if not count:
        return
    depth = ndimage.distance_transform_edt(parts > 0)
    pixels = np.bincount(parts.ravel())
    sure = np.bincount(parts.ravel(), objects.inside_yx.ravel()) / np.maximum(pixels, 1)
    thick = ndimage.maximum(depth, parts, np.arange(count + 1)) * one.step
    half_px = np.sqrt(usual_px / np.pi)
    for each in range(1, count + 1):
        area = pixels[each] * one.step**2
        is_sized = _LEAST_AREA * usual_px <= area <= _MOST_AREA * usual_px
        if is_sized and sure[each] >= MISSED and thick[each] >= _LEAST_DEPTH * half_px:
            yield (
                float(sure[each]),
                Symptom(
                    kind="missed",
                    image_id=one.image_id,
                    place_yx=places.middle(parts == each, one.step),
                    message="nothing is marked here; by the labels of other images it is an object "
                    f"({_percent(float(sure[each]))})",
                ),
            )


def _other_classes(objects: Sequence[_Objects], task: TaskSpec) -> list[tuple[float, Symptom]]:
    """Return objects whose pixels are those of another class, where pixels tell classes."""
    known, found = [], []
    for each in objects if len(task.classes) > 1 else ():
        own = np.stack([each.one.share(1 + at) for at in range(len(task.classes))])
        for object_id in each.ids[each.support >= TELLING].tolist():
            index = each.one.object_classes.get(object_id, -1)
            if index < 0:
                continue
            mask = each.one.ids_yx == object_id
            sums = own[:, mask].sum(axis=1)
            other, sure = int(sums.argmax()), float(sums.max() / max(sums.sum(), 1e-6))
            known.append(other == index)
            if other != index and sure >= _OTHER_CLASS:
                symptom = Symptom(
                    kind="unlike",
                    image_id=each.one.image_id,
                    object_id=object_id,
                    place_yx=places.middle(mask, each.one.step),
                    message=f"it is called {task.classes[index]}; by the labels of other images "
                    f"it is {task.classes[other]} ({_percent(sure)})",
                )
                found.append((sure, symptom))
    return found if known and np.mean(known) >= _CLASS_TELLING else []


def _regions(
    one: Judged, task: TaskSpec, telling: Sequence[int]
) -> Iterator[tuple[float, Symptom]]:
    """Yield the largest places of one image where a class that is told well is hardly seen."""
    from scipy import ndimage

    found = []
    for index in telling:
        own = one.ids_yx == index
        share = ndimage.gaussian_filter(one.share(index), 2.0)
        parts, count = ndimage.label(ndimage.binary_opening(own & (share < UNLIKE)))
        areas = np.bincount(parts.ravel(), minlength=count + 1)
        for each in np.flatnonzero(areas >= _LEAST_REGION * own.size):
            if each:
                found.append((int(areas[each]), index, parts == each))
    found.sort(key=lambda entry: -entry[0])
    for area, index, mask in found[:_MOST_REGIONS]:
        means = {at: float(one.share(at)[mask].mean()) for at in range(len(task.classes))}
        other = max((at for at in means if at != index), key=means.__getitem__)
        yield (
            1 - means[index],
            Symptom(
                kind="unlike",
                image_id=one.image_id,
                place_yx=places.middle(mask, one.step),
                message=f"{area * one.step**2:,} pixels are marked as {task.classes[index]}; by "
                f"the labels of other images they are {task.classes[other]} "
                f"({_percent(means[other])})",
            ),
        )


def _strongest_first(found: Iterable[tuple[float, Symptom]]) -> tuple[Symptom, ...]:
    return tuple(one for _, one in sorted(found, key=lambda entry: -entry[0]))


def _percent(share: float) -> str:
    return f"{100 * share:.0f} % sure"


_TOO_LITTLE = (
    "How single pixels and their surroundings look does not tell what is marked in this study; so "
    "the labels of other images say nothing of one."
)
