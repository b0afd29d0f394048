"""Everything that must be decided between pixels and answer."""

from dataclasses import dataclass, field

from core.errors import PlanError
from core.records.task import Kind

NORMALISATIONS = ("percentile", "zscore", "clahe")
AUGMENTATIONS = ("light", "medium", "strong")
HEADS = ("semantic", "boundary", "distance", "flow", "image")
WEIGHTS = ("imagenet", "simulated", "random")
LOSSES = ("dice_ce", "dice_focal", "tversky_ce", "boundary_weighted")
BALANCES = ("none", "weights", "tiles")
FINE_TUNINGS = ("whole", "after_linear", "linear")

# Five halvings in the encoder: sides that are no multiple of 2**5 fail in the skip connections.
STRIDE_PX = 32


def _one_of(what: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise PlanError(f"{what} must be one of {', '.join(choices)}, got {value!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocess:
    """From a file's pixels to the network's input."""

    normalisation: str = "percentile"
    object_diameter_px: float | None = None
    """Images are rescaled so that the median object has this diameter; None keeps their size."""
    side_px: int | None = None
    """Classification: the longer side after rescaling; None keeps the size."""
    tile_px: int = 256
    channels: tuple[int, ...] | None = None
    """Channels used, in order; None: all."""

    def __post_init__(self) -> None:
        """Refuse what no network takes."""
        _one_of("normalisation", self.normalisation, NORMALISATIONS)
        if self.tile_px <= 0 or self.tile_px % STRIDE_PX:
            raise PlanError(f"a tile must be a multiple of {STRIDE_PX} px, got {self.tile_px}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The network, by its parts."""

    head: str
    architecture: str = "unet"
    """A key of `core.pipeline.models.ARCHITECTURES`; ignored by the head `image`."""
    encoder: str = "efficientnet_lite0"
    """A key of `core.pipeline.models.ENCODERS`."""
    weights: str = "imagenet"
    decoder_channels: tuple[int, ...] | None = None
    """Widths from deep to shallow where the architecture has them; None: its own default."""

    def __post_init__(self) -> None:
        """Refuse unknown parts early."""
        _one_of("head", self.head, HEADS)
        _one_of("weights", self.weights, WEIGHTS)

    @property
    def network(self) -> str:
        """Return the layers' name, e.g. `unet/efficientnet_lite0/128-64-32-16-16`.

        Models of one name cost the same, whatever they start from.
        """
        if self.head == "image":
            return f"image/{self.encoder}"
        widths = "-".join(map(str, self.decoder_channels or ()))
        return "/".join(part for part in (self.architecture, self.encoder, widths) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Anatomy:
    """How large a network is."""

    parameters: int
    products_per_pixel: int
    """Multiplications in convolutions and linear layers, over the input's pixels."""
    activations_per_pixel: float
    """Values between layers, over the input's pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """How the network learns."""

    loss: str = "dice_ce"
    """Dice + cross entropy (`dice_ce`), its focal kind (`dice_focal`), Tversky + cross entropy
    (`tversky_ce`: what is missed costs more), or Dice + cross entropy with pixels near borders
    weighing more (`boundary_weighted`)."""
    class_balance: str = "none"
    """Rare classes weigh more in the loss (`weights`) or are aimed at more often (`tiles`)."""
    augmentation: str = "medium"
    fine_tuning: str = "whole"
    """Classification: all layers from the first step (`whole`), the last one fitted to frozen
    features first (`after_linear`), or that alone (`linear`)."""
    batch: int = 4
    passes: int = 1
    """A batch goes through the network in so many parts, where memory is short."""
    learning_rate: float = 3e-3
    weight_decay: float = 1e-4
    ema: float = 0.99
    """Decay of the averaged weights at full length; 0 turns averaging off."""

    def __post_init__(self) -> None:
        """Refuse unknown choices early."""
        _one_of("loss", self.loss, LOSSES)
        _one_of("class balance", self.class_balance, BALANCES)
        _one_of("augmentation", self.augmentation, AUGMENTATIONS)
        _one_of("fine tuning", self.fine_tuning, FINE_TUNINGS)
        if self.batch < 1:
            raise PlanError(f"a batch needs at least one tile, got {self.batch}")
        if not 1 <= self.passes <= self.batch:
            raise PlanError(f"a batch of {self.batch} cannot be cut into {self.passes} parts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Postprocess:
    """From the network's maps to the answer; the thresholds are tuned on validation images."""

    foreground: float = 0.5
    """Probability from which a pixel belongs to an object."""
    seed: float = 0.5
    """Height from which a pixel of the seed map starts an object. Head `flow`: centres closer than
    1 - seed times the larger one's radius are one object."""
    smallest_px: int = 0
    """Objects below this many pixels of the original image are dropped."""
    class_smallest_px: tuple[int, ...] = ()
    """The same for each class of objects; empty: `smallest_px` for all."""
    class_factors: tuple[float, ...] = ()
    """Three classes of pixels and more: what each one's probability is multiplied by before the
    highest wins; empty: 1 for all."""
    seedless: bool = True
    """Whether a part of the foreground without a seed is an object of its own."""
    fill_holes: bool = True
    flips: bool = False
    """Average over mirrored images when predicting."""
    temperature: float = 1.0
    """Classification: divides the logits, so that probabilities are calibrated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """One way from images to answers, by name."""

    name: str
    kinds: tuple[Kind, ...]
    model: Model
    preprocess: Preprocess = field(default_factory=Preprocess)
    training: Training = field(default_factory=Training)
    postprocess: Postprocess = field(default_factory=Postprocess)
    summary: str = ""
    """One sentence a biologist understands."""
