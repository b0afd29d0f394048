"""One run, from a plan to a bundle and a report, inside its budget."""

import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from core.data.samples import Sample
from core.data.truth import Truth
from core.errors import RunError
from core.infer import bundle, predict
from core.infer.predict import Trained
from core.paths import JobDir, StudyDir
from core.pipeline import devices, heads, models, preprocess
from core.pipeline.heads import Judging
from core.progress import Progress, Stopped
from core.records import Kind, Pipeline, Plan, Postprocess, RunResult, Score, write
from core.train import images, loop, reporting, tune
from core.train.clock import Clock
from core.train.images import Images
from core.train.judge import Judge
from core.train.pool import Context, Pool, prepare

# Of the budget: writing the bundle, overlays and label files, and what nobody foresaw.
MARGIN_SHARE = 0.025
MARGIN_S = 2.0
# Tuning: a few dozen trials on every validation image; more brings nothing measurable.
TUNING_SHARE = 0.06
LONGEST_TUNING_S = 40.0
# Mirrored views cost four times the prediction; they are looked at where that is cheap.
FLIPS_SHARE = 0.06


def execute(
    study_dir: StudyDir, plan: Plan, job_dir: JobDir, progress: Progress, deadline: float
) -> RunResult:
    """Train the plan's first candidate and report on it before `deadline` (seconds since 1970).

    Raises RunError with its cause, Stopped where somebody cancelled (the best weights so far
    are then in the bundle).
    """
    clock = Clock(deadline - plan.budget.seconds, deadline)
    progress.stage("reading", "Reading images and labels", clock.used() / clock.budget_s)
    devices.use_all_cores()
    torch.manual_seed(plan.seed)
    learn, validation, test = (
        images.read(study_dir, plan, side)
        for side in (plan.split.train, plan.split.validation, plan.split.test)
    )
    baseline = reporting.baseline(plan, learn, validation, test, clock, progress)
    trained = _untrained(plan, learn)
    progress.update(device=trained.device.type)
    setting, flips = _setting(plan, trained, learn, validation, test, clock)
    fitted = loop.fit(setting, progress)
    if fitted.stopped:
        _save(job_dir, plan, trained)
        raise Stopped
    trained, valid = _tune(trained, setting, flips, clock, progress)
    _save(job_dir, plan, trained)
    progress.stage("reporting", "Judging images the model never saw", 0.95, clock.left())
    verdict = reporting.Verdict(validation=valid, baseline=baseline)
    spent = reporting.write_report(job_dir, plan, trained, test, verdict, clock)
    result = RunResult(
        run=job_dir.id,
        study=plan.study,
        pipeline=trained.pipeline,
        validation=valid,
        seconds=clock.used(),
        steps=fitted.schedule.steps,
        samples=fitted.samples,
        step_plan=tuple(fitted.schedule.plan),
        seconds_per_step=fitted.seconds_per_step,
        cpu_seconds_per_step=fitted.cpu_seconds_per_step,
        seconds_per_megapixel=spent,
        peak_memory_gib=peak_memory_gib(trained.device),
        parameters=models.parameters(trained.network),
        device=trained.device.type,
        hardware=devices.hardware(trained.device),
        converged=fitted.converged,
        curve=fitted.curve,
    )
    write(job_dir.result, result)
    return result


def _untrained(plan: Plan, learn: Images) -> Trained:
    """Return the first candidate's network with the numbers fitted to the training images."""
    if not learn.samples:
        raise RunError(
            "no annotated image is left to learn from; annotate a few more", cause="bad_input"
        )
    pipeline = plan.candidates[0].pipeline
    device = devices.choose()
    head = heads.find(pipeline.model.head)
    channels = learn.samples[0].image_cyx.shape[0]
    fitted = preprocess.fit(pipeline.preprocess, channels, diameters_px(learn.truths, plan))
    network = models.build(pipeline.model, fitted.channels, head.outputs(plan.task))
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Trained(network, pipeline, fitted, head, plan.task, device)


def diameters_px(truths: Sequence[Truth], plan: Plan) -> list[float]:
    """Return the equivalent diameter of every training object, in original pixels."""
    if plan.task.kind is not Kind.INSTANCE:
        return []
    sizes = [np.bincount(np.maximum(one.pixels_yx, 0).ravel())[1:] for one in truths]
    areas = np.concatenate(sizes) if sizes else np.zeros(0)
    return [float(d) for d in 2 * np.sqrt(areas[areas > 0] / np.pi)]


def _setting(
    plan: Plan, trained: Trained, learn: Images, validation: Images, test: Images, clock: Clock
) -> tuple[loop.Setting, bool]:
    """Return all the loop works with, and whether mirrored views will be affordable."""
    pipeline = trained.pipeline
    context = Context(plan.task, trained.fitted, trained.device, plan.seed)
    items = [
        prepare(one, true, pipeline, trained.head, context)
        for one, true in zip(learn.samples, learn.truths, strict=True)
    ]
    pool = Pool(items, pipeline, plan.task)
    # Without validation images (one annotated group only) the training images are looked at.
    judged = validation if validation.samples else learn
    judge = Judge(judged.samples, judged.truths)
    look_s = _seconds_per_look(trained, judged.samples[0])
    looks = len(judged.samples) + len(test.samples)
    flips = 4 * looks * look_s <= FLIPS_SHARE * clock.budget_s
    flips = flips and not plan.task.wishes.fast_prediction
    views = 4 if flips else 1
    # Twice the bare network: objects are cut out, scored and drawn as well.
    reserve = looks * look_s * (views + 1) + tuning_s(clock)
    reserve += MARGIN_SHARE * clock.budget_s + MARGIN_S
    weights = class_weights(pool, pipeline, plan)
    judging = Judging(pipeline.training, weights)
    # Whatever happens, half of what is left is for learning.
    reserve = min(reserve, 0.5 * max(clock.left(), 0.0))
    return loop.Setting(trained, pool, judge, judging, clock, reserve, plan.seed), flips


def tuning_s(clock: Clock) -> float:
    """Return the seconds that tuning may take."""
    return min(TUNING_SHARE * clock.budget_s, LONGEST_TUNING_S)


def _seconds_per_look(trained: Trained, sample: Sample) -> float:
    """Return seconds for one image's maps, after a first look that lays out memory."""
    trained.network.eval()
    predict.maps(trained, sample.image_cyx)
    began = time.perf_counter()
    predict.maps(trained, sample.image_cyx)
    return time.perf_counter() - began


def class_weights(pool: Pool, pipeline: Pipeline, plan: Plan) -> Tensor | None:
    """Return one weight a class, falling with the root of its share, mean 1; None where off."""
    if pipeline.training.class_balance != "weights":
        return None
    count = len(plan.task.classes)
    totals = np.zeros(count)
    for item in pool.items:
        values = item.discrete[-1].cpu().numpy().ravel()
        totals += np.bincount(values[values >= 0].astype(int), minlength=count)[:count]
    # The root: full inverse weights make rare classes spill over everything.
    weights = 1 / np.sqrt(np.maximum(totals, 1) / max(totals.sum(), 1))
    weights[totals == 0] = 0
    weights *= (totals > 0).sum() / weights.sum()
    return torch.tensor(weights, dtype=torch.float32, device=pool.device)


def _tune(
    trained: Trained, setting: loop.Setting, flips: bool, clock: Clock, progress: Progress
) -> tuple[Trained, Score]:
    """Return the model with tuned postprocessing, and its score on all validation images."""
    judge = setting.judge
    progress.stage(
        "tuning",
        "Fitting thresholds to the validation images",
        clock.used() / clock.budget_s,
        clock.left(),
    )
    maps = judge.maps(trained, flips=flips)
    until = min(time.time() + tuning_s(clock), clock.deadline - setting.reserve_s / 3)
    post, figure = tune.run(trained, judge, maps, until)
    post = replace(post, flips=flips)
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


def _save(job_dir: JobDir, plan: Plan, trained: Trained) -> None:
    learned = (*plan.split.train, *plan.split.validation)
    bundle.save_bundle(
        job_dir.bundle,
        trained,
        bundle.BundleRecord(
            run=job_dir.id,
            study=plan.study,
            task=plan.task,
            pipeline=trained.pipeline,
            fitted=trained.fitted,
            learned_from=tuple(plan.image_hashes[i] for i in learned if i in plan.image_hashes),
            parameters=models.parameters(trained.network),
        ),
    )


def peak_memory_gib(device: torch.device) -> float:
    """Return the most memory the run held: the card's, else this process's."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**30
    # Linux tells KiB, macOS bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30
