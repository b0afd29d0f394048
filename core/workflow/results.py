"""What came out of a run."""

import csv
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from core.jobs import states
from core.paths import StudyDir, Workspace
from core.records import Kind, Plan, Report, RunResult, read, write_bytes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.measure.conditions import Compared

NOT_ANNOTATED = 65535
"""In written label pictures: the highest value of 16 bit, which no image has objects for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """Where a prediction job put its answers."""

    run: str
    """The training whose model answered."""
    out: Path
    labels: Path
    """Folder of `NAME.tif`; does not exist for a classification."""
    objects: Path
    """CSV; does not exist for a classification."""
    classes: Path
    """CSV of image, class, probability; exists for a classification only."""
    tables: tuple[Path, ...]
    """Every CSV it may write, those above among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Images of one side of a split, and what is true of them, as plain files."""

    images: Path
    """Folder of `ID.suffix`, the originals."""
    labels: Path
    """Folder of `ID.tif`: object ids or class ids; 65535 = not annotated."""


def result(workspace: Workspace, run: str) -> RunResult | None:
    """Return what a training reached; None where it has not finished."""
    job_dir = workspace.find_job(run)[1]
    return read(job_dir.result, RunResult) if job_dir.result.exists() else None


def report(workspace: Workspace, run: str) -> Report | None:
    """Return the scores on images the model never saw; None where there is no report yet."""
    path = workspace.find_job(run)[1].report / "report.json"
    return read(path, Report) if path.exists() else None


def previews(workspace: Workspace, run: str) -> dict[str, list[tuple[int, Path]]]:
    """Return validation image -> (step, picture) of each look while it learned, oldest first."""
    folder = workspace.find_job(run)[1].previews
    return {
        place.name: [(int(path.stem), path) for path in sorted(place.glob("[0-9]*.png"))]
        for place in sorted(folder.glob("*/"))
    }


def prediction(workspace: Workspace, job: str) -> Prediction:
    """Return where the answers of a prediction job lie."""
    from core.infer import summary
    from core.measure import conditions

    options = states.request(workspace.find_job(job)[1]).options
    out = Path(options["out"])
    objects, classes = out / "objects.csv", out / "predictions.csv"
    return Prediction(
        run=options["run"],
        out=out,
        labels=out / "labels",
        objects=objects,
        classes=classes,
        tables=(objects, classes, out / summary.FILE, out / conditions.FILE),
    )


def image_lines(workspace: Workspace, job: str) -> list[dict[str, str]]:
    """Return one line an image with its figures: a training's test images, or a prediction's.

    Where the images come from and how large a pixel is, is told as the study knows it now, for a
    training's.
    """
    from core.measure import conditions

    study_dir, job_dir = workspace.find_job(job)
    asked = states.request(job_dir)
    if asked.kind != "train":
        told = prediction(workspace, job)
        task = read(workspace.find_job(told.run)[1].plan, Plan).task
        return conditions.of_folder(told.out, task)
    task = read(job_dir.plan, Plan).task
    return _with_origins(study_dir, conditions.of_folder(job_dir.report / "predictions", task))


def compared_by(lines: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the columns by which images differ; none where they have no figures."""
    from core.measure import conditions

    return conditions.choices(lines)


def compared(lines: Sequence[Mapping[str, str]], by: str) -> "list[Compared]":
    """Return every figure of the images under every value of a column."""
    from core.measure import conditions

    return conditions.compare(lines, by)


def compared_areas(lines: Sequence[Mapping[str, str]]) -> str:
    """Return how the areas of the images are compared, in a sentence; empty: as they stand."""
    from core.measure import conditions

    return conditions.of_areas(lines)


def predicted_classes(workspace: Workspace, job: str) -> list[dict[str, str]]:
    """Return the table of a classification's answers, column -> text; empty: there is none."""
    from core.infer import table

    return list(table.read(prediction(workspace, job).classes))


def test_rows(workspace: Workspace, run: str, most: int | None) -> list[dict[str, str]]:
    """Return the run's table of answers to its test images, column -> text; empty: it has none.

    At most its first `most` lines; None: all. Groups and conditions are those the study tells now:
    they may have been told after the run.
    """
    from core.infer import table

    study_dir, job_dir = workspace.find_job(run)
    by_image = read(job_dir.plan, Plan).task.kind is Kind.CLASSIFICATION
    name = "predictions.csv" if by_image else "objects.csv"
    lines = table.read(job_dir.report / "predictions" / name)
    return _with_origins(study_dir, islice(lines, most))


def _with_origins(study_dir: StudyDir, lines: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """Return the lines with what the study tells of their images now, in the same columns."""
    from core.data import study
    from core.infer import summary, table

    images = study.load(study_dir).images
    origins = {image.id: image.origin for image in images}
    sizes_um = {image.id: image.pixel_size_um for image in images}
    names = dict.fromkeys(name for each in origins.values() for name in each)
    return [
        summary.sized(line, sizes_um.get(line["image"]))
        | {table.further(name): origins.get(line["image"], {}).get(name, "") for name in names}
        for line in lines
    ]


def write_test(workspace: Workspace, run: str) -> Side:
    """Write the test images of a run and their labels below the run's folder, once.

    `labels/objects.csv` (file, id, class) tells the objects' classes. Label versions are those
    the run was judged by. A classification has `labels/labels.csv` (file, class) instead of
    pictures.
    """
    from core.data import samples, study, truth

    study_dir, job_dir = workspace.find_job(run)
    plan = read(job_dir.plan, Plan)
    record = study.load(study_dir)
    side = Side(images=job_dir.root / "test" / "images", labels=job_dir.root / "test" / "labels")
    for folder in (side.images, side.labels):
        folder.mkdir(parents=True, exist_ok=True)
    rows: list[tuple[object, ...]] = []
    for sample in samples.stream(study_dir, plan.split.test, plan.label_versions):
        original = study_dir.images / record.image(sample.id).file
        shutil.copyfile(original, side.images / f"{sample.id}{original.suffix}")
        known = truth.of(sample, plan.task)
        if plan.task.kind is Kind.CLASSIFICATION:
            rows.append((sample.id, sample.image_class))
            continue
        _write_labels(side.labels / f"{sample.id}.tif", known.pixels_yx)
        rows += [
            (sample.id, object_id, plan.task.classes[index])
            for object_id, index in known.object_classes.items()
            if index >= 0
        ]
    _write_rows(side.labels, rows, plan.task.kind)
    return side


def _write_labels(path: Path, pixels_yx: "NDArray[np.int32]") -> None:
    import io

    import numpy as np
    import tifffile

    plain = np.where(pixels_yx < 0, NOT_ANNOTATED, pixels_yx).astype(np.uint16)
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, plain, compression="zlib")
    write_bytes(path, buffer.getvalue())


def _write_rows(folder: Path, rows: list[tuple[object, ...]], kind: Kind) -> None:
    if kind is Kind.SEMANTIC:
        return
    by_image = kind is Kind.CLASSIFICATION
    path = folder / ("labels.csv" if by_image else "objects.csv")
    with path.open("w", newline="", encoding="utf-8") as file:
        head = ("file", "class") if by_image else ("file", "id", "class")
        csv.writer(file, lineterminator="\n").writerows([head, *rows])
