"""This project, by its command line in a fresh workspace; nothing chosen by hand."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import job as jobs
from dataset import Dataset
from job import Job

SHIPPED = Path(__file__).parents[3] / "data_library"
COMMAND = Path(sys.executable).with_name("aixcell")


def prepare(job: Job) -> None:
    """Import the images as a user would bring them, and say what is wanted."""
    data = Dataset(job.data)
    forget(SHIPPED, job.folder / "data_library", data.id)
    for side, names in (("train", job.train), ("test", job.test)):
        _copy(data, names, job.folder / side)
    _call(job, "import", data.id, job.folder / "train", "--test", job.folder / "test")
    task = ["--kind", data.task, "--classes", *data.classes]
    if data.about.get("background"):
        task += ["--background", data.about["background"]]
    _call(job, "task", data.id, *task)


def forget(shipped: Path, place: Path, data_set: str) -> None:
    """Copy what the program knows without what it knows of this data set and its relatives.

    Relatives come from the same source. The choice is then as hard as for images never seen.
    """
    shutil.copytree(shipped, place, ignore=shutil.ignore_patterns("learner.json"))
    sources = {
        path.stem: json.loads(path.read_text()).get("source")
        for path in (place / "datasets").glob("*.json")
    }
    known = {name for name, source in sources.items() if source == sources.get(data_set)}
    for name in known | {data_set}:
        for folder in ("datasets", "fingerprints"):
            (place / folder / f"{name}.json").unlink(missing_ok=True)
    for file in (place / "experiments").glob("*.jsonl"):
        lines = file.read_text().splitlines(keepends=True)
        kept = [line for line in lines if json.loads(line)["data_set"] not in known | {data_set}]
        file.write_text("".join(kept))


def run(job: Job) -> None:
    """Train with what is left of the budget and take the predictions of the run's report."""
    data = Dataset(job.data)
    time = ["--time", f"{job.left():.0f}s", "--seed", job.seed]
    told = json.loads(_call(job, "train", data.id, *time, "--json"))
    print(json.dumps(told))
    place = job.folder / "workspace" / "studies" / data.id / "jobs" / told["run"]
    _tell(job, place)
    found = place / "report" / "predictions"
    shutil.copytree(found, job.out, dirs_exist_ok=True)
    if data.task == "classification":
        with (found / "predictions.csv").open(newline="") as file:
            job.write_classes({row["image"]: row["class"] for row in csv.DictReader(file)})


def _tell(job: Job, place: Path) -> None:
    result = json.loads((place / "result.json").read_text())
    job.tell(
        pipeline=result["pipeline"]["name"],
        samples=result["samples"],
        postprocess=result["pipeline"]["postprocess"],
        validation=result["validation"]["headline"],
        race={one["pipeline"]: one["score"] for one in result["race"]},
    )


def commit() -> str:
    """Return the commit this was measured at, `-dirty` where files differ from it."""
    line = ["git", "describe", "--always", "--dirty", "--exclude", "*"]
    done = subprocess.run(
        line, cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "no commit"


def _call(job: Job, *words: object) -> str:
    environment = {
        **os.environ,
        "AIXCELL_WORKSPACE": str(job.folder / "workspace"),
        "AIXCELL_DATA_LIBRARY": str(job.folder / "data_library"),
    }
    line = [str(COMMAND), *map(str, words)]
    done = subprocess.run(line, env=environment, stdout=subprocess.PIPE, check=True)
    return done.stdout.decode()


def _copy(data: Dataset, names: tuple[str, ...], place: Path) -> None:
    """Copy images with masks, or into a folder a class."""
    for name in names:
        kind = data.label(name) if data.task == "classification" else "images"
        (place / kind).mkdir(parents=True, exist_ok=True)
        shutil.copy(data.files[name], place / kind)
        if data.task != "classification":
            (place / "masks").mkdir(exist_ok=True)
            shutil.copy(data.folder / "masks" / f"{name}.tif", place / "masks")


if __name__ == "__main__":
    jobs.serve("aixcell", run, prepare, commit)
