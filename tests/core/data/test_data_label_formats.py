"""Every label format: out and in again gives the same labels."""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from core.data import imports, readers_tiff, study
from core.data.labels import exchange, masks, parts, rings, store, vectors
from core.data.labels.exchange import Classes, Page
from core.data.labels.model import MAIN, LabelObject, Labels
from core.data.labels.shapes import fill
from core.errors import LabelError
from core.paths import Workspace
from core.records import Kind

SHAPE = (48, 64)
CELLS = Classes(names=("mono", "bi"))
TISSUE = Classes(names=("ground", "gland", "vessel"), background="ground")


def _labels() -> Labels:
    """Two touching discs, a ring around one object, a thing of two pieces, one of one pixel."""
    ids = np.zeros(SHAPE, np.int32)
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    ids[(rows - 12) ** 2 + (columns - 12) ** 2 < 64] = 1
    ids[(rows - 12) ** 2 + (columns - 27) ** 2 < 64] = 2
    ids[(rows - 32) ** 2 + (columns - 14) ** 2 < 120] = 3
    ids[(rows - 32) ** 2 + (columns - 14) ** 2 < 40] = 0
    ids[(rows - 32) ** 2 + (columns - 14) ** 2 < 9] = 4
    ids[30:36, 40:46] = 5
    ids[36:40, 46:50] = 5  # meets the first piece at a corner
    ids[0, 63] = 6
    names = ("mono", "bi", "mono", "bi", "mono", None)
    return Labels(
        layers={MAIN: ids},
        annotated_yx=np.ones(SHAPE, bool),
        objects=tuple(
            LabelObject(id=at, class_name=name, source="import")
            for at, name in enumerate(names, start=1)
        ),
    )


def _regions() -> Labels:
    """Return two classes of regions; a corner was not annotated."""
    ids = np.zeros(SHAPE, np.int32)
    ids[5:20, 5:40], ids[20:44, 10:30], ids[30:34, 15:20] = 2, 3, 0
    annotated = np.ones(SHAPE, bool)
    annotated[40:, 50:] = False
    return Labels(
        layers={MAIN: ids},
        annotated_yx=annotated,
        objects=(
            LabelObject(id=2, class_name="gland", source="import"),
            LabelObject(id=3, class_name="vessel", source="import"),
        ),
    )


def _again(folder: Path, format_name: str, labels: Labels) -> Labels:
    written = exchange.write(
        format_name, [Page(name="a", image="a.png", labels=labels)], folder, CELLS
    )
    path = next(file for file in written if file.suffix != ".csv")
    if format_name == "pieces":
        from core.data.labels import pieces

        path = pieces.pack(written, folder / "a.zip")
    hints = masks.Hints(
        shape_yx=SHAPE,
        object_classes={o.id: o.class_name for o in labels.objects if o.class_name},
    )
    return masks.read(path, kind=Kind.INSTANCE, classes=CELLS.names, hints=hints).labels


@pytest.mark.parametrize(
    "format_name", [f for f in exchange.FORMATS if f not in ("binary", "classes")]
)
def test_objects_come_back_identical(tmp_path: Path, format_name: str) -> None:
    labels = _labels()
    back = _again(tmp_path, format_name, labels)
    np.testing.assert_array_equal(back.flat_yx, labels.flat_yx)
    if format_name != "pieces":
        assert [o.class_name for o in back.objects] == [o.class_name for o in labels.objects]


def test_what_was_not_annotated_comes_back_so(tmp_path: Path) -> None:
    labels = replace(_labels(), annotated_yx=_regions().annotated_yx)
    back = _again(tmp_path, "labels", labels)
    np.testing.assert_array_equal(back.annotated_yx, labels.annotated_yx)
    np.testing.assert_array_equal(back.flat_yx, labels.flat_yx)


def test_a_binary_mask_tells_where_something_is(tmp_path: Path) -> None:
    labels = _labels()
    [path] = exchange.write(
        "binary", [Page(name="a", image="a.png", labels=labels)], tmp_path, CELLS
    )
    np.testing.assert_array_equal(np.asarray(Image.open(path)) == 255, labels.flat_yx > 0)


@pytest.mark.parametrize(
    "format_name", ["classes", "colors", "geojson", "coco", "labelme", "imagej"]
)
def test_regions_come_back_identical(tmp_path: Path, format_name: str) -> None:
    labels = _regions()
    page = Page(name="a", image="a.png", labels=labels)
    written = exchange.write(format_name, [page], tmp_path, TISSUE)
    colors = {"#000000": "ground", "#800000": "gland", "#FFFFFF": "vessel"}
    hints = masks.Hints(shape_yx=SHAPE, colors=colors)
    back = masks.read(
        written[0],
        kind=Kind.SEMANTIC,
        classes=TISSUE.names,
        background=TISSUE.background,
        hints=hints,
    ).labels
    np.testing.assert_array_equal(back.flat_yx, labels.flat_yx)
    if format_name == "classes":
        np.testing.assert_array_equal(back.annotated_yx, labels.annotated_yx)


def test_colours_without_a_table_are_refused_by_their_names(tmp_path: Path) -> None:
    page = Page(name="a", image="a.png", labels=_regions())
    path, table = exchange.write("colors", [page], tmp_path, TISSUE)
    assert table.read_text().splitlines()[1:] == [
        "#000000,ground",
        "#800000,gland",
        "#FFFFFF,vessel",
    ]
    with pytest.raises(LabelError, match=r"#800000.*colors\.csv"):
        masks.read(path, kind=Kind.SEMANTIC, classes=TISSUE.names, background="ground")


def _random_masks() -> Iterator[np.ndarray]:
    rng = np.random.default_rng(3)
    for share in (0.2, 0.5, 0.8):
        yield rng.random((17, 23)) < share
    yield np.ones((3, 4), bool)


def test_traced_outlines_enclose_exactly_the_pixels() -> None:
    """Other programs' regions were smaller than the mask: they ran through pixel centres."""
    for mask in _random_masks():
        found = rings.polygons(mask)
        back = np.zeros(mask.shape, bool)
        for piece in found:
            filled = fill(rings.centred(piece.outer), mask.shape)
            for hole in piece.holes:
                filled &= ~fill(rings.centred(hole), mask.shape)
            assert len(set(piece.outer)) == len(piece.outer)
            back |= filled
        np.testing.assert_array_equal(back, mask)
        covered = sum(rings.area(p.outer) + sum(map(rings.area, p.holes)) for p in found)
        assert covered == mask.sum()


def test_regions_of_imagej_have_whole_corners(tmp_path: Path) -> None:
    roifile = pytest.importorskip("roifile")
    [path] = exchange.write(
        "imagej", [Page(name="a", image="a.png", labels=_labels())], tmp_path, CELLS
    )
    first = roifile.roiread(path)[0]
    assert first.roitype == roifile.ROI_TYPE.TRACED
    assert (first.left, first.top, first.right, first.bottom) == (5, 5, 20, 20)


def test_ovals_and_lines_of_imagej(tmp_path: Path) -> None:
    roifile = pytest.importorskip("roifile")
    oval = roifile.ImagejRoi(
        roitype=roifile.ROI_TYPE.OVAL, left=10, top=8, right=30, bottom=24, version=227
    )
    line = roifile.ImagejRoi(roitype=roifile.ROI_TYPE.LINE, x1=1, y1=1, x2=9, y2=9, version=227)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("oval.roi", oval.tobytes())
        archive.writestr("line.roi", line.tobytes())
    labels, notices = vectors.read(tmp_path / "a.zip", SHAPE)
    assert (labels.flat_yx > 0).sum() == pytest.approx(np.pi * 10 * 8, rel=0.03)
    assert "1 points and lines" in notices[0]


def test_overlapping_objects_are_told(tmp_path: Path) -> None:
    square = parts.Part(mask_yx=np.ones((10, 10), bool), offset_yx=(5, 5))
    over = parts.Part(mask_yx=np.ones((10, 10), bool), offset_yx=(5, 10))
    labels, notices = parts.assemble([square, over], SHAPE)
    assert notices == ["objects overlap in 50 pixels; the later one has them"]
    assert [(labels.flat_yx == i).sum() for i in (1, 2)] == [50, 100]


@pytest.mark.parametrize(
    "text",
    [
        '{"images": 3, "annotations": []}',
        '{"shapes": 3, "imagePath": 1}',
        "{",
    ],
)
def test_damaged_files_are_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(LabelError, match=r"^a\.json: "):
        vectors.read(tmp_path / "a.json", SHAPE)


def _pictures(folder: Path, stems: tuple[str, ...]) -> Path:
    folder.mkdir(parents=True)
    for stem in stems:
        noise = np.random.default_rng(ord(stem)).integers(0, 255, SHAPE, dtype=np.uint8)
        Image.fromarray(noise).save(folder / f"{stem}.png")
    return folder


@pytest.mark.parametrize("format_name", ["coco", "imagej", "geojson", "labelme"])
def test_drawn_labels_beside_pictures_are_paired(
    tmp_path: Path, workspace: Workspace, format_name: str
) -> None:
    folder = _pictures(tmp_path / "set", ("a", "b", "c"))
    pages = [Page(name=stem, image=f"{stem}.png", labels=_labels()) for stem in "ab"]
    exchange.write(format_name, pages, folder, CELLS)
    study_dir = study.create(workspace, "s")
    report = imports.add(study_dir, [folder])
    assert report.refused == ()
    assert (sorted(report.added), sorted(report.labelled)) == (["a", "b", "c"], ["a", "b"])
    assert any("c.png: no mask has its name" in notice.message for notice in report.notices)
    loaded = store.load(study_dir, "b")
    assert loaded is not None
    np.testing.assert_array_equal(loaded.flat_yx, _labels().flat_yx)
    assert {o.class_name for o in loaded.objects} == {"mono", "bi", None}


@pytest.mark.parametrize("layout", ["by name", "data science bowl"])
def test_one_file_an_object_is_one_set_of_labels(
    tmp_path: Path, workspace: Workspace, layout: str
) -> None:
    page = Page(name="a", image="a.png", labels=_labels())
    if layout == "by name":
        _pictures(tmp_path / "set/images", ("a", "b"))
        exchange.write("pieces", [page], tmp_path / "set", CELLS)
    else:
        _pictures(tmp_path / "set/a/images", ("a",))
        _pictures(tmp_path / "set/b/images", ("b",))
        exchange.write("pieces", [page], tmp_path, CELLS)
        (tmp_path / "masks/a").rename(tmp_path / "set/a/masks")
    study_dir = study.create(workspace, "s")
    report = imports.add(study_dir, [tmp_path / "set"])
    assert (sorted(report.added), report.labelled) == (["a", "b"], ("a",))
    loaded = store.load(study_dir, "a")
    assert loaded is not None
    np.testing.assert_array_equal(loaded.flat_yx, _labels().flat_yx)


def test_coloured_regions_are_imported_by_their_table(tmp_path: Path, workspace: Workspace) -> None:
    _pictures(tmp_path / "set/images", ("a",))
    page = Page(name="a", image="a.png", labels=_regions())
    exchange.write("colors", [page], tmp_path / "set/masks", TISSUE)
    study_dir = study.create(workspace, "s")
    report = imports.add(study_dir, [tmp_path / "set"])
    assert report.refused == ()
    loaded = store.load(study_dir, "a")
    assert loaded is not None
    assert {o.class_name for o in loaded.objects} == {"gland", "vessel"}
    np.testing.assert_array_equal(loaded.flat_yx > 0, _regions().flat_yx > 0)


def test_outlines_for_another_size_are_refused(tmp_path: Path, workspace: Workspace) -> None:
    folder = _pictures(tmp_path / "set", ("a",))
    exchange.write("labelme", [Page(name="a", image="a.png", labels=_labels())], folder, CELLS)
    Image.fromarray(np.zeros((20, 30), np.uint8)).save(folder / "a.png")
    report = imports.add(study.create(workspace, "s"), [folder])
    [refused] = report.refused
    assert "64 x 48" in refused.message
    assert "30 x 20" in refused.message


def test_outlines_for_qupath_count_in_pixels_of_the_full_picture(tmp_path: Path) -> None:
    """Of a slide a smaller level is marked: its outlines lay in the slide's upper left corner."""
    labels = _labels()
    page = Page(name="a", image="a.svs", labels=labels, reduction=4.0)
    [path] = exchange.write("geojson", [page], tmp_path, CELLS)
    [plain] = exchange.write("geojson", [replace(page, reduction=1.0)], tmp_path / "plain", CELLS)
    corners, own = (
        json.loads(each.read_text())["features"][0]["geometry"]["coordinates"]
        for each in (path, plain)
    )
    np.testing.assert_allclose(np.array(corners[0]), 4 * np.array(own[0]))
    hints = masks.Hints(shape_yx=SHAPE, reduction=4.0)
    back = masks.read(path, kind=Kind.INSTANCE, classes=CELLS.names, hints=hints).labels
    np.testing.assert_array_equal(back.flat_yx, labels.flat_yx)


def test_what_was_marked_on_a_slide_lies_right_on_its_smaller_level(
    tmp_path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"tile": (16, 16), "metadata": None}
    (tmp_path / "in" / "images").mkdir(parents=True)
    with tifffile.TiffWriter(tmp_path / "in/images/slide.tif") as writer:
        writer.write(np.zeros((64, 64), np.uint8), subifds=1, **options)
        writer.write(np.zeros((32, 32), np.uint8), subfiletype=1, **options)
    monkeypatch.setattr(readers_tiff, "MAX_PIXELS", 2000)
    box = [[20, 8], [40, 8], [40, 24], [20, 24], [20, 8]]
    feature = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [box]}}
    (tmp_path / "in/masks").mkdir()
    (tmp_path / "in/masks/slide.geojson").write_text(json.dumps([feature]))
    study_dir = study.create(workspace, "slides")
    imports.add(study_dir, [tmp_path / "in"])
    [about] = study.load(study_dir).images
    assert (about.shape_cyx, about.reduction) == ((1, 32, 32), 2.0)
    labels = store.load(study_dir, about.id)
    assert labels is not None
    rows, columns = np.nonzero(labels.flat_yx)
    assert (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1) == (4, 12, 10, 20)
