"""The companion of a classifier: a linear model on what a frozen network sees.

With a few hundred pictures a bent network and a linear model on frozen features err on different
ones. The mean of their probabilities needs no choice between them, which so few pictures could not
make. Source: Dietterich, "Ensemble methods in machine learning", 2000.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from core.data.samples import Sample
from core.infer import predict
from core.infer.predict import VIEWS, Floats, Trained
from core.pipeline import catalogue, devices, models, preprocess
from core.progress import Progress
from core.records import Kind, Plan
from core.train import contender, linear
from core.train.clock import Clock
from core.train.images import Images

Rows = NDArray[np.float32]
Classes = NDArray[np.int64]

PIPELINE = "lite0-s224-linear"
# Of what is left of the budget, for looking at all images.
SHARE = 0.25
# Of that time, for the looks: fits to thousands of images take seconds each.
LOOK_SHARE = 0.6
# Fits to so few images take no time worth keeping.
FEW = 400
# The first looks lay out memory and are slow.
SETTLING = 3
# Of the penalty (scikit-learn's C): 0.01 to 1 answered alike on three data sets.
STRENGTH = 0.1
# The layer learns by heart what it is fitted to; pictures left out tell how sure it may be.
TEMPERATURES = (0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0)
# Where no picture can be left out: what was found most often.
UNKNOWN_TEMPERATURE = 2.8
FOLDS = 3


@dataclass(frozen=True, slots=True)
class Companion:
    """The linear model beside the network."""

    trained: Trained
    """Knows training and validation images: answers for all others, and goes into the bundle."""
    judged: dict[str, Floats]
    """Image to judge by -> logits (classes, 1, 1) of one that knows the training images alone."""
    seconds_per_image: float
    """Of an answer: all mirrored views."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the frozen network sees of the images whose class is known."""

    views: NDArray[np.float32]
    """(views, images, width): the image as it is, and mirrored."""
    classes: Classes
    groups: NDArray[np.int64]
    learned: NDArray[np.bool_]
    """Whether the image is one to learn from; the others are for validation."""
    places: dict[str, int]
    """Image -> its place in the arrays."""
    seconds_per_image: float


def fit(
    plan: Plan,
    learn: Images,
    validation: Images,
    test_images: int | None,
    clock: Clock,
    progress: Progress,
) -> Companion | None:
    """Return the companion, fitted within a quarter of the time that is left.

    None where pictures are not sorted as a whole, where the user wishes fast predictions, where
    answering for so many test images, and for those to judge by that were not seen in time, would
    take as long again, or where fewer than two classes were seen. Raises Stopped where somebody
    cancelled.

    `test_images`: None where an earlier process of the run had a companion: then it is fitted
    however late it is, within a quarter of the whole budget.
    """
    if plan.task.kind is not Kind.CLASSIFICATION or plan.task.wishes.fast_prediction:
        return None
    told = "Looking at the images with a network that knows photographs"
    progress.stage("reading", told, clock.used() / clock.budget_s, clock.left())
    began = time.time()
    # Its own weights: those of a model that is trained on stand in the plan for the other one.
    alone = replace(plan, start_from="")
    trained = contender.untrained(catalogue.find(PIPELINE), alone, learn)
    trained.network.eval()
    most_s = SHARE * (clock.budget_s if test_images is None else clock.left())
    few = len(learn.samples) + len(validation.samples) <= FEW
    look_s = most_s if few else LOOK_SHARE * most_s
    seen = _look(trained, learn, validation, plan.seed, began + look_s, progress)
    # Without validation images the training images are looked at.
    judged = validation if validation.samples else learn
    if test_images is not None:
        unseen = sum(sample.id not in seen.places for sample in judged.samples)
        if seen.seconds_per_image * (test_images + unseen) > most_s:
            return None
    if len(np.unique(seen.classes[seen.learned])) < 2:
        return None
    outputs = len(plan.task.classes)
    temperature = _temperature(seen, outputs, plan.seed, progress)
    judging, kept = (
        _with_layer(trained, *_fitted(seen, chosen, outputs, progress), temperature)
        for chosen in (seen.learned, np.ones(len(seen.classes), bool))
    )
    found = Companion(
        trained=kept,
        judged={sample.id: _logits(judging, seen, sample, progress) for sample in judged.samples},
        seconds_per_image=seen.seconds_per_image,
    )
    progress.event(
        "companion",
        images=len(seen.classes),
        views=len(seen.views),
        temperature=temperature,
        seconds=round(time.time() - began, 2),
    )
    return found


def _look(
    trained: Trained, learn: Images, validation: Images, seed: int, until: float, progress: Progress
) -> _Seen:
    """Return what is seen before `until`; of too many images one view each, and only some."""
    images = [
        (sample, true.image_class, side is learn)
        for side in (learn, validation)
        for sample, true in zip(side.samples, side.truths, strict=True)
        if true.image_class >= 0
    ]
    images = [images[place] for place in np.random.default_rng(seed).permutation(len(images))]
    count, each_s = len(VIEWS), 0.0
    first = began = time.time()
    rows: list[Rows] = []
    for sample, *_ in images:
        progress.check_stop()
        rows.append(_features(trained, sample.image_cyx, VIEWS[:count]))
        if len(rows) == SETTLING:
            began = time.time()
        if len(rows) == 2 * SETTLING:
            each_s = (time.time() - began) / SETTLING
            left_s = each_s * (len(images) - len(rows))
            while count > 1 and time.time() + left_s > until:
                count, left_s = count // 2, left_s / 2
        if time.time() > until:
            # Those that are so slow that few were seen must not pass for looks that cost nothing.
            each_s = each_s or (time.time() - first) / len(rows)
            break
    rows = [row[:count] for row in rows]
    images = images[: len(rows)]
    names = {name: at for at, name in enumerate(sorted({_group(one) for one, *_ in images}))}
    return _Seen(
        views=np.stack(rows, axis=1) if rows else np.zeros((1, 0, 1), np.float32),
        classes=np.array([index for _, index, _ in images], np.int64),
        groups=np.array([names[_group(one)] for one, *_ in images], np.int64),
        learned=np.array([learned for *_, learned in images], bool),
        places={sample.id: place for place, (sample, *_) in enumerate(images)},
        seconds_per_image=each_s,
    )


def _group(sample: Sample) -> str:
    """Return what may not be divided between folds; an image of no group is one of its own."""
    return sample.group or sample.id


def _features(
    trained: Trained, image_cyx: NDArray[np.generic], views: tuple[tuple[int, ...], ...]
) -> Rows:
    """Return (views, width)."""
    network = trained.network
    assert isinstance(network, models.ImageNetwork)
    image = preprocess.apply(trained.pipeline.preprocess, trained.fitted, image_cyx)
    batch = predict.pad(torch.from_numpy(np.ascontiguousarray(image))[None].to(trained.device))
    with torch.inference_mode(), devices.autocast(trained.device):
        return np.asarray(network.encoder(predict.mirrored(batch, views)).float().cpu().numpy())


def _logits(trained: Trained, seen: _Seen, sample: Sample, progress: Progress) -> Floats:
    """Return logits (classes, 1, 1) of an image, by what was seen of it already if it was."""
    place = seen.places.get(sample.id)
    if place is None:
        progress.check_stop()
        return predict.maps(trained, sample.image_cyx, flips=True)
    assert isinstance(trained.network, models.ImageNetwork)
    features = torch.from_numpy(seen.views[:, place].mean(axis=0)).to(trained.device)
    with torch.inference_mode():
        found: Floats = trained.network.linear(features).cpu().numpy().reshape(-1, 1, 1)
    return found


def _fitted(
    seen: _Seen, chosen: NDArray[np.bool_], outputs: int, progress: Progress
) -> tuple[Rows, Rows]:
    """Return weight and bias fitted to every view of the chosen images."""
    progress.check_stop()
    rows = seen.views[:, chosen].reshape(-1, seen.views.shape[2])
    classes = np.tile(seen.classes[chosen], len(seen.views))
    return linear.logistic(rows, classes, outputs, STRENGTH)


def _temperature(seen: _Seen, outputs: int, seed: int, progress: Progress) -> float:
    """Return the temperature under which images left out are answered best."""
    logits = np.full((len(seen.classes), outputs), np.nan)
    for learned, left_out in _folds(seen, seed):
        weight, bias = _fitted(seen, learned, outputs, progress)
        logits[left_out] = seen.views[:, left_out].mean(axis=0) @ weight.T + bias
    asked = ~np.isnan(logits[:, 0])
    if not asked.any():
        return UNKNOWN_TEMPERATURE
    return max(TEMPERATURES, key=lambda t: _log_chance(logits[asked] / t, seen.classes[asked]))


def _folds(seen: _Seen, seed: int) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Yield masks of the images to fit to and of those left out; no group is in both."""
    from sklearn.model_selection import GroupKFold

    count = min(FOLDS, len(np.unique(seen.groups)))
    if count < 2:
        return
    cut = GroupKFold(count, shuffle=True, random_state=seed)
    for _, places in cut.split(seen.groups, seen.classes, seen.groups):
        left_out = np.isin(np.arange(len(seen.groups)), places)
        if len(np.unique(seen.classes[~left_out])) >= 2:
            yield ~left_out, left_out


def _log_chance(logits: NDArray[np.float64], classes: Classes) -> float:
    """Return the mean log probability of the true class, each class weighing alike."""
    logits = logits - logits.max(axis=1, keepdims=True)
    chances = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    own: Sequence[float] = [
        float(np.maximum(chances[classes == index, index], np.log(1e-6)).mean())
        for index in np.unique(classes)
    ]
    return float(np.mean(own))


def _with_layer(trained: Trained, weight: Rows, bias: Rows, temperature: float) -> Trained:
    """Return the frozen encoder with its own last layer; the temperature is folded in."""
    assert isinstance(trained.network, models.ImageNetwork)
    network = models.ImageNetwork(trained.network.encoder, len(weight)).to(trained.device).eval()
    with torch.no_grad():
        network.linear.weight.copy_(torch.from_numpy(weight / temperature))
        network.linear.bias.copy_(torch.from_numpy(bias / temperature))
    return Trained(
        network, trained.pipeline, trained.fitted, trained.head, trained.task, trained.device
    )
