"""Kill a worker at 40 random moments, resume it, and see what was lost.

    uv run python tests/benchmarks/jobs/kills.py [--moments 40] [--most N] [--again]

A fifth of the moments each lies in the race, the learning, the writing of a checkpoint, the tuning
and the report of runs of 30 s. Wanted: all finish, no file is corrupt, nothing older than one
checkpoint is lost. A kill that came when the run was already over is none: its row stays, and the
moment is drawn anew. Half an hour in all; `--most 2` measures two more and stops.
"""

import argparse
import json
import os
import random
import signal
import time
from typing import Any

import bench
from safetensors import safe_open

from core import workflow
from core.paths import JobDir, Workspace
from core.records import Event

NAME = "kills"
BUDGET_S = 30.0
STAGES = ("racing", "fitting", "checkpoint", "tuning", "reporting")
# The moment lies within this many seconds of the stage's begin.
LONGEST_S = {"racing": 7.0, "fitting": 10.0, "tuning": 1.0, "reporting": 0.5}


def main() -> None:
    """Measure the moments that have not been measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=40)
    parser.add_argument("--most", type=int, default=1000)
    parser.add_argument("--again", action="store_true", help="measure all anew")
    asked = parser.parse_args()
    rows = [] if asked.again else bench.kept(NAME)
    known = {row["moment"] for row in rows if row["after_kill"] == "lost"}
    wanted = [number for number in range(asked.moments) if number not in known]
    for number in wanted[: asked.most]:
        tries = sum(row["moment"] == number for row in rows)
        with bench.place(quick=True) as workspace:
            bench.keep(NAME, {"moment": number, **killed_and_resumed(workspace, number, tries)})


def killed_and_resumed(workspace: Workspace, number: int, tries: int) -> dict[str, Any]:
    """Return what became of one run; `tries`: how often this moment came too late before."""
    rng = random.Random(number + 1000 * tries)
    stage = STAGES[number % len(STAGES)]
    run = workflow.start_training(workspace, bench.plan(workspace, BUDGET_S))
    job_dir = workspace.find_job(run)[1]
    began = time.time()
    met = wait_for(workspace, job_dir, stage, rng)
    pid = workflow.status(workspace, run).pid
    if pid is not None and workflow.status(workspace, run).state == "running":
        os.killpg(pid, signal.SIGKILL)
    at_s = time.time() - began
    bench.until(lambda: workflow.status(workspace, run).state != "running", 10)
    after_kill = workflow.status(workspace, run).state
    before = workflow.events(workspace, run)[0]
    if after_kill == "lost":
        workflow.resume(workspace, run)
    end = workflow.wait(workspace, run)
    events = workflow.events(workspace, run)[0]
    return {
        "stage": stage,
        "met": met,
        "at_s": round(at_s, 2),
        "after_kill": after_kill,
        "state": end.state,
        "message": end.message,
        "kept": number_of(before, "checkpoint"),
        "resumed": number_of(events, "resumed"),
        "lost_nothing": number_of(events, "resumed") >= number_of(before, "checkpoint"),
        "corrupt": corrupt(job_dir),
        "wall_s": round(time.time() - began, 1),
    }


def wait_for(workspace: Workspace, job_dir: JobDir, stage: str, rng: random.Random) -> bool:
    """Wait for a random moment of the stage; return whether it came."""

    def reached() -> bool:
        return workflow.status(workspace, job_dir.id).stage == stage

    if stage != "checkpoint":
        met = bench.until(reached)
        time.sleep(rng.uniform(0, LONGEST_S[stage]))
        return met
    wanted = rng.randint(1, 5)
    seen: set[str] = set()

    def writing() -> bool:
        seen.update(path.name for path in job_dir.checkpoint.glob(".*"))
        return len(seen) >= wanted

    met = bench.until(writing, every_s=0.001)
    time.sleep(rng.uniform(0, 0.1))
    return met


def number_of(events: list[Event], name: str) -> int:
    """Return the number of the last checkpoint that such an event tells of; 0 for none."""
    found = [event.values["number"] for event in events if event.name == name]
    return int(found[-1]) if found else 0


def corrupt(job_dir: JobDir) -> list[str]:
    """Return every file of the job that cannot be read, and every draft left over."""
    found = []
    for path in job_dir.root.rglob("*"):
        try:
            if path.suffix == ".json":
                json.loads(path.read_text())
            elif path.suffix == ".safetensors":
                with safe_open(path, framework="pt") as file:
                    _ = [file.get_tensor(name) for name in file.keys()]  # noqa: SIM118
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            found.append(f"{path.name}: {error}")
        if path.is_file() and path.name.startswith(".") and path.name != ".worker.lock":
            found.append(f"{path.name} was left over")
    return found


if __name__ == "__main__":
    main()
