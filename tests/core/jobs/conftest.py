"""Workers whose trainings are played by a few lines, chosen by an option of the order."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import jobs
from core.paths import StudyDir, Workspace
from core.records import (
    Budget,
    Candidate,
    Kind,
    Model,
    Pipeline,
    Plan,
    Split,
    StudyRecord,
    TaskSpec,
    write,
)

# Python imports `sitecustomize` from PYTHONPATH at its start: the real worker, another work.
PLAYED = """
import errno, os, sys, time
from core.errors import LabelError, RunError
from core.jobs import work

def train(order):
    play = order.request.options.get("play")
    folder = order.job_dir.root
    (folder / "turn.txt").open("a").write(f"{time.time()} {order.budget_from}\\n")
    order.progress.stage("fitting", "Playing " + str(play))
    if play == "cancellable":
        while True:
            order.progress.check_stop()
            time.sleep(0.02)
    if play == "deaf":
        import signal
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(60)
    if play == "sleep":
        time.sleep(60)
    if play == "short":
        time.sleep(0.5)
    if play == "dies":
        os.kill(os.getpid(), 9)
    if play == "long the first time" and len((folder / "turn.txt").read_text().splitlines()) == 1:
        time.sleep(60)
    if play == "aborts for memory":
        print("memory allocation of 27069552 bytes failed", file=sys.stderr, flush=True)
        os.abort()
    if play == "diverged":
        raise RunError("The loss is not a number.", "diverged")
    if play == "bad_input":
        raise LabelError("mask.png is empty; draw something")
    if play == "out_of_memory":
        raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")
    if play == "disk_full":
        raise OSError(errno.ENOSPC, "No space left on device")
    if play == "error":
        raise KeyError("forgotten")

work.WORK["train"] = train
"""


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StudyDir]:
    """Return a study whose trainings are played, with turns of its own."""
    folder = tmp_path / "played"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(PLAYED)
    root = Path(__file__).resolve().parents[3]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(root)]))
    monkeypatch.setenv("AIXCELL_TURNS", str(tmp_path / "turns"))
    study_dir = StudyDir(tmp_path / "workspace" / "studies" / "cells")
    write(study_dir.record, StudyRecord(name="cells"))
    yield study_dir
    for job in jobs.listing(Workspace(tmp_path / "workspace")):
        if job.state in ("queued", "running"):  # a failed test must not leave a process behind
            jobs.cancel(study_dir.job(job.id), grace_s=0)


@pytest.fixture
def plan() -> Plan:
    """Return a plan nobody executes."""
    kinds = (Kind.INSTANCE,)
    return Plan(
        study="cells",
        task=TaskSpec(kind=Kind.INSTANCE, classes=("cell",)),
        candidates=(
            Candidate(pipeline=Pipeline(name="p", kinds=kinds, model=Model(head="boundary"))),
        ),
        budget=Budget(seconds=20),
        split=Split(train=("a",), validation=("b",), test=("c",), seed=0, by_group=False),
        seed=0,
        image_hashes={},
        label_versions={},
    )
