"""How large a network is: what time and memory of a training grow with."""

from itertools import product
from pathlib import Path

import torch
from torch import Tensor, nn

from core.pipeline import models
from core.pipeline.catalogue import POOL
from core.records import Anatomy, Model, write_json

# Large enough for every architecture's deepest map; the figures a pixel hardly depend on it.
SIDE_PX = 128

# Grey images: the first layer's share of other inputs is below a hundredth.
CHANNELS = 1
OUTPUTS = 2


def measure(model: Model) -> Anatomy:
    """Return the network's parameters, and multiplications and activations a pixel."""
    network = models.build(model, CHANNELS, OUTPUTS, pretrained_weights=False).eval()
    totals = {"products": 0, "activations": 0}

    def count(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        weights: Tensor = layer.weight  # type: ignore[assignment]
        # A transposed convolution spreads each input value; the others gather each output value.
        spreading = isinstance(layer, nn.ConvTranspose2d)
        totals["products"] += (inputs[0] if spreading else output).numel() * weights[0].numel()
        totals["activations"] += output.numel()

    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            layer.register_forward_hook(count)
    with torch.inference_mode():
        network(torch.zeros(1, CHANNELS, SIDE_PX, SIDE_PX))
    pixels = SIDE_PX * SIDE_PX
    return Anatomy(
        parameters=models.parameters(network),
        products_per_pixel=round(totals["products"] / pixels),
        activations_per_pixel=round(totals["activations"] / pixels, 1),
    )


def write_table(path: Path) -> None:
    """Write the anatomy of every network a pipeline can name, by `Model.network`.

    Architectures are left out with the encoders they cannot take.
    """
    wanted = {pipeline.model.network: pipeline.model for pipeline in POOL.values()}
    for architecture, encoder in product(models.ARCHITECTURES, models.ENCODERS):
        if encoder in models.UNFIT.get(architecture, ()):
            continue
        model = Model(head="semantic", architecture=architecture, encoder=encoder, weights="random")
        wanted.setdefault(model.network, model)
    for encoder in models.ENCODERS:
        model = Model(head="image", encoder=encoder, weights="random")
        wanted.setdefault(model.network, model)
    write_json(path, {name: measure(model) for name, model in sorted(wanted.items())})
