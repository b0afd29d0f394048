"""The last layer of a classifier, fitted to what its frozen encoder sees.

Source: Kumar et al., "Fine-tuning can distort pretrained features and underperform
out-of-distribution", ICLR 2022: the last layer first, then all layers together.
"""

import time

import numpy as np
import torch
from numpy.typing import NDArray

from core.pipeline import devices
from core.pipeline.models import ImageNetwork
from core.progress import Progress
from core.train.learner import Learner

# Views of each image, varied as in training: the layer must not hang on one position or light.
VIEWS = 8
FEWEST_VIEWS = 128
BATCH = 16


def fit(learner: Learner, until: float, progress: Progress) -> None:
    """Fit the network's last layer to views drawn before `until` (seconds since 1970).

    At least one batch is drawn. Nothing changes where the views show one class only, or where
    somebody cancelled.
    """
    learner.headed = True
    network = learner.trained.network
    assert isinstance(network, ImageNetwork)
    seen, classes = _features(network, learner, until, progress)
    known = classes >= 0
    if len(np.unique(classes[known])) < 2:
        return
    weight, bias = logistic(seen[known], classes[known], network.linear.out_features)
    with torch.no_grad():
        network.linear.weight.copy_(torch.from_numpy(weight))
        network.linear.bias.copy_(torch.from_numpy(bias))
    learner.restart()


def _features(
    network: ImageNetwork, learner: Learner, until: float, progress: Progress
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return features (n, width) of varied training images, and their classes (n,)."""
    network.eval()
    wanted = max(FEWEST_VIEWS, VIEWS * len(learner.pool.items))
    features: list[NDArray[np.float32]] = []
    classes: list[NDArray[np.int64]] = []
    with torch.inference_mode():
        while BATCH * len(features) < wanted and (not features or time.time() < until):
            if features and progress.should_stop():
                break
            pixels, targets = learner.draw(BATCH)
            with devices.autocast(learner.trained.device):
                found = network.encoder(pixels)
            features.append(found.float().cpu().numpy())
            classes.append(targets.discrete.cpu().numpy())
    return np.concatenate(features), np.concatenate(classes)


def logistic(
    seen: NDArray[np.float32], classes: NDArray[np.int64], outputs: int, strength: float = 1.0
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return weight (outputs, width) and bias of a logistic regression, scaling folded in.

    `classes` has two different ones at least; `strength` is scikit-learn's C, the inverse of the
    penalty.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(seen)
    scaled_rows = scaler.transform(seen)
    # Few rows span few directions: the same optimum is found among those, several times as fast.
    _, _, directions = np.linalg.svd(scaled_rows, full_matrices=False)
    model = LogisticRegression(C=strength, max_iter=500, class_weight="balanced")
    model.fit(scaled_rows @ directions.T, classes)
    coefficients, intercepts = model.coef_ @ directions, model.intercept_
    if len(model.classes_) == 2:  # scikit-learn keeps one row for two classes
        coefficients = np.concatenate([-coefficients, coefficients]) / 2
        intercepts = np.concatenate([-intercepts, intercepts]) / 2
    scaled = coefficients / scaler.scale_
    weight = np.zeros((outputs, seen.shape[1]), dtype=np.float32)
    # A class without a view must not win by its zeros.
    bias = np.full(outputs, float(intercepts.min()) - 5.0, dtype=np.float32)
    weight[model.classes_] = scaled
    bias[model.classes_] = intercepts - scaled @ scaler.mean_
    return weight, bias
