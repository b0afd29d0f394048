"""The end of a run: images the model never saw, beside the simple rival."""

import time
from dataclasses import dataclass, replace

from core.evaluate import baselines, report, score
from core.infer import batch, predict
from core.infer.predict import Trained
from core.paths import JobDir
from core.pipeline.answers import Answer
from core.progress import Progress
from core.records import Plan, Report, Score
from core.train.clock import Clock
from core.train.images import Images
from core.train.saved import Baseline

# The simple rival must not eat the budget of the model it is compared with.
BASELINE_SHARE = 0.06
LONGEST_BASELINE_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is known before the test images are looked at."""

    validation: Score
    baseline: Baseline | None


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


def write_report(
    job_dir: JobDir,
    plan: Plan,
    trained: Trained,
    test: Images,
    verdict: Verdict,
    clock: Clock,
) -> float:
    """Write report, overlays and predicted labels; return seconds per predicted megapixel."""
    began = time.perf_counter()
    answers, alone = _answers(trained, test)
    spent = time.perf_counter() - began
    simple = verdict.baseline
    if alone and plan.baselines:
        simple = Baseline(name=baselines.NAMES[plan.task.kind], score=_score(plan, test, alone))
    pixels = sum(one.image_cyx[0].size for one in test.samples)
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
    )
    shown = list(zip(test.samples, test.truths, answers, strict=True))
    report.write(job_dir, told, shown, trained.task, until=clock.deadline - 1.0)
    return float(spent / max(pixels / 1e6, 1e-9))


def _answers(trained: Trained, test: Images) -> tuple[list[Answer], list[Answer]]:
    """Return the model's answers, and those of its companion alone; none where it has none."""
    if trained.companion is None:
        return [predict.answer(trained, one.image_cyx) for one in test.samples], []
    post, task = trained.pipeline.postprocess, trained.task
    found = [predict.maps(trained, one.image_cyx, flips=post.flips) for one in test.samples]
    companions = [maps[len(task.classes) :] for maps in found]
    return (
        [trained.head.decode(maps, post, task) for maps in found],
        [trained.head.decode(maps, replace(post, temperature=1.0), task) for maps in companions],
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
