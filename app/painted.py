"""Labels of an image with what lies on its sheet painted in.

Objects nobody touched keep their pixels exactly.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.components import drawing
from app.components.drawing import Mark
from app.sheet import ERASER, Sheet, marks
from core.annotate import edits
from core.data.labels import model, shapes
from core.data.labels.model import MAIN, Labels
from core.records import Kind


def finished(sheet: Sheet, *, complete: bool, author: str = "") -> Labels:
    """Return the labels with the draft's strokes painted in.

    `complete` tells that everything was marked: the rest is background. Otherwise the rest is
    not annotated, unless it was before.
    """
    found = marks(sheet)
    changed = drawing.changed_ids(sheet.outlines, found)
    labels = _without(sheet.labels, changed)
    untouched_yx = labels.layers[MAIN] > 0
    for mark in found:
        name, object_id = mark[0].class_name, mark[0].object_id
        if object_id is not None and object_id not in changed:
            continue
        if name is not None and name in (ERASER, sheet.background):
            labels = _erased(labels, mark, known=name == sheet.background)
        elif object_id is not None:
            labels = _reshaped(labels, mark, sheet, untouched_yx)
        else:
            labels = _painted(labels, mark, sheet, author)
    labels = edits.signed(sheet.labels, labels, author)
    return replace(labels, annotated_yx=_annotated(sheet, labels, complete))


def nothing_here(sheet: Sheet) -> Labels:
    """Return labels that say: looked at, and nothing of interest is in it."""
    return model.empty(sheet.labels.shape_yx, annotated=True)


def can_be_empty(sheet: Sheet) -> bool:
    """Return whether an image without anything is possible: where every class counts, it is not."""
    return sheet.kind is not Kind.SEMANTIC or sheet.background is not None


def _without(labels: Labels, ids: set[int]) -> Labels:
    if not ids:
        return labels
    layer_yx = labels.layers[MAIN].copy()
    layer_yx[np.isin(layer_yx, sorted(ids))] = 0
    return shapes.with_layer(labels, layer_yx, labels.objects)


def _reshaped(labels: Labels, mark: Mark, sheet: Sheet, untouched_yx: NDArray[np.bool_]) -> Labels:
    """Return labels with an object's new outline; its origin stays.

    The outline goes around what lies in the object's holes, and perhaps over a neighbour: objects
    nobody touched keep their pixels.
    """
    before = next(each for each in sheet.labels.objects if each.id == mark[0].object_id)
    painted = shapes.paint(labels, mark, sparing=untouched_yx)
    about = replace(before, class_name=mark[0].class_name)
    items = (about if each.id == before.id else each for each in painted.objects)
    return replace(painted, objects=tuple(items))


def _painted(labels: Labels, mark: Mark, sheet: Sheet, author: str) -> Labels:
    """Return labels with the mark painted over; the pieces of a stroke are one object."""
    if sheet.kind is Kind.SEMANTIC:
        return shapes.paint(labels, mark, author=author, merge_classes=True)
    # The number of an object that was deleted is not given to another.
    used = (each.id for each in (*sheet.labels.objects, *labels.objects))
    new = max(used, default=0) + 1
    return shapes.paint(labels, [replace(each, object_id=new) for each in mark], author=author)


def _erased(labels: Labels, mark: Mark, *, known: bool) -> Labels:
    """Return labels without what lies inside the mark: background if `known`, else nobody's."""
    inside = np.any([shapes.fill(each.points, labels.shape_yx) for each in mark], axis=0)
    layer_yx, annotated_yx = labels.layers[MAIN].copy(), labels.annotated_yx.copy()
    layer_yx[inside] = 0
    annotated_yx[inside] = known
    return shapes.with_layer(replace(labels, annotated_yx=annotated_yx), layer_yx, labels.objects)


def _annotated(sheet: Sheet, labels: Labels, complete: bool) -> Any:
    if complete and can_be_empty(sheet):
        return np.ones(labels.shape_yx, dtype=bool)
    if sheet.version is None or not sheet.labels.annotated_yx.all():
        return labels.annotated_yx
    # It was complete and is not any more: only what is marked counts.
    return labels.flat_yx > 0
