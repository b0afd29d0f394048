"""The label doctor finds what was put into the labels, and nothing in good ones."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile

from core import workflow
from core.annotate import doctor, opinions, rarity, shapes
from core.data import study
from core.data.labels import store
from core.data.labels.model import MAIN, LabelObject, Labels, ids_in
from core.errors import ConflictError
from core.records import Kind, TaskSpec

ROWS, COLUMNS = np.mgrid[:200, :200]


def disc(row, column, radius):
    """Return the pixels of a disc."""
    return (ROWS - row) ** 2 + (COLUMNS - column) ** 2 <= radius**2


def painted(*things):
    """Return a label map: each thing under the next number."""
    ids_yx = np.zeros(ROWS.shape, np.int32)
    for number, thing in enumerate(things, start=1):
        ids_yx[thing] = number
    return ids_yx


def told(ids_yx):
    return {(one.kind, one.object_id) for one in shapes.shapes("a", ids_yx)}


def labelled(ids_yx, class_name="nucleus"):
    objects = tuple(LabelObject(id=i, class_name=class_name) for i in ids_in(ids_yx))
    return Labels(layers={MAIN: ids_yx}, annotated_yx=np.ones(ids_yx.shape, bool), objects=objects)


ELLIPSE = ((ROWS - 140) / 30) ** 2 + ((COLUMNS - 60) / 14) ** 2 <= 1
ROD = (abs(ROWS - 100) < 6) & (abs(COLUMNS - 120) < 60)


def test_good_labels_have_no_symptom():
    beside = painted(disc(50, 50, 20), disc(50, 91, 20), ELLIPSE, ROD, disc(160, 160, 3))
    assert told(beside) == set()


def test_an_empty_image_has_no_symptom():
    assert told(np.zeros((30, 30), np.int32)) == set()


@pytest.mark.parametrize("radius", [16, 20])
def test_two_discs_that_touch_under_one_number_have_a_neck(radius):
    two = disc(60, 60, 20) | disc(60 + 20 + radius - 2, 60, radius)
    assert told(painted(two, disc(150, 150, 20))) == {("neck", 1)}


def test_two_discs_that_touch_under_two_numbers_have_none():
    assert told(painted(disc(60, 60, 20), disc(60, 97, 20))) == set()


def test_one_number_on_two_things_is_told_at_the_smaller_one():
    found = shapes.shapes("a", painted(disc(50, 50, 20), disc(150, 60, 14) | disc(50, 150, 20)))
    assert [(one.kind, one.object_id, one.place_yx) for one in found] == [("pieces", 2, (150, 60))]
    assert "2 pieces" in found[0].message


def test_a_crumb_beside_an_object_is_no_second_object():
    found = shapes.shapes("a", painted(disc(50, 50, 20) | disc(100, 100, 1)))
    assert [(one.kind, one.place_yx) for one in found] == [("crumbs", (100, 100))]


def test_a_hole_is_told_with_its_place_but_an_object_within_is_none():
    ring = disc(60, 60, 20) & ~disc(60, 66, 3)
    shell = disc(150, 150, 20) & ~disc(150, 150, 8)
    ids_yx = painted(ring, shell, disc(150, 150, 8))
    found = [one for one in shapes.shapes("a", ids_yx) if one.kind == "hole"]
    assert [(one.object_id, one.place_yx) for one in found] == [(1, (60, 66))]
    assert f"{disc(60, 66, 3).sum()} pixels" in found[0].message


def test_a_bay_at_the_border_is_no_hole():
    assert "hole" not in {
        kind for kind, _ in told(painted((ROWS < 40) & (COLUMNS < 40) & ~disc(0, 0, 9)))
    }


def test_objects_cut_by_the_border_are_counted_once_an_image():
    found = shapes.shapes("a", painted(disc(0, 50, 20), disc(100, 199, 20), disc(100, 100, 20)))
    assert [one.kind for one in found] == ["cut"]
    assert found[0].message.startswith("2 of 3 objects")


def test_wild_numbers_cost_nothing():
    ids_yx = painted(disc(50, 50, 20) & ~disc(50, 50, 4))
    ids_yx[ids_yx > 0] = 2**31 - 1
    assert told(ids_yx) == {("hole", 2**31 - 1)}


@pytest.fixture
def cells(workspace, tmp_path):
    """Return a study of three labelled images, the middle one with a speck."""
    from PIL import Image

    good = painted(*(disc(30 + 45 * r, 30 + 45 * c, 15) for r in range(4) for c in range(4)))
    folder = tmp_path / "cells"
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True)
    for number in range(3):
        pixels = np.full(good.shape, 10 + number, np.uint8)
        Image.fromarray(pixels).save(folder / "images" / f"c{number}.png")
        ids_yx = good.copy()
        if number == 1:
            ids_yx[4:7, 100:103] = 17
        tifffile.imwrite(folder / "masks" / f"c{number}.tif", ids_yx)
    workflow.import_files(workspace, "cells", [folder])
    workflow.set_task(workspace, "cells", TaskSpec(kind=Kind.INSTANCE, classes=("nucleus",)))
    return workspace.study("cells")


def test_a_speck_is_told_against_the_middle_object_of_the_study(cells):
    found = doctor.examine(cells)
    assert [(one.kind, one.image_id, one.place_yx) for one in found] == [("speck", "c1", (5, 101))]
    assert "9 pixels" in found[0].message


def test_regions_may_have_holes_and_pieces_but_specks_are_told():
    ids_yx = painted(disc(50, 50, 20) & ~disc(50, 50, 4) | disc(150, 150, 20) | disc(90, 10, 0))
    found = shapes.region_specks("a", labelled(ids_yx))
    assert [(one.kind, one.place_yx) for one in found] == [("speck", (90, 10))]


def test_two_people_are_compared_by_their_last_versions(cells):
    before = store.load(cells, "c0")
    other = before.layers[MAIN].copy()
    other[np.isin(other, [1, 2, 3, 4])] = 0  # four of sixteen are missing
    with pytest.raises(ConflictError):
        store.save(cells, "c0", labelled(other), author="Ben", parent=None)
    found = opinions.of_people(cells)
    assert [(one.kind, one.image_id) for one in found] == [("disagreement", "c0")]
    assert "0.75 of the objects agree" in found[0].message
    dice = 2 * 12 / (16 + 12)
    assert f"Dice of {dice:.2f}" in found[0].message
    assert "4 only in the first, 0 only in the second" in found[0].message
    assert found[0].place_yx == (30, 30)


def test_taking_up_anothers_version_is_no_second_opinion(cells):
    version = store.head(cells, "c0")
    changed = painted(disc(60, 60, 20))
    store.save(cells, "c0", labelled(changed), author=workflow.author(), parent=version)
    store.choose(cells, "c0", version, author="Ben")
    assert opinions.of_people(cells) == []


def predicted(cells, folder, ids_yx, rows, versions):
    (folder / "labels").mkdir(parents=True)
    tifffile.imwrite(folder / "labels" / "c0.tif", ids_yx.astype(np.uint16))
    head = "image,object,class,probability\n"
    (folder / "objects.csv").write_text(head + "".join(f"c0,{i},nucleus,{p}\n" for i, p in rows))
    return opinions.Predicted(
        run="r", folder=folder, test=("c0",), versions=versions, per_image={"c0": 0.9}
    )


def test_a_model_that_never_saw_the_image_doubts_labels_and_gaps(cells, tmp_path):
    ids_yx = store.load(cells, "c0").layers[MAIN].copy()
    ids_yx[ids_yx == 5] = 0
    ids_yx[190:198, 100:108], ids_yx[190:198, 150:158] = 17, 18
    rows = [(17, 0.95), (18, 0.5)]
    versions = {"c0": store.head(cells, "c0")}
    found = opinions.of_model(cells, predicted(cells, tmp_path / "p", ids_yx, rows, versions))
    assert [(one.object_id, one.place_yx) for one in found] == [(5, (75, 30)), (None, (194, 104))]
    assert "95 % sure" in found[1].message


def test_an_image_labelled_anew_since_the_run_is_left_out(cells, tmp_path):
    nothing = np.zeros(ROWS.shape, np.int32)
    assert (
        opinions.of_model(cells, predicted(cells, tmp_path / "p", nothing, [], {"c0": "old"})) == []
    )


def test_whole_images_are_doubted_where_the_model_is_sure(workspace, cells, tmp_path):
    task = TaskSpec(kind=Kind.CLASSIFICATION, classes=("well", "ill"))
    workflow.set_task(workspace, "cells", task)
    for image_id in ("c0", "c1", "c2"):
        workflow.set_image_class(workspace, "cells", image_id, "well")
    (tmp_path / "predictions.csv").write_text(
        "image,class,probability\nc0,ill,0.97\nc1,ill,0.55\nc2,well,0.99\n"
    )
    run = opinions.Predicted(
        run="r", folder=tmp_path, test=("c0", "c1", "c2"), versions={}, per_image={}
    )
    assert [one.image_id for one in opinions.of_model(cells, run)] == ["c0"]


def test_damaged_labels_are_named_and_the_others_looked_at(cells):
    version = store.head(cells, "c0")
    (cells.labels / "c0" / f"{version}.tif").write_bytes(b"none")
    assert [(one.kind, one.image_id) for one in doctor.examine(cells)] == [
        ("damaged", "c0"),
        ("speck", "c1"),
    ]


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(b"none"), Path.unlink])
@pytest.mark.parametrize("kind", [Kind.INSTANCE, Kind.SEMANTIC])
def test_one_damaged_file_ends_no_part_of_the_doctor(cells, tmp_path, kind, damage):
    """Rare classes and what others say were not looked at any more, in any image."""
    ids_yx = painted(disc(60, 60, 20))
    before, mine = store.head(cells, "c0"), labelled(ids_yx, "other")
    version = store.save(cells, "c0", mine, author="Ben", parent=before)
    run = predicted(cells, tmp_path / "p", ids_yx, [], {"c0": version})
    task = TaskSpec(kind=kind, classes=("nucleus", "other"))
    study.save(cells, replace(study.load(cells), task=task))
    damage(cells.labels / "c0" / f"{version}.tif")
    assert opinions.of_people(cells) == []
    assert opinions.of_model(cells, run) == []
    told = {(one.kind, one.image_id, one.place_yx) for one in rarity.examine(cells)}
    # The table of objects can be read, their pixels cannot.
    lost = ("rare", "c0", None) if kind is Kind.INSTANCE else ("missing", "c0", None)
    assert told == {lost}
    assert ("damaged", "c0") in {(one.kind, one.image_id) for one in doctor.examine(cells)}


def test_all_of_it_by_the_workflow(workspace, cells):
    assert [one.kind for one in workflow.symptoms(workspace, "cells")] == ["speck"]
    assert study.load(cells).task is not None
