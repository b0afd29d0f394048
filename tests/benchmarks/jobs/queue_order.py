"""Order six runs at once from three processes, and see when each had the device.

    uv run python tests/benchmarks/jobs/queue_order.py [--seconds 15]

Wanted: never two at a time, in the order they came, all finish.
"""

import argparse
import subprocess
import sys
import time
from itertools import pairwise
from typing import Any

import bench

from core import workflow
from core.paths import Workspace

NAME = "queue"
PROCESSES = 3
RUNS_EACH = 2
ORDER = """
import sys
from core import workflow
from core.paths import Workspace
from core.records import Plan, read
from pathlib import Path
for _ in range(int(sys.argv[3])):
    workflow.start_training(Workspace(Path(sys.argv[1])), read(Path(sys.argv[2]), Plan))
"""


def main() -> None:
    """Measure once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0)
    asked = parser.parse_args()
    with bench.place() as workspace:
        bench.keep(NAME, ordered_at_once(workspace, asked.seconds))


def ordered_at_once(workspace: Workspace, seconds: float) -> dict[str, Any]:
    """Return how six runs took turns."""
    from core.records import write

    plan = workspace.root / "plan.json"
    write(plan, bench.plan(workspace, seconds, bench.CANDIDATES[:1]))
    call = [sys.executable, "-c", ORDER, str(workspace.root), str(plan), str(RUNS_EACH)]
    began = time.time()
    orderers = [subprocess.Popen(call) for _ in range(PROCESSES)]
    assert all(one.wait() == 0 for one in orderers)
    listed = workflow.listing(workspace, bench.STUDY, "train")
    ends = [workflow.wait(workspace, one.id) for one in listed]
    spans = [span(workspace, one.id) for one in sorted(ends, key=lambda end: end.created)]
    return {
        "runs": len(ends),
        "finished": sum(one.state == "finished" for one in ends),
        "in_order": spans == sorted(spans),
        "two_at_once": sum(later[0] < earlier[1] for earlier, later in pairwise(sorted(spans))),
        "between_s": [round(b[0] - a[1], 2) for a, b in pairwise(sorted(spans))],
        "wall_s": round(time.time() - began, 1),
    }


def span(workspace: Workspace, run: str) -> tuple[float, float]:
    """Return when a run had the device: from its turn to its end."""
    events = workflow.events(workspace, run)[0]
    began = [one.time for one in events if one.values.get("state") == "running"]
    return began[0], next(one.time for one in events if one.name == "end")


if __name__ == "__main__":
    main()
