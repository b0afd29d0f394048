"""Another reading: images, labels and masks follow, and nothing is attached to other pixels."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile

from core.data import checks, imports, readings, rereading, samples, study, tasks
from core.data.labels import store
from core.data.labels.model import MAIN, LabelObject, Labels
from core.data.rereading import Reread
from core.errors import ImageError, StudyError
from core.paths import StudyDir, Workspace
from core.records import Kind, StudyRecord, TaskSpec

SHAPE = (24, 32)


@pytest.fixture
def study_dir(tmp_path: Path) -> StudyDir:
    return study.create(Workspace.at(tmp_path / "workspace"), "cells")


def stack(path: Path, count: int = 4, seed: int = 0, **how: object) -> np.ndarray:
    pages = np.random.default_rng(seed).integers(0, 999, (count, *SHAPE), dtype=np.uint16)
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, pages, photometric="minisblack", **how)
    return pages


def decide(study_dir: StudyDir, image_id: str, name: str, *, alike: bool = True) -> Reread:
    about = study.load(study_dir).image(image_id)
    assert about.stack is not None
    reading = readings.named(about.stack, name)
    return rereading.decide(study_dir, image_id, reading, alike=alike, author="me")


def draw(study_dir: StudyDir, image_id: str, at: int = 3) -> str:
    ids = np.zeros(SHAPE, np.int32)
    ids[at : at + 4, at : at + 4] = 1
    labels = Labels(
        layers={MAIN: ids},
        annotated_yx=np.ones(SHAPE, bool),
        objects=(LabelObject(id=1, class_name="object"),),
    )
    parent = store.head(study_dir, image_id)
    return store.save(study_dir, image_id, labels, author="me", parent=parent)


def shown(study_dir: StudyDir, image_id: str) -> np.ndarray:
    return samples.read_image(study_dir, study.load(study_dir).image(image_id))


def doubts(record: StudyRecord) -> list[str]:
    return list(rereading.in_doubt(record))


def test_a_decision_holds_for_all_files_of_the_kind_and_those_that_come(
    study_dir: StudyDir, tmp_path: Path
) -> None:
    pages = {name: stack(tmp_path / f"{name}.tif", seed=ord(name)) for name in "abc"}
    stack(tmp_path / "d.tif", count=5)
    imports.add(study_dir, [tmp_path / "a.tif", tmp_path / "b.tif", tmp_path / "d.tif"])
    assert doubts(study.load(study_dir)) == ["TIFF Q4 Y X", "TIFF Q5 Y X"]
    assert any("nobody said" in each.message for each in checks.inspect(study_dir))
    decide(study_dir, "a", "channels")
    assert doubts(study.load(study_dir)) == ["TIFF Q5 Y X"]
    report = imports.add(study_dir, [tmp_path / "c.tif"])
    assert "4 channels, as you said" in report.notices[0].message
    for name, expected in pages.items():
        np.testing.assert_array_equal(shown(study_dir, name), expected)
    assert study.load(study_dir).image("d").in_doubt


def test_one_file_alone_may_be_read_otherwise(study_dir: StudyDir, tmp_path: Path) -> None:
    for name in "ab":
        stack(tmp_path / f"{name}.tif", seed=ord(name))
    imports.add(study_dir, [tmp_path / "a.tif", tmp_path / "b.tif"])
    decide(study_dir, "a", "page-3", alike=False)
    record = study.load(study_dir)
    assert (record.image("a").plane, record.image("b").plane) == (2, 0)
    assert record.readings == {}
    assert record.image("b").in_doubt


@pytest.mark.parametrize("how", ["max", "mean", "focus", "2"])
def test_depths_of_each_time_become_its_image(
    study_dir: StudyDir, tmp_path: Path, how: str
) -> None:
    """Also of one depth: it could be had only together with one time."""
    tzyx = np.random.default_rng(0).integers(0, 999, (3, 4, *SHAPE), dtype=np.uint16)
    tzyx[:, 3] = 7  # what has no detail is out of focus
    tzyx[:, 1] //= 3
    tzyx[1, 2] //= 9
    tzyx[1, 0] *= 9
    tzyx[[0, 2], 2] *= 9
    options = {"photometric": "minisblack", "metadata": {"axes": "TZYX"}}
    tifffile.imwrite(tmp_path / "a.tif", tzyx, **options)
    imports.add(study_dir, [tmp_path / "a.tif"])
    decide(study_dir, "a", f"times+z-{how}")
    sharpest = np.stack([tzyx[0, 2], tzyx[1, 0], tzyx[2, 2]])
    expected = {"max": tzyx.max(1), "mean": np.rint(tzyx.mean(1)), "2": tzyx[:, 1]}
    images = study.load(study_dir).images
    assert [image.part for image in images] == ["time 1", "time 2", "time 3"]
    for image, plane in zip(images, expected.get(how, sharpest), strict=True):
        np.testing.assert_array_equal(shown(study_dir, image.id)[0], plane)
    assert readings.current(images[0]) == readings.named(images[0].stack, f"times+z-{how}")


def test_another_depth_of_the_times_sets_labels_aside(study_dir: StudyDir, tmp_path: Path) -> None:
    tzyx = np.random.default_rng(0).integers(0, 999, (2, 5, *SHAPE), dtype=np.uint16)
    options = {"photometric": "minisblack", "metadata": {"axes": "TZYX"}}
    tifffile.imwrite(tmp_path / "a.tif", tzyx, **options)
    imports.add(study_dir, [tmp_path / "a.tif"])
    decide(study_dir, "a", "times+z-1")
    draw(study_dir, "a")
    seen = study.load(study_dir).image("a").seen_as
    assert decide(study_dir, "a", "times+z-2").set_aside == ("a",)
    assert study.load(study_dir).image("a").seen_as != seen
    assert decide(study_dir, "a", "times+z-1").brought_back == ("a",)
    with pytest.raises(ImageError, match=r"a.tif: it has 5 depths \(z\), there is no depth 9"):
        decide(study_dir, "a", "times+z-9")
    assert len(study.load(study_dir).images) == 2


@pytest.mark.parametrize("how", ["max", "mean"])
def test_depths_become_one_plane(study_dir: StudyDir, tmp_path: Path, how: str) -> None:
    pages = stack(tmp_path / "a.tif", metadata={"axes": "ZYX"})
    imports.add(study_dir, [tmp_path / "a.tif"])
    decide(study_dir, "a", f"z-{how}")
    expected = pages.max(axis=0) if how == "max" else np.rint(pages.mean(axis=0))
    np.testing.assert_array_equal(shown(study_dir, "a")[0], expected)


def test_times_are_images_of_one_group(study_dir: StudyDir, tmp_path: Path) -> None:
    """Frames of one film resemble each other: a model judged by its neighbours looks better."""
    pages = stack(tmp_path / "film.tif")
    imports.add(study_dir, [tmp_path / "film.tif"])
    done = decide(study_dir, "film", "times")
    assert done.images == ("film", "film-2", "film-3", "film-4")
    record = study.load(study_dir)
    assert {image.group for image in record.images} == {"film"}
    assert record.groups_known
    assert record.image("film-3").title == "film.tif · time 3"
    for number, image_id in enumerate(done.images):
        np.testing.assert_array_equal(shown(study_dir, image_id)[0], pages[number])
    assert len({image.content for image in record.images}) == 4
    again = imports.add(study_dir, [tmp_path / "film.tif"])
    assert not again.added

    assert decide(study_dir, "film", "channels").removed == ("film-2", "film-3", "film-4")
    [image] = study.load(study_dir).images
    assert (image.shape_cyx[0], image.group, image.part) == (4, None, "")


def test_labels_stay_where_their_pixels_are_still_seen(study_dir: StudyDir, tmp_path: Path) -> None:
    stack(tmp_path / "a.tif")
    imports.add(study_dir, [tmp_path / "a.tif"])
    version = draw(study_dir, "a")
    assert not decide(study_dir, "a", "channels").set_aside
    assert store.head(study_dir, "a") == version


def test_labels_of_another_plane_are_set_aside_and_come_back(
    study_dir: StudyDir, tmp_path: Path
) -> None:
    stack(tmp_path / "a.tif")
    imports.add(study_dir, [tmp_path / "a.tif"])
    first = draw(study_dir, "a")
    done = decide(study_dir, "a", "page-3")
    assert done.set_aside == ("a",)
    assert "drawn on another plane" in done.sentences()[0]
    assert store.head(study_dir, "a") is None
    assert [entry.version for entry in store.history(study_dir, "a")] == [first, ""]
    third = draw(study_dir, "a", at=10)
    back = decide(study_dir, "a", "page-1")
    assert (back.set_aside, back.brought_back) == ((), ("a",))
    assert store.head(study_dir, "a") == first
    decide(study_dir, "a", "page-3")
    assert store.head(study_dir, "a") == third


def test_labels_of_times_survive_a_detour(study_dir: StudyDir, tmp_path: Path) -> None:
    stack(tmp_path / "a.tif")
    imports.add(study_dir, [tmp_path / "a.tif"])
    decide(study_dir, "a", "times")
    versions = {name: draw(study_dir, name, at) for at, name in enumerate(("a", "a-3"))}
    assert decide(study_dir, "a", "z-max").set_aside == ("a", "a-3")
    assert samples.labelled_ids(study_dir, study.load(study_dir)) == []
    assert decide(study_dir, "a", "times").brought_back == ("a", "a-3")
    assert {name: store.head(study_dir, name) for name in versions} == versions


def test_nobody_inherits_labels_of_an_image_that_went(study_dir: StudyDir, tmp_path: Path) -> None:
    stack(tmp_path / "a.tif")
    stack(tmp_path / "a-3.tif", count=2, seed=9)
    imports.add(study_dir, [tmp_path / "a.tif"])
    decide(study_dir, "a", "times")
    draw(study_dir, "a-3")
    decide(study_dir, "a", "channels")
    report = imports.add(study_dir, [tmp_path / "a-3.tif"])
    assert report.added == ("a-3-2",)


def test_strokes_that_are_not_saved_stop_it(study_dir: StudyDir, tmp_path: Path) -> None:
    stack(tmp_path / "a.tif")
    imports.add(study_dir, [tmp_path / "a.tif"])
    draft = study_dir.labels / "a" / "draft.json"
    draft.parent.mkdir(parents=True)
    draft.write_text("{}")
    before = study.load(study_dir)
    with pytest.raises(StudyError, match="'a' that are not saved yet"):
        decide(study_dir, "a", "channels")
    assert study.load(study_dir) == before


def test_a_file_that_cannot_be_read_so_stays_as_it_is(study_dir: StudyDir, tmp_path: Path) -> None:
    stack(tmp_path / "long.tif", count=6, metadata={"axes": "ZYX"})
    stack(tmp_path / "short.tif", count=3, metadata={"axes": "ZYX"})
    imports.add(study_dir, [tmp_path / "long.tif", tmp_path / "short.tif"])
    done = decide(study_dir, "long", "page-5")
    assert "short.tif: it has 3 planes, there is no plane 4" in done.notices[0].message
    record = study.load(study_dir)
    assert (record.image("long").plane, record.image("short").in_doubt) == (4, True)
    with pytest.raises(ImageError, match=r"^short\.tif"):
        decide(study_dir, "short", "page-5")
    stack(tmp_path / "later.tif", count=2, metadata={"axes": "ZYX"})
    report = imports.add(study_dir, [tmp_path / "later.tif"])
    assert report.added == ("later",)
    assert any("cannot be read as others of its kind" in n.message for n in report.notices)
    assert study.load(study_dir).image("later").in_doubt


def test_what_earlier_versions_did_not_note_is_looked_up(
    study_dir: StudyDir, tmp_path: Path
) -> None:
    stack(tmp_path / "a.tif")
    imports.add(study_dir, [tmp_path / "a.tif"])
    [image] = study.load(study_dir).images
    study.update(study_dir, lambda record: replace(record, images=(replace(image, stack=None),)))
    assert rereading.looked_at(study_dir).images == (image,)
    assert rereading.looked_at(study_dir).revision == study.load(study_dir).revision


def masked(study_dir: StudyDir, folder: Path, pages: int) -> None:
    """Import a stack of four with a mask of so many pages, page n holding n + 1 objects."""
    stack(folder / "images" / "a.tif")
    ids = np.zeros((pages, *SHAPE), dtype=np.uint16)
    for page in range(pages):
        for number in range(page + 1):
            ids[page, 2:5, 2 + 5 * number : 5 + 5 * number] = number + 1
    (folder / "masks").mkdir()
    tifffile.imwrite(folder / "masks" / "a.tif", ids.squeeze(), photometric="minisblack")
    imports.add(study_dir, [folder])
    task = TaskSpec(kind=Kind.INSTANCE, classes=("object",))
    study.update(study_dir, lambda record: replace(record, task=task))


def objects(study_dir: StudyDir, image_id: str) -> int:
    return len(store.objects(study_dir, image_id))


def test_a_mask_of_many_pages_follows_its_plane(study_dir: StudyDir, tmp_path: Path) -> None:
    masked(study_dir, tmp_path / "set", pages=4)
    assert objects(study_dir, "a") == 1
    assert not decide(study_dir, "a", "page-3").set_aside
    assert objects(study_dir, "a") == 3
    decide(study_dir, "a", "times")
    ids = [image.id for image in study.load(study_dir).images]
    assert [objects(study_dir, image_id) for image_id in sorted(ids)] != [0] * 4
    by_plane = {image.plane: objects(study_dir, image.id) for image in study.load(study_dir).images}
    assert by_plane == {0: 1, 1: 2, 2: 3, 3: 4}
    done = decide(study_dir, "a", "z-max")
    assert "4 pages, but its picture is made of all planes" in done.notices[0].message
    assert samples.labelled_ids(study_dir, study.load(study_dir)) == []
    assert list(tasks.mask_files_of(study_dir)) == ["a"]
    decide(study_dir, "a", "page-2")
    assert objects(study_dir, "a") == 2


def test_a_mask_of_one_page_belongs_to_the_one_picture(study_dir: StudyDir, tmp_path: Path) -> None:
    masked(study_dir, tmp_path / "set", pages=1)
    for name in ("z-max", "page-3", "channels"):
        decide(study_dir, "a", name)
        assert objects(study_dir, "a") == 1
    done = decide(study_dir, "a", "times")
    assert "one page, but its file gives several images" in done.notices[0].message
    assert samples.labelled_ids(study_dir, study.load(study_dir)) == []


def test_labels_of_a_layer_follow_its_pictures(study_dir: StudyDir, tmp_path: Path) -> None:
    stack(tmp_path / "a.tif")
    imports.add(study_dir, [tmp_path / "a.tif"])
    decide(study_dir, "a", "page-1")
    layer = study.create(Workspace.at(tmp_path / "workspace"), "cells@nuclei")
    version = draw(layer, "a")
    told = decide(study_dir, "a", "page-3")
    assert told.set_aside == ("a",)
    assert store.head(layer, "a") is None
    assert decide(layer, "a", "page-1").brought_back == ("a",)
    assert store.head(layer, "a") == version
