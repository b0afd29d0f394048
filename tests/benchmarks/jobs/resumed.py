"""Does a killed and resumed run end where an uninterrupted one does?

    uv run python tests/benchmarks/jobs/resumed.py [--seeds 5] [--most N]

For each seed three runs of 30 s: two that nobody disturbs, whose difference is the noise of equal
runs (the schedule is fitted to the clock, so no two have the same steps), and one that is killed
at a random moment of its learning and resumed. Wanted: the third is no further from the first two
than these are from each other.
"""

import argparse
import os
import random
import signal
import time
from typing import Any

import bench

from core import workflow
from core.paths import Workspace

NAME = "resumed"
BUDGET_S = 30.0
CANDIDATE = ("unet-lite0-distance",)


def main() -> None:
    """Measure the seeds that have not been measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--most", type=int, default=1000)
    asked = parser.parse_args()
    known = {row["seed"] for row in bench.kept(NAME)}
    wanted = [seed for seed in range(asked.seeds) if seed not in known]
    for seed in wanted[: asked.most]:
        with bench.place(quick=True) as workspace:
            first, second = (trained(workspace, seed) for _ in range(2))
            third = trained(workspace, seed, kill_after_s=random.Random(seed).uniform(2, 8))
            bench.keep(NAME, {"seed": seed, "first": first, "second": second, "resumed": third})


def trained(workspace: Workspace, seed: int, kill_after_s: float | None = None) -> dict[str, Any]:
    """Return what a run came to; one to be killed is killed so long after it began to learn."""
    run = workflow.start_training(workspace, bench.plan(workspace, BUDGET_S, CANDIDATE, seed))
    if kill_after_s is not None:
        bench.until(lambda: workflow.status(workspace, run).stage == "fitting")
        time.sleep(kill_after_s)
        pid = workflow.status(workspace, run).pid
        assert pid is not None
        os.killpg(pid, signal.SIGKILL)
        bench.until(lambda: workflow.status(workspace, run).state == "lost", 10)
        workflow.resume(workspace, run)
    end = workflow.wait(workspace, run)
    result, report = workflow.result(workspace, run), workflow.report(workspace, run)
    return {
        "state": end.state,
        "killed_after_s": kill_after_s and round(kill_after_s, 1),
        "steps": result.steps if result else None,
        "validation": round(result.validation.headline, 4) if result else None,
        "test": round(report.test.headline, 4) if report and report.test else None,
    }


if __name__ == "__main__":
    main()
