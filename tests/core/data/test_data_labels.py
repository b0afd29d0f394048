from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from core.data import study, truth
from core.data.labels import masks, model, shapes, store, survey
from core.data.labels.model import MAIN, LabelObject, Labels
from core.data.samples import Sample
from core.errors import ConflictError, LabelError, StudyError
from core.paths import Workspace
from core.records import Kind, TaskSpec

CELLS = TaskSpec(kind=Kind.INSTANCE, classes=("mono", "binuclear"))
TISSUE = TaskSpec(kind=Kind.SEMANTIC, classes=("ground", "vessel"), background="ground")


def two_cells() -> Labels:
    layer = np.zeros((20, 30), dtype=np.int32)
    layer[2:8, 2:8] = 1
    layer[2:8, 8:14] = 2
    annotated = np.ones((20, 30), dtype=bool)
    annotated[15:] = False
    return Labels(
        layers={MAIN: layer},
        annotated_yx=annotated,
        objects=(
            LabelObject(id=1, class_name="mono", source="hand", author="Ada"),
            LabelObject(id=2, source="model"),
        ),
    )


def test_a_version_comes_back_as_it_was(workspace: Workspace) -> None:
    study_dir = study.create(workspace, "s")
    labels = two_cells()
    over = np.zeros((20, 30), dtype=np.int32)
    over[5:10, 5:10] = 70_000
    labels = Labels(
        layers={**labels.layers, "over": over},
        annotated_yx=labels.annotated_yx,
        objects=(*labels.objects, LabelObject(id=70_000, layer="over", class_name="mitosis")),
    )
    version = store.save(study_dir, "a", labels, author="Ada")
    back = store.load(study_dir, "a")
    assert back is not None
    assert back.objects == labels.objects
    assert list(back.layers) == [MAIN, "over"]
    np.testing.assert_array_equal(back.layers["over"], over)
    np.testing.assert_array_equal(back.annotated_yx, labels.annotated_yx)
    assert model.content_hash(back) == version == store.head(study_dir, "a")
    assert back.flat_yx[6, 6] == 70_000
    assert store.objects(study_dir, "a") == labels.objects
    assert survey.labelled(study_dir) == ["a"]
    assert store.load(study_dir, "b") is None


def test_every_difference_is_another_version() -> None:
    labels = two_cells()
    moved = labels.layers[MAIN].copy()
    moved[2, 2] = 0
    less = labels.annotated_yx.copy()
    less[0, 0] = False
    renamed = (replace(labels.objects[0], class_name="binuclear"), labels.objects[1])
    versions = {
        model.content_hash(each)
        for each in (
            labels,
            two_cells(),
            replace(labels, layers={MAIN: moved}),
            replace(labels, annotated_yx=less),
            replace(labels, objects=renamed),
        )
    }
    assert len(versions) == 4


def test_who_saves_over_a_newer_version_is_told_and_both_stay(workspace: Workspace) -> None:
    study_dir = study.create(workspace, "s")
    first = store.save(study_dir, "a", model.empty((9, 9), annotated=True), author="Ada")
    layer = np.zeros((9, 9), dtype=np.int32)
    layer[1, 1] = 1
    ones = replace(model.empty((9, 9)), layers={MAIN: layer}, objects=(LabelObject(id=1),))
    second = store.save(study_dir, "a", ones, author="Ada", parent=first)
    mine = model.empty((9, 9))
    with pytest.raises(ConflictError, match=r"by Ada.*history"):
        store.save(study_dir, "a", mine, author="Bob", parent=first)
    assert store.head(study_dir, "a") == second
    lost = model.content_hash(mine)
    assert store.load(study_dir, "a", lost) is not None
    told = [(v.version, v.author, v.conflict) for v in store.history(study_dir, "a")]
    assert told == [(first, "Ada", False), (second, "Ada", False), (lost, "Bob", True)]
    assert store.choose(study_dir, "a", lost, author="Bob") == lost
    assert store.head(study_dir, "a") == lost
    store.withdraw(study_dir, "a", author="Bob")
    assert store.load(study_dir, "a") is None
    assert store.load(study_dir, "a", second) is not None


def test_saving_the_same_again_changes_nothing(workspace: Workspace) -> None:
    study_dir = study.create(workspace, "s")
    version = store.save(study_dir, "a", two_cells(), author="Ada")
    assert store.save(study_dir, "a", two_cells(), author="Bob") == version
    assert len(store.history(study_dir, "a")) == 1


def test_damaged_versions_are_named(workspace: Workspace) -> None:
    study_dir = study.create(workspace, "s")
    version = store.save(study_dir, "a", two_cells(), author="Ada")
    (study_dir.labels / "a" / f"{version}.tif").write_bytes(b"II*\0")
    with pytest.raises(StudyError, match=rf"{version}.tif cannot be read"):
        store.load(study_dir, "a")
    with pytest.raises(StudyError, match=rf"{version}.tif cannot be read"):
        store.overview(study_dir, "a", version, 4)
    (study_dir.labels / "a" / f"{version}.tif").unlink()
    with pytest.raises(StudyError, match=rf"{version}.tif cannot be read"):
        store.overview(study_dir, "a", version, 1)


def test_a_file_without_all_its_layers_is_named(workspace: Workspace) -> None:
    study_dir = study.create(workspace, "s")
    version = store.save(study_dir, "a", two_cells(), author="Ada")
    path = study_dir.labels / "a" / f"{version}.tif"
    tifffile.imwrite(path, np.zeros((1, *two_cells().shape_yx), np.int32), compression="zlib")
    with pytest.raises(StudyError, match="0 layers instead of"):
        store.overview(study_dir, "a", version, 1)
    with pytest.raises(StudyError, match="0 layers instead of"):
        store.load(study_dir, "a")


def test_pixels_and_table_must_agree() -> None:
    labels = two_cells()
    with pytest.raises(LabelError, match="differ"):
        replace(labels, objects=labels.objects[:1])
    with pytest.raises(LabelError, match="sorted"):
        replace(labels, objects=labels.objects[::-1])
    with pytest.raises(LabelError, match="int32"):
        replace(labels, layers={MAIN: labels.layers[MAIN].astype(np.int64)})


def _sample(labels: Labels | None, image_class: str | None = None) -> Sample:
    image_cyx = np.zeros((1, 20, 30), dtype=np.uint8)
    return Sample(id="a", image_cyx=image_cyx, labels=labels, image_class=image_class)


def test_truth_of_objects_knows_what_nobody_annotated() -> None:
    found = truth.of(_sample(two_cells()), CELLS)
    assert found.object_classes == {1: 0, 2: truth.UNKNOWN}
    assert found.pixels_yx[3, 3] == 1
    assert found.pixels_yx[12, 12] == 0
    assert (found.pixels_yx[15:] == truth.UNKNOWN).all()
    single = TaskSpec(kind=Kind.INSTANCE, classes=("cell",))
    assert truth.of(_sample(two_cells()), single).object_classes == {1: 0, 2: 0}


def test_truth_of_classes_needs_a_background_for_what_is_unmarked() -> None:
    layer = np.zeros((4, 4), dtype=np.int32)
    layer[0] = 2
    labels = Labels(
        layers={MAIN: layer},
        annotated_yx=np.ones((4, 4), dtype=bool),
        objects=(LabelObject(id=2, class_name="vessel"),),
    )
    found = truth.of(_sample(labels), TISSUE).pixels_yx
    assert (found[0] == 1).all()
    assert (found[1:] == 0).all()
    without = replace(TISSUE, background=None)
    found = truth.of(_sample(labels), without).pixels_yx
    assert (found[1:] == truth.UNKNOWN).all()


def test_truth_of_whole_images() -> None:
    kinds = TaskSpec(kind=Kind.CLASSIFICATION, classes=("well", "ill"))
    assert truth.of(_sample(None, "ill"), kinds).image_class == 1
    assert truth.of(_sample(None), kinds).image_class == truth.UNKNOWN
    with pytest.raises(LabelError, match="'a' has no labels"):
        truth.of(_sample(None), CELLS)


def _mask(path: Path, values: np.ndarray) -> Path:
    tifffile.imwrite(path, values, photometric="minisblack")
    return path


def _blocks(dtype: type = np.uint16, first: int = 1, second: int = 2) -> np.ndarray:
    values = np.zeros((16, 16), dtype=dtype)
    values[1:6, 1:6] = first
    values[8:14, 8:14] = second
    return values


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.int64, np.float64])
def test_ids_of_every_dtype(tmp_path: Path, dtype: type) -> None:
    path = _mask(tmp_path / "m.tif", _blocks(dtype, 3, 200))
    reading = masks.read(path, kind=Kind.INSTANCE, classes=("cell",))
    np.testing.assert_array_equal(reading.labels.flat_yx, _blocks())
    assert [item.class_name for item in reading.labels.objects] == ["cell", "cell"]
    assert "gaps" in reading.notices[0]


def test_classes_of_ids_are_those_of_the_table(tmp_path: Path) -> None:
    path = _mask(tmp_path / "m.tif", _blocks(first=3, second=200))
    options = {"kind": Kind.INSTANCE, "classes": CELLS.classes}
    reading = masks.read(path, hints=masks.Hints(object_classes={200: "binuclear"}), **options)
    assert [item.class_name for item in reading.labels.objects] == [None, "binuclear"]
    with pytest.raises(LabelError, match=r"m.tif: .*'tri'"):
        masks.read(path, hints=masks.Hints(object_classes={3: "tri"}), **options)


def test_touching_ids_stay_apart_and_one_value_falls_into_pieces(tmp_path: Path) -> None:
    touching = np.zeros((16, 16), dtype=np.uint8)
    touching[:, :8], touching[:, 8:] = 1, 2
    reading = masks.read(_mask(tmp_path / "a.tif", touching), kind=Kind.INSTANCE, classes=("cell",))
    assert len(reading.labels.objects) == 2
    reading = masks.read(
        _mask(tmp_path / "b.tif", _blocks(np.uint8, 255, 255)),
        kind=Kind.INSTANCE,
        classes=("cell",),
    )
    np.testing.assert_array_equal(reading.labels.flat_yx, _blocks())


def test_coloured_objects_become_ids_whatever_lies_behind(tmp_path: Path) -> None:
    rgb = np.full((16, 16, 3), 250, dtype=np.uint8)
    rgb[1:6, 1:6] = (200, 10, 30)
    rgb[8:14, 8:14] = (10, 200, 30)
    Image.fromarray(rgb).save(tmp_path / "m.png")
    reading = masks.read(tmp_path / "m.png", kind=Kind.INSTANCE, classes=("cell",))
    assert len(reading.labels.objects) == 2
    np.testing.assert_array_equal(reading.labels.flat_yx > 0, _blocks() > 0)
    with pytest.raises(LabelError, match=r"m.png: its classes are colours"):
        masks.read(tmp_path / "m.png", kind=Kind.SEMANTIC, classes=TISSUE.classes)


def test_what_is_no_mask_is_refused_by_name(tmp_path: Path) -> None:
    path = _mask(tmp_path / "p.tif", _blocks(np.float32) / 3)
    with pytest.raises(LabelError, match=r"p.tif: .*fractions"):
        masks.read(path, kind=Kind.INSTANCE, classes=("cell",))
    path = _mask(tmp_path / "c.tif", _blocks(second=5))
    with pytest.raises(LabelError, match=r"c.tif: .*value 5.*0 = ground, 1 = vessel"):
        masks.read(path, kind=Kind.SEMANTIC, classes=TISSUE.classes, background="ground")


def test_class_masks_keep_background_and_unjudged_apart(tmp_path: Path) -> None:
    path = _mask(tmp_path / "m.tif", _blocks(np.uint8, 1, 255))
    labels = masks.read(
        path, kind=Kind.SEMANTIC, classes=TISSUE.classes, background="ground"
    ).labels
    found = truth.of(_sample(labels), TISSUE).pixels_yx
    expected = np.where(_blocks() == 2, truth.UNKNOWN, _blocks(np.int32))
    np.testing.assert_array_equal(found, expected)
    # Without a background every class is an object of its own, the first one too.
    path = _mask(tmp_path / "n.tif", _blocks(np.uint8, 1, 2))
    three = TaskSpec(kind=Kind.SEMANTIC, classes=("a", "b", "c"))
    labels = masks.read(path, kind=three.kind, classes=three.classes).labels
    np.testing.assert_array_equal(truth.of(_sample(labels), three).pixels_yx, _blocks())


def test_negative_values_are_not_annotated(tmp_path: Path) -> None:
    path = _mask(tmp_path / "m.tif", _blocks(np.int16, 1, -1))
    labels = masks.read(path, kind=Kind.INSTANCE, classes=("cell",)).labels
    np.testing.assert_array_equal(~labels.annotated_yx, _blocks() == 2)
    assert len(labels.objects) == 1


def test_outlines_paint_the_same_pixels_again() -> None:
    """Rings in rings: an object with a hole, in it another object, and an island of the first."""
    layer = np.zeros((40, 40), dtype=np.int32)
    layer[2:38, 2:38] = 1
    layer[8:30, 8:30] = 0
    layer[12:20, 12:20] = 2
    layer[24:27, 24:27] = 1
    layer[0, 0] = 3
    rng = np.random.default_rng(0)
    layer[rng.random(layer.shape) < 0.03] = 4
    layer[39, 39] = 4
    labels = Labels(
        layers={MAIN: layer},
        annotated_yx=np.ones(layer.shape, dtype=bool),
        objects=tuple(LabelObject(id=i, class_name=f"c{i}") for i in (1, 2, 3, 4)),
    )
    again = shapes.paint(model.empty(layer.shape), shapes.outlines(labels))
    np.testing.assert_array_equal(again.flat_yx, layer)
    assert [item.class_name for item in again.objects] == ["c1", "c2", "c3", "c4"]


def test_painting_over_an_object_takes_its_pixels() -> None:
    square = shapes.Shape(
        points=((1.5, 1.5), (8.5, 1.5), (8.5, 8.5), (1.5, 8.5)), class_name="mono"
    )
    labels = shapes.paint(model.empty((12, 12)), [square], author="Ada")
    assert int((labels.flat_yx == 1).sum()) == 7 * 7
    assert labels.objects[0].author == "Ada"
    assert labels.annotated_yx[5, 5]
    assert not labels.annotated_yx[0, 0]
    larger = shapes.Shape(points=((-5, -5), (50, -5), (50, 50), (-5, 50)), class_name="binuclear")
    labels = shapes.paint(labels, [larger])
    assert [(item.id, item.class_name) for item in labels.objects] == [(2, "binuclear")]
    assert (labels.flat_yx == 2).all()
    joined = shapes.paint(model.empty((12, 12)), [square, square], merge_classes=True)
    assert len(joined.objects) == 1
    with pytest.raises(LabelError, match="three points"):
        shapes.fill(((0, 0), (1, 1)), (12, 12))
