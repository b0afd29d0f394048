"""Train within 60, 120 and 300 s on four real data sets, and see what was used.

    uv run python tests/benchmarks/jobs/budgets.py [--times 60,120,300] [--most N]

Wanted: 85 to 105 % of the budget is used in all, and nine of ten overrun by 1 % at most. The wall
clock is that of `aixcell train`, with its start. 32 minutes in all.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

import bench
import trainings

NAME = "budgets"
DATA_SETS = ("bbbc039_u2os", "dsb2018_histology", "drive_retina_vessels", "wbc2_classification")


def main() -> None:
    """Measure what has not been measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", default="60,120,300")
    parser.add_argument("--most", type=int, default=1000)
    asked = parser.parse_args()
    known = {(row["data_set"], row["budget_s"]) for row in bench.kept(NAME)}
    wanted = [(name, int(time)) for time in asked.times.split(",") for name in DATA_SETS]
    for name, seconds in [each for each in wanted if each not in known][: asked.most]:
        with tempfile.TemporaryDirectory() as folder:
            source = Path(os.environ["AIXCELL_DATA"]) / name
            row = trainings.trained(source, Path(folder), f"{seconds}s")
        bench.keep(
            NAME,
            {
                "data_set": name,
                "budget_s": seconds,
                "used_share": round(row["seconds"] / seconds, 3),
                "wall_share": round(row["wall_seconds"] / seconds, 3),
                "pipeline": row["pipeline"],
                "state": row["state"],
                "test": row["scores"] and row["scores"]["headline"],
            },
        )


if __name__ == "__main__":
    main()
