"""Objects one by one: what vector formats hold, between their files and label maps."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.data.labels.model import MAIN, LabelObject, Labels
from core.data.labels.rings import Polygon, centred, polygons
from core.data.labels.shapes import fill

PLAIN = "unclassified"
"""What an object without a class is called where a format demands a name."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """One object of an image, as outlines or as pixels."""

    id: int | None = None
    """None: the file does not number its objects."""
    class_name: str | None = None
    layer: str = MAIN
    polygons: tuple[Polygon, ...] = ()
    mask_yx: NDArray[np.bool_] | None = None
    """Pixels, where it has any instead of outlines."""
    offset_yx: tuple[int, int] = (0, 0)
    """Where the upper left corner of `mask_yx` lies."""


def of(labels: Labels) -> Iterator[Part]:
    """Yield every object of every layer with outlines and pixels, by id."""
    from scipy import ndimage

    boxes = {name: ndimage.find_objects(layer) for name, layer in labels.layers.items()}
    for item in labels.objects:
        box = boxes[item.layer][item.id - 1]
        mask_yx = labels.layers[item.layer][box] == item.id
        offset = (box[0].start, box[1].start)
        yield Part(
            id=item.id,
            class_name=item.class_name,
            layer=item.layer,
            polygons=tuple(polygons(mask_yx, offset)),
            mask_yx=mask_yx,
            offset_yx=offset,
        )


def assemble(
    found: Iterable[Part], shape_yx: tuple[int, int], *, source: str = "import"
) -> tuple[Labels, list[str]]:
    """Return the labels the parts make, and what was decided on the way.

    Everything counts as annotated. Ids are the file's where each is there once, else 1, 2, 3 ...
    A part over another of its layer takes its pixels.
    """
    parts = list(found)
    told = [part.id for part in parts]
    numbered = len(set(told)) == len(told) and all(i is not None and i > 0 for i in told)
    layers: dict[str, NDArray[np.int32]] = {MAIN: np.zeros(shape_yx, dtype=np.int32)}
    about: dict[int, LabelObject] = {}
    overlapping, outside = 0, 0
    for place, part in enumerate(parts, start=1):
        new = part.id if numbered and part.id is not None else place
        layer = layers.setdefault(part.layer, np.zeros(shape_yx, dtype=np.int32))
        inside = _pixels(part, shape_yx)
        outside += not inside.any()
        overlapping += int((layer[inside] > 0).sum())
        layer[inside] = new
        about[new] = LabelObject(
            id=new, class_name=part.class_name, layer=part.layer, source=source
        )
    drawn = {int(i) for layer in layers.values() for i in np.unique(layer) if i}
    notices = []
    if overlapping:
        notices.append(f"objects overlap in {overlapping} pixels; the later one has them")
    if outside:
        notices.append(f"{outside} of its {len(parts)} objects cover no pixel of the picture")
    labels = Labels(
        layers=layers,
        annotated_yx=np.ones(shape_yx, dtype=bool),
        objects=tuple(about[i] for i in sorted(drawn)),
    )
    return labels, notices


def _pixels(part: Part, shape_yx: tuple[int, int]) -> NDArray[np.bool_]:
    inside = np.zeros(shape_yx, dtype=bool)
    if part.mask_yx is not None:
        top, left = part.offset_yx
        window = inside[top : top + part.mask_yx.shape[0], left : left + part.mask_yx.shape[1]]
        window |= part.mask_yx[: window.shape[0], : window.shape[1]]
        return inside
    for polygon in part.polygons:
        piece = fill(centred(polygon.outer), shape_yx)
        for hole in polygon.holes:
            piece &= ~fill(centred(hole), shape_yx)
        inside |= piece
    return inside
