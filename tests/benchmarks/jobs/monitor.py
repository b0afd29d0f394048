"""What one refresh of the monitor costs in a run of 100,000 events.

    uv run python tests/benchmarks/jobs/monitor.py [--events 100000]

The training page is drawn by the test runner of Streamlit, in this process; the first
look reads all events, a refresh what was added since. Wanted: below 100 ms a refresh.
"""

import argparse
import json
import os
import statistics
import time
from typing import Any

import bench

from core import jobs, workflow
from core.jobs import machine
from core.paths import Workspace
from core.records import JobRequest, JobStatus, write

NAME = "monitor"
RUN = "20260101-120000-abcd"
REFRESHES = 20


def main() -> None:
    """Measure once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    asked = parser.parse_args()
    with bench.place() as workspace:
        bench.keep(NAME, {"events": asked.events, **measured(workspace, asked.events)})


def measured(workspace: Workspace, events: int) -> dict[str, Any]:
    """Return seconds of the first look, and milliseconds of the panel at a refresh."""
    from streamlit.testing.v1 import AppTest

    from app import places, services
    from app.components import monitor

    make_run(workspace, events)
    os.environ["AIXCELL_WORKSPACE"] = str(workspace.root)
    assert services.status(RUN).state == "running"
    spent: list[float] = []
    worked: list[float] = []
    panel = monitor._panel

    def timed(*args: Any, **named: Any) -> None:
        began, busy = time.perf_counter(), time.process_time()
        panel(*args, **named)
        spent.append(time.perf_counter() - began)
        worked.append(time.process_time() - busy)

    monitor._panel = timed
    test = AppTest.from_file(str(places.ROOT / "app" / "main.py"), default_timeout=120)
    test.query_params["study"], test.query_params["run"] = bench.STUDY, RUN
    test.run()
    test.switch_page("../pages/training.py").run()
    first = spent[-1]
    job_dir = workspace.find_job(RUN)[1]
    for refresh in range(REFRESHES):
        with job_dir.events.open("a") as file:
            file.write(line("step", {"step": events + refresh, "loss": 0.5}))
        test.run()
        assert not test.exception, test.exception
    refreshes = [1000 * one for one in spent[-REFRESHES:]]
    return {
        "first_look_s": round(first, 2),
        "refresh_ms": round(statistics.median(refreshes), 1),
        "slowest_ms": round(max(refreshes), 1),
        "processor_ms": round(1000 * statistics.median(worked[-REFRESHES:]), 1),
    }


def make_run(workspace: Workspace, events: int) -> None:
    """Put a running training with so many events on disk; this process plays its worker."""
    job_dir = workspace.study(bench.STUDY).job(RUN)
    write(job_dir.plan, bench.plan(workspace, 3600))
    write(job_dir.request, JobRequest(id=RUN, kind="train", study=bench.STUDY, created=time.time()))
    pid = os.getpid()
    status = JobStatus(
        id=RUN, kind="train", study=bench.STUDY, state="running", stage="fitting",
        message="Learning", pid=pid, pid_started=machine.start_time(pid), host=machine.host(),
        boot_id=machine.boot_id(), created=time.time(), started=time.time(),
    )  # fmt: skip
    write(job_dir.status, status)
    with job_dir.events.open("w") as file:
        for step in range(1, events):
            told = {"step": step, "loss": 1 / step, "samples_per_s": 8.0, "memory_gib": 1.0}
            if step % 100:
                file.write(line("step", told))
            else:
                file.write(line("validation", {"step": step, "score": 1 - 100 / (step + 100)}))
    assert jobs.status(job_dir).state == "running"
    assert workflow.status(workspace, RUN).state == "running"


def line(name: str, values: dict[str, Any]) -> str:
    """Return one event as it stands in the file."""
    return json.dumps({"time": time.time(), "name": name, "values": values}) + "\n"


if __name__ == "__main__":
    main()
