"""What a score must beat: the simple way of each task, fitted in seconds."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from core.data import truth
from core.data.samples import Sample
from core.data.truth import UNKNOWN, Truth
from core.evaluate import matching, metrics
from core.pipeline import boosted
from core.pipeline.answers import Answer
from core.records import Kind, TaskSpec

NAMES = {
    Kind.INSTANCE: "Otsu + watershed",
    Kind.SEMANTIC: "LightGBM on pixel features",
    Kind.CLASSIFICATION: "linear model on frozen features",
}
# Seeds closer than this share of the median object's radius are one object.
SPACINGS = (0.3, 0.6, 0.9)
# Objects below this share of the median object's area are dropped.
SMALLEST = (0.1, 0.4)
# A pixel of smoothing against noise, more against texture inside objects.
SMOOTHING_PX = (1.0, 3.0)
# The few choices above are settled on this many images at most.
IMAGES_TO_CHOOSE_ON = 6


def run(
    task: TaskSpec,
    learn: Sequence[Sample],
    test: Sequence[Sample],
    *,
    seconds: float,
    seed: int = 0,
) -> tuple[str, list[Answer]]:
    """Return the rival's name and its answers to the test samples.

    It learns from `learn` alone and is done in about `seconds`.
    """
    return NAMES[task.kind], _RIVALS[task.kind](task, learn, test, seconds, seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Threshold:
    """The choices of the threshold baseline."""

    channel: int
    """One past the last channel: their mean."""
    bright: bool
    smoothing_px: float
    spacing_px: float
    smallest_px: float


def _threshold(
    task: TaskSpec, learn: Sequence[Sample], test: Sequence[Sample], seconds: float, seed: int
) -> list[Answer]:
    """Otsu's threshold, then a watershed from the peaks of the distance to the background."""
    truths = [truth.of(sample, task) for sample in learn]
    choice = _choose(learn, truths, seconds)
    usual = _usual_class(truths)
    answers = []
    for sample in test:
        labels = _watershed(sample.image_cyx, choice)
        ids = np.unique(labels)
        answers.append(
            Answer(labels_yx=labels, object_classes={int(name): usual for name in ids[ids > 0]})
        )
    return answers


def _choose(learn: Sequence[Sample], truths: Sequence[Truth], seconds: float) -> _Threshold:
    """Return the choice with the best AP at IoU 0.5 on some of the images to learn from."""
    areas = np.concatenate(
        [np.bincount(np.maximum(known.pixels_yx, 0).ravel())[1:] for known in truths]
    )
    area = float(np.median(areas[areas > 0])) if areas.any() else 100.0
    channels = min(sample.image_cyx.shape[0] for sample in learn)
    choices = [
        _Threshold(
            channel=channel,
            bright=bright,
            smoothing_px=smoothing,
            spacing_px=max(1.0, spacing * (area / np.pi) ** 0.5),
            smallest_px=smallest * area,
        )
        for smoothing, spacing, smallest, bright, channel in product(
            SMOOTHING_PX,
            SPACINGS,
            SMALLEST,
            (True, False),
            range(channels + (channels > 1)),
        )
    ]
    step = max(1, len(learn) // IMAGES_TO_CHOOSE_ON)
    shown = list(zip(learn, truths, strict=True))[::step][:IMAGES_TO_CHOOSE_ON]
    counts = np.zeros((len(choices), 3))
    end = time.monotonic() + seconds / 2
    for sample, known in shown:
        for index, choice in enumerate(choices):
            found = matching.match(known.pixels_yx, _watershed(sample.image_cyx, choice))
            counts[index] += metrics.object_counts(found)
            if time.monotonic() > end:
                break
        if time.monotonic() > end:
            break
    tried = counts.sum(axis=1) > 0
    scores = [
        metrics.precision_of(row) if ok else -1.0 for row, ok in zip(counts, tried, strict=True)
    ]
    return choices[int(np.argmax(scores))]


def _watershed(image_cyx: NDArray[np.generic], choice: _Threshold) -> NDArray[np.int32]:
    from scipy.ndimage import binary_fill_holes, distance_transform_edt, gaussian_filter
    from skimage.feature import peak_local_max
    from skimage.filters import threshold_otsu
    from skimage.segmentation import watershed

    planes = image_cyx.astype(np.float32)
    plane = planes.mean(axis=0) if choice.channel >= len(planes) else planes[choice.channel]
    plane = gaussian_filter(plane, choice.smoothing_px)
    limit = threshold_otsu(plane)
    mask = binary_fill_holes(plane > limit if choice.bright else plane < limit)
    distance = gaussian_filter(distance_transform_edt(mask).astype(np.float32), 1)
    peaks = peak_local_max(
        distance,
        min_distance=round(choice.spacing_px),
        labels=mask.astype(np.int32),
        exclude_border=False,
    )
    markers = np.zeros(mask.shape, np.int32)
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    labels = np.asarray(watershed(-distance, markers, mask=mask), np.int32)
    area = np.bincount(labels.ravel())
    labels[(area < choice.smallest_px)[labels]] = 0
    return labels


def _usual_class(truths: Sequence[Truth]) -> int:
    known = [index for one in truths for index in one.object_classes.values() if index != UNKNOWN]
    return int(np.bincount(known).argmax()) if known else 0


def _pixels(
    task: TaskSpec, learn: Sequence[Sample], test: Sequence[Sample], seconds: float, seed: int
) -> list[Answer]:
    """Boosted trees on what a pixel's surroundings look like at several scales."""
    model = boosted.fit(
        [sample.image_cyx for sample in learn],
        [truth.of(sample, task).pixels_yx for sample in learn],
        seconds=seconds / 2,
        seed=seed,
    )
    return [Answer(labels_yx=boosted.predict(model, sample.image_cyx)) for sample in test]


def _linear(
    task: TaskSpec, learn: Sequence[Sample], test: Sequence[Sample], seconds: float, seed: int
) -> list[Answer]:
    """Logistic regression on what a network trained on photographs sees."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from core.fingerprint import embedding

    known = [
        (sample, found)
        for sample in learn
        if (found := truth.of(sample, task).image_class) != UNKNOWN
    ]
    seen = embedding.of([sample.image_cyx for sample, _ in known], seed)
    # The default strength of the penalty: with few images and 1280 features it must not be tuned.
    model = make_pipeline(
        StandardScaler(), LogisticRegression(max_iter=500, class_weight="balanced")
    )
    model.fit(seen, [index for _, index in known])
    shares = np.zeros((len(test), len(task.classes)))
    shares[:, model.classes_] = model.predict_proba(
        embedding.of([sample.image_cyx for sample in test], seed)
    )
    return [Answer(probabilities=tuple(row.tolist())) for row in shares]


_RIVALS = {
    Kind.INSTANCE: _threshold,
    Kind.SEMANTIC: _pixels,
    Kind.CLASSIFICATION: _linear,
}
