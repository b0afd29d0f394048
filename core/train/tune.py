"""Postprocessing fitted to the validation images by the score the user will see."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from core.infer.predict import Floats, Trained
from core.records import Kind, Postprocess
from core.train.judge import Judge, probability_of_truth

# Every number is tried once, then once more with the others at their best.
ROUNDS = 2
# AP at 0.5 jumps with single objects; a share of AP at 0.75 tells neighbours apart and favours
# exact outlines.
FINE_SHARE = 0.3
# What so few objects more or less would explain is chance: thresholds stay where they are.
FEWEST_OBJECTS = 1.5
# Sizes tried for each class of objects beside the one found best for all.
CLASS_SIZES = (0.0, 0.05, 0.2)


def run(
    trained: Trained, judge: Judge, maps: Sequence[Floats], until: float
) -> tuple[Postprocess, float]:
    """Return the best postprocessing found before `until` (seconds since 1970), and its figure.

    One number after the other is tried; the start is always among the candidates, so the result
    is never worse on the validation images. A change must bring more than a few objects.
    """
    best = trained.pipeline.postprocess
    least = _least_gain(trained, judge)
    figure = _figure(trained, judge, maps, best)
    for _ in range(ROUNDS):
        before = best
        for name, place, value in _tries(trained):
            candidate = _changed(best, trained, name, place, value)
            if candidate == best:
                continue
            if time.time() >= until:
                return best, figure
            reached = _figure(trained, judge, maps, candidate)
            if reached > figure + least:
                best, figure = candidate, reached
        if best == before:
            break
    return best, figure


def trials(trained: Trained) -> int:
    """Return how many postprocessings are tried at most."""
    return ROUNDS * len(list(_tries(trained)))


def _tries(trained: Trained) -> Iterator[tuple[str, int, float]]:
    """Yield (number, class it is of, value) in the order of trying; class 0 where it has none."""
    task = trained.task
    for name, values in trained.head.tuned.items():
        # Two classes of pixels are told apart by one threshold, more by a factor each.
        if task.kind is Kind.SEMANTIC and (name == "foreground") != (len(task.classes) == 2):
            continue
        places = len(task.classes) if name == "class_factors" else 1
        yield from ((name, place, value) for place in range(places) for value in values)
    if task.kind is Kind.INSTANCE and len(task.classes) > 1:
        places = len(task.classes)
        yield from (("class_smallest_px", at, size) for at in range(places) for size in CLASS_SIZES)


def _least_gain(trained: Trained, judge: Judge) -> float:
    """Return what the figure must rise by to be more than chance; pixels and images: anything."""
    if trained.task.kind is not Kind.INSTANCE:
        return 0.0
    objects = sum(len(np.unique(truth.pixels_yx[truth.pixels_yx > 0])) for truth in judge.truths)
    return FEWEST_OBJECTS / max(objects, 1)


def _changed(
    post: Postprocess, trained: Trained, name: str, place: int, value: float
) -> Postprocess:
    count = len(trained.task.classes)
    if name == "smallest_px":
        return replace(post, smallest_px=_pixels(trained, value))
    if name == "class_smallest_px":
        sizes = list(post.class_smallest_px or (post.smallest_px,) * count)
        # What is dropped for all classes cannot be kept for one.
        sizes[place] = max(_pixels(trained, value), post.smallest_px)
        return replace(post, class_smallest_px=tuple(sizes))
    if name == "class_factors":
        factors = list(post.class_factors or (1.0,) * count)
        factors[place] = value
        return replace(post, class_factors=tuple(factors))
    return _PLAIN[name](post, value)


def _pixels(trained: Trained, share: float) -> int:
    """Return a share of the median object's area in pixels."""
    diameter = trained.fitted.object_diameter_px or 0.0
    return int(share * 0.785 * diameter**2)


def _figure(trained: Trained, judge: Judge, maps: Sequence[Floats], post: Postprocess) -> float:
    if trained.task.kind is Kind.CLASSIFICATION:
        answers = [trained.head.decode(one, post, trained.task) for one in maps]
        return probability_of_truth(judge.truths, answers)
    score = judge.score(trained, maps, post)
    if trained.task.kind is Kind.INSTANCE:
        return (1 - FINE_SHARE) * score.headline + FINE_SHARE * score.others["ap_75"]
    return score.headline


_PLAIN: dict[str, Callable[[Postprocess, float], Postprocess]] = {
    "foreground": lambda post, value: replace(post, foreground=value),
    "seed": lambda post, value: replace(post, seed=value),
    "seedless": lambda post, value: replace(post, seedless=bool(value)),
    "temperature": lambda post, value: replace(post, temperature=value),
}
"""Numbers that are one for all classes and stand as they are tried."""
