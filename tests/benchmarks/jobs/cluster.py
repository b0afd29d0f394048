"""Eight trainings on a Ray cluster of two nodes; one node is killed midway.

    uv run --extra cluster python tests/benchmarks/jobs/cluster.py [--runs 8] [--seconds 30]

The nodes are real Ray nodes on this machine with one core each. The kill takes the node's daemon
away with SIGKILL, as a power cut would; its training must go on from its checkpoint on the other.
Wanted: 8 of 8 finish.
"""

import argparse
import os
import time
from typing import Any

import bench

from core import workflow
from core.jobs import address, states
from core.paths import Workspace
from core.records import Event

NAME = "cluster"
NODES = 2
LONGEST_S = 1800.0


def main() -> None:
    """Measure once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=30.0)
    asked = parser.parse_args()
    # Ray's processes yield to all others by default; here they are what is measured.
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112 - its name
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    with bench.place(quick=True) as workspace:
        from ray.cluster_utils import Cluster

        # The head has no core: it keeps the books, and is not the one that dies.
        cluster = Cluster(
            initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False}
        )
        try:
            nodes = [cluster.add_node(num_cpus=1) for _ in range(NODES)]
            os.environ[address.SETTING] = cluster.address
            measured = one_node_killed(
                workspace,
                asked.runs,
                asked.seconds,
                lambda: cluster.remove_node(nodes[0], allow_graceful=False),
            )
        finally:
            cluster.shutdown()
        bench.keep(NAME, measured)


def one_node_killed(workspace: Workspace, runs: int, seconds: float, kill: Any) -> dict[str, Any]:
    """Return what became of the runs."""
    began = time.time()
    plan = bench.plan(workspace, seconds)
    made = [workflow.start_training(workspace, plan) for _ in range(runs)]
    # Midway: a node has brought a run to its end, both are at work and have something to lose.
    midway = bench.until(
        lambda: ended(workspace) >= (runs - 1) // 3 and at_work(workspace) == min(NODES, runs),
        LONGEST_S / 3,
        0.3,
    )
    before = {run: workflow.events(workspace, run)[0] for run in made}
    kill()
    killed_s = time.time() - began
    bench.until(lambda: ended(workspace) == runs, LONGEST_S, 1.0)
    ends = [workflow.status(workspace, run) for run in made]
    after = {run: workflow.events(workspace, run)[0] for run in made}
    taken_up = [run for run in made if number_of(after[run], "state", after="lost")]
    return {
        "runs": runs,
        "finished": sum(one.state == "finished" for one in ends),
        "midway": midway,
        "killed_s": round(killed_s, 1),
        "taken_up": len(taken_up),
        "kept": [last(before[run], "checkpoint") for run in taken_up],
        "resumed": [last(after[run], "resumed") for run in taken_up],
        "taken_up_after_s": [round(silence(after[run]), 1) for run in taken_up],
        "two_at_once": [run for run in made if number_of(after[run], "end") > 1],
        "messages": [one.message for one in ends if one.state != "finished"],
        "wall_s": round(time.time() - began, 1),
    }


def ended(workspace: Workspace) -> int:
    """Return how many runs have ended."""
    listed = workflow.listing(workspace, bench.STUDY, "train")
    return sum(one.state not in states.OPEN for one in listed)


def at_work(workspace: Workspace) -> int:
    """Return how many runs learn on a node and have a checkpoint."""
    return sum(
        one.state == "running"
        and one.stage in ("racing", "fitting")
        and last(workflow.events(workspace, one.id)[0], "checkpoint") > 0
        for one in workflow.listing(workspace, bench.STUDY, "train")
    )


def number_of(events: list[Event], name: str, **values: Any) -> int:
    """Return how many such events there are."""
    return sum(
        one.name == name and all(one.values.get(key) == each for key, each in values.items())
        for one in events
    )


def last(events: list[Event], name: str) -> int:
    """Return the number of the last checkpoint that such an event tells of; 0 for none."""
    found = [one.values["number"] for one in events if one.name == name]
    return int(found[-1]) if found else 0


def silence(events: list[Event]) -> float:
    """Return the seconds from the last word on the lost node to the first on another."""
    times = [one.time for one in events]
    again = next(i for i, one in enumerate(events) if one.values.get("after") == "lost")
    return times[again] - times[again - 1]


if __name__ == "__main__":
    main()
