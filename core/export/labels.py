"""Labels in another program's format: those of a study, or what a model answered."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tifffile

from core.data import study
from core.data.labels import exchange, store
from core.data.labels.exchange import Classes, Page
from core.data.labels.model import MAIN, LabelObject, Labels
from core.errors import JobError
from core.export import layers
from core.infer import table
from core.paths import JobDir, StudyDir
from core.progress import Progress, events
from core.records import JobRequest, Kind, Plan, TaskSpec, read

# Of the time: reading; writing is quick, but for one file of all.
READING_SHARE = 0.8


def run(
    study_dir: StudyDir, source: str | None, format_name: str, out: Path, progress: Progress
) -> list[Path]:
    """Write labels below `out` and return the files.

    `source`: None for the labels that count of the study's images, else the id of a prediction or
    of a training, for what its model answered (a training: to its test images). Where the study
    has layers, a table tells in which of their objects each object lies. Raises LabelError
    for unknown formats, JobError where there is nothing to write.
    """
    if source is None:
        record = study.load(study_dir)
        count, pages = len(record.images), _of_study(study_dir)
        task = record.task
    else:
        folder, names, task = _answered(study_dir, source)
        count, pages = len(names), _of_answers(folder, names, task)
    read_in: list[Page] = []
    for done, page in enumerate(pages, start=1):
        progress.check_stop()
        progress.stage("exporting", f"Reading the labels of {page.image}", done / count)
        read_in.append(page)
    if not read_in:
        raise JobError(f"nothing is labelled in {study_dir.name!r} yet; label an image first")
    progress.stage("exporting", "Writing the files", READING_SHARE)
    classes = Classes(
        names=task.classes if task is not None else (),
        background=task.background if task is not None else None,
    )
    written = exchange.write(format_name, read_in, out, classes)
    if source is None:
        written += layers.write(study_dir, read_in, out)
    progress.event("exported", files=len(written), images=len(read_in), folder=str(out))
    return written


def _of_study(study_dir: StudyDir) -> Iterator[Page]:
    for image in study.load(study_dir).images:
        labels = store.load(study_dir, image.id)
        if labels is not None:
            yield Page(name=image.id, image=image.own_name, labels=labels)


def _answered(study_dir: StudyDir, source: str) -> tuple[Path, dict[str, str], TaskSpec]:
    """Return the folder of answers, their names -> those of the images' files, and the task."""
    job_dir = study_dir.job(source)
    request = read(job_dir.request, JobRequest)
    if request.kind == "predict":
        told = [one.values for one in events(job_dir.events)[0] if one.name == "predicted"]
        names = {str(one["image"]): str(one["file"]) for one in told}
        folder, trained = Path(request.options["out"]), study_dir.job(request.options["run"])
    else:
        names = {each.id: each.own_name for each in study.load(study_dir).images}
        folder, trained = job_dir.report / "predictions", job_dir
    names = {name: file for name, file in names.items() if _picture(folder, name).exists()}
    if not names:
        raise JobError(
            f"{source} has no outlines to write: it has not ended, its answers were moved away, or "
            "they are one class an image, which stand in predictions.csv"
        )
    return folder, names, read(_known(trained).plan, Plan).task


def _known(trained: JobDir) -> JobDir:
    if not trained.plan.exists():
        raise JobError(f"the training {trained.id}, which answered, is no longer there")
    return trained


def _of_answers(folder: Path, names: dict[str, str], task: TaskSpec) -> Iterator[Page]:
    lines = table.read(folder / "objects.csv")
    told = {(line["image"], int(line["object"])): line["class"] for line in lines}
    for name, file in names.items():
        pixels_yx = tifffile.imread(_picture(folder, name)).astype(np.int32)
        if task.kind is Kind.SEMANTIC:
            labels = _regions(pixels_yx, task)
        else:
            objects = tuple(
                LabelObject(id=int(i), class_name=told.get((name, int(i))), source="model")
                for i in np.unique(pixels_yx[pixels_yx > 0])
            )
            labels = _whole(pixels_yx, objects)
        yield Page(name=name, image=file, labels=labels)


def _regions(index_yx: np.ndarray, task: TaskSpec) -> Labels:
    """Return one object a class; the declared background is nothing."""
    ids = [0 if name == task.background else at + 1 for at, name in enumerate(task.classes)]
    ids_yx = np.asarray(ids, np.int32)[index_yx]
    objects = tuple(
        LabelObject(id=int(i), class_name=task.classes[i - 1], source="model")
        for i in np.unique(ids_yx[ids_yx > 0])
    )
    return _whole(ids_yx, objects)


def _whole(ids_yx: np.ndarray, objects: tuple[LabelObject, ...]) -> Labels:
    return Labels(layers={MAIN: ids_yx}, annotated_yx=np.ones(ids_yx.shape, bool), objects=objects)


def _picture(folder: Path, name: str) -> Path:
    return folder / "labels" / f"{name}.tif"
