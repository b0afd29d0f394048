"""What stands in for a trained network where nothing is learned or answered."""

import torch
from torch import nn

from core.infer.predict import Trained
from core.pipeline import catalogue, heads, preprocess
from core.records import TaskSpec


def untrained(task: TaskSpec) -> Trained:
    """Return a network of no layers, for pictures of three channels."""
    return Trained(
        nn.Identity(),
        catalogue.find("unet-lite0"),
        preprocess.Fitted(channels=3),
        heads.find("semantic"),
        task,
        torch.device("cpu"),
    )
