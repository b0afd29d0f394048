"""Objects far from the size a network works best at are brought to it, or cost."""

import pytest

from core.autokonfig import sizes
from core.pipeline.catalogue import POOL
from core.records import Fingerprint, Kind

PLAIN, BROUGHT = POOL["unet-lite0-distance"], POOL["unet-lite0-distance-d32"]


def about(diameter_px: float) -> Fingerprint:
    return Fingerprint(data_set="s", kind=Kind.INSTANCE, values={"diameter_px": diameter_px})


def test_large_objects_cost_where_they_are_not_brought_to_size() -> None:
    assert sizes.loss(PLAIN, about(100)) > 0.5
    assert sizes.loss(BROUGHT, about(100)) == 0


@pytest.mark.parametrize("diameter_px", [22, 32, 45])
def test_usual_objects_cost_nothing(diameter_px: float) -> None:
    assert sizes.loss(PLAIN, about(diameter_px)) == 0


def test_what_is_seen_is_what_preprocessing_does() -> None:
    assert sizes.shown_px(BROUGHT, about(64)) == pytest.approx(32)
    # Images are shrunk fourfold at most.
    assert sizes.shown_px(BROUGHT, about(400)) == pytest.approx(100)


def test_without_objects_nothing_is_lost() -> None:
    unknown = Fingerprint(data_set="s", kind=Kind.INSTANCE, values={})
    regions = Fingerprint(data_set="s", kind=Kind.SEMANTIC, values={"diameter_px": 100})
    assert sizes.loss(PLAIN, unknown) == 0
    assert sizes.loss(PLAIN, regions) == 0


def test_recorded_objects_of_like_size_speak_for_themselves() -> None:
    assert sizes.is_recorded([20, 60], about(100))
    assert not sizes.is_recorded([14, 19, 28], about(77))
    assert not sizes.is_recorded([None], about(77))
