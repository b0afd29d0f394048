"""Train with less and less memory, and see what the runs do about it.

    uv run python tests/benchmarks/jobs/memory.py [--limits 4,1.5,1.2,1.0,0.8] [--seconds 30]

The limit (GiB of data, RLIMIT_DATA) is set on this process and handed down to the worker, as a
container's or a batch system's would be. Wanted: a working model, with fewer tiles at once, smaller
tiles or a smaller candidate, and an event for each step down.
"""

import argparse
import resource
from typing import Any

import bench

from core import workflow
from core.paths import Workspace

NAME = "memory"
CANDIDATES = ("unet-lite0-distance-t512", "unet-lite2-distance", "linknet-lite0-distance")


def main() -> None:
    """Train once under each limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limits", default="4,1.5,1.2,1.0,0.8")
    parser.add_argument("--seconds", type=float, default=30.0)
    asked = parser.parse_args()
    for limit in asked.limits.split(","):
        with bench.place(side_px=512) as workspace:
            _, hard = resource.getrlimit(resource.RLIMIT_DATA)
            resource.setrlimit(resource.RLIMIT_DATA, (int(float(limit) * 2**30), hard))
            row = trained(workspace, asked.seconds)
            resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
            bench.keep(NAME, {"limit_gib": float(limit), **row})


def trained(workspace: Workspace, seconds: float) -> dict[str, Any]:
    """Return what became of a run."""
    plan = bench.plan(workspace, seconds, CANDIDATES)
    run = workflow.start_training(workspace, plan)
    end = workflow.wait(workspace, run)
    events = workflow.events(workspace, run)[0]
    result = workflow.result(workspace, run)
    down = [str(one.values["message"]) for one in events if one.name in ("lightened", "left_out")]
    return {
        "state": end.state,
        "cause": end.cause,
        "message": end.message,
        "pipeline": result.pipeline.name if result else None,
        "passes": result.pipeline.training.passes if result else None,
        "steps": result.steps if result else None,
        "validation": round(result.validation.headline, 3) if result else None,
        "down": down,
    }


if __name__ == "__main__":
    main()
