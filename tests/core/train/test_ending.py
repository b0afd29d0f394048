"""What is kept for the end of a run."""

import time
from pathlib import Path

import numpy as np
import pytest
from stand_in import untrained

from core.data.samples import Sample
from core.data.truth import Truth
from core.paths import JobDir
from core.progress import Progress, events
from core.records import Kind, TaskSpec
from core.train import contender, ending
from core.train.clock import Clock
from core.train.images import Images
from core.train.judge import Judge

TASK = TaskSpec(kind=Kind.SEMANTIC, classes=("rest", "cell", "rare"), background="rest")


@pytest.mark.parametrize("budget_s", [120.0, 300.0])
def test_thresholds_have_time_after_the_check_images_were_looked_at(
    monkeypatch: pytest.MonkeyPatch, budget_s: float
) -> None:
    """Looks at the check images were kept for the report: none was left to tune anything."""
    look_s = 1.0
    maps = np.zeros((3, 32, 32), np.float32)
    monkeypatch.setattr(contender, "timed_look", lambda *_: (maps, look_s))
    monkeypatch.setattr(Judge, "seconds_per_trial", lambda *_: 0.01)
    samples = [
        Sample(id=str(at), image_cyx=np.zeros((3, 32, 32), np.uint8), labels=None)
        for at in range(4)
    ]
    truths = [Truth(pixels_yx=np.zeros((32, 32), np.int32)) for _ in samples]
    trained = untrained(TASK)
    clock = Clock(time.time(), time.time() + budget_s)
    kept = ending.plan(trained, Judge(samples, truths), Images(samples, truths), clock, known=False)
    views = 4 if kept.flips else 1
    assert kept.reserve_s - kept.after_s > len(samples) * look_s * views + 1.0
    assert kept.after_s > len(samples) * look_s * views


SIDES_PX = {"alike": (32, 32, 32, 32), "tiles beside overviews": (32, 32, 128, 128)}


def kept(
    monkeypatch: pytest.MonkeyPatch,
    sides_px: tuple[int, ...],
    kind: Kind = Kind.SEMANTIC,
    trial_s: float = 0.2,
) -> ending.Ending:
    """Return what is kept where a look at the first of the images takes 0.5 s."""
    monkeypatch.setattr(contender, "timed_look", lambda *_: (np.zeros((3, 32, 32)), 0.5))
    monkeypatch.setattr(Judge, "seconds_per_trial", lambda *_: trial_s)
    samples = [
        Sample(id=str(side), image_cyx=np.zeros((3, side, side), np.uint8), labels=None)
        for side in sides_px
    ]
    truths = [Truth(pixels_yx=np.zeros((1, 1), np.int32)) for _ in samples]
    task = TaskSpec(kind=kind, classes=("rest", "cell"))
    trained = untrained(task)
    clock = Clock(time.time(), time.time() + 1000.0)
    judge, test = Judge(samples, truths), Images(samples, truths)
    return ending.plan(trained, judge, test, clock, known=True)


def test_who_is_late_draws_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    planned = kept(monkeypatch, (32,) * 2000, trial_s=0.01)
    assert planned.answering_s == pytest.approx(2000 * (0.5 + 0.5 + 4 * 0.01))


def test_what_is_kept_counts_pixels_where_images_differ_in_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A tile was timed: the overviews beside it had no time left to be reported on."""
    after_s = {name: kept(monkeypatch, sides).after_s for name, sides in SIDES_PX.items()}
    margin_s = ending.MARGIN_SHARE * 1000.0 + ending.MARGIN_S
    # Mirrored views of 8 images take 16 s of 60 s; those of 68 sizes of a tile would take 136 s.
    assert after_s["alike"] == pytest.approx(ending.SAFETY * 4 * (4 * 0.5 + 0.8) + margin_s)
    overviews_s = ending.SAFETY * 34 * (0.5 + 0.8) + margin_s
    assert after_s["tiles beside overviews"] == pytest.approx(overviews_s)


def test_whole_pictures_take_as_long_whatever_their_size(monkeypatch: pytest.MonkeyPatch) -> None:
    alike, different = (
        kept(monkeypatch, sides, Kind.CLASSIFICATION) for sides in SIDES_PX.values()
    )
    assert alike.after_s == pytest.approx(different.after_s)
    assert alike.flips == different.flips


@pytest.mark.parametrize(("count", "told"), [(400, True), (4, False)])
def test_a_run_that_ends_after_its_time_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, count: int, told: bool
) -> None:
    """With many test images it overran its time without a word."""
    planned = kept(monkeypatch, (32,) * count)
    images = Images([Sample(id="a", image_cyx=np.zeros((3, 8, 8)), labels=None)] * count, [])
    job_dir = JobDir(tmp_path / "run")
    ending.tell_if_late(planned, Judge(images.samples, []), images, Progress(job_dir))
    messages = [str(one.values["message"]) for one in events(job_dir.events)[0]]
    assert bool(messages) == told
    if told:
        # Half of 1000 s is for learning; looks take 200 s, the answers with their scores 520 s.
        assert planned.late_s == pytest.approx(720 - 500, abs=5)
        assert "400 test images takes about 12 minutes" in messages[0]
        assert "about 4 minutes after its time" in messages[0]
