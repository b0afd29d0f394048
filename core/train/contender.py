"""A candidate made ready to learn: its network, and the images prepared for it."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.data.samples import Sample
from core.data.truth import Truth
from core.errors import RunError
from core.infer import bundle, predict
from core.infer.predict import Floats, Trained
from core.pipeline import devices, heads, models, preprocess
from core.pipeline.heads import Judging
from core.progress import Progress
from core.records import Candidate, Kind, Pipeline, Plan
from core.train import ladder
from core.train.images import Images
from core.train.learner import Learner
from core.train.pool import Context, NoRoomError, Pool, Prepared, prepare
from core.train.saved import SavedFit, SavedLearner


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One candidate of the plan, ready to take steps."""

    candidate: Candidate
    learner: Learner

    @property
    def trained(self) -> Trained:
        """Return the network with everything that belongs to it."""
        return self.learner.trained


def ready(candidate: Candidate, plan: Plan, learn: Images, progress: Progress) -> Contender:
    """Return the candidate with a fresh network, seeded by the plan.

    Raises RunError where there is no image to learn from, NoRoomError where no memory takes them,
    Stopped where somebody cancelled.
    """
    torch.manual_seed(plan.seed)
    trained = untrained(candidate.pipeline, plan, learn)
    context = Context(plan.task, trained.fitted, trained.device, plan.seed)
    pool = _pool(trained, context, learn, progress)
    judging = Judging(candidate.pipeline.training, class_weights(pool, trained))
    return Contender(candidate=candidate, learner=Learner(trained, pool, judging, plan.seed))


def _pool(trained: Trained, context: Context, learn: Images, progress: Progress) -> Pool:
    """Return the prepared images on the context's device, else in the machine's memory."""
    pipeline = trained.pipeline
    items: list[Prepared] = []
    try:
        for one, true in zip(learn.samples, learn.truths, strict=True):
            progress.check_stop()
            items.append(prepare(one, true, pipeline, trained.head, context))
        return Pool(items, pipeline, context.task)
    except (RuntimeError, MemoryError) as error:
        if not devices.is_out_of_memory(error):
            raise
        if context.device == devices.PROCESSOR:
            count = len(learn.samples)
            message = f"the memory did not suffice for the {count} training images"
            raise NoRoomError(message) from error
    items.clear()
    devices.free_memory()
    changed = "the training images are kept in the machine's memory instead of the card's"
    ladder.tell(pipeline, changed, progress)
    return _pool(trained, replace(context, device=devices.PROCESSOR), learn, progress)


# Enough to calm what did not settle, and still an advance within the time that is left.
CALMER = 0.3


def calmer(candidate: Candidate) -> Candidate:
    """Return the candidate with a lower learning rate."""
    training = candidate.pipeline.training
    training = replace(training, learning_rate=CALMER * training.learning_rate)
    return replace(candidate, pipeline=replace(candidate.pipeline, training=training))


def again(
    saved: SavedLearner,
    tensors: Mapping[str, Tensor],
    plan: Plan,
    learn: Images,
    progress: Progress,
) -> Contender:
    """Return the contender that a checkpoint kept; RuntimeError where the tensors do not fit."""
    found = ready(replace(saved.candidate, pipeline=saved.pipeline), plan, learn, progress)
    found.learner.restore(saved, tensors)
    return Contender(candidate=saved.candidate, learner=found.learner)


def trained_again(
    saved: SavedFit, tensors: Mapping[str, Tensor], plan: Plan, learn: Images
) -> Trained:
    """Return the network of a checkpoint whose learning is over."""
    trained = untrained(saved.pipeline, plan, learn)
    trained.network.load_state_dict(dict(tensors))
    trained.network.eval()
    return trained


def untrained(pipeline: Pipeline, plan: Plan, learn: Images) -> Trained:
    """Return the pipeline's network with the numbers fitted to the training images.

    Raises RunError where there is no image to learn from.
    """
    if not learn.samples:
        raise RunError(
            "no annotated image is left to learn from; annotate a few more", cause="bad_input"
        )
    device = devices.choose()
    head = heads.find(pipeline.model.head)
    channels = learn.samples[0].image_cyx.shape[0]
    fitted = preprocess.fit(pipeline.preprocess, channels, diameters_px(learn.truths, plan))
    network = models.build(pipeline.model, fitted.channels, head.outputs(plan.task))
    if plan.start_from:
        bundle.put_weights(Path(plan.start_from), network)
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return Trained(network, pipeline, fitted, head, plan.task, device)


def diameters_px(truths: Sequence[Truth], plan: Plan) -> list[float]:
    """Return the equivalent diameter of every training object, in original pixels."""
    if plan.task.kind is not Kind.INSTANCE:
        return []
    sizes = [np.bincount(np.maximum(one.pixels_yx, 0).ravel())[1:] for one in truths]
    areas = np.concatenate(sizes) if sizes else np.zeros(0)
    return [float(d) for d in 2 * np.sqrt(areas[areas > 0] / np.pi)]


def class_weights(pool: Pool, trained: Trained) -> Tensor | None:
    """Return one weight a class, falling with the root of its share, mean 1; None where off."""
    if trained.pipeline.training.class_balance != "weights":
        return None
    count = len(trained.task.classes)
    totals = np.zeros(count)
    for item in pool.items:
        values = item.discrete[-1].cpu().numpy().ravel()
        totals += np.bincount(values[values >= 0].astype(int), minlength=count)[:count]
    # The root: full inverse weights make rare classes spill over everything.
    weights = 1 / np.sqrt(np.maximum(totals, 1) / max(totals.sum(), 1))
    weights[totals == 0] = 0
    weights *= (totals > 0).sum() / weights.sum()
    return torch.tensor(weights, dtype=torch.float32, device=trained.device)


def timed_look(trained: Trained, sample: Sample) -> tuple[Floats, float]:
    """Return one image's maps and what they took, after a first look that lays out memory."""
    trained.network.eval()
    predict.maps(trained, sample.image_cyx)
    began = time.perf_counter()
    seen = predict.maps(trained, sample.image_cyx)
    return seen, time.perf_counter() - began
