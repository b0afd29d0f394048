"""How the outlines of marked objects are retouched: labels and ids in, labels out."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from core.annotate.edits import Mask
from core.data.labels.model import MAIN, Labels
from core.data.labels.shapes import with_layer

# A blur this wide rounds corners off and leaves the size as it is.
_ROUND_PX = 2.0


def fill_holes(labels: Labels, ids: Iterable[int]) -> Labels:
    """Return labels without holes in the objects; what lies in a hole as an object stays."""
    from scipy import ndimage

    return _redrawn(labels, ids, lambda mask: np.asarray(ndimage.binary_fill_holes(mask)))


def smooth(labels: Labels, ids: Iterable[int]) -> Labels:
    """Return labels with rounder outlines; an object that would vanish stays as it is."""
    from scipy import ndimage

    def rounder(mask: Mask) -> Mask:
        return np.asarray(ndimage.gaussian_filter(mask.astype(np.float32), _ROUND_PX) > 0.5)

    return _redrawn(labels, ids, rounder)


def grow(labels: Labels, ids: Iterable[int]) -> Labels:
    """Return labels in which the objects are wider by a pixel, where nothing else is marked."""
    from scipy import ndimage

    return _redrawn(labels, ids, lambda mask: np.asarray(ndimage.binary_dilation(mask)))


def shrink(labels: Labels, ids: Iterable[int]) -> Labels:
    """Return labels in which the objects are narrower by a pixel; one that would vanish stays."""
    from scipy import ndimage

    return _redrawn(
        labels, ids, lambda mask: np.asarray(ndimage.binary_erosion(mask, border_value=1))
    )


def _redrawn(labels: Labels, ids: Iterable[int], redraw: Callable[[Mask], Mask]) -> Labels:
    """Return labels in which each object has what `redraw` makes of it, as far as that is free."""
    layer = labels.layers[MAIN].copy()
    for object_id in ids:
        mask = layer == object_id
        wanted = redraw(mask)
        if wanted.any():
            layer[mask] = 0
            layer[wanted & (layer == 0)] = object_id
    annotated_yx = labels.annotated_yx | (layer > 0)
    return with_layer(replace(labels, annotated_yx=annotated_yx), layer, labels.objects)
