"""The label model: layers of ids, a table of objects, and what was annotated at all."""

import hashlib
import json
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import LabelError

_BAND_ROWS = 64
MAIN = "objects"
"""The layer that is used unless somebody needs objects that overlap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelObject:
    """One marked thing; in a semantic task, all pixels of one class."""

    id: int
    """1 or more, unique over all layers of the image."""
    layer: str = MAIN
    class_name: str | None = None
    """None: somebody marked it but did not say what it is."""
    source: str = "hand"
    """hand, import, model or simulated."""
    author: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Labels:
    """What is marked on one image.

    A pixel's class is its object's class. Annotated and id 0 is background; not annotated is
    neither background nor anything else.
    """

    layers: dict[str, NDArray[np.int32]]
    """Name -> int32 (rows, columns), 0 = nothing; a later layer lies over an earlier one."""
    annotated_yx: NDArray[np.bool_]
    objects: tuple[LabelObject, ...] = ()
    """Sorted by id; exactly the ids that have pixels."""

    def __post_init__(self) -> None:
        """Refuse layers that do not fit each other or the table of objects."""
        if not self.layers:
            raise LabelError("labels need at least one layer")
        for name, layer_yx in self.layers.items():
            if layer_yx.shape != self.annotated_yx.shape:
                raise LabelError(
                    f"layer {name!r} is {layer_yx.shape}, but the annotated area is "
                    f"{self.annotated_yx.shape}"
                )
            if layer_yx.dtype != np.int32:
                raise LabelError(f"layer {name!r} must hold int32 ids, got {layer_yx.dtype}")
        if self.annotated_yx.dtype != np.bool_:
            raise LabelError(f"the annotated area must be boolean, got {self.annotated_yx.dtype}")
        told = [(item.layer, item.id) for item in self.objects]
        if told != sorted(told, key=lambda pair: pair[1]) or len({i for _, i in told}) != len(told):
            raise LabelError("objects must be sorted by id, and each id used once")
        drawn = {(name, i) for name, layer in self.layers.items() for i in ids_in(layer)}
        if drawn != set(told):
            differing = sorted(drawn ^ set(told))[:3]
            raise LabelError(f"the table of objects and the pixels differ in {differing}")

    @property
    def shape_yx(self) -> tuple[int, int]:
        """Return rows and columns."""
        rows, columns = self.annotated_yx.shape
        return rows, columns

    @property
    def flat_yx(self) -> NDArray[np.int32]:
        """Return all layers laid over each other, the last on top."""
        layers = list(self.layers.values())
        flat = layers[0].copy()
        for layer_yx in layers[1:]:
            np.copyto(flat, layer_yx, where=layer_yx > 0)
        return flat


def ids_in(layer_yx: NDArray[np.int32] | NDArray[np.int64]) -> list[int]:
    """Return the ids that have pixels, ascending, 0 left out; LabelError below 0."""
    if layer_yx.size == 0:
        return []
    lowest, highest = int(layer_yx.min()), int(layer_yx.max())
    if lowest < 0:
        raise LabelError(f"ids start at 1, got {lowest}")
    # A table of flags is ten times quicker than sorting, as long as ids are no wild numbers.
    if highest > 50_000_000:
        return [int(i) for i in np.unique(layer_yx) if i]
    seen = np.zeros(highest + 1, dtype=bool)
    for first in range(0, len(layer_yx), _BAND_ROWS):
        band = layer_yx[first : first + _BAND_ROWS]
        if band.any():  # most of a large image is empty
            seen[band.ravel()] = True
    seen[0] = False
    return [int(i) for i in np.flatnonzero(seen)]


def empty(shape_yx: tuple[int, int], *, annotated: bool = False) -> Labels:
    """Return labels without objects: nothing there if `annotated`, else nothing known."""
    return Labels(
        layers={MAIN: np.zeros(shape_yx, dtype=np.int32)},
        annotated_yx=np.full(shape_yx, annotated, dtype=bool),
    )


def content_hash(labels: Labels) -> str:
    """Return 32 hexadecimal digits over pixels, annotated area and objects; the version."""
    digest = hashlib.sha256()
    head = {
        "shape": list(labels.shape_yx),
        "layers": list(labels.layers),
        "objects": [asdict(item) for item in labels.objects],
    }
    digest.update(json.dumps(head, sort_keys=True).encode())
    for layer_yx in labels.layers.values():
        digest.update(np.ascontiguousarray(layer_yx, dtype="<i4").tobytes())
    digest.update(np.packbits(labels.annotated_yx).tobytes())
    return digest.hexdigest()[:32]
