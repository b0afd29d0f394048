"""What the stages of one run work with, and what they leave for the next."""

import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from core.evaluate.pace import NoTimeError
from core.infer import bundle
from core.infer.predict import Trained
from core.paths import JobDir
from core.pipeline import devices, models
from core.progress import Progress, Stopped
from core.records import Plan, Score, is_disk_full
from core.train import companion, contender, ending, race, reporting
from core.train.checkpoint import Checkpoints
from core.train.clock import Clock
from core.train.companion import Companion
from core.train.contender import Contender
from core.train.fitting import Fitting
from core.train.images import Images
from core.train.judge import Judge
from core.train.saved import Baseline, SavedFit, SavedRun, SavedStretch
from core.train.watch import Stretch


@dataclass(slots=True, kw_only=True)
class Course:
    """What the stages of one run work with."""

    job_dir: JobDir
    plan: Plan
    learn: Images
    judge: Judge
    test: Images
    clock: Clock
    progress: Progress
    checkpoints: Checkpoints
    companion: Companion | None = None
    """Of a classifier; not in the checkpoints, as fitting them anew takes seconds."""

    def accompany(self, validation: Images) -> None:
        """Fit the companion; whether there is one is settled once in the life of the run."""
        settled = self.checkpoints.known.companion
        if settled is False:
            return
        asked = None if settled else len(self.test.samples)
        self.companion = companion.fit(
            self.plan, self.learn, validation, asked, self.clock, self.progress
        )
        self.checkpoints.note(companion=self.companion is not None)
        self.checkpoints.caught_up()

    def compare(self, validation: Images) -> Baseline | None:
        """Return the simple rival's score, tried once in the life of the run."""
        known = self.checkpoints.known
        if known.compared:
            return known.baseline
        try:
            found = reporting.baseline(
                self.plan, self.learn, validation, self.test, self.clock, self.progress
            )
        except (NoTimeError, RuntimeError, MemoryError) as error:
            if not isinstance(error, NoTimeError) and not devices.is_out_of_memory(error):
                raise
            found = None
            self._leave_uncompared(error)
        self.checkpoints.note(compared=True, baseline=found)
        return found

    def _leave_uncompared(self, error: Exception) -> None:
        """Tell why the simple rival is given up, and make room for the networks."""
        why = (
            "it would take too long for such images; allow a longer training"
            if isinstance(error, NoTimeError)
            else "the memory did not suffice for it; close other programs"
        )
        message = f"There is no score of the simple way to compare with: {why}."
        self.progress.event("message", message=message)
        _let_go(error)

    def learn_or_load(self) -> tuple[Trained, SavedFit]:
        """Return the trained network and what the learning came to."""
        known = self.checkpoints.known
        if self.checkpoints.resumed:
            step = known.runner.steps if known.runner else None
            self.progress.event("resumed", message=_found(known), number=known.number, step=step)
        if known.fit is None:
            return self._learned()
        tensors = self.checkpoints.tensors("network")
        trained = contender.trained_again(known.fit, tensors, self.plan, self.learn)
        self.checkpoints.caught_up()
        self.checkpoints.settled(trained.network.state_dict())
        return trained, known.fit

    def _learned(self) -> tuple[Trained, SavedFit]:
        winner, resumed, known = self._raced()
        fitting = Fitting(
            plan=self.plan,
            learn=self.learn,
            judge=self.judge,
            progress=self.progress,
            checkpoints=self.checkpoints,
        )
        while True:
            try:
                kept = ending.plan(
                    winner.trained,
                    self.judge,
                    self.test,
                    self.clock,
                    known=known,
                    beside_s=self.companion.seconds_per_image if self.companion else 0.0,
                )
                ending.tell_if_late(kept, self.judge, self.test, self.progress)
                if resumed is not None:
                    self.checkpoints.caught_up()
                learner, fitted = fitting.fit(winner, self._stretch(kept, resumed))
                break
            except (RuntimeError, MemoryError) as error:
                if not fitting.leaves_out(winner, error):
                    raise
            del winner  # nobody may hold it: the next needs its memory
            winner, resumed, known = fitting.next(), None, False
        if fitted.stopped:
            raise Stopped
        trained = learner.trained
        fit = SavedFit(
            pipeline=trained.pipeline,
            steps=learner.steps,
            samples=fitted.samples,
            step_plan=tuple(fitted.schedule.plan),
            seconds_per_step=fitted.seconds_per_step,
            cpu_seconds_per_step=fitted.cpu_seconds_per_step,
            converged=fitted.converged,
            curve=fitted.curve,
            after_s=kept.after_s,
            flips=kept.flips,
            peak_memory_gib=devices.peak_memory_gib(trained.device),
        )
        self.save(trained)
        self.checkpoints.settled(trained.network.state_dict(), fit=fit)
        return trained, fit

    def _raced(self) -> tuple[Contender, SavedStretch | None, bool]:
        """Return who learns on, how far it is, and whether its speed is known from a trial."""
        raced = race.run(
            self.plan, self.learn, self.judge, self.clock, self.progress, self.checkpoints
        )
        devices.forget_peak_memory()
        if raced.stopped:
            raise Stopped
        return raced.winner, raced.stretch, bool(raced.standings)

    def _stretch(self, kept: ending.Ending, resumed: SavedStretch | None) -> Stretch:
        return Stretch(
            until=self.clock.deadline - kept.reserve_s,
            tell=_teller(self.clock, self.progress),
            checkpoints=self.checkpoints,
            resumed=resumed,
            previews=self.job_dir.previews,
            last_try=self.checkpoints.known.calmed,
        )

    def tune(self, trained: Trained, fit: SavedFit) -> tuple[Trained, Score]:
        """Return the model with tuned postprocessing, and its score on the validation images."""
        known = self.checkpoints.known
        if known.validation is not None:
            return self._whole(trained), known.validation
        beside = self.companion.judged if self.companion else None
        trained, valid = ending.tuned(trained, self.judge, fit, self.clock, self.progress, beside)
        self.checkpoints.settled(
            trained.network.state_dict(),
            fit=replace(fit, pipeline=trained.pipeline),
            validation=valid,
        )
        return self._whole(trained), valid

    def _whole(self, trained: Trained) -> Trained:
        """Return the model with its companion, as it answers for other images."""
        return replace(trained, companion=self.companion.trained) if self.companion else trained

    def save(self, trained: Trained) -> None:
        """Write the model as it is now."""
        _save(self.job_dir, self.plan, self._whole(trained))

    def rescue(self, error: Exception) -> None:
        """Write the best weights so far before the run ends early; on a full disk make room."""
        best = self.checkpoints.best
        if best is None or not best.learner.steps:
            return
        if best.learner.best < 0 and not best.learner.healthy():
            return
        if devices.is_out_of_memory(error):
            _let_go(error)
        if is_disk_full(error):
            self.progress.use_reserve()
            self.checkpoints.make_room()
        best.learner.settle()
        with suppress(OSError):  # the first error is told; the checkpoint has the weights as well
            self.save(best.trained)
            message = "The best weights so far were kept: they can be used, and resumed."
            self.progress.event("message", message=message)


def _let_go(error: BaseException) -> None:
    """Free the memory of all that the failed step made: its frames hold it."""
    traceback.clear_frames(error.__traceback__)
    devices.free_memory()


def _found(known: SavedRun) -> str:
    """Return what an earlier process left, in words."""
    if known.validation is not None:
        return "Going on: learning and fine-tuning were done, the scores are still to come."
    if known.fit is not None:
        return "Going on: the learning was done."
    if known.runner is not None:
        return f"Going on with {known.runner.pipeline.name} from step {known.runner.steps}."
    done = len(known.race.standings) if known.race else 0
    return f"Going on in the trials; {done} were done."


def _teller(clock: Clock, progress: Progress) -> Callable[[str], None]:
    def tell(where: str) -> None:
        share = clock.used() / clock.budget_s
        progress.stage("fitting", f"Learning from the images, {where}", share, clock.left())

    return tell


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
