"""Parts of large images: pixels, labels, and labels put back."""

from dataclasses import replace

import numpy as np
import pytest
import tifffile

from core.data import display, imports, pyramid, regions, study
from core.data.labels import cutting, history, journal, pages, placed, store
from core.data.labels.model import MAIN, LabelObject, Labels
from core.data.regions import Region
from core.errors import ConflictError, ImageError
from core.paths import StudyDir, Workspace
from core.records import Kind

ROWS, COLUMNS = 90, 120
HERE = Region(top=20, left=30, rows=40, columns=50)


def labelled(*boxes: tuple[int, int, int, int], name: str = "cell") -> Labels:
    """Return labels with one box (top, left, bottom, right) an object."""
    ids = np.zeros((ROWS, COLUMNS), np.int32)
    for number, (top, left, bottom, right) in enumerate(boxes, start=1):
        ids[top:bottom, left:right] = number
    items = tuple(LabelObject(id=i, class_name=name) for i in range(1, len(boxes) + 1))
    return Labels(layers={MAIN: ids}, annotated_yx=ids > 0, objects=items)


def drawn(labels: Labels, number: int, place: tuple[slice, slice], name: str = "cell") -> Labels:
    """Return labels with an object painted in."""
    layer = labels.layers[MAIN].copy()
    layer[place] = number
    known = {item.id: item for item in labels.objects}
    known.setdefault(number, LabelObject(id=number, class_name=name))
    items = tuple(item for _, item in sorted(known.items()))
    return cutting.of_layers({MAIN: layer}, labels.annotated_yx, items)


@pytest.fixture
def study_dir(tmp_path) -> StudyDir:
    """Return a study with one image a little too large to be shown whole."""
    study_dir = study.create(Workspace.at(tmp_path), "wide")
    image = np.arange(101 * 3101, dtype=np.uint32).reshape(101, 3101).astype(np.uint16)
    tifffile.imwrite(tmp_path / "scan.tif", image)
    imports.add(study_dir, [tmp_path / "scan.tif"])
    return study_dir


def test_regions_stay_inside_the_image_and_neighbours_overlap() -> None:
    corner = regions.around(0, 9_999, (10_000, 8_000))
    assert corner == Region(top=0, left=8_000 - 2048, rows=2048, columns=2048)
    beside = regions.beside(corner, (10_000, 8_000), 1, 0)
    assert beside is not None
    assert 0 < corner.top + corner.rows - beside.top < corner.rows
    assert regions.beside(corner, (10_000, 8_000), -1, 0) is None
    assert Region.named(corner.name) == corner
    with pytest.raises(ImageError):
        Region.named("../r1")
    assert regions.around(5, 5, (10, 3000)).rows == 10


def test_a_pyramid_gives_the_images_own_pixels_and_their_means(study_dir: StudyDir) -> None:
    about = study.load(study_dir).images[0]
    assert pyramid.is_large(about)
    made = pyramid.opened(study_dir, about)
    image_cyx = tifffile.imread(study_dir.images / about.file)[None]
    region = Region(top=10, left=2000, rows=20, columns=600)
    np.testing.assert_array_equal(made.read(region), image_cyx[:, 10:30, 2000:2600])
    np.testing.assert_array_equal(made.sample(), display.sample(image_cyx))
    half = made.seen(regions.whole(about), 1550)
    assert half.shape == (1, 51, 1551)
    assert half[0, 3, 7] == round(float(image_cyx[0, 6:8, 14:16].mean()))
    assert made.seen(region, 400).shape == (1, 20, 600)
    (made.folder / "0.npy").rename(made.folder / "kept")
    with pytest.raises(FileNotFoundError):
        pyramid.opened(study_dir, about).read(region)


def test_labels_are_read_strip_by_strip(tmp_path) -> None:
    labels = labelled((0, 0, 30, 30), (25, 60, 70, 100))
    pages.write(tmp_path / "l.tif", labels)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "l.tif")[0], labels.layers[MAIN])
    layer_yx, annotated_yx = pages.read(tmp_path / "l.tif", HERE)
    np.testing.assert_array_equal(layer_yx, labels.layers[MAIN][HERE.place])
    np.testing.assert_array_equal(annotated_yx > 0, labels.annotated_yx[HERE.place])


@pytest.mark.parametrize("every", [1, 3, 7])
def test_every_nth_pixel_is_the_same_whatever_the_strips(tmp_path, monkeypatch, every) -> None:
    monkeypatch.setattr(pages, "_STRIP_BYTES", 4 * COLUMNS * 4)
    labels = labelled((0, 0, 30, 30), (25, 60, 70, 100))
    pages.write(tmp_path / "l.tif", labels)
    layer_yx, _ = pages.read(tmp_path / "l.tif", every=every)
    np.testing.assert_array_equal(layer_yx, labels.layers[MAIN][::every, ::every])
    part_yx, _ = pages.read(tmp_path / "l.tif", HERE)
    np.testing.assert_array_equal(part_yx, labels.layers[MAIN][HERE.place])


def test_what_was_not_touched_comes_back_as_it_was() -> None:
    labels = labelled((0, 0, 30, 50), (25, 60, 70, 100))
    part = cutting.cut(labels, HERE)
    again = cutting.paste(labels, HERE, part, part)
    assert store.is_same(labels, again)


def test_a_new_object_gets_a_number_that_is_free_in_the_whole_image() -> None:
    labels = labelled((0, 0, 5, 5), (80, 0, 85, 5), (80, 100, 85, 105))
    part = cutting.cut(labels, HERE)
    assert not part.objects
    changed = drawn(part, 1, (slice(0, 4), slice(0, 4)))
    merged = cutting.paste(labels, HERE, part, changed)
    assert [item.id for item in merged.objects] == [1, 2, 3, 4]
    assert (merged.layers[MAIN][20:24, 30:34] == 4).all()
    assert (merged.layers[MAIN] == 1).sum() == 25


def test_an_object_over_the_border_goes_altogether_or_to_its_heir() -> None:
    labels = labelled((10, 40, 30, 50), (40, 40, 50, 50))  # the first reaches out of the region
    part = cutting.cut(labels, HERE)
    without = np.where(part.layers[MAIN] == 1, 0, part.layers[MAIN]).astype(np.int32)
    gone = cutting.of_layers({MAIN: without}, part.annotated_yx, part.objects)
    assert not (cutting.paste(labels, HERE, part, gone).layers[MAIN] == 1).any()
    joined = np.where(part.layers[MAIN] == 1, 2, part.layers[MAIN]).astype(np.int32)
    merged = cutting.of_layers({MAIN: joined}, part.annotated_yx, part.objects)
    assert (cutting.paste(labels, HERE, part, merged).layers[MAIN] == 2).sum() == 300
    # Another object under a number that became free is another object.
    anew = drawn(gone, 1, (slice(0, 2), slice(0, 2)), "other")
    pasted = cutting.paste(labels, HERE, part, anew)
    assert not (pasted.layers[MAIN][:20] > 0).any()
    assert {item.class_name for item in pasted.objects} == {"cell", "other"}


def test_a_class_is_one_object_in_and_out_of_the_region() -> None:
    labels = labelled((0, 0, 5, 5), (80, 80, 85, 85))
    named = replace(
        labels,
        objects=(LabelObject(id=1, class_name="gland"), LabelObject(id=2, class_name="fat")),
    )
    part = cutting.cut(named, HERE)
    changed = drawn(part, 1, (slice(0, 9), slice(0, 9)), "fat")
    merged = cutting.paste(named, HERE, part, changed, by_class=True)
    assert (merged.layers[MAIN][20:29, 30:39] == 2).all()
    assert len(merged.objects) == 2
    erased = cutting.paste(merged, HERE, cutting.cut(merged, HERE), part, by_class=True)
    assert (erased.layers[MAIN][80:85, 80:85] == 2).all()


@pytest.fixture
def parts(study_dir: StudyDir):
    """Return the image and two parts of it that share nothing."""
    image = study.load(study_dir).images[0]
    left, right = (regions.around(50, column, (101, 3101), 400) for column in (300, 2700))
    return [regions.part(image, each) for each in (left, right)]


def stroke(work: journal.Journal, number: int, name: str = "cell") -> None:
    work.record(drawn(work.labels, number, (slice(5, 9), slice(5, 9)), name), "brush")


def test_two_regions_are_marked_at_once_and_one_label_map_holds_both(study_dir, parts) -> None:
    works = []
    for part, who in zip(parts, ("tab-1", "tab-2"), strict=True):
        place = placed.of(part, Kind.INSTANCE)
        shape = part.shape_cyx[1:]
        works.append(journal.open_(study_dir, part.id, who, shape, author=who, place=place))
        stroke(works[-1], 1)
    again = journal.open_(
        study_dir, parts[0].id, "tab-1", parts[0].shape_cyx[1:], author="", place=works[0].place
    )
    assert len(again.entries) == 1  # as after a reload
    assert [journal.editor(who) for who in journal.waiting(study_dir, parts[0].id)] != []
    for work in works:
        history.finish(work)
    merged = store.load(study_dir, parts[0].id)
    assert merged.shape_yx == (101, 3101)
    assert len(merged.objects) == 2
    for part in parts:
        assert (merged.layers[MAIN][part.region.place][5:9, 5:9] > 0).all()
    assert len(store.load(study_dir, parts[0].id, region=parts[1].region).objects) == 1


def test_two_who_mark_the_same_region_are_told(study_dir, parts) -> None:
    place = placed.of(parts[0], Kind.INSTANCE)
    shape = parts[0].shape_cyx[1:]
    works = [
        journal.open_(study_dir, parts[0].id, who, shape, author=who, place=place)
        for who in ("tab-1", "tab-2")
    ]
    for at, work in enumerate(works, start=1):
        stroke(work, at, f"class {at}")
    history.finish(works[0])
    with pytest.raises(ConflictError):
        history.finish(works[1])
    assert len(store.history(study_dir, parts[0].id)) == 2
