"""Down where memory does not suffice: smaller parts of a batch, smaller tiles, each step told.

Before the first step a card may be spared the training images (`contender.ready`). The next
candidate of the plan is the last rung; the race and the start see to it.
"""

from torch import Tensor

from core.pipeline import devices
from core.progress import Progress
from core.records import Pipeline
from core.train.learner import Learner


def step(learner: Learner, rate: float, progress: Progress) -> Tensor:
    """Take a step of the learner, with as little memory as it needs; return the loss.

    Raises what the system raised where there is no lighter way.
    """
    while True:
        try:
            return learner.step(rate)
        except (RuntimeError, MemoryError) as error:
            if not devices.is_out_of_memory(error):
                raise
            changed = learner.lighten()
            if changed is None:
                raise
        # Here, where the error is gone: it held all that the failed step had made.
        devices.free_memory()
        tell(learner.trained.pipeline, changed, progress)


def tell(pipeline: Pipeline, changed: str, progress: Progress) -> None:
    """Note what is done with less memory from now on."""
    message = f"The memory did not suffice for {pipeline.name}: {changed} from now on."
    progress.event("lightened", pipeline=pipeline.name, message=message)
