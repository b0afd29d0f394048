"""Labels of a region cut out of an image's, and put back: one label map for the whole image."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.data.labels.model import LabelObject, Labels, ids_in
from core.data.regions import Region


def cut(labels: Labels, region: Region) -> Labels:
    """Return what lies in the region; ids stay."""
    layers = {
        name: np.ascontiguousarray(layer_yx[region.place])
        for name, layer_yx in labels.layers.items()
    }
    return of_layers(layers, labels.annotated_yx[region.place].copy(), labels.objects)


def of_layers(
    layers: dict[str, NDArray[np.int32]],
    annotated_yx: NDArray[np.bool_],
    objects: tuple[LabelObject, ...],
) -> Labels:
    """Return labels with those of the objects that have pixels."""
    drawn = {(name, each) for name, layer_yx in layers.items() for each in ids_in(layer_yx)}
    kept = tuple(item for item in objects if (item.layer, item.id) in drawn)
    return Labels(layers=layers, annotated_yx=annotated_yx, objects=kept)


def paste(
    labels: Labels, region: Region, before: Labels, after: Labels, *, by_class: bool = False
) -> Labels:
    """Return the whole image's labels with `after` in the region, where `before` was.

    New objects get ids that are free in the whole image; with `by_class` (regions: a class is one
    object) those of the class's object. An object that reached over the border and is gone from
    the region goes altogether, or wholly to the one that took its place.
    """
    kept = _kept(before, after)
    numbers = _numbers(labels, after, kept, by_class=by_class)
    layers = {name: layer_yx.copy() for name, layer_yx in labels.layers.items()}
    gone = () if by_class else [item for item in before.objects if item.id not in kept]
    for name in {item.layer for item in gone}:
        heirs = {
            item.id: numbers.get(_heir(before, after, item), 0)
            for item in gone
            if item.layer == name
        }
        layers[name] = _renumbered(layers[name], heirs)
    for name, layer_yx in after.layers.items():
        whole_yx = layers.setdefault(name, np.zeros(labels.shape_yx, np.int32))
        whole_yx[region.place] = _renumbered(layer_yx, numbers)
    annotated_yx = labels.annotated_yx.copy()
    annotated_yx[region.place] = after.annotated_yx
    changed = {numbers[item.id]: replace(item, id=numbers[item.id]) for item in after.objects}
    known = {item.id: item for item in labels.objects}
    objects = tuple(item for _, item in sorted({**known, **changed}.items()))
    return of_layers(layers, annotated_yx, objects)


def _kept(before: Labels, after: Labels) -> set[int]:
    """Return the ids whose object is still there: an id that nothing has any more is given anew."""
    found = set()
    for name, layer_yx in before.layers.items():
        now_yx = after.layers[name]
        found |= set(ids_in(np.where(layer_yx == now_yx, layer_yx, 0)))
    return found


def _numbers(labels: Labels, after: Labels, kept: set[int], *, by_class: bool) -> dict[int, int]:
    """Return id in the region -> id in the whole image."""
    following = max((item.id for item in labels.objects), default=0) + 1
    classes = {item.class_name: item.id for item in labels.objects} if by_class else {}
    numbers = {}
    for item in after.objects:
        if item.id in kept:
            numbers[item.id] = item.id
        elif item.class_name in classes:
            numbers[item.id] = classes[item.class_name]
        else:
            numbers[item.id] = following
            following += 1
    return numbers


def _renumbered(layer_yx: NDArray[np.int32], numbers: dict[int, int]) -> NDArray[np.int32]:
    """Return the layer with other ids; those that are not named stay."""
    table = np.arange(int(layer_yx.max(initial=0)) + 1, dtype=np.int32)
    for each, number in numbers.items():
        if each < len(table):
            table[each] = number
    return table[layer_yx]


def _heir(before: Labels, after: Labels, gone: LabelObject) -> int:
    """Return the object that now has most of the one that is gone; 0: nothing has."""
    under = after.layers[gone.layer][before.layers[gone.layer] == gone.id]
    return int(np.bincount(under).argmax()) if len(under) else 0
