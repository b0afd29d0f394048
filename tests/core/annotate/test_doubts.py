"""Labels that other images speak against are found where they were planted, and no others."""

from dataclasses import replace

import numpy as np
import pytest
import tifffile

from core import workflow
from core.annotate import doubts, opinions, rarity
from core.annotate.opinions import Predicted
from core.data import study
from core.data.labels import store
from core.data.labels.model import MAIN, LabelObject, Labels, ids_in
from core.records import Kind, TaskSpec

SIDE = 192
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE]
PLACES = [(row, column) for row in (32, 80, 128, 165) for column in (30, 80, 130)]


def disc(row, column, radius=11):
    return (ROWS - row) ** 2 + (COLUMNS - column) ** 2 <= radius**2


def painted():
    """Return ids of twelve discs; every third is of the second class."""
    ids_yx = np.zeros((SIDE, SIDE), np.int32)
    for number, (row, column) in enumerate(PLACES, start=1):
        ids_yx[disc(row, column)] = number
    return ids_yx


def picture(number, ids_yx):
    """Return bright discs on noise; those of the second class are half as bright."""
    values = np.random.default_rng(number).normal(40, 8, ids_yx.shape)
    values[ids_yx > 0] += 120
    values[(ids_yx % 3 == 0) & (ids_yx > 0)] -= 60
    return values.clip(0, 255).astype(np.uint8)


def class_of(object_id):
    return "dim" if object_id % 3 == 0 else "bright"


def labels_of(ids_yx, classes=None):
    known = classes or {}
    objects = tuple(
        LabelObject(id=each, class_name=known.get(each, class_of(each))) for each in ids_in(ids_yx)
    )
    annotated = np.ones(ids_yx.shape, bool)
    return Labels(layers={MAIN: ids_yx}, annotated_yx=annotated, objects=objects)


@pytest.fixture
def discs(workspace, tmp_path):
    """Return a study of six images in which everything is marked rightly."""
    folder = tmp_path / "in"
    folder.mkdir()
    ids_yx = painted()
    for number in range(6):
        tifffile.imwrite(folder / f"d{number}.tif", picture(number, ids_yx))
    workflow.import_files(workspace, "discs", [folder])
    task = TaskSpec(kind=Kind.INSTANCE, classes=("bright", "dim"))
    workflow.set_task(workspace, "discs", task)
    study_dir = workspace.study("discs")
    for number in range(6):
        save(study_dir, f"d{number}", labels_of(ids_yx))
    return study_dir


def save(study_dir, image_id, labels):
    parent = store.head(study_dir, image_id)
    return store.save(study_dir, image_id, labels, author="ann", parent=parent)


def test_right_labels_are_not_doubted(discs):
    said = []
    found = doubts.look(discs, lambda share, told: said.append(share))
    assert found.symptoms == ()
    assert found.notes == ()
    assert sorted(found.versions) == [f"d{number}" for number in range(6)]
    assert said == sorted(said)
    assert not list(discs.cache.glob("doubts-*"))


def test_what_other_images_speak_against_is_found_where_it_lies(discs):
    ids_yx = painted()
    ids_yx[disc(104, 55)] = 13  # nothing is there
    ids_yx[ids_yx == 5] = 0  # forgotten
    classes = {13: "bright", 2: "dim"}  # the second is bright
    save(discs, "d3", labels_of(ids_yx, classes))
    found = doubts.look(discs).symptoms
    assert {one.image_id for one in found} == {"d3"}
    told = {(one.kind, one.object_id) for one in found}
    assert told == {("unlike", 13), ("unlike", 2), ("missed", None)}
    where = next(one.place_yx for one in found if one.kind == "missed")
    assert np.hypot(where[0] - PLACES[4][0], where[1] - PLACES[4][1]) < 4
    assert "it is called dim" in next(one.message for one in found if one.object_id == 2)


def test_where_pixels_tell_nothing_nothing_is_doubted(discs):
    """Labels anywhere on noise: trees that find none of them must not call all of them wrong."""
    rng = np.random.default_rng(0)
    for number in range(6):
        row, column = rng.integers(20, SIDE - 20, 2)
        ids_yx = np.zeros((SIDE, SIDE), np.int32)
        ids_yx[disc(row, column) & (painted() == 0)] = 1
        save(discs, f"d{number}", labels_of(ids_yx, {1: "bright"}))
    found = doubts.look(discs)
    assert found.symptoms == ()
    assert "does not tell what is marked" in found.notes[0]


def test_regions_marked_as_another_class_are_found(workspace, discs):
    task = TaskSpec(kind=Kind.SEMANTIC, classes=("ground", "bright", "dim"), background="ground")
    workflow.set_task(workspace, "discs", task)
    ids_yx = painted()
    regions = np.where(ids_yx % 3 == 0, np.where(ids_yx > 0, 2, 0), 1).astype(np.int32)
    names = {1: "bright", 2: "dim"}
    for number in range(6):
        save(discs, f"d{number}", labels_of(regions, names))
    assert doubts.look(discs).symptoms == ()
    wrong = regions.copy()
    wrong[ids_yx == 4] = 2
    wrong[ids_yx == 8] = 0
    save(discs, "d1", labels_of(wrong, names))
    found = doubts.look(discs).symptoms
    assert {(one.kind, one.image_id) for one in found} == {("unlike", "d1")}
    said = " ".join(one.message for one in found)
    assert "marked as dim; by the labels of other images they are bright" in said
    assert "marked as ground; by the labels of other images they are bright" in said


def test_two_images_are_too_few_to_judge_each_other(workspace, discs):
    for number in range(2, 6):
        store.withdraw(discs, f"d{number}", author="ann")
    assert "3 images or more" in doubts.look(discs).notes[0]


def test_each_image_is_judged_by_the_newest_run_that_kept_it_aside(discs, tmp_path):
    """Only the newest run was heard: of what an earlier one kept aside nothing was said."""

    def run(name, test):
        folder = tmp_path / name
        (folder / "labels").mkdir(parents=True)
        for image_id in test:
            nothing = np.zeros((SIDE, SIDE), np.uint16)
            tifffile.imwrite(folder / "labels" / f"{image_id}.tif", nothing)
        versions = {image_id: store.head(discs, image_id) for image_id in test}
        return Predicted(run=name, folder=folder, test=test, versions=versions, per_image={})

    newer, older = run("newer", ("d0",)), run("older", ("d0", "d1"))
    found = opinions.of_models(discs, [newer, older])
    assert [one.image_id for one in found].count("d0") == len(PLACES)
    assert {one.image_id for one in found} == {"d0", "d1"}
    relabelled = replace(newer, versions={"d0": "another"})
    assert {one.image_id for one in opinions.of_models(discs, [relabelled])} == set()


def test_a_rare_class_leads_to_its_first_images_and_a_missing_one_to_what_is_to_do(discs):
    """What the page said of classes in a sentence led nowhere."""
    record = study.load(discs)
    task = TaskSpec(kind=Kind.INSTANCE, classes=("bright", "dim", "gone"))
    study.save(discs, replace(record, task=task))
    for number in range(6):
        rare = {3: "dim"} if number in (2, 4) else {}
        names = dict.fromkeys(range(1, 13), "bright") | rare
        save(discs, f"d{number}", labels_of(painted(), names))
    found = rarity.examine(discs)
    assert [(one.kind, one.image_id, one.object_id) for one in found] == [
        ("missing", "d0", None),
        ("rare", "d2", 3),
        ("rare", "d4", 3),
    ]
    assert painted()[found[1].place_yx] == 3
    assert "2.8 % of the objects" in found[1].message


def test_regions_are_rare_by_their_area(workspace, discs):
    task = TaskSpec(kind=Kind.SEMANTIC, classes=("bright", "dim"))
    workflow.set_task(workspace, "discs", task)
    ids_yx = np.ones((SIDE, SIDE), np.int32)
    ids_yx[8:16, 8:16] = 2
    save(discs, "d5", labels_of(ids_yx, {1: "bright", 2: "dim"}))
    for number in range(5):
        save(discs, f"d{number}", labels_of(np.ones((SIDE, SIDE), np.int32), {1: "bright"}))
    found = rarity.examine(discs)
    assert [(one.kind, one.image_id, one.object_id) for one in found] == [("rare", "d5", 2)]


def test_whole_images_of_a_rare_class_are_led_to(workspace, discs):
    task = TaskSpec(kind=Kind.CLASSIFICATION, classes=("well", "ill"))
    workflow.set_task(workspace, "discs", task)
    for number in range(6):
        workflow.set_image_class(workspace, "discs", f"d{number}", "well")
    found = workflow.symptoms(workspace, "discs")
    assert [(one.kind, one.message.split(" in ")[0]) for one in found] == [
        ("missing", "nothing is marked as ill")
    ]
