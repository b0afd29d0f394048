"""What a model's card says of it."""

import pytest

from core.infer import bundle
from core.pipeline.preprocess import Fitted
from core.records import Kind, Model, Pipeline, Preprocess, TaskSpec


def card(kind: Kind, **preprocess: int) -> str:
    task = TaskSpec(kind=kind, classes=("one", "two"))
    pipeline = Pipeline(
        name="given",
        kinds=(kind,),
        model=Model(head="image" if kind is Kind.CLASSIFICATION else "distance"),
        preprocess=Preprocess(**preprocess),
    )
    fitted = Fitted(channels=1, scale=0.5)
    record = bundle.BundleRecord(run="r", study="s", task=task, pipeline=pipeline, fitted=fitted)
    return bundle._card(record, None)


def test_a_model_that_sorts_tells_the_side_it_brings_images_to() -> None:
    """It told a working scale that was not used, and thresholds of objects it never looks for."""
    told = card(Kind.CLASSIFICATION, side_px=224)
    assert "longer side of each image is brought to 224 px" in told
    assert "working scale" not in told
    assert "foreground" not in told
    assert "\n\nThe scores on images" in told


@pytest.mark.parametrize("kind", [Kind.INSTANCE, Kind.SEMANTIC])
def test_others_tell_scale_and_thresholds(kind: Kind) -> None:
    told = card(kind)
    assert "- working scale: 0.500 of the original pixels\n- postprocessing: foreground" in told
