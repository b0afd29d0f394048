"""The winner learns; what does not settle is tried again, what memory does not take makes room."""

from dataclasses import dataclass, field, replace

from core.pipeline import devices
from core.progress import Progress
from core.records import Candidate, Plan
from core.train import contender, loop, race
from core.train.checkpoint import Checkpoints
from core.train.contender import Contender
from core.train.images import Images
from core.train.judge import Judge
from core.train.learner import Learner
from core.train.watch import Stretch, UnsettledError


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitting:
    """What the learning works with, and who was left out in it."""

    plan: Plan
    learn: Images
    judge: Judge
    progress: Progress
    checkpoints: Checkpoints
    left_out: list[Candidate] = field(default_factory=list)

    def fit(self, winner: Contender, stretch: Stretch) -> tuple[Learner, loop.Fitted]:
        """Return the learner and how its stretch went; what does not settle is tried once more.

        Then at a lower rate, from the last checkpoint where its weights are of use.
        """
        try:
            return winner.learner, loop.fit(winner.learner, self.judge, stretch, self.progress)
        except UnsettledError as error:
            if stretch.last_try:
                raise
            told, anew = str(error).partition(";")[0], error.anew
        kept = self.checkpoints.known
        candidate = replace(winner.candidate, pipeline=winner.trained.pipeline)
        again = contender.ready(contender.calmer(candidate), self.plan, self.learn, self.progress)
        stretch = replace(stretch, resumed=None, last_try=True)
        if not anew and kept.runner is not None:
            again.learner.restore(kept.runner, self.checkpoints.tensors("runner"))
            stretch = replace(stretch, resumed=kept.stretch)
        elif not anew and winner.learner.best >= 0:
            again.learner.begin_from(winner.learner)
        again = Contender(candidate=winner.candidate, learner=again.learner)
        message = f"Trying once more at a lower learning rate, because {told}."
        # Where it begins: the curves forget what was learned after that.
        self.progress.event(
            "calmed", message=message, step=again.learner.steps, samples=again.learner.samples
        )
        self.checkpoints.racing(None, again)
        self.checkpoints.note(calmed=True)
        return again.learner, loop.fit(again.learner, self.judge, stretch, self.progress)

    def leaves_out(self, winner: Contender, error: BaseException) -> bool:
        """Return whether another may take the winner's place: nothing learned, and no memory.

        It is told; of what has learned something the best weights are worth more.
        """
        if not devices.is_out_of_memory(error) or winner.learner.best >= 0:
            return False
        race.tell_left_out(winner.candidate, error, self.progress)
        self.left_out.append(winner.candidate)
        self.checkpoints.racing(None, None)
        return True

    def next(self) -> Contender:
        """Return the next of the plan that memory takes; RunError (out_of_memory) without one."""
        devices.free_memory()
        rest = [one for one in self.plan.candidates if one not in self.left_out]
        found = race.first_that_fits(rest, self.plan, self.learn, self.progress)
        self.checkpoints.racing(None, found)
        return found
