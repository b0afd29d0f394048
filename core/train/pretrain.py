"""Weights that know what objects are, learned from simulated pictures alone.

    python -m core.train.pretrain --minutes 30

writes `data_library/weights/`. A U-Net learns the maps of the heads `boundary` and `distance`
together on pictures drawn by `core.data.simulate.varied`; no real image takes part, so that the
weights are anybody's to use and no data set's score is helped by having been seen.
"""

import argparse
import logging
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.data.samples import Sample
from core.data.simulate.varied import Picture, picture
from core.data.truth import Truth
from core.evaluate import score
from core.infer.predict import Trained, maps
from core.paths import SHIPPED
from core.pipeline import devices, models, preprocess, pretrained
from core.pipeline.catalogue.entry import SLIM
from core.pipeline.heads import Batch, Head, Judging, Targets, boundary, distance
from core.pipeline.tensors import put
from core.records import Kind, Model, Pipeline, TaskSpec, Training
from core.train.clock import Schedule
from core.train.learner import Learner
from core.train.pool import Context, Pool, Prepared, prepare

log = logging.getLogger(__name__)

PICTURES = 1200
JUDGED = 24
"""Pictures that are not learned from, for the figure told at the end."""
TASK = TaskSpec(kind=Kind.INSTANCE, classes=("object",))
MODEL = Model(head="boundary", decoder_channels=SLIM)
PIPELINE = Pipeline(
    name="pretraining",
    kinds=(Kind.INSTANCE,),
    summary="Both ways of finding objects at once, on simulated pictures.",
    model=MODEL,
    training=Training(batch=4, learning_rate=3e-3, ema=0.998),
)
BOUNDARY, DISTANCE = (pretrained.SIMULATED_MAPS[name] for name in ("boundary", "distance"))
REPORT_EVERY = 100


def run(seconds: float, seed: int = 0, pictures: int = PICTURES) -> Path:
    """Train for so many seconds after drawing the pictures; return the file of the weights."""
    devices.use_all_cores()
    torch.manual_seed(seed)
    device = devices.choose()
    fitted = preprocess.Fitted(channels=3)
    network = models.build(MODEL, 3, DISTANCE.stop)
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    trained = Trained(network, PIPELINE, fitted, BOTH, TASK, device)
    items = [_prepared(picture(JUDGED + number), trained) for number in range(pictures)]
    pool = Pool(items, PIPELINE, TASK)
    learner = Learner(trained, pool, Judging(PIPELINE.training, None), seed)
    log.info("%d pictures drawn", pictures)
    _learn(learner, time.time() + seconds)
    learner.settle()
    for head in (boundary.HEAD, distance.HEAD):
        reached = _average_precision(trained, head)
        log.info("%s: AP %.3f on %d new pictures", head.name, reached, JUDGED)
    return _save(network)


def _learn(learner: Learner, until: float) -> None:
    schedule, began, losses = Schedule(), time.time(), []
    while (left := until - time.time()) > 0:
        losses.append(float(learner.step(schedule.rate)))
        schedule.advance()
        if schedule.steps % REPORT_EVERY == 10:
            pace = (time.time() - began) / schedule.steps
            schedule.fit(int(left / pace))
            loss = float(np.mean(losses[-REPORT_EVERY:]))
            log.info("step %d of %d: %.3f", schedule.steps, schedule.plan[-1][1], loss)


def _save(network: torch.nn.Module) -> Path:
    path = pretrained.simulated_file(MODEL, SHIPPED)
    state = network.state_dict()
    # Half precision halves what is carried; counts of batches are of no use.
    put(path, {name: one.half() for name, one in state.items() if one.is_floating_point()})
    return path


def _prepared(one: Picture, trained: Trained) -> Prepared:
    sample = Sample(id="", image_cyx=one.image_cyx, labels=None)
    context = Context(TASK, trained.fitted, trained.device, 0)
    return prepare(sample, _truth(one), PIPELINE, BOTH, context)


def _truth(one: Picture) -> Truth:
    return Truth(pixels_yx=one.labels_yx)


def _targets(truth: Truth, task: TaskSpec) -> Targets:
    border, deep = boundary.targets(truth, task), distance.targets(truth, task)
    return Targets(deep.smooth_kyx, np.concatenate([border.discrete_kyx, deep.discrete_kyx]))


def _loss(logits: Tensor, batch: Batch, judging: Judging) -> Tensor:
    border = Batch(batch.smooth[:, :0], batch.discrete[:, :1])
    deep = Batch(batch.smooth, batch.discrete[:, 1:])
    return boundary.loss(logits[:, BOUNDARY], border, judging) + distance.loss(
        logits[:, DISTANCE], deep, judging
    )


def _activate(logits: Tensor) -> Tensor:
    return torch.cat(
        [boundary.activate(logits[:, BOUNDARY]), distance.activate(logits[:, DISTANCE])], dim=1
    )


def _average_precision(trained: Trained, head: Head) -> float:
    """Return AP at IoU 0.5, pooled over new pictures, with the head's untuned thresholds."""
    shown = [picture(number) for number in range(JUDGED)]
    own = pretrained.SIMULATED_MAPS[head.name]
    answers = [
        head.decode(maps(trained, one.image_cyx)[own], PIPELINE.postprocess, TASK) for one in shown
    ]
    ids = [str(number) for number in range(JUDGED)]
    truths = [_truth(one) for one in shown]
    return score.of(TASK, truths, answers, ids=ids, interval=False).headline


BOTH = Head(
    name="boundary and distance",
    kinds=(Kind.INSTANCE,),
    outputs=lambda task: DISTANCE.stop,
    targets=_targets,
    loss=_loss,
    activate=_activate,
    decode=boundary.decode,
    tuned={},
)


def main() -> None:
    """Train as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--pictures", type=int, default=PICTURES)
    asked = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    log.info("%s", run(60 * asked.minutes, pictures=asked.pictures))


if __name__ == "__main__":
    main()
