"""Rare classes ask for a pipeline that heeds them, until recorded ones speak for themselves."""

import pytest

from core.autokonfig import balance, explain
from core.pipeline import catalogue
from core.records import Fingerprint, Kind

PLAIN, HEEDING = catalogue.find("unet-lite0"), catalogue.find("unet-lite0-weights")


def about(imbalance: float, classes: float = 5.0, kind: Kind = Kind.SEMANTIC) -> Fingerprint:
    values = {"class_imbalance": imbalance, "classes": classes}
    return Fingerprint(data_set="study", kind=kind, values=values)


def test_a_pipeline_that_overlooks_rare_classes_loses() -> None:
    """With 0.6 % of one class's pixels the advice was as if all classes were alike."""
    assert balance.loss(PLAIN, about(0.48)) > 0.5
    assert balance.loss(HEEDING, about(0.48)) == 0
    assert "takes care" in explain.rare_classes(HEEDING, about(0.48))[0]
    assert "nothing in particular" in explain.rare_classes(PLAIN, about(0.48))[0]


@pytest.mark.parametrize(
    "other", [about(0.1), about(0.6, classes=2.0), about(0.6, kind=Kind.CLASSIFICATION)]
)
def test_nothing_is_asked_where_no_class_is_rare_or_one_threshold_tells(other: Fingerprint) -> None:
    assert balance.loss(PLAIN, other) == 0
    assert explain.rare_classes(PLAIN, other) == []


def test_recorded_rare_classes_speak_for_themselves() -> None:
    assert not balance.is_recorded([("one", about(0.1)), ("other", about(0.1))])
    assert balance.is_recorded([("one", about(0.1)), ("two", about(0.5)), ("three", about(0.4))])


def test_one_recorded_family_with_rare_classes_tells_of_itself_alone() -> None:
    """One data set that ships switched the rule off for every user."""
    assert not balance.is_recorded([("one", about(0.5)), ("one", about(0.6)), ("two", about(0.1))])
