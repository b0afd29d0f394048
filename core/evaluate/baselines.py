"""What a score must beat: the simple way of each task, fitted in seconds."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from core.data import truth
from core.data.samples import Sample
from core.data.truth import UNKNOWN, Truth
from core.evaluate import matching, metrics, pace
from core.evaluate.pace import Pace
from core.pipeline import boosted
from core.pipeline.answers import Answer
from core.records import Kind, TaskSpec

NAMES = {
    Kind.INSTANCE: "Otsu + watershed",
    Kind.SEMANTIC: "LightGBM on pixel features",
    Kind.CLASSIFICATION: "linear model on frozen features",
}
Shown = tuple[NDArray[np.generic], NDArray[np.int32]]
"""An image and its true objects."""

# Seeds closer than this share of the median object's radius are one object.
SPACINGS = (0.3, 0.6, 0.9)
# Objects below this share of the median object's area are dropped.
SMALLEST = (0.1, 0.4)
# A pixel of smoothing against noise, more against texture inside objects.
SMOOTHING_PX = (1.0, 3.0)
# Images a network sees between two looks at the clock.
_EMBEDDED_AT_ONCE = 64
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

    It learns from `learn` alone and is done in about `seconds`. Raises NoTimeError where it is
    plain that objects or regions would take more than about twice as long.
    """
    return NAMES[task.kind], _RIVALS[task.kind](task, learn, test, seconds, seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """Which plane is cut at Otsu's threshold, and which side of it is foreground."""

    channel: int
    """One past the last channel: their mean."""
    bright: bool
    smoothing_px: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Size:
    """How the foreground is divided into objects."""

    spacing_px: float
    smallest_px: float


def _threshold(
    task: TaskSpec, learn: Sequence[Sample], test: Sequence[Sample], seconds: float, seed: int
) -> list[Answer]:
    """Otsu's threshold, then a watershed from the peaks of the distance to the background."""
    truths = [truth.of(sample, task) for sample in learn]
    order = np.random.default_rng(seed).permutation(len(learn))[:IMAGES_TO_CHOOSE_ON]
    shown = [(learn[index].image_cyx, truths[index].pixels_yx) for index in order]
    began, taken = time.monotonic(), pace.begun(test, seconds)
    look = _best_look(shown, began + seconds / 3, taken)
    size = _best_size(shown, look, _median_area(truths), began + seconds / 2, taken)
    usual = _usual_class(truths)
    answers = []
    for sample in test:
        asked = time.monotonic()
        labels = _divided(_foreground(sample.image_cyx, look), size)
        taken.tell(labels.size, time.monotonic() - asked)
        classes = {int(name): usual for name in np.unique(labels) if name > 0}
        answers.append(Answer(labels_yx=labels, object_classes=classes))
    return answers


def _best_look(shown: Sequence[Shown], end: float, taken: Pace) -> _Look:
    """Return the look with the highest Dice on the images that there is time for until `end`."""
    channels = min(len(image_cyx) for image_cyx, _ in shown)
    looks = [
        _Look(channel=channel, bright=bright, smoothing_px=smoothing)
        for channel, bright, smoothing in product(
            range(channels + (channels > 1)), (True, False), SMOOTHING_PX
        )
    ]
    tables = np.zeros((len(looks), 2, 2))
    for image_cyx, known in shown:
        objects = np.minimum(known, 1)
        for index, look in enumerate(looks):
            found = _foreground(image_cyx, look).astype(np.int32)
            tables[index] += metrics.confusion(objects, found, 2)
            taken.check()
        if time.monotonic() > end:
            break
    dice = [np.nan_to_num(metrics.dice(table)[1]) for table in tables]
    return looks[int(np.argmax(dice))]


def _best_size(
    shown: Sequence[Shown], look: _Look, area_px: float, end: float, taken: Pace
) -> _Size:
    """Return the sizes with the best AP at IoU 0.5 on the images looked at before `end`."""
    radius_px = (area_px / np.pi) ** 0.5
    sizes = [
        _Size(spacing_px=max(1.0, spacing * radius_px), smallest_px=smallest * area_px)
        for spacing, smallest in product(SPACINGS, SMALLEST)
    ]
    counts = np.zeros((len(sizes), 3))
    for image_cyx, known in shown:
        mask = _foreground(image_cyx, look)
        for index, size in enumerate(sizes):
            matches = matching.match(known, _divided(mask, size))
            counts[index] += metrics.object_counts(matches)
            taken.check()
        if time.monotonic() > end:
            break
    return sizes[int(np.argmax([metrics.precision_of(row) for row in counts]))]


def _foreground(image_cyx: NDArray[np.generic], look: _Look) -> NDArray[np.bool_]:
    from scipy.ndimage import binary_fill_holes, gaussian_filter
    from skimage.filters import threshold_otsu

    planes = image_cyx.astype(np.float32)
    plane = planes.mean(axis=0) if look.channel >= len(planes) else planes[look.channel]
    plane = gaussian_filter(plane, look.smoothing_px)
    limit = threshold_otsu(plane)
    return np.asarray(binary_fill_holes(plane > limit if look.bright else plane < limit), bool)


def _divided(mask: NDArray[np.bool_], size: _Size) -> NDArray[np.int32]:
    from scipy.ndimage import distance_transform_edt, gaussian_filter
    from skimage.feature import peak_local_max
    from skimage.segmentation import watershed

    distance = gaussian_filter(distance_transform_edt(mask).astype(np.float32), 1)
    peaks = peak_local_max(
        distance,
        min_distance=round(size.spacing_px),
        labels=mask.astype(np.int32),
        exclude_border=False,
    )
    markers = np.zeros(mask.shape, np.int32)
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    labels = np.asarray(watershed(-distance, markers, mask=mask), np.int32)
    area = np.bincount(labels.ravel())
    labels[(area < size.smallest_px)[labels]] = 0
    return labels


def _median_area(truths: Sequence[Truth]) -> float:
    """Return the median object's pixels; 100 where no object is marked."""
    areas = np.concatenate(
        [np.bincount(np.maximum(known.pixels_yx, 0).ravel())[1:] for known in truths]
    )
    return float(np.median(areas[areas > 0])) if areas.any() else 100.0


def _usual_class(truths: Sequence[Truth]) -> int:
    known = [index for one in truths for index in one.object_classes.values() if index != UNKNOWN]
    return int(np.bincount(known).argmax()) if known else 0


def _pixels(
    task: TaskSpec, learn: Sequence[Sample], test: Sequence[Sample], seconds: float, seed: int
) -> list[Answer]:
    """Boosted trees on what a pixel's surroundings look like at several scales."""
    from core.pipeline import devices

    # Images side by side, each on one core.
    workers = devices.cores_available()
    taken = pace.begun(test, seconds, abreast=workers)
    model = boosted.fit(
        [sample.image_cyx for sample in learn],
        [truth.of(sample, task).pixels_yx for sample in learn],
        seconds=seconds / 2,
        seed=seed,
    )
    each_s = seconds / 2 * workers / max(len(test), 1)

    def answered(sample: Sample) -> Answer:
        taken.check()
        found = boosted.predict(model, sample.image_cyx, seconds=each_s, tell=taken.tell)
        return Answer(labels_yx=found)

    with ThreadPoolExecutor(workers) as threads:
        return list(threads.map(answered, test))


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
    end = time.monotonic() + seconds
    asked = np.array(embedding.of([sample.image_cyx for sample in test], seed))
    # What is left of the time is for learning; the rest of many images would add little.
    known = [known[place] for place in np.random.default_rng(seed).permutation(len(known))]
    seen = np.zeros((0, asked.shape[1]), np.float32)
    while len(seen) < len(known) and (not len(seen) or time.monotonic() < end):
        part = known[len(seen) : len(seen) + _EMBEDDED_AT_ONCE]
        looks = embedding.of([sample.image_cyx for sample, _ in part], seed)
        seen = np.concatenate([seen, looks])
    known = known[: len(seen)]
    if len({index for _, index in known}) < 2:
        only = [float(index == known[0][1]) for index in range(len(task.classes))]
        return [Answer(probabilities=tuple(only)) for _ in test]
    # The default strength of the penalty: with few images and 1280 features it must not be tuned.
    model = make_pipeline(
        StandardScaler(), LogisticRegression(max_iter=500, class_weight="balanced")
    )
    model.fit(seen, [index for _, index in known])
    shares = np.zeros((len(test), len(task.classes)))
    shares[:, model.classes_] = model.predict_proba(asked)
    return [Answer(probabilities=tuple(row.tolist())) for row in shares]


_RIVALS = {
    Kind.INSTANCE: _threshold,
    Kind.SEMANTIC: _pixels,
    Kind.CLASSIFICATION: _linear,
}
