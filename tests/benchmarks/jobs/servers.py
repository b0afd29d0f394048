"""Kill the dashboard's process at random moments while a training runs that it has started.

    uv run python tests/benchmarks/jobs/servers.py [--moments 10] [--most N]

The dashboard's door (`app.services`) orders the run in a process that is killed with its whole
group, from the moment of the order up to the report. Wanted: every run finishes, and a new
dashboard shows it.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from typing import Any

import bench

from core import workflow
from core.paths import Workspace

NAME = "servers"
BUDGET_S = 20.0
SERVER = """
import sys, time
from pathlib import Path
from core import workflow
from core.records import Plan, read
from app import services
workflow.start_training(services.workspace(), read(Path(sys.argv[1]), Plan))
time.sleep(600)
"""
SHOWN = """
import sys
from streamlit.testing.v1 import AppTest
from app import places
test = AppTest.from_file(str(places.ROOT / "app" / "main.py"), default_timeout=120)
test.query_params["study"], test.query_params["run"] = sys.argv[1:3]
test.run()
test.switch_page("../pages/training.py").run()
assert not test.exception, test.exception
print(" ".join(str(each.value) for each in test.markdown))
"""


def main() -> None:
    """Measure the moments that have not been measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=10)
    parser.add_argument("--most", type=int, default=1000)
    asked = parser.parse_args()
    known = {row["moment"] for row in bench.kept(NAME)}
    wanted = [number for number in range(asked.moments) if number not in known]
    for number in wanted[: asked.most]:
        with bench.place() as workspace:
            bench.keep(NAME, {"moment": number, **killed(workspace, number)})


def killed(workspace: Workspace, number: int) -> dict[str, Any]:
    """Return what became of a run whose server was killed."""
    from core.records import write

    os.environ["AIXCELL_WORKSPACE"] = str(workspace.root)
    plan = workspace.root / "plan.json"
    write(plan, bench.plan(workspace, BUDGET_S, bench.CANDIDATES[:1]))
    call = [sys.executable, "-c", SERVER, str(plan)]
    server = subprocess.Popen(call, start_new_session=True, stderr=subprocess.DEVNULL)
    bench.until(lambda: bool(workflow.listing(workspace, bench.STUDY, "train")))
    delay = random.Random(number).uniform(0, BUDGET_S)
    time.sleep(delay)
    os.killpg(server.pid, signal.SIGKILL)
    server.wait()
    run = workflow.listing(workspace, bench.STUDY, "train")[0].id
    state = workflow.status(workspace, run).state
    end = workflow.wait(workspace, run)
    look = [sys.executable, "-c", SHOWN, bench.STUDY, run]
    shown = subprocess.run(look, capture_output=True, text=True, check=False)
    return {
        "after_s": round(delay, 1),
        "then": state,
        "state": end.state,
        "shown": shown.returncode == 0 and "Finished" in shown.stdout,
    }


if __name__ == "__main__":
    main()
