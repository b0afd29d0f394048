"""The label doctor: what is probably not meant, object by object, with its place.

Study-wide findings (images that differ, too few of them) are `core.data.checks`, classes with few
examples `core.annotate.rarity`; what a second person or a model says of the labels is
`core.annotate.opinions`, what the labels of other images say `core.annotate.doubts`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.annotate.shapes import SPECK_PX, compacted, region_specks, shapes, touches_border
from core.annotate.symptoms import KINDS, Symptom
from core.data import study
from core.data.labels import store
from core.data.labels.model import Labels
from core.errors import DataError, StudyError
from core.infer import table
from core.paths import StudyDir
from core.records import Kind

# Of the median object of the same class: what is smaller is rarely one of them.
SPECK_SHARE = 0.05
_FEWEST_FOR_MEDIAN = 10

Ids = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sizes:
    """The objects of one image, for the comparison with those of all images."""

    image_id: str
    ids: NDArray[np.int64]
    areas: NDArray[np.float64]
    classes: tuple[str | None, ...]
    places: NDArray[np.int64]
    """(n, 2): row, column of each middle."""
    is_cut: NDArray[np.bool_]


def examine(study_dir: StudyDir) -> list[Symptom]:
    """Return what stands out in the labels that count, in the order of `KINDS`.

    Regions (semantic tasks) are looked at for specks alone: they may have holes and pieces. Labels
    that cannot be read are a symptom of their own. Takes about half a second a megapixel.
    """
    record = study.load(study_dir)
    if record.task is not None and record.task.kind is Kind.CLASSIFICATION:
        return []
    by_region = record.task is not None and record.task.kind is Kind.SEMANTIC
    found: list[Symptom] = []
    sizes: list[_Sizes] = []
    for image in record.images:
        try:
            labels = store.load(study_dir, image.id)
        except (DataError, StudyError) as error:
            found.append(Symptom(kind="damaged", image_id=image.id, message=str(error)))
            continue
        if labels is None:
            continue
        if by_region:
            found += region_specks(image.id, labels)
            continue
        for layer_yx in labels.layers.values():
            found += shapes(image.id, layer_yx)
            sizes.append(_sizes(image.id, labels, layer_yx))
    found += _specks(sizes)
    order = list(KINDS)
    return sorted(found, key=lambda one: order.index(one.kind))


def _specks(sizes: list[_Sizes]) -> list[Symptom]:
    """Return objects far smaller than the middle one of their class; those cut do not count."""
    by_class: dict[str | None, list[float]] = {}
    for one in sizes:
        for name, area, cut in zip(one.classes, one.areas, one.is_cut, strict=True):
            if not cut:
                by_class.setdefault(name, []).append(float(area))
    middle = {
        name: float(np.median(areas)) if len(areas) >= _FEWEST_FOR_MEDIAN else 0.0
        for name, areas in by_class.items()
    }
    found = []
    for one in sizes:
        least = [max(SPECK_PX, SPECK_SHARE * middle.get(name, 0.0)) for name in one.classes]
        for at in np.flatnonzero((one.areas < least) & ~one.is_cut):
            usual = middle[one.classes[at]]
            beside = f"; the middle one has {usual:.0f}" if usual else ""
            found.append(
                Symptom(
                    kind="speck",
                    image_id=one.image_id,
                    object_id=int(one.ids[at]),
                    place_yx=(int(one.places[at, 0]), int(one.places[at, 1])),
                    message=f"an object of {one.areas[at]:.0f} pixels{beside}",
                )
            )
    return found


def _sizes(image_id: str, labels: Labels, layer_yx: Ids) -> _Sizes:
    ids, compact = compacted(layer_yx)
    places = table.measure(compact, len(ids), (0, 0))
    named = {item.id: item.class_name for item in labels.objects}
    own = places.taken(np.arange(1, len(ids) + 1))
    middles = np.stack([own.row_sum / own.area, own.column_sum / own.area], axis=1)
    return _Sizes(
        image_id=image_id,
        ids=ids.astype(np.int64),
        areas=own.area,
        classes=tuple(named.get(int(each)) for each in ids),
        places=middles.round().astype(np.int64),
        is_cut=touches_border(own, layer_yx.shape),
    )
