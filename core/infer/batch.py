"""Answers for many images, written as label pictures and tables."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile

from core.data import readers
from core.errors import DataError
from core.infer import bundle, predict
from core.pipeline.answers import Answer
from core.progress import Progress
from core.records import Kind, TaskSpec, write_bytes

OBJECT_COLUMNS = (
    "image", "object", "class", "probability", "area_px", "row", "column",
    "top", "left", "bottom", "right",
)  # fmt: skip
IMAGE_COLUMNS = ("image", "class", "probability")


def run(bundle_dir: Path, files: Sequence[Path], out: Path, progress: Progress) -> None:
    """Predict every file and write `out/labels`, `out/objects.csv` or `out/predictions.csv`.

    A file that cannot be read is told as an event and left out; the others go on.
    Raises BundleError where the model is incomplete.
    """
    trained = bundle.load(bundle_dir)
    names: list[str] = []
    answers: list[Answer] = []
    for index, path in enumerate(files):
        progress.check_stop()
        progress.stage("predicting", f"Predicting {path.name}", index / len(files))
        try:
            answer = predict.answer(trained, readers.read(path).image_cyx)
        except DataError as error:
            progress.event("refused", file=path.name, message=str(error))
            continue
        names.append(_unique(path.stem, names))
        _write_labels(out, names[-1], answer)
        answers.append(answer)
        progress.event("predicted", file=path.name, image=names[-1])
    write_tables(out, names, answers, trained.task)


def write_answers(
    out: Path, names: Sequence[str], answers: Sequence[Answer], task: TaskSpec
) -> None:
    """Write `out/labels/NAME.tif` for each answer, and the tables."""
    for name, answer in zip(names, answers, strict=True):
        _write_labels(out, name, answer)
    write_tables(out, names, answers, task)


def write_tables(
    out: Path, names: Sequence[str], answers: Sequence[Answer], task: TaskSpec
) -> None:
    """Write `objects.csv` (instance) or `predictions.csv` (classification)."""
    if task.kind is Kind.INSTANCE:
        rows = [
            row
            for name, answer in zip(names, answers, strict=True)
            for row in object_rows(name, answer, task)
        ]
        _write_csv(out / "objects.csv", OBJECT_COLUMNS, rows)
    elif task.kind is Kind.CLASSIFICATION:
        told = [
            (name, task.classes[answer.image_class or 0], f"{max(answer.probabilities):.4f}")
            for name, answer in zip(names, answers, strict=True)
        ]
        _write_csv(out / "predictions.csv", IMAGE_COLUMNS, told)


def object_rows(name: str, answer: Answer, task: TaskSpec) -> Iterator[tuple[Any, ...]]:
    """Yield one row an object (ids have no gaps): class, probability, area, centre, box in px."""
    from scipy import ndimage

    labels_yx = answer.labels_yx
    if labels_yx is None:
        return
    areas = np.bincount(labels_yx.ravel())
    for object_id, box in enumerate(ndimage.find_objects(labels_yx), start=1):
        rows, columns = np.nonzero(labels_yx[box] == object_id)
        index = answer.object_classes.get(object_id, 0)
        yield (
            name,
            object_id,
            task.classes[index],
            answer.object_scores.get(object_id, ""),
            int(areas[object_id]),
            round(float(rows.mean() + box[0].start), 2),
            round(float(columns.mean() + box[1].start), 2),
            box[0].start,
            box[1].start,
            box[0].stop,
            box[1].stop,
        )


def _write_labels(out: Path, name: str, answer: Answer) -> None:
    if answer.labels_yx is None:
        return
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, smallest_type(answer.labels_yx), compression="zlib")
    write_bytes(out / "labels" / f"{name}.tif", buffer.getvalue())


def smallest_type(labels_yx: npt.NDArray[np.int32]) -> npt.NDArray[np.generic]:
    """Return the map as uint16 where its ids fit (every viewer opens that), else as uint32."""
    return labels_yx.astype(np.uint16 if labels_yx.max(initial=0) < 2**16 else np.uint32)


def _write_csv(path: Path, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    write_bytes(path, text.getvalue().encode())


def _unique(stem: str, taken: Sequence[str]) -> str:
    name, count = stem, 2
    while name in taken:
        name, count = f"{stem}-{count}", count + 1
    return name
