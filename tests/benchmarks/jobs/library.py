"""Four processes collect into the library and read from it at once; then its index is deleted.

    uv run python tests/benchmarks/jobs/library.py [--seconds 60] [--rows 10000]

Every row is collected by two of the processes. Wanted: none lost, none doubled, no error; and after
`library.duckdb` was deleted, the same content.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import bench

from core.library.store import Library
from core.paths import Workspace
from core.records import Kind, RunRow, Snapshot

NAME = "library"
PROCESSES = 4
TOGETHER = 50


def main() -> None:
    """Measure once, or be one of the four."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--one-of-four", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--workspace", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one_of_four is not None:
        workspace = Workspace(Path(asked.workspace))
        told = collected_and_read(workspace, asked.one_of_four, asked.rows, asked.seconds)
        print(json.dumps(told))
        return
    with bench.place() as workspace:
        bench.keep(NAME, {"rows": asked.rows, **at_once(workspace, asked.rows, asked.seconds)})


def at_once(workspace: Workspace, rows: int, seconds: float) -> dict[str, Any]:
    """Return what four processes met, and what the library holds afterwards."""
    shipped = len(Library(workspace).rows())
    call = [sys.executable, __file__, "--workspace", str(workspace.root), "--rows", str(rows)]
    call += ["--seconds", str(seconds), "--one-of-four"]
    began = time.time()
    four = [
        subprocess.Popen([*call, str(place)], stdout=subprocess.PIPE, text=True)
        for place in range(PROCESSES)
    ]
    told = [json.loads(one.communicate()[0]) for one in four]
    wall = time.time() - began
    names = [row.run for row in Library(workspace).rows()]
    own = {name for name in names if name.startswith("bench-")}
    before = content(Library(workspace).snapshot())
    workspace.library_file.unlink()
    again = time.time()
    after = content(Library(workspace).snapshot())
    return {
        "wall_s": round(wall, 1),
        "collected": sum(one["collected"] for one in told),
        "reads": sum(one["reads"] for one in told),
        "longest_s": max(one["longest_s"] for one in told),
        "errors": [error for one in told for error in one["errors"]],
        "lost": rows - len(own),
        "doubled": len(names) - len(set(names)) + max(0, len(names) - shipped - rows),
        "rebuilt_same": before == after,
        "rebuilt_s": round(time.time() - again, 2),
    }


def content(snapshot: Snapshot) -> tuple[Any, ...]:
    """Return what must be the same after the index was built anew."""
    return snapshot.rows, snapshot.fingerprints, snapshot.cards


def collected_and_read(
    workspace: Workspace, place: int, rows: int, seconds: float
) -> dict[str, Any]:
    """Collect half of all rows, which a neighbour collects as well, and read between."""
    library = Library(workspace)
    half = rows // 2
    first = (place % 2) * half
    batches = range(first, first + half, TOGETHER)
    pause = seconds / max(len(batches), 1)
    collected, reads, longest, errors = 0, 0, 0.0, []
    end = time.time() + seconds
    for number, start in enumerate(batches):
        began = time.time()
        try:
            wanted = range(start, min(start + TOGETHER, first + half))
            collected += library.add([row(index) for index in wanted])
            library.stats()
            reads += 1
        except Exception as error:  # noqa: BLE001 - every error would have reached a user
            errors.append(f"{type(error).__name__}: {error}")
        longest = max(longest, time.time() - began)
        due = end - seconds + pause * (number + 1)
        time.sleep(max(0.0, due - time.time()))
    return {
        "collected": collected,
        "reads": reads,
        "longest_s": round(longest, 2),
        "errors": errors[:5],
    }


def row(index: int) -> RunRow:
    """Return one made-up run."""
    return RunRow(
        data_set=f"set-{index % 40}", pipeline="unet-lite0-distance", kind=Kind.INSTANCE,
        split="s", seed=index, hardware="cpu", state="finished", samples=100,
        validation=index % 1000 / 1000, seconds=60, run=f"bench-{index:06d}",
    )  # fmt: skip


if __name__ == "__main__":
    main()
