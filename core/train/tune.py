"""Postprocessing fitted to the validation images by the score the user will see."""

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.infer.predict import Floats, Trained
from core.pipeline.preprocess import Fitted
from core.records import Kind, Postprocess
from core.train.judge import Judge, probability_of_truth

# Every number is tried once, then once more with the others at their best.
ROUNDS = 2
# AP at 0.5 jumps with single objects; a share of AP at 0.75 tells neighbours apart and favours
# exact outlines.
FINE_SHARE = 0.3
# What so few objects more or less would explain is chance: thresholds stay where they are.
FEWEST_OBJECTS = 1.5


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
        for name, values in trained.head.tuned.items():
            for value in values:
                candidate = _changed(best, name, value, trained.fitted)
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


def _least_gain(trained: Trained, judge: Judge) -> float:
    """Return what the figure must rise by to be more than chance; pixels and images: anything."""
    if trained.task.kind is not Kind.INSTANCE:
        return 0.0
    objects = sum(len(np.unique(truth.pixels_yx[truth.pixels_yx > 0])) for truth in judge.truths)
    return FEWEST_OBJECTS / max(objects, 1)


def _changed(post: Postprocess, name: str, value: float, fitted: Fitted) -> Postprocess:
    if name == "smallest_px":
        # Given as a share of the median object's area.
        diameter = fitted.object_diameter_px or 0.0
        return replace(post, smallest_px=int(value * 0.785 * diameter**2))
    if name == "foreground":
        return replace(post, foreground=value)
    if name == "seed":
        return replace(post, seed=value)
    if name == "seedless":
        return replace(post, seedless=bool(value))
    return replace(post, temperature=value)


def _figure(trained: Trained, judge: Judge, maps: Sequence[Floats], post: Postprocess) -> float:
    if trained.task.kind is Kind.CLASSIFICATION:
        answers = [trained.head.decode(one, post, trained.task) for one in maps]
        return probability_of_truth(judge.truths, answers)
    score = judge.score(trained, maps, post)
    if trained.task.kind is Kind.INSTANCE:
        return (1 - FINE_SHARE) * score.headline + FINE_SHARE * score.others["ap_75"]
    return score.headline
