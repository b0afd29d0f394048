"""A trained model ready to use: a folder that explains itself."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from core.errors import BundleError, StudyError
from core.infer.predict import Trained
from core.pipeline import devices, heads, models, preprocess, tensors
from core.records import SCHEMA_VERSION, Kind, Pipeline, TaskSpec, read, write, write_bytes

WEIGHTS = "weights.safetensors"
CARD = "model_card.md"
RECORD = "bundle.json"
COMPANION = "companion"
"""Folder of the second model, a bundle of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleRecord:
    """What `bundle.json` tells."""

    run: str
    study: str
    task: TaskSpec
    pipeline: Pipeline
    fitted: preprocess.Fitted
    channel_names: tuple[str, ...] = ()
    learned_from: tuple[str, ...] = ()
    """SHA-256 of every image the model or its thresholds learned from."""
    parameters: int = 0
    schema: int = SCHEMA_VERSION


def save_bundle(folder: Path, trained: Trained, record: BundleRecord) -> None:
    """Write weights, record and card; the record comes last and makes the bundle complete.

    A companion that an earlier model left there goes first: it never answers beside these weights.
    """
    if trained.companion is None:
        _remove(folder / COMPANION)
    tensors.put(folder / WEIGHTS, trained.network.state_dict())
    if trained.companion is not None:
        second = replace(
            record,
            pipeline=trained.companion.pipeline,
            fitted=trained.companion.fitted,
            parameters=models.parameters(trained.companion.network),
        )
        save_bundle(folder / COMPANION, trained.companion, second)
    write_bytes(folder / CARD, _card(record, trained.companion).encode())
    write(folder / RECORD, record)


def read_record(folder: Path) -> BundleRecord:
    """Return what the bundle says of itself.

    Raises BundleError where it is missing, damaged or of a newer version.
    """
    try:
        record = read(folder / RECORD, BundleRecord)
    except StudyError as error:
        raise BundleError(f"{folder} holds no complete model: {error}") from error
    if record.schema > SCHEMA_VERSION:
        raise BundleError(f"{folder} was written by a newer version of AIxCell; update it first")
    return record


def load(folder: Path) -> Trained:
    """Return the model on this machine's best device, ready to predict.

    Raises BundleError where the folder is incomplete or damaged.
    """
    record = read_record(folder)
    device = devices.choose()
    head = heads.find(record.pipeline.model.head)
    network = models.build(
        record.pipeline.model,
        record.fitted.channels,
        head.outputs(record.task),
        pretrained_weights=False,
    )
    put_weights(folder, network)
    network = network.to(device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
    second = folder / COMPANION
    companion = load(second) if (second / RECORD).exists() else None
    return Trained(network, record.pipeline, record.fitted, head, record.task, device, companion)


def _remove(folder: Path) -> None:
    """Delete a bundle where there is one: without its record, which goes first, it is none."""
    (folder / RECORD).unlink(missing_ok=True)
    # What another program holds open on Windows stays, and harms nobody.
    shutil.rmtree(folder, ignore_errors=True)


def put_weights(folder: Path, network: nn.Module) -> None:
    """Put a bundle's weights into a network of its kind; BundleError where they do not fit."""
    weights = folder / WEIGHTS
    try:
        network.load_state_dict(load_file(weights))
    except (OSError, RuntimeError, ValueError) as error:
        raise BundleError(f"{weights} is missing or damaged: {error}") from error


def _card(record: BundleRecord, companion: Trained | None) -> str:
    classes = ", ".join(record.task.classes)
    beside = ""
    if companion is not None:
        beside = (
            f"\n- beside it: a linear layer on the frozen {companion.pipeline.model.encoder} with "
            "its ImageNet\n  weights; the answer is the mean of both probabilities"
        )
    return f"""# Model of run {record.run}

Trained by AIxCell on the study "{record.study}".

- answers: {record.task.kind} ({classes})
- input: {record.fitted.channels} channels {", ".join(record.channel_names)}
- pipeline: {record.pipeline.name}: {record.pipeline.summary}
- network: {record.pipeline.model.architecture} with encoder {record.pipeline.model.encoder},
  {record.parameters:,} parameters{beside}
- learned from {len(record.learned_from)} images (their SHA-256 are in {RECORD})
{_steps(record)}

The scores on images it never saw are in the run's report. It is meant for images made in the
same way; on others, check a few by eye before trusting it.
"""


def _steps(record: BundleRecord) -> str:
    """Return what is done before and behind the network, as lines of the card."""
    side_px, post = record.pipeline.preprocess.side_px, record.pipeline.postprocess
    scale = (
        f"- size: the longer side of each image is brought to {side_px} px"
        if side_px is not None
        else f"- working scale: {record.fitted.scale:.3f} of the original pixels"
    )
    if record.task.kind is Kind.CLASSIFICATION:
        return scale
    return (
        f"{scale}\n- postprocessing: foreground {post.foreground}, seed {post.seed}, "
        f"smallest {post.smallest_px} px"
    )
