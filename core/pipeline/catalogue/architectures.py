"""The decoders beyond U-Net, LinkNet and FPN, each with a small and a larger pretrained encoder.

The small ones with SegFormer and UPerNet for regions were entered by hand, as `segformer-lite0` and
`upernet-lite0`.
"""

from itertools import product

from core.pipeline.catalogue import pixels
from core.pipeline.catalogue.entry import instance, semantic
from core.records import Model

DECODERS = {
    "unetplusplus": "Goes back to the picture by many short ways: for fine outlines and long runs",
    "manet": "Weighs places and channels against each other: for objects that look like others",
    "deeplabv3plus": "Looks around at several distances: for large things with simple outlines",
    "pan": "Lets coarse views point out where fine ones matter; light",
    "segformer": "Combines four views of the picture by a very small decoder; learns quickly",
    "upernet": "Weighs the whole picture against its parts; a large decoder for longer trainings",
}
ENCODERS = {
    "lite0": ("efficientnet_lite0", "."),
    "lite2": ("efficientnet_lite2", ", with a larger network behind it."),
}

_NETWORKS = [
    (f"{decoder}-{short}", f"{told}{rest}", decoder, encoder)
    for (decoder, told), (short, (encoder, rest)) in product(DECODERS.items(), ENCODERS.items())
]

OBJECTS = tuple(
    instance(
        f"{name}-distance", told, Model(head="distance", architecture=decoder, encoder=encoder)
    )
    for name, told, decoder, encoder in _NETWORKS
)

_PIXELS = tuple(
    semantic(name, told, Model(head="semantic", architecture=decoder, encoder=encoder))
    for name, told, decoder, encoder in _NETWORKS
)
PIXELS = tuple(one for one in _PIXELS if one.name not in {p.name for p in pixels.PIPELINES})
