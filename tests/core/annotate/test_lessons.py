"""What an image that is done teaches: pixels of both kinds, out of one window."""

import os

import numpy as np

from core.annotate import lessons, scribbles
from core.data import study
from core.data.labels import store
from core.data.labels.model import MAIN, LabelObject, Labels
from core.paths import Workspace

SIDE = 704


def marked(*boxes: tuple[int, int, str]) -> Labels:
    ids = np.zeros((SIDE, SIDE), np.int32)
    for number, (row, column, _) in enumerate(boxes, start=1):
        ids[row : row + 40, column : column + 40] = number
    objects = tuple(LabelObject(id=at, class_name=box[2]) for at, box in enumerate(boxes, start=1))
    return Labels(layers={MAIN: ids}, annotated_yx=np.ones((SIDE, SIDE), bool), objects=objects)


def test_what_is_not_annotated_is_not_known_and_each_class_is_told() -> None:
    labels = marked((0, 0, "cell"), (100, 100, "dust"))
    labels.annotated_yx[300:] = False
    every, told = lessons.known(labels), lessons.known(labels, ("dust", "cell"))
    assert (every[350] == scribbles.UNKNOWN).all()
    assert every[10, 10] == every[110, 110] == told[110, 110] == scribbles.INSIDE
    assert told[10, 10] == scribbles.INSIDE + 1
    assert every[200, 200] == told[200, 200] == scribbles.BEHIND


def test_an_object_of_no_class_that_is_taught_is_one_of_the_only_class_or_of_none() -> None:
    labels = marked((0, 0, "cell"), (100, 100, "dust"))
    assert lessons.known(labels, ("cell",))[110, 110] == scribbles.INSIDE
    assert lessons.known(labels, ("cell", "spine"))[110, 110] == scribbles.UNKNOWN


def test_the_window_lies_where_objects_are() -> None:
    known = lessons.known(marked((600, 40, "cell"), (650, 100, "cell")))
    rows, columns = lessons.best_window(known)
    assert rows.stop - rows.start == columns.stop - columns.start == lessons.WINDOW_PX
    assert (known[rows, columns] == scribbles.INSIDE).sum() == 2 * 40 * 40


def test_a_lesson_is_small_and_tells_the_kinds_apart() -> None:
    labels = marked((100, 100, "cell"), (300, 300, "cell"))
    known = lessons.known(labels)
    image = np.random.default_rng(0).normal(20, 3, (SIDE, SIDE)) + 60 * (labels.flat_yx > 0)
    lesson = lessons.draw(image[None].astype(np.float32), known)
    assert lesson is not None
    assert lesson.table.shape[:2] == lesson.known.shape
    assert len(lesson.known) <= 10_000
    inside = lesson.known[:, 0] == scribbles.INSIDE
    assert inside.sum() == 2 * 40 * 40
    # The first feature is the picture itself, hardly blurred.
    assert lesson.table[inside, 0, 0].min() > lesson.table[~inside, 0, 0].mean()


def test_an_image_of_which_nothing_is_known_teaches_nothing() -> None:
    empty = Labels(
        layers={MAIN: np.zeros((50, 50), np.int32)}, annotated_yx=np.zeros((50, 50), bool)
    )
    assert lessons.draw(np.zeros((1, 50, 50)), lessons.known(empty)) is None


def test_the_images_labelled_last_teach_first(workspace: Workspace) -> None:
    study_dir = study.create(workspace, "s")
    for number, name in enumerate("cabde"):
        store.save(study_dir, name, marked((0, 0, "cell")), author="ann")
        os.utime(study_dir.labels / name / "head.json", (1000 + number, 1000 + number))
    assert lessons.newest(study_dir, list("abcde"), but="d") == ["e", "b", "a"]


def test_a_lesson_shows_every_class_and_as_much_background_as_all_of_them() -> None:
    boxes = [(at, at, ("cell", "dust")[at // 80 % 2]) for at in range(0, 640, 80)]
    labels = marked(*boxes)
    known = lessons.known(labels, ("cell", "dust"))
    image = np.random.default_rng(0).normal(20, 3, (SIDE, SIDE))
    lesson = lessons.draw(image[None].astype(np.float32), known)
    assert lesson is not None
    behind, cell, dust = np.bincount(lesson.known[:, 0])
    assert cell == dust > 1000
    assert behind >= cell + dust
