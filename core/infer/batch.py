"""Answers for many images, written as label pictures and tables."""

import csv
import io
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile

from core.data import readings
from core.data.axes import MOST_PREDICTED_PX, Picture
from core.data.originals import Known
from core.errors import DataError
from core.infer import bundle, large, predict, summary, table
from core.infer.predict import Trained
from core.infer.seams import Objects
from core.pipeline.answers import Answer
from core.progress import Progress
from core.records import Kind, TaskSpec, write_bytes

TABLES: dict[Kind, tuple[str, tuple[str, ...]]] = {
    Kind.INSTANCE: ("objects.csv", table.OBJECT_COLUMNS),
    Kind.CLASSIFICATION: ("predictions.csv", table.IMAGE_COLUMNS),
}
Row = tuple[Any, ...]
Origin = Mapping[str, str]
"""Column -> text: group, condition, donor, dose ... of an image."""


def run(
    bundle_dir: Path,
    files: Sequence[Path],
    out: Path,
    progress: Progress,
    known: Known | None = None,
    origins: Mapping[str, Origin] | None = None,
) -> None:
    """Predict every file and write label pictures and tables below `out`.

    `labels/NAME.tif`; an object a row in `objects.csv`, an image a row in `images.csv`, or in
    `predictions.csv` where whole images are sorted. Files of many planes are read, and pixels have
    the size, as `known` says; where one plane of several is predicted, or some of the channels,
    that is told. `origins` (path -> column -> text) are further columns of the tables. A file that
    cannot be read is told as an event and left out; the others go on. No answer stays in memory.
    Raises BundleError where the model is incomplete.
    """
    known = known or Known()
    trained = bundle.load(bundle_dir)
    names: list[str] = []
    told_of = [(origins or {}).get(str(path), {}) for path in files]
    tables = _Tables(trained.task, told_of)
    began = time.monotonic()
    for index, path in enumerate(files):

        def told(done: float, index: int = index, path: Path = path) -> None:
            progress.check_stop()
            share = (index + done) / len(files)
            spent = time.monotonic() - began
            remaining_s = spent * (1 - share) / share if share else None
            progress.stage("predicting", f"Predicting {path.name}", share, remaining_s)

        told(0.0)
        try:
            for name, picture in _images(path, known, names, progress):
                called = path.name if name == path.stem else name
                left_out = _left_out(trained, called, picture.image_cyx)
                if left_out:
                    progress.event("told", file=path.name, message=left_out)
                found, image_row = _predicted(trained, picture.image_cyx, out, name, told)
                tables.add(found, image_row, told_of[index], known.size_um(path, picture))
                names.append(name)
                # Else whoever writes outlines for the file would write them too small.
                smaller = {"reduction": picture.reduction} if picture.reduction > 1 else {}
                progress.event("predicted", file=path.name, path=str(path), image=name, **smaller)
        except DataError as error:
            progress.event("refused", file=path.name, message=str(error))
    tables.write(out)


def _images(
    path: Path, known: Known, taken: Sequence[str], progress: Progress
) -> Iterator[tuple[str, Picture]]:
    """Yield (name nobody has, image) of each image of the file."""
    for number, (part, picture) in enumerate(
        readings.images(path, known.readings, most_pixels=MOST_PREDICTED_PX), start=1
    ):
        # Places and areas of a smaller level are not those of the file.
        if (picture.planes > 1 and not part) or picture.reduction > 1:
            told = "; ".join(picture.notices)
            progress.event("told", file=path.name, message=f"{path.name}: {told}")
        yield _unique(readings.answer_name(path, number, part), taken), picture


def _left_out(trained: Trained, called: str, image_cyx: npt.NDArray[np.generic]) -> str:
    """Return a sentence where the model does not look at all channels of an image; else empty.

    A grey picture that was saved in colour loses nothing, nor does one whose channels were chosen.
    """
    learned, has = trained.fitted.channels, len(image_cyx)
    if trained.pipeline.preprocess.channels is not None or has <= learned:
        return ""
    if all(np.array_equal(image_cyx[0], each) for each in image_cyx[1:]):
        return ""
    used = "only the first is used" if learned == 1 else f"only the first {learned} are used"
    return (
        f"{called} has {has} channels, the model learned from {learned}: {used}. Save it like the "
        "images that were learned from, e.g. one channel alone, or train on images like this one"
    )


def _predicted(
    trained: Trained,
    image_cyx: npt.NDArray[np.generic],
    out: Path,
    name: str,
    told: Callable[[float], None],
) -> tuple[Iterable[Row], Row | None]:
    """Write one image's label picture; return its rows of the table, and the image's own row."""
    task = trained.task
    if not large.is_large(trained, image_cyx):
        answer = predict.answer(trained, image_cyx)
        _write_labels(out, name, answer)
        return answer_rows(name, answer, task)
    out.mkdir(parents=True, exist_ok=True)
    target = out / "labels" / f"{name}.tif"
    with tempfile.TemporaryDirectory(
        dir=out, prefix=".large-", ignore_cleanup_errors=True
    ) as draft:
        found = large.answer(trained, image_cyx, Path(draft), target, told)
    if not isinstance(found, Objects):
        return (), summary.of_pixels(name, found, task)
    rows = table.rows(name, found.regions, task.classes, found.classes, found.scores)
    pixels = image_cyx.shape[1] * image_cyx.shape[2]
    return rows, summary.of_objects(name, found.regions, found.classes, pixels, task)


def write_answers(
    out: Path,
    names: Sequence[str],
    answers: Sequence[Answer],
    task: TaskSpec,
    origins: Sequence[Origin],
    pixel_sizes_um: Sequence[float | None] | None = None,
) -> None:
    """Write `out/labels/NAME.tif` for each answer, and the task's tables.

    `origins` tells where each image comes from: group, condition, donor ... as further columns.
    Without `pixel_sizes_um` none is known.
    """
    tables = _Tables(task, origins)
    sizes = pixel_sizes_um or [None] * len(names)
    for name, answer, origin, size_um in zip(names, answers, origins, sizes, strict=True):
        _write_labels(out, name, answer)
        tables.add(*answer_rows(name, answer, task), origin, size_um)
    tables.write(out)


def answer_rows(name: str, answer: Answer, task: TaskSpec) -> tuple[Iterable[Row], Row | None]:
    """Return what the tables say of one image: its objects or its class, and the image's own row.

    Objects (ids have no gaps): class, probability, area, centre, box in px.
    """
    if task.kind is Kind.CLASSIFICATION:
        told = f"{max(answer.probabilities):.4f}"
        return [(name, task.classes[answer.image_class or 0], told)], None
    labels_yx = answer.labels_yx
    if labels_yx is None:
        return (), None
    if task.kind is Kind.SEMANTIC:
        counts = np.bincount(labels_yx.ravel(), minlength=len(task.classes))
        return (), summary.of_pixels(name, counts, task)
    regions = table.measure(labels_yx, int(labels_yx.max(initial=0)), (0, 0))
    classes = answer.object_classes
    return (
        table.rows(name, regions, task.classes, classes, answer.object_scores),
        summary.of_objects(name, regions, classes, labels_yx.size, task),
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


class _Tables:
    """What a task's answers are told in: a row an object or a whole picture, and a row an image."""

    def __init__(self, task: TaskSpec, origins: Sequence[Origin]) -> None:
        self._rows = _Table(*TABLES.get(task.kind, ("", ())), origins)
        columns = summary.columns(task)
        told = (*columns, summary.PIXEL_SIZE)
        self._images = _Table(summary.FILE if columns else "", told, origins)

    def add(
        self,
        rows: Iterable[Row],
        image_row: Row | None,
        origin: Origin,
        pixel_size_um: float | None,
    ) -> None:
        """Add one image's rows, each with where the image comes from."""
        self._rows.add(rows, origin, pixel_size_um)
        if image_row is not None:
            whole = (*image_row, summary.rounded(pixel_size_um))
            self._images.add([whole], origin, pixel_size_um)

    def write(self, out: Path) -> None:
        """Write the files that the task has."""
        self._rows.write(out)
        self._images.write(out)


class _Table:
    """A table as text from the first row on: a million objects are 70 MB.

    Behind the columns stand those of the areas in µm², then where the image comes from.
    """

    def __init__(self, file: str, columns: tuple[str, ...], origins: Sequence[Origin]) -> None:
        self._file = file
        self._told = tuple(dict.fromkeys(name for each in origins for name in each))
        in_um2 = summary.in_um2(columns)
        self._areas = [columns.index(name) for name in in_um2]
        self._text = io.StringIO()
        self._writer = csv.writer(self._text, lineterminator="\n")
        self._writer.writerow((*columns, *in_um2.values(), *map(table.further, self._told)))

    def add(self, rows: Iterable[Row], origin: Origin, pixel_size_um: float | None) -> None:
        """Add one image's rows, each with where the image comes from."""
        told = tuple(origin.get(name, "") for name in self._told)
        self._writer.writerows(
            (*row, *(summary.area_um2(row[at], pixel_size_um) for at in self._areas), *told)
            for row in rows
        )

    def write(self, out: Path) -> None:
        """Write the file, where there is one."""
        if self._file:
            write_bytes(out / self._file, self._text.getvalue().encode())


def _unique(stem: str, taken: Sequence[str]) -> str:
    name, count = stem, 2
    while name in taken:
        name, count = f"{stem}-{count}", count + 1
    return name
