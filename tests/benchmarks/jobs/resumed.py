"""Does a killed and resumed run end where an uninterrupted one does?

    uv run python tests/benchmarks/jobs/resumed.py [--seeds 5] [--seconds 30] [--most N]

For each seed three runs: two that nobody disturbs, whose difference is the noise of equal
runs (the schedule is fitted to the clock, so no two have the same steps), and one that is killed
at a random moment while it learns, and resumed. Wanted: the third is no further from the first two
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
CANDIDATE = ("unet-lite0-distance",)


def main() -> None:
    """Measure the seeds that have not been measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--most", type=int, default=1000)
    asked = parser.parse_args()
    budget_s = asked.seconds
    known = {(row["seed"], row["budget_s"]) for row in bench.kept(NAME)}
    wanted = [seed for seed in range(asked.seeds) if (seed, budget_s) not in known]
    for seed in wanted[: asked.most]:
        with bench.place(quick=True) as workspace:
            first, second = (trained(workspace, seed, budget_s) for _ in range(2))
            kill_after_s = random.Random(seed).uniform(0.07, 0.25) * budget_s
            third = trained(workspace, seed, budget_s, kill_after_s)
            told = {"first": first, "second": second, "resumed": third}
            bench.keep(NAME, {"seed": seed, "budget_s": budget_s, **told})


def trained(
    workspace: Workspace, seed: int, budget_s: float, kill_after_s: float | None = None
) -> dict[str, Any]:
    """Return what a run came to; one to be killed is killed so long after it began to learn."""
    run = workflow.start_training(workspace, bench.plan(workspace, budget_s, CANDIDATE, seed))
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
