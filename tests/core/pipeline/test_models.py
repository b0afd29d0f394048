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


# How pretrained weights fit other channels is their own; without any, one number tells all.
CASES = [
    (name, channels)
    for name, (model, _) in sorted(_distinct().items())
    for channels in ((1, 2) if model.weights == "imagenet" else (2,))
]


@pytest.mark.parametrize(("name", "channels"), CASES)
def test_a_network_answers_in_the_size_it_was_asked(name: str, channels: int) -> None:
    model, kind = _distinct()[name]
    outputs = heads.find(model.head).outputs(TASKS[kind])
    network = models.build(model, channels, outputs).eval()
    with torch.inference_mode():
        answer = network(torch.zeros(1, channels, 64, 96))
    whole = kind is Kind.CLASSIFICATION
    assert answer.shape == ((1, outputs) if whole else (1, outputs, 64, 96))
    assert models.parameters(network) > 1_000_000


@pytest.mark.parametrize("encoder", sorted(models.ENCODERS))
def test_every_encoder_sorts_whole_images(encoder: str) -> None:
    model = Model(head="image", encoder=encoder, weights="random")
    with torch.inference_mode():
        assert models.build(model, 2, 4).eval()(torch.zeros(1, 2, 64, 64)).shape == (1, 4)


@pytest.mark.parametrize("architecture", sorted(models.ARCHITECTURES))
def test_every_architecture_takes_pictures_that_are_no_square(architecture: str) -> None:
    model = Model(head="semantic", architecture=architecture)
    network = models.build(model, 3, 2, pretrained_weights=False).eval()
    with torch.inference_mode():
        assert network(torch.zeros(1, 3, 160, 128)).shape == (1, 2, 160, 128)


@pytest.mark.parametrize("kind", [Kind.INSTANCE, Kind.SEMANTIC])
def test_three_decoders_with_six_encoders_each_can_be_chosen(kind: Kind) -> None:
    networks = {
        (one.model.architecture, one.model.encoder) for one in catalogue.for_kind(kind).values()
    }
    for decoder in ("unet", "linknet", "fpn"):
        assert len({encoder for name, encoder in networks if name == decoder}) >= 6


def test_names_tell_who_starts_from_nothing() -> None:
    for name, pipeline in catalogue.POOL.items():
        assert name.endswith("-random") == (pipeline.model.weights == "random")


def test_the_pool_has_at_least_ten_pipelines_a_kind() -> None:
    for kind in Kind:
        assert len(catalogue.for_kind(kind)) >= 10


def test_an_unknown_part_lists_the_choices() -> None:
    with pytest.raises(PlanError, match="efficientnet_lite0"):
        models.build(Model(head="distance", encoder="nonsense"), 1, 2)
    with pytest.raises(PlanError, match="unet"):
        models.build(Model(head="distance", architecture="nonsense"), 1, 2)
    odd = Model(head="distance", architecture="pan", encoder="densenet121", weights="random")
    with pytest.raises(PlanError, match="cannot take"):
        models.build(odd, 1, 2)
    with pytest.raises(PlanError, match="random"):
        models.build(Model(head="distance", encoder="resnet18"), 1, 2)
