"""Score the answers in a job's folder; knows nothing of who gave them.

    uv run --no-project --isolated --with stardist==... --with ... python score.py FOLDER

Objects by `stardist.matching` (pooled over the test images), classes of pixels by Dice pooled over
the test images, classes of images by scikit-learn. A missing answer counts as an empty one.
"""

import csv
import json
import sys
from pathlib import Path
from typing import Any

import job as jobs
import numpy as np
import tifffile
from dataset import Dataset
from job import Job

THRESHOLDS = (0.5, 0.75)


def main() -> None:
    """Print the scores as one JSON object."""
    job = jobs.read(Path(sys.argv[1]))
    data = Dataset(job.data)
    print(json.dumps(SCORES[data.task](job, data)))


def objects(job: Job, data: Dataset) -> dict[str, Any]:
    """Return AP = TP / (TP + FP + FN) at IoU 0.5 and 0.75."""
    from stardist.matching import matching_dataset

    known = [data.mask(name) for name in job.test]
    found = [_labels(job, name, mask.shape) for name, mask in zip(job.test, known, strict=True)]
    at = matching_dataset(known, found, thresh=THRESHOLDS, show_progress=False)
    scores = {
        f"ap_{threshold}": one.accuracy for threshold, one in zip(THRESHOLDS, at, strict=True)
    }
    counts = {"true_objects": at[0].n_true, "predicted_objects": at[0].n_pred}
    return {**scores, **counts, "missing": _missing(job)}


def pixels(job: Job, data: Dataset) -> dict[str, Any]:
    """Return the mean Dice of all classes but the background, and each class's."""
    count = len(data.classes)
    table = np.zeros((count, count))
    for name in job.test:
        known = data.mask(name)
        found = np.minimum(_labels(job, name, known.shape), count - 1)
        pairs = np.bincount(known.ravel() * count + found.ravel(), minlength=count**2)
        table += pairs.reshape(count, count)
    both = table.sum(axis=0) + table.sum(axis=1)
    dice = 2 * np.diag(table) / np.maximum(both, 1)
    counted = [
        index for index in range(count) if index != data.background and table[index].sum() > 0
    ]
    each = {data.classes[index]: round(float(dice[index]), 4) for index in counted}
    mean = float(dice[counted].mean())
    return {"mean_dice": mean, "dice": each, "missing": _missing(job)}


def images(job: Job, data: Dataset) -> dict[str, Any]:
    """Return the balanced accuracy."""
    from sklearn.metrics import balanced_accuracy_score

    with (job.out / "predictions.csv").open(newline="") as file:
        found = {row["image"]: row["class"] for row in csv.DictReader(file)}
    known = [data.label(name) for name in job.test]
    given = [found.get(name, "") for name in job.test]
    reached = balanced_accuracy_score(known, given)
    return {"balanced_accuracy": float(reached), "missing": given.count("")}


def _labels(job: Job, name: str, shape: tuple[int, ...]) -> np.ndarray:
    path = job.out / "labels" / f"{name}.tif"
    return tifffile.imread(path).astype(np.int32) if path.exists() else np.zeros(shape, np.int32)


def _missing(job: Job) -> int:
    return sum(not (job.out / "labels" / f"{name}.tif").exists() for name in job.test)


SCORES = {"instance": objects, "semantic": pixels, "classification": images}

if __name__ == "__main__":
    main()
