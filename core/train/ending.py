"""The end of a run: the time kept for it, and the thresholds fitted in it."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.data.samples import Sample
from core.infer.predict import Floats, Trained
from core.progress import Progress
from core.records import Kind, Postprocess, Score
from core.train import contender, tune
from core.train.clock import Clock
from core.train.images import Images
from core.train.judge import Judge
from core.train.saved import SavedFit

# Of the budget: writing the bundle, overlays and label files, and what nobody foresaw.
MARGIN_SHARE = 0.015
MARGIN_S = 2.0
# What a look costs is measured once, and other programs may come.
SAFETY = 1.3
# Being late by less is not worth a word: what a look costs is not known to the second.
LEAST_LATE_S = 5.0
# Tuning: a few dozen trials on every validation image; more brings nothing measurable.
TUNING_SHARE = 0.06
LONGEST_TUNING_S = 40.0
# Mirrored views cost four times the prediction; they are looked at where that is cheap.
FLIPS_SHARE = 0.06


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What is kept for after the training."""

    reserve_s: float
    """For tuning, test and report."""
    after_s: float
    """For test and report alone."""
    flips: bool
    """Whether mirrored views are affordable."""
    answering_s: float
    """What looking at all check and test images is likely to take."""
    late_s: float
    """How much of that is likely to lie after the run's time."""


def plan(
    trained: Trained,
    judge: Judge,
    test: Images,
    clock: Clock,
    *,
    known: bool,
    beside_s: float = 0.0,
) -> Ending:
    """Return the time to keep for looks, tuning and report, by what one look costs.

    `known`: whether the network has learned enough to tell what cutting objects out will cost.
    `beside_s`: what a look of the companion at a test image takes.
    """
    seen, look_s = contender.timed_look(trained, judge.samples[0])
    trial_s = judge.seconds_per_trial(trained, seen)
    # As many images of the timed one's size would take as long as all do.
    seen_size, tested_size = (
        _in_sizes_of(judge.samples[0], side, trained.task.kind)
        for side in (judge.samples, test.samples)
    )
    flips = 4 * (seen_size + tested_size) * look_s <= FLIPS_SHARE * clock.budget_s
    flips = flips and not trained.task.wishes.fast_prediction
    views = 4 if flips else 1
    tried_s = tuning_s(clock)
    # What cutting objects out costs depends on what a network has learned; all else does not.
    if known or trained.task.kind is not Kind.INSTANCE:
        tried_s = min(tried_s, SAFETY * tune.trials(trained) * seen_size * trial_s)
    seen_s = seen_size * look_s * views
    # Test images are answered, scored whole and one by one, and drawn.
    answer_s, score_s = look_s * views + beside_s, 4 * trial_s
    report_s = tested_size * (answer_s + max(score_s, look_s))
    after_s = SAFETY * report_s + MARGIN_SHARE * clock.budget_s + MARGIN_S
    reserve_s = SAFETY * seen_s + tried_s + after_s
    # Whatever happens, half of what is left is for learning.
    most = 0.5 * max(clock.left(), 0.0)
    # Tuning and drawing give way, the images do not.
    answering_s = seen_s + tested_size * (answer_s + score_s)
    return Ending(
        reserve_s=min(reserve_s, most),
        after_s=min(after_s, 0.6 * most),
        flips=flips,
        answering_s=answering_s,
        late_s=max(0.0, answering_s - most),
    )


def tell_if_late(kept: Ending, judge: Judge, test: Images, progress: Progress) -> None:
    """Tell by how much the run ends after its time, where its images are too many or too large."""
    if kept.late_s < LEAST_LATE_S:
        return
    images = f"{len(judge.samples)} check images and {len(test.samples)} test images"
    message = (
        f"After the learning, looking at the {images} takes {_about(kept.answering_s)}: the "
        f"training ends {_about(kept.late_s)} after its time. With a longer time, or with fewer "
        "or smaller of these images, it ends in time."
    )
    progress.event("message", message=message)


def _about(seconds: float) -> str:
    return f"about {seconds:.0f} s" if seconds < 90 else f"about {seconds / 60:.0f} minutes"


def _in_sizes_of(timed: Sample, images: Sequence[Sample], kind: Kind) -> float:
    """Return how many images of the timed one's size `images` are; whole pictures are resized."""
    if kind is Kind.CLASSIFICATION:
        return len(images)
    return float(sum(one.image_cyx[0].size for one in images) / timed.image_cyx[0].size)


def tuning_s(clock: Clock) -> float:
    """Return the seconds that tuning may take."""
    return min(TUNING_SHARE * clock.budget_s, LONGEST_TUNING_S)


def tuned(
    trained: Trained,
    judge: Judge,
    fit: SavedFit,
    clock: Clock,
    progress: Progress,
    beside: Mapping[str, Floats] | None = None,
) -> tuple[Trained, Score]:
    """Return the model with tuned postprocessing, and its score on all validation images.

    `beside`: image -> what a companion says of it, one that did not learn from these images.
    """
    progress.stage(
        "tuning",
        "Fitting thresholds to the validation images",
        clock.used() / clock.budget_s,
        clock.left(),
    )
    maps = judge.maps(trained, flips=fit.flips)
    if beside is not None:
        found = zip(judge.samples, maps, strict=True)
        maps = [np.concatenate([own, beside[sample.id]]) for sample, own in found]
    until = min(time.time() + tuning_s(clock), clock.deadline - fit.after_s)
    post, figure = tune.run(trained, judge, maps, until)
    post = replace(post, flips=fit.flips)
    progress.event("tuned", score=round(figure, 5), **_told(post))
    return (
        replace(trained, pipeline=replace(trained.pipeline, postprocess=post)),
        judge.score(trained, maps, post),
    )


def _told(post: Postprocess) -> dict[str, float | bool]:
    return {
        "foreground": post.foreground,
        "seed": post.seed,
        "smallest_px": post.smallest_px,
        "temperature": post.temperature,
        "flips": post.flips,
    }
