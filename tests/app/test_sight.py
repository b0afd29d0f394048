"""Where the painter turns to for a finding."""

import numpy as np

from app import sight
from core.annotate.symptoms import Symptom
from core.data.labels.model import MAIN, LabelObject, Labels


def marked(rows: slice, columns: slice) -> Labels:
    ids_yx = np.zeros((400, 600), np.int32)
    ids_yx[rows, columns] = 7
    objects = (LabelObject(id=7, class_name="cell"),)
    return Labels(layers={MAIN: ids_yx}, annotated_yx=np.ones((400, 600), bool), objects=objects)


def found(place_yx: tuple[int, int] | None, object_id: int | None = 7) -> Symptom:
    return Symptom(
        kind="hole", image_id="a", message="a hole", object_id=object_id, place_yx=place_yx
    )


def test_a_large_object_is_seen_with_more_around_it() -> None:
    small = sight.of(found((100, 200)), marked(slice(95, 105), slice(190, 210)), "t")
    large = sight.of(found((100, 200)), marked(slice(60, 140), slice(160, 240)), "t")
    assert small is not None
    assert large is not None
    assert small.place_yx == large.place_yx == (100, 200)
    assert 20 < small.span_px < large.span_px <= 300


def test_in_a_part_of_a_large_image_places_count_from_its_corner() -> None:
    labels = marked(slice(95, 105), slice(190, 210))
    there = sight.of(found((5100, 7200)), labels, "t", part="r5000c7000h400w600")
    assert there is not None
    assert there.place_yx == (100, 200)


def test_what_is_said_of_the_whole_image_leads_to_no_place() -> None:
    assert sight.of(found(None, None), marked(slice(0, 9), slice(0, 9)), "t") is None
