"""Train on the real data sets within a budget and compare with the simple rivals.

    uv run python tests/benchmarks/trainings.py [--time 5m] [DATA_SET ...]

Each data set is imported by the command line with its fixed test split given by `--test`; the
pipeline is AutoKonfig's choice. One line a training is appended to `results/trainings.jsonl`.
Run it alone on the machine.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

DATA_SETS = (
    "bbbc039_u2os",
    "dsb2018_histology",
    "drive_retina_vessels",
    "sstem_vnc_multiclass",
    "wbc2_classification",
)
OUT = Path(__file__).parent / "results" / "trainings.jsonl"


def main() -> None:
    """Train on each data set asked for and append what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data_sets", nargs="*", default=DATA_SETS)
    parser.add_argument("--time", default="5m")
    asked = parser.parse_args()
    data = Path(os.environ["AIXCELL_DATA"])
    OUT.parent.mkdir(exist_ok=True)
    for name in asked.data_sets:
        with tempfile.TemporaryDirectory() as folder:
            row = trained(data / name, Path(folder), asked.time)
        with OUT.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(json.dumps(row, indent=1))


def trained(source: Path, folder: Path, budget: str) -> dict[str, Any]:
    """Return what `aixcell train` tells of one data set, with the seconds seen from outside."""
    about = json.loads((source / "dataset.json").read_text())
    for side in ("train", "test"):
        _copy(source, folder / side, about["split"][side], about["task"])
    run = Command(folder / "workspace")
    study = about["id"]
    run("import", study, folder / "train", "--test", folder / "test")
    task = ["--kind", about["task"], "--classes", *about["classes"]]
    if about.get("background"):
        task += ["--background", about["background"]]
    run("task", study, *task)
    began = time.time()
    told = run("train", study, "--time", budget, "--json")
    wall = time.time() - began
    answer = json.loads(told)
    return {
        "data_set": study,
        "budget": budget,
        "wall_seconds": round(wall, 1),
        **{key: answer[key] for key in ("pipeline", "state", "scores", "baseline", "seconds")},
        "validation": answer["validation"],
        "date": date.today().isoformat(),
        "machine": f"{os.cpu_count()} cores, no GPU, {platform.machine()}",
    }


class Command:
    """The `aixcell` command on one workspace."""

    def __init__(self, workspace: Path) -> None:
        self.environment = {**os.environ, "AIXCELL_WORKSPACE": str(workspace)}

    def __call__(self, *words: object) -> str:
        """Return standard output; an error ends the benchmark with what was said."""
        line = [str(Path(sys.executable).with_name("aixcell")), *map(str, words)]
        done = subprocess.run(line, env=self.environment, stdout=subprocess.PIPE, check=True)
        return done.stdout.decode()


def _copy(source: Path, target: Path, names: list[str], task: str) -> None:
    """Copy the images of one side, with masks or in class folders, as a user would bring them."""
    classes = {}
    if task == "classification":
        lines = (source / "labels.csv").read_text().splitlines()[1:]
        classes = {Path(line.split(",")[0]).stem: line.split(",")[1] for line in lines}
    wanted = set(names)
    for path in sorted((source / "images").iterdir()):
        if path.stem not in wanted:
            continue
        place = target / classes[path.stem] if classes else target / "images"
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, place)
        mask = source / "masks" / f"{path.stem}.tif"
        if mask.exists() and not classes:
            (target / "masks").mkdir(exist_ok=True)
            shutil.copy(mask, target / "masks")


if __name__ == "__main__":
    main()
