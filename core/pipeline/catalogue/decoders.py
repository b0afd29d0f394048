"""Three decoders, each with six encoders: the 18 networks that the seed work compared.

U-Net, LinkNet and FPN are named there, the encoders are not: these six span plain, residual, dense
and mobile designs from small to large. Those with EfficientNet-Lite0 stand among the others of the
pool already, as `unet-lite0`, `linknet-lite0` and `fpn-lite0` (objects: with `-distance`).
"""

from itertools import product

from core.pipeline.catalogue import objects, pixels
from core.pipeline.catalogue.entry import instance, semantic
from core.records import Model

DECODERS = {
    "unet": "Keeps every detail on the way back to the picture",
    "linknet": "Adds details on the way back instead of learning how to: quick",
    "fpn": "Combines coarse and fine views of the picture",
}

# Beside EfficientNet-Lite0, which alone of the six has pretrained weights that need no internet.
ENCODERS = {
    "mobilenetv2": "a very small network that starts from nothing.",
    "densenet121": "a deep but narrow network that starts from nothing.",
    "resnet18": "a middle-sized network that starts from nothing.",
    "resnet34": "a large network that starts from nothing: for plenty of pictures.",
    "resnet50": "the largest network; starts from nothing, for plenty of pictures and time.",
}

_NETWORKS = [
    (decoder, encoder, f"{told}; {size}")
    for (decoder, told), (encoder, size) in product(DECODERS.items(), ENCODERS.items())
]

_OBJECTS = tuple(
    instance(
        f"{decoder}-{encoder}-distance-random",
        told,
        Model(head="distance", architecture=decoder, encoder=encoder, weights="random"),
    )
    for decoder, encoder, told in _NETWORKS
)

_PIXELS = tuple(
    semantic(
        f"{decoder}-{encoder}-random",
        told,
        Model(head="semantic", architecture=decoder, encoder=encoder, weights="random"),
    )
    for decoder, encoder, told in _NETWORKS
)

# `unet-resnet18` was entered by hand before.
OBJECTS = tuple(one for one in _OBJECTS if one.name not in {o.name for o in objects.PIPELINES})
PIXELS = tuple(one for one in _PIXELS if one.name not in {o.name for o in pixels.PIPELINES})
