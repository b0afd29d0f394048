"""Data sets and pipelines as numbers, for the learner and for distances."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.paths import DATA_LIBRARY
from core.pipeline import preprocess
from core.records import STRIDE_PX, Anatomy, Fingerprint, Kind, Pipeline
from core.records.pipeline import AUGMENTATIONS, FINE_TUNINGS, HEADS, NORMALISATIONS

META = (
    "log_images",
    "log_objects",
    "classes",
    "channels",
    "colour",
    "side_px",
    "foreground",
    "diameter_px",
    "diameter_over_tile",
    "density",
    "touching",
    "contrast_to_noise",
    "boundary",
    "class_imbalance",
)
"""The fingerprint's features in the model."""

LOGARITHMIC = ("side_px", "diameter_px", "diameter_over_tile", "density", "contrast_to_noise")
"""Features whose ratios matter, not their differences."""

ARCHITECTURES = (
    "unet",
    "linknet",
    "fpn",
    "unetplusplus",
    "deeplabv3plus",
    "manet",
    "pan",
    "segformer",
    "upernet",
)
"""Decoders told apart; others count as none of them."""

COMPONENTS = 4
"""Principal components of the embedding in the model."""

# Fewer pictures span no directions worth the name.
_FEWEST_FOR_COMPONENTS = 6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Directions:
    """The principal directions of the library's embeddings."""

    mean: NDArray[np.float64]
    axes: NDArray[np.float64]
    """(components, 1280); no rows where the library has too few data sets."""


def directions(fingerprints: Mapping[str, Fingerprint]) -> Directions:
    """Return the directions in which the library's data sets differ most."""
    known = [one.embedding for _, one in sorted(fingerprints.items()) if len(one.embedding) > 0]
    if len(known) < _FEWEST_FOR_COMPONENTS:
        return Directions(mean=np.zeros(0), axes=np.zeros((0, 0)))
    embeddings = np.array(known)
    mean = embeddings.mean(axis=0)
    axes = np.linalg.svd(embeddings - mean, full_matrices=False)[2][:COMPONENTS]
    # A direction's sign is arbitrary: fix it, so that refits are equal.
    signs = np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])
    return Directions(mean=mean, axes=axes * signs[:, None])


def subject_vector(fingerprint: Fingerprint | None, known: Directions) -> NDArray[np.float64]:
    """Return meta-features and components; what is unknown is NaN."""
    vector = np.full(len(META) + COMPONENTS, np.nan)
    if fingerprint is None:
        return vector
    for index, name in enumerate(META):
        vector[index] = fingerprint.values.get(name, np.nan)
    if len(known.axes) and len(fingerprint.embedding) == len(known.mean):
        found = known.axes @ (np.array(fingerprint.embedding) - known.mean)
        vector[len(META) : len(META) + len(found)] = found
    return vector


def pipeline_vector(pipeline: Pipeline, fingerprint: Fingerprint | None) -> NDArray[np.float64]:
    """Return the pipeline's choices, and what they mean for this data set."""
    network, before, training = pipeline.model, pipeline.preprocess, pipeline.training
    size = anatomy(pipeline)
    chosen = [float(network.head == head) for head in HEADS]
    chosen += [float(network.architecture == name) for name in ARCHITECTURES]
    chosen += [float(before.normalisation == name) for name in NORMALISATIONS]
    chosen += [
        float(network.weights == "imagenet"),
        float(network.weights == "simulated"),
        np.log10(size.parameters),
        np.log10(size.products_per_pixel),
        before.object_diameter_px or np.nan,
        before.side_px or np.nan,
        float(AUGMENTATIONS.index(training.augmentation)),
        float(before.tile_px),
        float(training.class_balance == "weights"),
        float(training.class_balance == "tiles"),
        float(training.loss == "dice_focal"),
        float(training.loss == "tversky_ce"),
        float(training.loss == "boundary_weighted"),
        float(FINE_TUNINGS.index(training.fine_tuning)),
        np.log10(training.learning_rate),
        float(training.batch),
    ]
    working_px = zoom(pipeline, fingerprint) * _value(fingerprint, "diameter_px")
    return np.array([*chosen, np.log2(zoom(pipeline, fingerprint)), working_px])


PIPELINE_NAMES = (
    *(f"head:{name}" for name in HEADS),
    *(f"architecture:{name}" for name in ARCHITECTURES),
    *(f"normalisation:{name}" for name in NORMALISATIONS),
    "pretrained",
    "simulated",
    "parameters",
    "products",
    "object_diameter",
    "image_side",
    "augmentation",
    "tile",
    "balanced",
    "aimed",
    "focal",
    "tversky",
    "borders",
    "frozen",
    "learning_rate",
    "batch",
    "zoom",
    "working_diameter",
)
NAMES = (*META, *(f"look_{n + 1}" for n in range(COMPONENTS)), *PIPELINE_NAMES)
"""One name a column of the design."""


def matrix(
    pipelines: Sequence[Pipeline], fingerprint: Fingerprint | None, known: Directions
) -> NDArray[np.float64]:
    """Return one row a pipeline and one column a name of `NAMES`."""
    subject = subject_vector(fingerprint, known)
    return np.array(
        [np.concatenate([subject, pipeline_vector(one, fingerprint)]) for one in pipelines]
    )


def components(pipeline: Pipeline) -> list[str]:
    """Return the choices whose mean effects a pipeline without runs falls back to."""
    network, before, training = pipeline.model, pipeline.preprocess, pipeline.training
    size = before.object_diameter_px or before.side_px
    return [
        f"head {network.head}",
        f"architecture {network.architecture if network.head != 'image' else 'image'}",
        f"encoder {network.encoder}",
        f"weights {network.weights}",
        f"decoder {'slim' if network.decoder_channels else 'plain'}",
        f"normalisation {before.normalisation}",
        f"size {size:g}" if size else "size own",
        f"tile {before.tile_px}",
        f"augmentation {training.augmentation}",
        f"balance {training.class_balance}",
        f"loss {training.loss}",
        f"fine tuning {training.fine_tuning}",
        f"learning rate {training.learning_rate:g}",
    ]


def zoom(pipeline: Pipeline, fingerprint: Fingerprint | None) -> float:
    """Return working pixels per pixel of the original; 1 where nothing is known."""
    before = pipeline.preprocess
    side = _value(fingerprint, "side_px")
    if before.side_px is not None:
        return before.side_px / side if np.isfinite(side) else 1.0
    diameter = _value(fingerprint, "diameter_px")
    if fingerprint is None or fingerprint.kind is not Kind.INSTANCE or not np.isfinite(diameter):
        return 1.0
    return preprocess.fit(before, 1, [diameter]).scale


def tile_pixels(pipeline: Pipeline, fingerprint: Fingerprint | None) -> float:
    """Return the pixels of one training tile: no larger than the images at working size."""
    before = pipeline.preprocess
    if before.side_px is not None:
        return float(before.side_px**2)
    side = _value(fingerprint, "side_px") * zoom(pipeline, fingerprint)
    tile = float(before.tile_px)
    if np.isfinite(side):
        tile = min(tile, float(-(-side // STRIDE_PX) * STRIDE_PX))
    return tile**2


def anatomy(pipeline: Pipeline) -> Anatomy:
    """Return the network's size; of the middle network where it was never measured."""
    known = _anatomies()
    if pipeline.model.network in known:
        return known[pipeline.model.network]
    by_size = sorted(known.values(), key=lambda one: one.products_per_pixel)
    return by_size[len(by_size) // 2]


@cache
def _anatomies() -> dict[str, Anatomy]:
    return msgspec.json.decode(
        (DATA_LIBRARY / "networks.json").read_bytes(), type=dict[str, Anatomy]
    )


def _value(fingerprint: Fingerprint | None, name: str) -> float:
    return np.nan if fingerprint is None else fingerprint.values.get(name, np.nan)
