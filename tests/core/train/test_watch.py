"""How many validation images a look takes, what it counts for, and what is kept of that."""

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from stand_in import untrained

from core.data.samples import Sample
from core.data.truth import Truth
from core.infer.predict import Trained
from core.paths import JobDir
from core.pipeline import devices
from core.pipeline.answers import Answer
from core.progress import Progress, events
from core.records import Kind, TaskSpec, decode, encode
from core.train.clock import MEASURED_STEPS, SETTLING_STEPS
from core.train.judge import Judge
from core.train.saved import SavedStretch
from core.train.watch import KEEP_FROM, Stretch, Watch

CELLS = TaskSpec(kind=Kind.INSTANCE, classes=("cell",))
PICTURES = TaskSpec(kind=Kind.CLASSIFICATION, classes=("dark", "bright"))
WINDOW_S = 1010.0
"""Eight thousandths of it are a little more than the 8 s that a look may take."""


class Seen(Judge):
    """A judge whose looks cost what a test says; it notes at how many images it looked."""

    cost_s = 1.0
    figure = 0.5
    marked = np.eye(8, dtype=np.int32)

    def glance(self, trained: Trained, post: object, most: int = 8) -> float:
        """Note it."""
        self.counts = [*getattr(self, "counts", []), self.looked_at(trained.task, most)]
        self.seconds_per_image = self.cost_s
        self.answers = [Answer(labels_yx=self.marked) for _ in self.truths]
        return self.figure


def judging(count: int, value: int = 1) -> Seen:
    """Return a judge of so many images whose truth has that value everywhere."""
    samples = [
        Sample(id=str(at), image_cyx=np.zeros((3, 8, 8), np.uint8), labels=None)
        for at in range(count)
    ]
    pixels = np.full((8, 8), value, np.int32)
    return Seen(samples, [Truth(pixels_yx=pixels, image_class=0) for _ in samples])


def learner(task: TaskSpec, *, fresh: bool = False) -> Any:
    trained = untrained(task)
    return SimpleNamespace(
        trained=trained,
        network=trained.network,
        judging=SimpleNamespace(training=trained.pipeline.training),
        pool=SimpleNamespace(whole=task.kind is Kind.CLASSIFICATION),
        gradient=torch.zeros(()),
        steps=100,
        samples=400,
        best=-1.0,
        fresh=fresh,
        keep=lambda figure: None,
    )


@pytest.fixture
def progress(tmp_path: Path) -> Progress:
    return Progress(JobDir(tmp_path / "run"))


def watching(
    learning: Any, judge: Judge, progress: Progress, resumed: SavedStretch | None = None
) -> Watch:
    stretch = Stretch(until=time.time() + WINDOW_S, tell=str, resumed=resumed)
    return Watch(learning, judge, stretch, progress)


def test_a_look_at_whole_pictures_is_reckoned_as_a_look_at_all_of_them(progress: Progress) -> None:
    """It was reckoned as eight: with 200 of them looks took 25 times their share of the time."""
    judge = judging(200)
    judge.seconds_per_image = 0.5
    assert watching(learner(PICTURES), judge, progress)._glance_cost() == 100.0
    assert watching(learner(CELLS), judge, progress)._glance_cost() == 4.0


def test_all_weights_that_may_be_kept_are_judged_by_as_many_images(progress: Progress) -> None:
    """Eight easy images once, then two hard ones: the first weights stayed the best."""
    judge = judging(20)
    watch = watching(learner(CELLS), judge, progress)
    costs = (1.0, 4.0, 1.0, 4.0, 1.0)
    for share, judge.cost_s in zip((0.1, 0.2, KEEP_FROM, 0.5, 0.9), costs, strict=True):
        watch.schedule.share = share
        watch.glance()
    assert judge.counts == [8, 8, 2, 2, 2]


def test_a_resumed_stretch_looks_at_as_many_images(progress: Progress) -> None:
    judge = judging(20)
    judge.seconds_per_image = 2.0
    watch = watching(learner(CELLS), judge, progress)
    watch.schedule.share = 0.6
    watch.glance()
    kept = decode(encode(watch._saved()), SavedStretch)
    again = watching(learner(CELLS), judging(20), progress, kept)
    again.glance()
    assert judge.counts == again.judge.counts == [4]  # type: ignore[attr-defined]


def test_a_stretch_of_an_older_checkpoint_settles_anew() -> None:
    old = (
        b'{"share":0.5,"steps":9,"plan":[],"elapsed_s":1,"next_glance":0.6,"curve":[],"perfect":0}'
    )
    assert decode(old, SavedStretch).images is None


def test_weights_kept_before_the_first_step_settle_it_too(progress: Progress) -> None:
    judge = judging(20)
    judge.cost_s = 4.0
    learning = learner(CELLS, fresh=True)
    watch = watching(learning, judge, progress)
    watch.glance()
    learning.fresh, watch.schedule.share = False, 0.5
    watch.glance()
    assert judge.counts == [8, 8]


@pytest.mark.parametrize(("value", "perfect"), [(1, 2), (0, 0)])
def test_nobody_is_perfect_where_there_is_nothing_to_find(
    progress: Progress, value: int, perfect: int
) -> None:
    """Three looks at control images without an object ended the training."""
    judge = judging(4, value)
    judge.figure, judge.marked = 1.0, np.zeros((8, 8), np.int32)
    watch = watching(learner(CELLS), judge, progress)
    for share in (0.2, 0.5, 0.6):
        watch.schedule.share = share
        watch.glance(last=share == 0.6)
    assert watch.perfect == perfect
    # To mark nothing there is no failure either, nor a gradient that has vanished.
    watch.losses, watch.gradients = [torch.zeros(())] * 20, [torch.zeros(())] * 20
    watch.tell()
    told = events(JobDir(progress._job_dir.root).events)[0]
    assert not [one for one in told if one.name == "message"]


def test_what_a_look_takes_is_no_part_of_a_step(progress: Progress) -> None:
    """Its processor time was counted, and the library expected slower steps than there were."""
    burned_s = 0.5

    class Busy(Seen):
        def glance(self, *given: Any) -> float:
            until = time.process_time() + burned_s
            while time.process_time() < until:
                pass
            return super().glance(*given)

    judge = judging(4)
    watch = watching(learner(CELLS), Busy(judge.samples, judge.truths), progress)
    for _ in range(SETTLING_STEPS + MEASURED_STEPS):
        watch.step(torch.ones(()))
    before_s = watch.pace()[1]
    watch.glance()
    counted_s = burned_s / devices.cores_available() / MEASURED_STEPS
    assert watch.pace()[1] == pytest.approx(before_s, abs=counted_s / 5)
