"""Labels in another program's format: those of a study, or what a model answered."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path, PurePath

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
from core.records import JobRequest, JobStatus, Kind, Plan, TaskSpec, read


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
        answers = _answered(study_dir, source)
        count, pages, task = len(answers.names), _of_answers(answers), answers.task
    first = next(pages, None)
    if first is None:
        raise JobError(f"nothing is labelled in {study_dir.name!r} yet; label an image first")
    classes = Classes(
        names=task.classes if task is not None else (),
        background=task.background if task is not None else None,
        things=task is None or task.kind is Kind.INSTANCE,
    )
    within = layers.Within(study_dir)
    # One image's labels at a time: all of a large study do not fit into memory.
    passed = _Passed(chain([first], pages), count, progress)
    pages = within.passing(passed) if source is None else iter(passed)
    written = [*exchange.write(format_name, pages, out, classes), *within.write(out)]
    progress.event("exported", files=len(written), images=passed.done, folder=str(out))
    return written


class _Passed:
    """Pages on their way to a file, told and counted."""

    def __init__(self, pages: Iterable[Page], count: int, progress: Progress) -> None:
        self.pages, self.count, self.progress = pages, count, progress
        self.done = 0

    def __iter__(self) -> Iterator[Page]:
        for page in self.pages:
            self.progress.check_stop()
            self.done += 1
            share = self.done / self.count
            self.progress.stage("exporting", f"Writing the labels of {page.image}", share)
            yield page


def _apart(names: dict[str, str]) -> dict[str, str]:
    """Return name -> file, where files of one name go by the names that tell them apart.

    Two plates' `A01.tif`, or the times of one file, would be one picture to other programs.
    """
    often = Counter(names.values())
    return {
        name: file if often[file] == 1 else f"{name}{PurePath(file).suffix}"
        for name, file in names.items()
    }


def _of_study(study_dir: StudyDir) -> Iterator[Page]:
    images = study.load(study_dir).images
    names = _apart({image.id: image.own_name for image in images})
    for image in images:
        labels = store.load(study_dir, image.id)
        if labels is not None:
            yield Page(
                name=image.id, image=names[image.id], labels=labels, reduction=image.reduction
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answers:
    """What a model answered."""

    folder: Path
    names: dict[str, str]
    """Answer -> its image's file."""
    reductions: dict[str, float]
    """Answer -> how many times smaller its image is than the file's full picture."""
    task: TaskSpec


def _answered(study_dir: StudyDir, source: str) -> _Answers:
    """Return what is known of the answers; JobError where there are none to write."""
    job_dir = study_dir.job(source)
    request = read(job_dir.request, JobRequest)
    if request.kind == "predict":
        told = [one.values for one in events(job_dir.events)[0] if one.name == "predicted"]
        names = {str(one["image"]): str(one["file"]) for one in told}
        reductions = {str(one["image"]): float(one.get("reduction", 1)) for one in told}
        folder, trained = Path(request.options["out"]), study_dir.job(request.options["run"])
    else:
        images = study.load(study_dir).images
        names = {each.id: each.own_name for each in images}
        reductions = {each.id: each.reduction for each in images}
        folder, trained = job_dir.report / "predictions", job_dir
    names = {name: file for name, file in names.items() if _picture(folder, name).exists()}
    if not names:
        raise JobError(
            f"{source} has no outlines to write: it has not ended, its answers were moved away, or "
            "they are one class an image, which stand in predictions.csv"
        )
    task = read(_known(trained).plan, Plan).task
    if task.kind is Kind.INSTANCE:
        _refuse_untold(job_dir, request, folder / "objects.csv")
    return _Answers(folder=folder, names=_apart(names), reductions=reductions, task=task)


def _refuse_untold(job_dir: JobDir, request: JobRequest, table_file: Path) -> None:
    """Raise JobError where no table of the job's tells the classes of its objects."""
    ended = read(job_dir.status, JobStatus).state == "finished"
    if request.kind == "predict" and not ended:
        raise JobError(
            f"{job_dir.id} has not ended, and only then its tables tell which class each object "
            f"has; wait for it, go on with it by `aixcell resume {job_dir.id}`, or predict again"
        )
    if not table_file.is_file():
        raise JobError(
            f"{table_file} is missing, which tells the class of each object: put it back; where "
            f"{job_dir.id} did not end, go on with it by `aixcell resume {job_dir.id}`"
        )


def _known(trained: JobDir) -> JobDir:
    if not trained.plan.exists():
        raise JobError(f"the training {trained.id}, which answered, is no longer there")
    return trained


def _of_answers(answers: _Answers) -> Iterator[Page]:
    lines = table.read(answers.folder / "objects.csv")
    told = {(line["image"], int(line["object"])): line["class"] for line in lines}
    for name, file in answers.names.items():
        pixels_yx = tifffile.imread(_picture(answers.folder, name)).astype(np.int32)
        if answers.task.kind is Kind.SEMANTIC:
            labels = _regions(pixels_yx, answers.task)
        else:
            objects = tuple(
                LabelObject(id=int(i), class_name=told.get((name, int(i))), source="model")
                for i in np.unique(pixels_yx[pixels_yx > 0])
            )
            labels = _whole(pixels_yx, objects)
        yield Page(name=name, image=file, labels=labels, reduction=answers.reductions[name])


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
