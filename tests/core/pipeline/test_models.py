"""Every network of the pool: one contract."""

import pytest
import torch

from core.errors import PlanError
from core.pipeline import catalogue, heads, models
from core.records import Kind, Model, TaskSpec

TASKS = {
    Kind.INSTANCE: TaskSpec(kind=Kind.INSTANCE, classes=("cell",)),
    Kind.SEMANTIC: TaskSpec(kind=Kind.SEMANTIC, classes=("a", "b", "c")),
    Kind.CLASSIFICATION: TaskSpec(kind=Kind.CLASSIFICATION, classes=("a", "b")),
}


def _distinct() -> dict[str, tuple[Model, Kind]]:
    """Return one pipeline name for each different network of the pool."""
    found: dict[tuple[object, ...], tuple[str, Model, Kind]] = {}
    for name, pipeline in catalogue.POOL.items():
        model = pipeline.model
        key = (model.architecture, model.encoder, model.head == "image", model.decoder_channels)
        found.setdefault(key, (name, model, pipeline.kinds[0]))
    return {name: (model, kind) for name, model, kind in found.values()}


@pytest.mark.parametrize("name", sorted(_distinct()))
@pytest.mark.parametrize("channels", [1, 2])
def test_a_network_answers_in_the_size_it_was_asked(name: str, channels: int) -> None:
    model, kind = _distinct()[name]
    outputs = heads.find(model.head).outputs(TASKS[kind])
    network = models.build(model, channels, outputs).eval()
    with torch.inference_mode():
        answer = network(torch.zeros(1, channels, 64, 96))
    whole = kind is Kind.CLASSIFICATION
    assert answer.shape == ((1, outputs) if whole else (1, outputs, 64, 96))
    assert models.parameters(network) > 1_000_000


def test_the_pool_has_at_least_ten_pipelines_a_kind() -> None:
    for kind in Kind:
        assert len(catalogue.for_kind(kind)) >= 10


def test_an_unknown_part_lists_the_choices() -> None:
    with pytest.raises(PlanError, match="efficientnet_lite0"):
        models.build(Model(head="distance", encoder="nonsense"), 1, 2)
    with pytest.raises(PlanError, match="unet"):
        models.build(Model(head="distance", architecture="nonsense"), 1, 2)
    with pytest.raises(PlanError, match="random"):
        models.build(Model(head="distance", encoder="resnet18"), 1, 2)
