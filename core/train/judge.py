"""The validation images: how good the network is now, as the user will see it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from core.data.samples import Sample
from core.data.truth import UNKNOWN, Truth
from core.evaluate import score
from core.infer import predict
from core.infer.predict import Floats, Trained
from core.pipeline.answers import Answer
from core.records import Kind, Postprocess, Score, TaskSpec
from core.train.images import Images

# A glance at this many images tells the trend; the tuning looks at all of them.
GLANCE_IMAGES = 8
GLANCE_SEEDS = (0.35, 0.5, 0.7)


@dataclass(slots=True)
class Judge:
    """Validation images with their truth."""

    samples: Sequence[Sample]
    truths: Sequence[Truth]
    seconds_per_image: float = 0.0
    """What the last look cost; 0 before the first."""
    answers: list[Answer] = field(default_factory=list)
    """Of the last look."""

    def glance(self, trained: Trained, post: Postprocess, most: int = GLANCE_IMAGES) -> float:
        """Return a figure in [0, 1] for keeping the best weights, from a few images.

        The headline score; for classification a probability, as few images make accuracy jump.
        """
        count = self.looked_at(trained.task, most)
        began = time.perf_counter()
        maps = [predict.maps(trained, sample.image_cyx) for sample in self.samples[:count]]
        figure = -1.0
        for trial in _trials(trained, post):
            answers = [trained.head.decode(one, trial, trained.task) for one in maps]
            reached = self._figure(trained, answers, count)
            if reached > figure:
                figure, self.answers = reached, answers
        self.seconds_per_image = (time.perf_counter() - began) / max(count, 1)
        return figure

    def found_nothing(self) -> bool:
        """Return whether the last look gave the same for every pixel, or for every picture."""
        if not self.answers:
            return False
        if self.answers[0].labels_yx is None:
            classes = {answer.image_class for answer in self.answers}
            return len(classes) == 1 and len({true.image_class for true in self.truths}) > 1
        maps = [answer.labels_yx for answer in self.answers if answer.labels_yx is not None]
        return len(np.unique(np.concatenate([np.unique(one) for one in maps]))) == 1

    def shows_something(self, task: TaskSpec, most: int) -> bool:
        """Return whether a glance at `most` images sees one where there is something to find."""
        return any(_shows(task, true) for true in self.truths[: self.looked_at(task, most)])

    def looked_at(self, task: TaskSpec, most: int) -> int:
        """Return at how many images a glance at `most` looks: whole images are cheap, so at all."""
        whole = task.kind is Kind.CLASSIFICATION
        return len(self.samples) if whole else min(most, len(self.samples))

    def _figure(self, trained: Trained, answers: Sequence[Answer], count: int) -> float:
        if trained.task.kind is Kind.CLASSIFICATION:
            return probability_of_truth(self.truths, answers)
        return self._score(trained, answers, count).headline

    def maps(self, trained: Trained, *, flips: bool = False) -> list[Floats]:
        """Return each validation image's maps, once, for tuning."""
        return [predict.maps(trained, sample.image_cyx, flips=flips) for sample in self.samples]

    def seconds_per_trial(self, trained: Trained, seen: Floats) -> float:
        """Return seconds to cut the first image's answer out of its maps and to score it."""
        spent = 0.0
        for _ in range(2):  # the first one imports what cutting out and scoring need
            began = time.perf_counter()
            answers = [trained.head.decode(seen, trained.pipeline.postprocess, trained.task)]
            self._score(trained, answers, 1)
            spent = time.perf_counter() - began
        return spent

    def score(self, trained: Trained, maps: Sequence[Floats], post: Postprocess) -> Score:
        """Return the score of all validation images under a postprocessing."""
        answers = [trained.head.decode(one, post, trained.task) for one in maps]
        return self._score(trained, answers, len(self.samples))

    def _score(self, trained: Trained, answers: Sequence[Answer], count: int) -> Score:
        return score.of(
            trained.task,
            self.truths[:count],
            answers,
            ids=[sample.id for sample in self.samples[:count]],
            groups=[sample.group for sample in self.samples[:count]],
            interval=False,
        )


def of(task: TaskSpec, images: Images) -> Judge:
    """Return the judge by all images of which anything is known; by all where that is none.

    Those that show an object, or a region beside the background, come first: of others a network
    that finds nothing answers every one.
    """
    known = [
        (sample, true)
        for sample, true in zip(images.samples, images.truths, strict=True)
        if score.is_annotated(task, true)
    ]
    if not known:
        return Judge(images.samples, images.truths)
    known.sort(key=lambda one: not _shows(task, one[1]))
    return Judge([sample for sample, _ in known], [true for _, true in known])


def _shows(task: TaskSpec, true: Truth) -> bool:
    """Return whether there is something to find: of a whole picture always its class."""
    if task.kind is Kind.CLASSIFICATION:
        return True
    if task.kind is Kind.INSTANCE:
        return bool((true.pixels_yx > 0).any())
    behind = task.classes.index(task.background) if task.background is not None else UNKNOWN
    return bool(((true.pixels_yx != UNKNOWN) & (true.pixels_yx != behind)).any())


def _trials(trained: Trained, post: Postprocess) -> list[Postprocess]:
    """Return the thresholds to judge by: those of a half-trained network are not the final ones."""
    if "seed" not in trained.head.tuned:
        return [post]
    return [replace(post, seed=seed) for seed in GLANCE_SEEDS]


def probability_of_truth(truths: Sequence[Truth], answers: Sequence[Answer]) -> float:
    """Return the geometric mean probability given to the true class, each class weighing alike."""
    by_class: dict[int, list[float]] = {}
    for truth, answer in zip(truths, answers, strict=True):
        if truth.image_class >= 0:
            chance = max(answer.probabilities[truth.image_class], 1e-6)
            by_class.setdefault(truth.image_class, []).append(float(np.log(chance)))
    if not by_class:
        return 0.0
    return float(np.exp(np.mean([np.mean(logs) for logs in by_class.values()])))
