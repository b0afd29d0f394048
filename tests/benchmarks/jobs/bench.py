"""What the benchmarks of jobs share: a small hard study, quick races, and rows that are kept.

A row is kept as soon as it is measured; what stands in the file is not measured again, so that a
benchmark of half an hour can be run in pieces (`--most N`).
"""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from core import workflow
from core.paths import Workspace
from core.pipeline import catalogue
from core.records import Budget, Candidate, Kind, Plan, TaskSpec

ROOT = Path(__file__).resolve().parents[3]
RESULTS = ROOT / "tests" / "benchmarks" / "results"
STUDY = "discs"
SIDE_PX = 160
CANDIDATES = ("linknet-lite0-distance", "unet-lite0-boundary")

# Python imports `sitecustomize` at its start: races, checkpoints and stages of seconds, so that a
# run of half a minute meets everything that a run of hours does. Workers only: a cluster's own
# processes would each load torch.
QUICK = """
import sys
if "core.jobs.worker" in sys.orig_argv:
    from core.train import checkpoint
    checkpoint.FIRST_S = checkpoint.LEAST_S = 1.0
    checkpoint.COST_SHARE = 0.1
    from core.train import entrants
    entrants.SHORTEST_PROBE_S = 1.0
"""


@contextmanager
def place(
    *, quick: bool = False, side_px: int = SIDE_PX, within: Path | None = None
) -> Iterator[Workspace]:
    """Give a workspace with the study, and turns of its own; all is deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="aixcell-jobs-", dir=within) as name:
        folder = Path(name)
        os.environ["AIXCELL_TURNS"] = str(folder / "turns")
        paths = [str(ROOT)]
        if quick:
            (folder / "sitecustomize.py").write_text(QUICK)
            paths.insert(0, name)
        os.environ["PYTHONPATH"] = os.pathsep.join(paths)
        workspace = Workspace.at(folder / "workspace")
        fill(workspace, folder / "files", side_px)
        yield workspace


def fill(workspace: Workspace, files: Path, side_px: int) -> None:
    """Make a study of dim discs in strong noise: nothing on it is ever perfect."""
    for number in range(10):
        image, ids = dim_discs(number, side_px)
        for part, pixels in (("images", image), ("masks", ids)):
            (files / part).mkdir(parents=True, exist_ok=True)
            tifffile.imwrite(files / part / f"disc{number}.tif", pixels)
    workflow.create_study(workspace, STUDY)
    workflow.import_files(workspace, STUDY, [files])
    workflow.set_task(workspace, STUDY, TaskSpec(kind=Kind.INSTANCE, classes=("disc",)))


def dim_discs(seed: int, side_px: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a picture of discs on a grid, hardly brighter than its noise, and their ids."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:side_px, :side_px]
    image = rng.normal(90, 35, (side_px, side_px))
    ids = np.zeros((side_px, side_px), np.uint16)
    for row in range(16, side_px, 32):
        for column in range(16, side_px, 32):
            at = np.array((row, column)) + rng.integers(-6, 7, 2)
            inside = (rows - at[0]) ** 2 + (columns - at[1]) ** 2 < rng.integers(5, 11) ** 2
            image[inside] += 30
            ids[inside] = ids.max() + 1
    return np.clip(image, 0, 255).astype(np.uint8), ids


def plan(
    workspace: Workspace, seconds: float, names: tuple[str, ...] = CANDIDATES, seed: int = 0
) -> Plan:
    """Return a plan of these pipelines, with nothing known of them beforehand."""
    candidates = tuple(Candidate(pipeline=catalogue.find(name)) for name in names)
    return workflow.make_plan(workspace, STUDY, candidates, Budget(seconds=seconds), seed=seed)


def until(reached: Callable[[], bool], seconds: float = 120.0, every_s: float = 0.05) -> bool:
    """Return whether it was reached in time."""
    end = time.monotonic() + seconds
    while not reached():
        if time.monotonic() > end:
            return False
        time.sleep(every_s)
    return True


def version() -> str:
    """Return the commit that is measured."""
    asked = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def kept(name: str) -> list[dict[str, Any]]:
    """Return the rows measured so far."""
    path = RESULTS / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def keep(name: str, row: dict[str, Any]) -> None:
    """Add a row and print it."""
    row = {**row, "version": version(), "date": date.today().isoformat()}
    with (RESULTS / f"{name}.jsonl").open("a") as file:
        file.write(json.dumps(row) + "\n")
    print(json.dumps(row), flush=True)
