"""Networks by name: architecture x encoder, with weights that need no internet."""

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from core.errors import PlanError
from core.pipeline import pretrained
from core.records import Model

# A fifth of the features is dropped where a handful of images would else be learned by heart.
IMAGE_DROPOUT = 0.2


class ImageNetwork(nn.Module):
    """Encoder, mean over the image, one linear layer: a class for the whole picture."""

    def __init__(self, encoder: nn.Module, outputs: int) -> None:
        super().__init__()
        self.encoder = encoder
        # Some end in one more layer than their features are wide.
        width: int = encoder.head_hidden_size  # type: ignore[assignment]
        self.dropout = nn.Dropout(IMAGE_DROPOUT)
        self.linear = nn.Linear(width, outputs)

    def forward(self, batch: Tensor) -> Tensor:
        """Return logits (batch, classes) of images (batch, channels, rows, columns)."""
        features: Tensor = self.encoder(batch)
        logits: Tensor = self.linear(self.dropout(features))
        return logits


class Roomy(nn.Module):
    """A network that needs a least side: smaller pictures are continued by their last pixels."""

    def __init__(self, network: nn.Module, side_px: int) -> None:
        super().__init__()
        self.network = network
        self.side_px = side_px

    def forward(self, batch: Tensor) -> Tensor:
        """Return maps (batch, maps, rows, columns) of images (batch, channels, rows, columns)."""
        rows, columns = batch.shape[2:]
        down, right = max(0, self.side_px - rows), max(0, self.side_px - columns)
        if not down and not right:
            plain: Tensor = self.network(batch)
            return plain
        wide: Tensor = self.network(functional.pad(batch, (0, right, 0, down), mode="replicate"))
        return wide[:, :, :rows, :columns]


def build(
    model: Model, channels: int, outputs: int, *, pretrained_weights: bool = True
) -> nn.Module:
    """Return the network for `channels` inputs and `outputs` maps.

    With its starting weights, or without where trained ones are loaded next.
    Raises PlanError where a part is unknown or has no pretrained weights.
    """
    encoder_name = _look_up("encoder", ENCODERS, model.encoder)
    if model.weights == "imagenet" and model.encoder not in pretrained.PACKAGES:
        raise PlanError(
            f"the encoder {model.encoder} has no pretrained weights in this installation; "
            f"take one of {', '.join(pretrained.PACKAGES)} or weights 'random'"
        )
    if model.head == "image":
        network: nn.Module = ImageNetwork(_plain_encoder(encoder_name, channels), outputs)
        encoder: nn.Module = network.encoder  # type: ignore[assignment]
    else:
        make = _look_up("architecture", ARCHITECTURES, model.architecture)
        if model.encoder in UNFIT.get(model.architecture, ()):
            raise PlanError(
                f"{model.architecture} cannot take the encoder {model.encoder}; choose another one"
            )
        options: dict[str, Any] = {}
        if model.decoder_channels:
            options["decoder_channels"] = model.decoder_channels
        network = make(
            encoder_name=f"tu-{encoder_name}",
            encoder_weights=None,
            in_channels=channels,
            classes=outputs,
            **options,
        )
        encoder = network.encoder.model  # type: ignore[assignment,union-attr]
    if pretrained_weights and model.weights == "imagenet":
        pretrained.load_into(encoder, model.encoder, channels)
    if pretrained_weights and model.weights == "simulated":
        pretrained.load_simulated(network, model, channels)
    least_px = LEAST_SIDES_PX.get(model.architecture) if model.head != "image" else None
    return Roomy(network, least_px) if least_px else network


def load(*, decoders: bool) -> None:
    """Import what building a network needs, which takes seconds; whole images need no decoder."""
    for name in ("timm", *(("segmentation_models_pytorch",) if decoders else ())):
        importlib.import_module(name)


def parameters(network: nn.Module) -> int:
    """Return how many numbers the network has learned."""
    return sum(weights.numel() for weights in network.parameters())


def _plain_encoder(name: str, channels: int) -> nn.Module:
    import timm

    encoder: nn.Module = timm.create_model(
        name, pretrained=False, in_chans=channels, num_classes=0, global_pool="avg"
    )
    return encoder


def _look_up(what: str, table: dict[str, Any], name: str) -> Any:
    if name not in table:
        raise PlanError(f"unknown {what} {name!r}; choose from {', '.join(table)}")
    return table[name]


def _smp(name: str, **options: Any) -> nn.Module:
    import segmentation_models_pytorch as smp

    network: nn.Module = getattr(smp, name)(**options)
    return network


ARCHITECTURES: dict[str, Callable[..., nn.Module]] = {
    "unet": partial(_smp, "Unet"),
    "unetplusplus": partial(_smp, "UnetPlusPlus"),
    "linknet": partial(_smp, "Linknet"),
    "fpn": partial(_smp, "FPN"),
    "manet": partial(_smp, "MAnet"),
    "pan": partial(_smp, "PAN"),
    "deeplabv3plus": partial(_smp, "DeepLabV3Plus"),
    "segformer": partial(_smp, "Segformer"),
    "upernet": partial(_smp, "UPerNet"),
}

ENCODERS: dict[str, str] = {
    "efficientnet_lite0": "tf_efficientnet_lite0",
    "efficientnet_lite1": "tf_efficientnet_lite1",
    "efficientnet_lite2": "tf_efficientnet_lite2",
    "resnet18": "resnet18",
    "resnet34": "resnet34",
    "resnet50": "resnet50",
    "mobilenetv2": "mobilenetv2_100",
    "mobilenetv3": "mobilenetv3_large_100",
    "densenet121": "densenet121",
}
"""Name -> timm's name. Each works with every architecture but those of `UNFIT`."""

LEAST_SIDES_PX: dict[str, int] = {
    # Four halvings, then three more of the deepest map.
    "pan": 128,
}
"""Architecture -> what smaller pictures are brought up to."""

UNFIT: dict[str, tuple[str, ...]] = {
    # Both replace the last halvings by wider spacing, which timm's DenseNet does not offer.
    "pan": ("densenet121",),
    "deeplabv3plus": ("densenet121",),
}
"""Architecture -> encoders it cannot take."""
