"""A report's folder, and pictures whose outlines are known."""

import time

import numpy as np
import pytest
from PIL import Image

from core.data.samples import Sample
from core.data.truth import Truth
from core.errors import StudyError
from core.evaluate import overlays, report
from core.paths import JobDir
from core.pipeline.answers import Answer
from core.records import Kind, Report, Score, TaskSpec

CELLS = TaskSpec(kind=Kind.INSTANCE, classes=("cell",))
LAYERS = TaskSpec(kind=Kind.SEMANTIC, classes=("bg", "a"), background="bg")


def square(start: int) -> np.ndarray:
    labels = np.zeros((400, 400), np.int32)
    labels[start : start + 100, start : start + 100] = 1
    return labels


def example(**changes) -> Report:
    score = Score(headline=0.5, name="AP at IoU 0.5", images=2, per_image={"p": 0.9, "q": 0.1})
    values = {"run": "r", "study": "s", "pipeline": "unet", "test": score, "validation": score}
    return Report(**{**values, "baseline": None, **changes})


def shown(*names: str):
    image = np.zeros((1, 400, 400), np.uint16)
    labels = square(100)
    return [
        (
            Sample(id=name, image_cyx=image, labels=None),
            Truth(pixels_yx=labels),
            Answer(labels_yx=labels),
        )
        for name in names
    ]


def colours(pixels: np.ndarray) -> set[tuple[int, ...]]:
    return {tuple(row) for row in pixels.reshape(-1, 3).tolist()}


def test_outlines_tell_truth_from_prediction():
    image = np.zeros((2, 400, 400), np.uint16)
    pixels = overlays.draw(
        image, Truth(pixels_yx=square(100)), Answer(labels_yx=square(150)), CELLS
    )
    assert tuple(pixels[100, 150]) == overlays.TRUE_COLOUR
    assert tuple(pixels[150, 249 - 49]) == overlays.PREDICTED_COLOUR
    assert tuple(pixels[120, 120]) == (0, 0, 0)
    both = overlays.draw(image, Truth(pixels_yx=square(100)), Answer(labels_yx=square(100)), CELLS)
    assert colours(both) == {(0, 0, 0), overlays.AGREED_COLOUR}


def test_a_wrong_class_bears_a_red_square():
    task = TaskSpec(kind=Kind.INSTANCE, classes=("mono", "bi"))
    truth = Truth(pixels_yx=square(100), object_classes={1: 0})
    for told, seen in ((1, True), (0, False)):
        answer = Answer(labels_yx=square(100), object_classes={1: told})
        pixels = overlays.draw(np.zeros((1, 400, 400), np.uint8), truth, answer, task)
        assert (tuple(pixels[150, 150]) == overlays.WRONG_CLASS_COLOUR) == seen


def test_the_marked_region_has_no_outline_of_its_own():
    truth = np.zeros((400, 400), np.int32)
    truth[:, 200:] = -1
    pixels = overlays.draw(
        np.zeros((1, 400, 400)), Truth(pixels_yx=truth), Answer(labels_yx=square(0) * 0), CELLS
    )
    assert colours(pixels) == {(0, 0, 0)}


def test_classes_are_coloured_and_the_background_is_clear():
    pixels = overlays.draw_classes(
        np.zeros((1, 400, 400), np.uint8), Answer(labels_yx=square(100)), LAYERS
    )
    assert tuple(pixels[0, 0]) == (0, 0, 0)
    assert tuple(pixels[150, 150]) != (0, 0, 0)


@pytest.mark.parametrize(("channels", "side"), [(1, 28), (2, 512), (3, 64), (5, 3300)])
def test_pictures_of_any_kind_suit_a_screen(channels, side):
    image = np.random.default_rng(0).random((channels, side, side)).astype(np.float32)
    labels = np.ones((side, side), np.int32)
    pixels = overlays.draw(image, None, Answer(labels_yx=labels), CELLS)
    assert pixels.dtype == np.uint8
    assert pixels.shape[2] == 3
    assert 300 <= pixels.shape[0] <= 1600


def test_a_photograph_keeps_its_colours():
    image = np.full((3, 400, 400), 50, np.uint8)
    image[0] = 200
    task = TaskSpec(kind=Kind.CLASSIFICATION, classes=("x", "y"))
    pixels = overlays.draw(image, None, Answer(probabilities=(0.4, 0.6)), task)
    assert colours(pixels) == {(200, 50, 50)}


def test_report_comes_back_and_its_pictures_open(tmp_path):
    job = JobDir(tmp_path / "job")
    report.write(job, example(simulated=True), shown("p", "q"), CELLS)
    assert report.read(job) == example(simulated=True)
    assert sorted(report.pictures(job)) == ["p", "q"]
    assert Image.open(report.pictures(job)["p"]).size == (400, 400)
    words = (job.report / "README.txt").read_text()
    assert "simulated" in words
    assert "AP at IoU 0.5: 0.500" in words


def test_semantic_reports_show_classes_too(tmp_path):
    job = JobDir(tmp_path / "job")
    report.write(job, example(), shown("p"), LAYERS)
    assert (job.report / "overlays" / "p-classes.png").is_file()
    assert list(report.pictures(job)) == ["p"]


def test_pictures_end_with_the_budget_the_scores_do_not(tmp_path):
    job = JobDir(tmp_path / "job")
    report.write(job, example(), shown("p", "q"), CELLS, until=time.time() - 1)
    assert report.read(job) == example()
    assert report.pictures(job) == {}


def test_worst_image_is_drawn_first(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(report, "write_picture", lambda path, _: drawn.append(path.stem))
    report.write(JobDir(tmp_path / "job"), example(), shown("p", "q"), CELLS)
    assert drawn == ["q", "p"]


def test_a_missing_report_is_told(tmp_path):
    with pytest.raises(StudyError, match=r"report\.json is missing"):
        report.read(JobDir(tmp_path / "job"))
