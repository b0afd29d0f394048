"""The simple rival that a network is compared with must not end the run."""

import gc
import time
import weakref
from pathlib import Path

import numpy as np
import pytest

from core.data.samples import Sample
from core.evaluate import baselines
from core.paths import JobDir
from core.pipeline import catalogue
from core.progress import Progress, events
from core.records import Budget, Candidate, Kind, Plan, Split, TaskSpec
from core.train.checkpoint import Checkpoints
from core.train.clock import Clock
from core.train.course import Course
from core.train.images import Images
from core.train.judge import Judge


@pytest.fixture
def course(tmp_path: Path) -> Course:
    job_dir = JobDir(tmp_path / "run")
    task = TaskSpec(kind=Kind.SEMANTIC, classes=("rest", "cell"), background="rest")
    plan = Plan(
        study="s",
        task=task,
        candidates=(Candidate(pipeline=catalogue.find("unet-lite0")),),
        budget=Budget(seconds=300),
        split=Split(train=(), validation=(), test=("a",), seed=0, by_group=False),
        seed=0,
        image_hashes={},
        label_versions={},
    )
    progress, clock = Progress(job_dir), Clock(time.time(), time.time() + 300)
    sample = Sample(id="a", image_cyx=np.zeros((1, 8, 8), np.uint8), labels=None)
    return Course(
        job_dir=job_dir,
        plan=plan,
        learn=Images([], []),
        judge=Judge([], []),
        test=Images([sample], []),
        clock=clock,
        progress=progress,
        checkpoints=Checkpoints(job_dir.checkpoint, progress, clock),
    )


class Table:
    """Stands for gigabytes of features."""


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> list[weakref.ref[Table]]:
    """Let the rival fail in the middle; return what its memory is known by."""
    made: list[weakref.ref[Table]] = []

    def run(*_: object, **__: object) -> None:
        table = Table()
        made.append(weakref.ref(table))
        raise error

    monkeypatch.setattr(baselines, "run", run)
    return made


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("Unable to allocate 1.40 GiB"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 4 GiB"),
    ],
)
def test_want_of_memory_leaves_the_network_without_a_rival(
    course: Course, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Trees on large images filled the memory, and the job failed before a network was tried."""
    made = failing(monkeypatch, error)
    assert course.compare(Images([], [])) is None
    gc.collect()
    assert made[0]() is None, "what it made would be missing for the networks"
    assert course.checkpoints.known.compared
    (message,) = (
        str(one.values["message"])
        for one in events(course.job_dir.events)[0]
        if one.name == "message"
    )
    assert "memory did not suffice" in message
    assert course.compare(Images([], [])) is None
    assert len(made) == 1, "it is never tried twice"


def test_want_of_time_leaves_the_network_without_a_rival(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.evaluate.pace import NoTimeError

    failing(monkeypatch, NoTimeError())
    assert course.compare(Images([], [])) is None
    assert course.checkpoints.known.compared
    told = [one for one in events(course.job_dir.events)[0] if one.name == "message"]
    assert "too long" in str(told[0].values["message"])


def test_a_bug_of_the_rival_is_seen(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, RuntimeError("shapes do not match"))
    with pytest.raises(RuntimeError, match="shapes"):
        course.compare(Images([], []))
