"""What a rival is told and where it answers: the one thing that all rivals share.

A rival is a script that is called with one of three words:

    warm            import everything, print the version; its time is not counted
    prepare FOLDER  bring the images into the rival's own layout on disk; not counted either
    run FOLDER      read, choose, train, tune, predict: all this is the budget

FOLDER holds `job.json`; the answers go to `FOLDER/out`: `labels/NAME.tif` (object ids or class
ids), or `predictions.csv` (image, class). What it chose may go to `FOLDER/told.json`.
"""

import csv
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import tifffile

FILE = "job.json"
TOLD = "told.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One training with its prediction."""

    folder: Path
    """The rival's own; it may write whatever it needs beside `out`."""
    data: Path
    """The data set: images, masks or labels.csv, dataset.json."""
    train: tuple[str, ...]
    """Names of the images to learn from, validation included."""
    test: tuple[str, ...]
    """Names of the images to predict; their truth must not be read."""
    budget_s: float
    seed: int
    began: float
    """Seconds since 1970 at which the budget began to count."""

    @property
    def out(self) -> Path:
        """Return the folder of the answers."""
        return self.folder / "out"

    @property
    def deadline(self) -> float:
        """Return the end of the budget in seconds since 1970."""
        return self.began + self.budget_s

    def left(self) -> float:
        """Return the seconds left; below 0 when the budget is over."""
        return self.deadline - time.time()

    def write(self) -> None:
        """Write `job.json`."""
        plain = {**asdict(self), "folder": str(self.folder), "data": str(self.data)}
        (self.folder / FILE).write_text(json.dumps(plain))

    def tell(self, **facts: object) -> None:
        """Keep what the rival chose by itself; it stands in the result's row."""
        (self.folder / TOLD).write_text(json.dumps(facts))

    def write_labels(self, name: str, labels_yx: np.ndarray) -> None:
        """Write one image's object ids or class ids."""
        place = self.out / "labels"
        place.mkdir(parents=True, exist_ok=True)
        kind = np.uint16 if labels_yx.max(initial=0) < 2**16 else np.uint32
        tifffile.imwrite(place / f"{name}.tif", labels_yx.astype(kind), compression="zlib")

    def write_classes(self, classes: Mapping[str, str]) -> None:
        """Write the class of every image."""
        self.out.mkdir(parents=True, exist_ok=True)
        with (self.out / "predictions.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("image", "class"))
            writer.writerows(classes.items())


def read(folder: Path) -> Job:
    """Return the job of a folder."""
    told = json.loads((folder / FILE).read_text())
    paths = {key: Path(told.pop(key)) for key in ("folder", "data")}
    names = {key: tuple(told.pop(key)) for key in ("train", "test")}
    return Job(**paths, **names, **told)


def serve(
    package: str,
    run: Callable[[Job], None],
    prepare: Callable[[Job], None] | None = None,
    state: Callable[[], str] | None = None,
) -> None:
    """Do what the command line says; to be called at the end of a rival's script.

    `package` is the one whose version is told, `state` adds to it.
    """
    word = sys.argv[1]
    if word == "warm":
        print(" ".join([version(package), *([state()] if state else [])]))
        return
    job = read(Path(sys.argv[2]))
    if word == "run":
        run(job)
    elif prepare:
        prepare(job)
