"""The whole main job from the command line, on tiny pictures, with real trainings."""

import csv
import json
import os
import signal
import time

import numpy as np
import pytest
import tifffile

from core import jobs
from core.cli import main
from core.paths import Workspace

SECONDS = 100
"""Enough to find four discs, also where the start of torch takes a third of it."""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("journey")
    yield folder
    workspace = Workspace(folder / "workspace")
    for job in jobs.listing(workspace):  # a failed test must not leave a training behind
        if job.state in ("queued", "running"):
            jobs.cancel(workspace.find_job(job.id)[1], grace_s=1)


@pytest.fixture
def aixcell(place, capsys):
    """Return a function that runs one command and gives exit code and answer."""

    def call(*words):
        capsys.readouterr()
        code = main([*map(str, words), "--workspace", str(place / "workspace"), "--json"])
        return code, json.loads(capsys.readouterr().out)

    return call


def test_from_pictures_to_predictions(aixcell, disc_files, place):
    code, told = aixcell("import", "discs", disc_files)
    assert (code, len(told["labelled"])) == (0, 10)
    assert aixcell("task", "discs", "--kind", "instance", "--classes", "disc")[0] == 0
    code, told = aixcell("inspect", "discs")
    assert code == 0
    assert told["fingerprint"]["values"]
    test_ids = set(told["split"]["test"])
    assert not test_ids & set(told["fingerprint"]["images"])

    code, told = aixcell("recommend", "discs", "--time", "10m", "--memory", "8GiB")
    assert code == 0
    assert len(told["pipelines"]) >= 10
    assert all(each["reasons"] for each in told["pipelines"])

    code, run = aixcell("train", "discs", "--time", f"{SECONDS}s")
    assert (code, run["state"], run["cause"]) == (0, "finished", None), run
    assert run["scores"]["headline"] > 0.5
    assert run["scores"]["images"] == len(test_ids)
    assert 0 <= run["baseline"]["headline"] <= 1
    assert run["validation"]["headline"] > 0.5

    code, report = aixcell("report", run["run"])
    assert report["test"]["headline"] == run["scores"]["headline"]
    code, told = aixcell("runs", "discs")
    assert [each["run"] for each in told["runs"]] == [run["run"]]
    code, told = aixcell("library", "stats")
    assert told["own_runs"] == 1, "the finished run is in the library"

    large = np.tile(tifffile.imread(disc_files / "images" / "disc0.tif"), (3, 3))
    tifffile.imwrite(place / "large.tif", large)
    (place / "broken.png").write_bytes(b"no picture")
    out = place / "answers"
    code, told = aixcell(
        "predict", run["run"], place / "large.tif", place / "broken.png", "--out", out
    )
    assert (code, told["images"]) == (0, 1)
    assert told["refused"][0]["file"] == "broken.png"
    found = tifffile.imread(out / "labels" / "large.tif")
    assert found.shape == large.shape
    assert 18 <= found.max() <= 54, "36 discs"
    with (out / "objects.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(np.unique(found)) - 1


def test_a_run_is_killed_resumed_and_cancelled(aixcell, disc_files, place):
    aixcell("import", "again", disc_files)
    aixcell("task", "again", "--kind", "instance", "--classes", "disc")
    code, told = aixcell(
        "train", "again", "--pipeline", "unet-lite0-distance", "--time", "10m", "--detach"
    )
    assert code == 0
    run = told["run"]
    job_dir = Workspace(place / "workspace").find_job(run)[1]
    _until(job_dir, lambda now: now.state == "running" and now.pid is not None)
    os.killpg(jobs.status(job_dir).pid, signal.SIGKILL)
    _, told = aixcell("runs", "again")
    assert told["runs"][0]["state"] in ("lost", "running")

    _until(job_dir, lambda now: now.state == "lost")
    code, told = aixcell("resume", run, "--detach")
    assert code == 0
    _until(job_dir, lambda now: now.state == "running" and now.pid is not None)
    code, told = aixcell("cancel", run)
    assert (code, told["state"]) == (0, "cancelled")


def _until(job_dir, reached):
    end = time.monotonic() + 240
    while not reached(jobs.status(job_dir)):
        assert time.monotonic() < end, jobs.status(job_dir)
        time.sleep(0.2)
