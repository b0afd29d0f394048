"""One run, from a plan to a bundle and a report, inside its budget."""

import threading

from core.errors import RunError
from core.paths import JobDir, StudyDir
from core.pipeline import devices, models
from core.progress import Progress
from core.records import Kind, Plan, RunResult, write
from core.train import images, judge, reporting
from core.train.checkpoint import Checkpoints
from core.train.clock import Clock
from core.train.course import Course
from core.train.images import Images

NO_MEMORY = (
    "The memory did not suffice, in smaller parts neither. Close other programs, allow smaller "
    "networks, or learn from fewer or smaller images."
)


def execute(
    study_dir: StudyDir, plan: Plan, job_dir: JobDir, progress: Progress, deadline: float
) -> RunResult:
    """Train the best of the plan's candidates, report on it before `deadline` (since 1970, s).

    Goes on from the job's checkpoint where there is one. Raises RunError with its cause, Stopped
    where somebody cancelled (the best weights so far are then in the bundle).
    """
    # Beside the reading, which waits for files and works outside of Python most of the time.
    with_decoder = {"decoders": plan.task.kind is not Kind.CLASSIFICATION}
    threading.Thread(target=models.load, kwargs=with_decoder, daemon=True).start()
    clock = Clock(deadline - plan.budget.seconds, deadline)
    progress.stage("reading", "Reading images and labels", clock.used() / clock.budget_s)
    devices.use_all_cores()
    learn, validation, test = (
        images.read(study_dir, plan, side)
        for side in (plan.split.train, plan.split.validation, plan.split.test)
    )
    test = reporting.kept_aside(plan.task, test, progress)
    # Without validation images (one annotated group only) the training images are looked at.
    judged = validation if validation.samples else learn
    checkpoints = Checkpoints(job_dir.checkpoint, progress, clock)
    checkpoints.caught_up()
    course = Course(
        job_dir=job_dir,
        plan=plan,
        learn=learn,
        judge=judge.of(plan.task, judged),
        test=test,
        clock=clock,
        progress=progress,
        checkpoints=checkpoints,
    )
    progress.update(device=devices.choose().type)
    devices.hold_memory(plan.budget.memory_gib)
    try:
        return _executed(course, validation)
    except Exception as error:
        course.rescue(error)
        if devices.is_out_of_memory(error):
            raise RunError(NO_MEMORY, "out_of_memory") from error
        raise


def _executed(course: Course, validation: Images) -> RunResult:
    job_dir, plan, test = course.job_dir, course.plan, course.test
    clock, progress = course.clock, course.progress
    course.accompany(validation)
    # The companion is the simple way of sorting pictures: it is told what it reaches alone.
    baseline = course.compare(validation) if course.companion is None else None
    trained, fit = course.learn_or_load()
    trained, valid = course.tune(trained, fit)
    course.save(trained)
    answered = reporting.answered(trained, test, progress)
    progress.stage("reporting", "Scoring and drawing the answers", reporting.BEFORE_SCORES)
    verdict = reporting.Verdict(validation=valid, baseline=baseline, answered=answered)
    reporting.write_report(job_dir, plan, trained, test, verdict, clock)
    race_told = course.checkpoints.known.race
    result = RunResult(
        run=job_dir.id,
        study=plan.study,
        pipeline=trained.pipeline,
        validation=valid,
        seconds=clock.used(),
        steps=fit.steps,
        samples=fit.samples,
        step_plan=fit.step_plan,
        seconds_per_step=fit.seconds_per_step,
        cpu_seconds_per_step=fit.cpu_seconds_per_step,
        seconds_per_megapixel=answered.seconds_per_megapixel,
        # Resumed after its learning, this process knows nothing of what that held.
        peak_memory_gib=max(fit.peak_memory_gib, devices.peak_memory_gib(trained.device)),
        parameters=models.parameters(trained.network),
        device=trained.device.type,
        hardware=devices.hardware(trained.device),
        converged=fit.converged,
        curve=fit.curve,
        race=race_told.standings if race_told else (),
    )
    write(job_dir.result, result)
    course.checkpoints.delete()
    return result
