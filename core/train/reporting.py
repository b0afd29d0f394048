"""The end of a run: images the model never saw, beside the simple rival."""

import time
from dataclasses import dataclass, replace
from itertools import compress

from core.data.samples import Sample
from core.evaluate import baselines, report, score
from core.infer import batch, predict
from core.infer.predict import Trained
from core.paths import JobDir
from core.pipeline.answers import Answer
from core.progress import Progress
from core.records import Plan, Report, Score, TaskSpec
from core.train.clock import Clock
from core.train.images import Images
from core.train.saved import Baseline

# The simple rival must not eat the budget of the model it is compared with.
BASELINE_SHARE = 0.06
LONGEST_BASELINE_S = 30.0
# Of the run's bar: what is before the first answer, and before the scores.
BEFORE_ANSWERS, BEFORE_SCORES = 0.95, 0.98
JUDGING = "Judging images the model never saw"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What is answered on the test images, in their order."""

    answers: list[Answer]
    alone: list[Answer]
    """Of the model's companion alone; empty where it has none."""
    seconds_per_megapixel: float
    """0.0 without a test image: nothing was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is known before the answers to the test images are scored."""

    validation: Score
    baseline: Baseline | None
    answered: Answered


def kept_aside(task: TaskSpec, test: Images, progress: Progress) -> Images:
    """Return the test images of which anything is annotated; the others are told by name."""
    known = [score.is_annotated(task, true) for true in test.truths]
    unknown = [one.id for one, told in zip(test.samples, known, strict=True) if not told]
    if unknown:
        message = (
            "Nothing is annotated in these test images, so they are left out of the test: "
            f"{', '.join(unknown)}. Annotate them, and the next training is tested on them."
        )
        progress.event("message", message=message)
    return Images(list(compress(test.samples, known)), list(compress(test.truths, known)))


def baseline(
    plan: Plan, learn: Images, validation: Images, test: Images, clock: Clock, progress: Progress
) -> Baseline | None:
    """Return the simple rival's name and score on the test images, where the plan wants it.

    It may learn from train and validation images, as it needs neither early stopping nor tuning.
    """
    if not plan.baselines or not test.samples:
        return None
    progress.stage("reading", "Trying the simple way first, to compare with")
    seconds = min(BASELINE_SHARE * clock.budget_s, LONGEST_BASELINE_S)
    learned = [*learn.samples, *validation.samples]
    name, answers = baselines.run(plan.task, learned, test.samples, seconds=seconds, seed=plan.seed)
    reached = _score(plan, test, answers)
    progress.event("baseline", baseline=name, score=round(reached.headline, 5))
    return Baseline(name=name, score=reached)


def answered(trained: Trained, test: Images, progress: Progress) -> Answered:
    """Return the answers to the test images; before each one it tells how long the rest may take.

    Raises Stopped where somebody cancelled.
    """
    answers: list[Answer] = []
    alone: list[Answer] = []
    pixels = sum(one.image_cyx[0].size for one in test.samples)
    began, done = time.perf_counter(), 0
    for place, sample in enumerate(test.samples, start=1):
        progress.check_stop()
        spent, share = time.perf_counter() - began, done / pixels
        progress.stage(
            "reporting",
            f"{JUDGING}, {place} of {len(test.samples)}",
            BEFORE_ANSWERS + share * (BEFORE_SCORES - BEFORE_ANSWERS),
            spent * (1 - share) / share if share else None,
        )
        own, companions = _answer(trained, sample)
        answers.append(own)
        alone += companions
        done += sample.image_cyx[0].size
    spent = time.perf_counter() - began
    return Answered(
        answers=answers,
        alone=alone,
        seconds_per_megapixel=spent / (pixels / 1e6) if pixels else 0.0,
    )


def write_report(
    job_dir: JobDir,
    plan: Plan,
    trained: Trained,
    test: Images,
    verdict: Verdict,
    clock: Clock,
) -> None:
    """Write report, overlays and predicted labels."""
    answers, alone = verdict.answered.answers, verdict.answered.alone
    simple = verdict.baseline
    if alone and plan.baselines:
        simple = Baseline(name=baselines.NAMES[plan.task.kind], score=_score(plan, test, alone))
    reached = _score(plan, test, answers) if test.samples else None
    told = Report(
        run=job_dir.id,
        study=plan.study,
        pipeline=trained.pipeline.name,
        test=reached,
        validation=verdict.validation,
        baseline=simple.score if simple else None,
        baseline_name=simple.name if simple else "",
        seconds=clock.used(),
        notes=_notes(reached, test),
    )
    batch.write_answers(
        job_dir.report / "predictions",
        [one.id for one in test.samples],
        answers,
        trained.task,
        [one.origin for one in test.samples],
        [one.pixel_size_um for one in test.samples],
    )
    shown = list(zip(test.samples, test.truths, answers, strict=True))
    report.write(job_dir, told, shown, trained.task, until=clock.deadline - 1.0)


def _answer(trained: Trained, sample: Sample) -> tuple[Answer, list[Answer]]:
    """Return the model's answer, and that of its companion alone; none where it has none."""
    if trained.companion is None:
        return predict.answer(trained, sample.image_cyx), []
    post, task = trained.pipeline.postprocess, trained.task
    maps = predict.maps(trained, sample.image_cyx, flips=post.flips)
    companions = maps[len(task.classes) :]
    return (
        trained.head.decode(maps, post, task),
        [trained.head.decode(companions, replace(post, temperature=1.0), task)],
    )


def _score(plan: Plan, test: Images, answers: list[Answer]) -> Score:
    return score.of(
        plan.task,
        test.truths,
        answers,
        ids=[one.id for one in test.samples],
        groups=[one.group for one in test.samples],
    )


def _notes(reached: Score | None, test: Images) -> tuple[str, ...]:
    return (*_of_certainty(reached, test), *_of_labels(test))


def _of_labels(test: Images) -> tuple[str, ...]:
    """Tell how much of the truth came from a model: its successors are likely to agree."""
    marked = [item for one in test.samples if one.labels for item in one.labels.objects]
    proposed = sum(item.source == "model" for item in marked)
    if not proposed:
        return ()
    return (
        f"{proposed / len(marked):.0%} of what is marked in the test images was proposed by a "
        "model and accepted by a person; the score may flatter.",
    )


def _of_certainty(reached: Score | None, test: Images) -> tuple[str, ...]:
    if reached is None:
        return ("No annotated image was kept aside for a test; the score is from validation.",)
    if reached.interval is None:
        return ("Too few groups for an interval.",)
    if all(one.group is None for one in test.samples):
        return ("No groups are known: the interval counts every image as independent.",)
    return ()
