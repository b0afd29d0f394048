"""A full disk ends a run in words; its best weights stay, and it goes on once there is room."""

import errno
import time
from pathlib import Path

import pytest

from core import workflow
from core.infer import bundle
from core.paths import Workspace
from core.pipeline import catalogue
from core.progress import Progress, events
from core.records import Budget, Candidate, Kind, TaskSpec
from core.train import checkpoint, run
from core.train.checkpoint import Checkpoints


def test_the_best_weights_stay_and_the_run_goes_on_when_there_is_room(
    workspace: Workspace, disc_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Checkpoints, "due", lambda _: True)
    workflow.create_study(workspace, "discs")
    workflow.import_files(workspace, "discs", [disc_files])
    workflow.set_task(workspace, "discs", TaskSpec(kind=Kind.INSTANCE, classes=("disc",)))
    candidates = [Candidate(pipeline=catalogue.find("linknet-lite0-distance"))]
    plan = workflow.make_plan(workspace, "discs", candidates, Budget(seconds=60), baselines=False)
    study_dir = workspace.study("discs")
    job_dir = study_dir.job("run-1")

    def execute(left_s: float) -> None:
        with Progress(job_dir) as progress:
            run.execute(study_dir, plan, job_dir, progress, time.time() + left_s)

    put = checkpoint.put
    written: list[Path] = []

    def full(path: Path, *rest: object) -> None:
        if len(written) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        put(path, *rest)  # type: ignore[arg-type]
        written.append(path)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "put", full)
        with pytest.raises(OSError, match="No space"):
            execute(60.0)
    assert bundle.load(job_dir.bundle).task.classes == ("disc",)
    told = [one.values["message"] for one in events(job_dir.events)[0] if one.name == "message"]
    assert any("best weights" in one for one in told)
    left = sorted(path.name for path in job_dir.checkpoint.iterdir())
    assert left == ["0.safetensors"], "the older one made room, the newer one stays"
    assert not job_dir.reserve.exists()
    execute(4.0)
    assert job_dir.result.exists()
    resumed = [one for one in events(job_dir.events)[0] if one.name == "resumed"]
    assert resumed[0].values["number"] == 2
