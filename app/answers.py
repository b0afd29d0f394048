"""What a model answered: on the test images of its run, and on new images."""

import csv
import io
import re
import time
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from app import look, pictures, services, uploads
from core import workflow
from core.data.display import Look
from core.paths import Workspace
from core.records import Kind, TaskSpec

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from core.data.truth import Truth


def test_images(run_id: str) -> list[str]:
    """Return the run's test images whose predicted labels lie in its report."""
    labels = _predictions(run_id) / "labels"
    return sorted(path.stem for path in labels.glob("*.tif"))


def test_pictures(run_id: str, image_id: str) -> list[tuple[str, bytes]]:
    """Return captions and PNGs that set truth and answer of a test image side by side."""
    place = services.workspace()
    study = workflow.plan_of(place, run_id).study
    chosen = services.look(study, services.study(study).image(image_id))
    return _test_pictures(str(place.root), run_id, image_id, chosen)


@st.cache_data(show_spinner=False, max_entries=64)
def _test_pictures(root: str, run_id: str, image_id: str, chosen: Look) -> list[tuple[str, bytes]]:
    place = Workspace.at(root)
    plan = workflow.plan_of(place, run_id)
    pixels = workflow.image_pixels(
        place, plan.study, image_id, look=chosen, side=pictures.LARGEST_PX
    )
    given_yx = pictures.fitted_file(_predictions(run_id) / "labels" / f"{image_id}.tif", pixels)
    true_yx = pictures.fitted(_truth(place, run_id, image_id).pixels_yx, pixels)
    if plan.task.kind is Kind.INSTANCE:
        both = pictures.compared(pixels, true_yx, given_yx)
        return [
            ("image", pictures.png(pictures.enlarged(pixels))),
            ("true and found", pictures.png(both)),
        ]
    return [
        ("true", pictures.png(colored(pixels, true_yx, plan.task))),
        ("given by the model", pictures.png(colored(pixels, given_yx, plan.task))),
    ]


def colored(
    pixels_yxc: NDArray[np.uint8], classes_yx: NDArray[np.int32], task: TaskSpec
) -> NDArray[np.uint8]:
    """Return the picture tinted by class; the declared background stays bare."""
    colors = {
        index + 1: look.class_color(task.classes, name, task.background)
        for index, name in enumerate(task.classes)
        if name != task.background
    }
    picture = pictures.enlarged(pixels_yxc)
    shifted = pictures.enlarged(classes_yx + 1)
    return pictures.outlined(picture, np.maximum(shifted, 0), colors, tint=0.4)


def test_rows(run_id: str, most: int | None) -> list[dict[str, str]]:
    """Return what was found in the test images, one row an object, or an image that has a class.

    Groups and conditions are further columns. At most the first `most` rows; None: all.
    """
    return workflow.test_rows(services.workspace(), run_id, most)


def test_objects(run_id: str) -> Path:
    """Return the table of the objects found in the test images."""
    return _predictions(run_id) / "objects.csv"


def predict(study: str, run_id: str, files: "Sequence[UploadedFile]") -> str:
    """Write the uploads to disk, order their prediction and return the job's id."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    folder = services.study_dir(study).root / "predictions" / f"{stamp}-{run_id[-4:]}"
    images = uploads.keep_all(files, folder / "images")
    return workflow.start_prediction(services.workspace(), run_id, images, folder)


def predicted(job_id: str) -> workflow.Prediction:
    """Return where a prediction's answers lie."""
    return workflow.prediction(services.workspace(), job_id)


def predicted_pictures(job_id: str, task: TaskSpec, most: int) -> list[tuple[str, bytes]]:
    """Return up to `most` of the new images with what was found, and their names."""
    answer = predicted(job_id)
    place = services.workspace()
    about = (str(place.root), place.find_job(job_id)[0].name)
    names = _names(job_id)
    shown: list[tuple[str, bytes]] = []
    for path in sorted((answer.out / "images").rglob("*"))[: 4 * most]:
        known = names.get(str(path)) or names.get(path.name, [])
        if path.is_file() and known and len(shown) < most:
            shown += _predicted_pictures(
                about, str(path), str(answer.labels), tuple(known[:most]), task
            )
    return shown[:most]


def _names(job_id: str) -> dict[str, list[str]]:
    """Return file -> what the answers of its images are called; a file that was refused has none.

    Older predictions know a file by its name alone.
    """
    found: dict[str, list[str]] = {}
    for each in workflow.events(services.workspace(), job_id)[0]:
        if each.name == "predicted":
            file = str(each.values.get("path", each.values["file"]))
            found.setdefault(file, []).append(str(each.values["image"]))
    return found


@st.cache_data(show_spinner=False, max_entries=64)
def _predicted_pictures(
    about: tuple[str, str], file: str, labels: str, names: tuple[str, ...], task: TaskSpec
) -> list[tuple[str, bytes]]:
    root, study = about
    path, shown, most, side = Path(file), [], len(names), pictures.LARGEST_PX
    seen = workflow.file_pixels(Workspace.at(root), study, path, most=most, side=side)
    for name, (usual, pixels) in zip(names, seen, strict=False):
        answer = Path(labels) / f"{name}.tif"
        # Of two files of one name, the second one's answer has a number behind.
        is_its = name.startswith(usual) and re.fullmatch(r"(-\d+)?", name[len(usual) :])
        if is_its and answer.is_file():
            title = path.name if name == path.stem else name
            shown.append((title, _predicted_picture(pixels, answer, task)))
    return shown


def _predicted_picture(pixels: NDArray[np.uint8], labels: Path, task: TaskSpec) -> bytes:
    given_yx = pictures.fitted_file(labels, pixels)
    if task.kind is Kind.SEMANTIC:
        return pictures.png(colored(pixels, given_yx, task))
    picture = pictures.enlarged(pixels)
    large = pictures.enlarged(given_yx)
    return pictures.png(pictures.outlined(picture, large, look.PREDICTED_COLOR, bold=True))


def zipped_answers(job_id: str) -> bytes:
    """Return what a prediction wrote as one zip; it may lie among files of somebody's own."""
    answer = predicted(job_id)
    names = dict.fromkeys(name for each in _names(job_id).values() for name in each)
    labels = (answer.labels / f"{name}.tif" for name in names)
    return zipped(answer.out, [*labels, *answer.tables])


def zipped(folder: Path, files: Iterable[Path] | None = None) -> bytes:
    """Return these files of a folder as one zip; None: all that lie in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:  # TIFFs are compressed
        for path in sorted(folder.rglob("*") if files is None else files):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return buffer.getvalue()


def rows(path: Path, most: int) -> list[dict[str, str]]:
    """Return a CSV's first rows: a million objects are a gigabyte; none where there is no file."""
    return list(islice(_rows(path), most))


def count_objects(lines: Sequence[services.Line], path: Path) -> int:
    """Return how many objects were found, by each image's line; without one the CSV is counted."""
    if lines and "objects" in lines[0]:  # another model may have written there since
        return sum(int(line["objects"]) for line in lines)
    return sum(1 for _ in _rows(path))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    if path.is_file():
        with path.open(newline="", encoding="utf-8") as file:
            yield from csv.DictReader(file)


def _predictions(run_id: str) -> Path:
    return services.workspace().find_job(run_id)[1].report / "predictions"


def _truth(place: Workspace, run_id: str, image_id: str) -> "Truth":
    from core.data import samples, truth

    plan = workflow.plan_of(place, run_id)
    found = samples.load(place.study(plan.study), [image_id], plan.label_versions)
    return truth.of(found[0], plan.task)
