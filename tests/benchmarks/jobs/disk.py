"""Fill the disk while a training runs, make space again, and resume.

    sudo uv run python tests/benchmarks/jobs/disk.py

The workspace lies on a tmpfs of its own (mounting it takes an administrator's rights). Wanted: the
job ends as failed with the cause disk_full, its best weights can be loaded, and it goes on from its
checkpoint once the filling is deleted.
"""

import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import bench
from safetensors.torch import load_file

from core import workflow
from core.paths import Workspace

NAME = "disk"
SIZE_MB = 400
BUDGET_S = 40.0


def main() -> None:
    """Measure once."""
    with tempfile.TemporaryDirectory() as name:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", name]
        subprocess.run(mount, check=True)
        try:
            with bench.place(quick=True, within=Path(name)) as workspace:
                bench.keep(NAME, filled_and_resumed(workspace, Path(name) / "filling"))
        finally:
            # Lazily: the worker that has just ended may still stand in its folder.
            subprocess.run(["umount", "--lazy", name], check=True)


def filled_and_resumed(workspace: Workspace, filling: Path) -> dict[str, Any]:
    """Return what became of one run."""
    run = workflow.start_training(workspace, bench.plan(workspace, BUDGET_S, bench.CANDIDATES[:1]))
    job_dir = workspace.find_job(run)[1]
    bench.until(lambda: len(list(job_dir.checkpoint.glob("?.safetensors"))) == 2)
    fill(filling)
    end = workflow.wait(workspace, run)
    full_s = time.time()
    weights = job_dir.bundle / "weights.safetensors"
    readable = len(load_file(weights)) if weights.exists() else 0
    filling.unlink()
    workflow.resume(workspace, run)
    again = workflow.wait(workspace, run)
    told = [one for one in workflow.events(workspace, run)[0] if one.name == "resumed"]
    return {
        "state": end.state,
        "cause": end.cause,
        "message": end.message,
        "tensors_readable": readable,
        "resumed": told[-1].values["message"] if told else None,
        "then": again.state,
        "resume_s": round(time.time() - full_s, 1),
    }


def fill(path: Path) -> None:
    """Write until the disk takes no more."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(os.urandom(1 << 16))
        except OSError:
            return


if __name__ == "__main__":
    main()
