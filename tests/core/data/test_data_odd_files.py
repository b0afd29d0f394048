"""Every odd file behaves as the manifest beside it says."""

import importlib.util
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from core.data import imports, readers, readings, rereading, samples, study, vignettes
from core.data.labels import masks
from core.errors import ImageError, LabelError
from core.paths import Workspace
from core.records import Kind


@dataclass(frozen=True, kw_only=True)
class Opens:
    channels: int
    dtype: str
    told: str = ""
    """Part of a notice."""
    planes: int = 1
    axes: str = ""
    channel_names: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Refused:
    told: str
    """Part of the sentence."""


@dataclass(frozen=True, kw_only=True)
class Ignored:
    """Not even spoken of."""


@dataclass(frozen=True, kw_only=True)
class Mask:
    objects: int | None
    """How many there are; None: at least two."""
    told: str = ""


RGB = Opens(channels=3, dtype="uint8")
GREY = Opens(channels=1, dtype="uint8")
DEEP = Opens(channels=1, dtype="uint16")
DAMAGED = Refused(told="damaged")
EXPECTED: dict[str, Opens | Refused | Ignored | Mask] = {
    "real/rgb_big_endian.ome.tif": RGB,
    "real/he_jpeg_ycbcr.ome.tif": RGB,
    "real/imagej_hyperstack_2ch_palette.tif": Opens(channels=2, dtype="uint8"),
    "real/multipage_4x512x512_uint16.tif": Opens(
        channels=1, dtype="uint16", planes=4, told="plane 0 is used"
    ),
    "real/timelapse_48x130x130_uint16.tif": Opens(
        channels=1, dtype="uint16", planes=48, told="plane 0 is used"
    ),
    "real/volume_31x61x57_uint16.tif": Opens(
        channels=1, dtype="uint16", planes=31, told="plane 0 is used"
    ),
    "real/volume_mask_31x61x57.tif": Opens(
        channels=1, dtype="uint16", planes=31, told="plane 0 is used"
    ),
    "real/stardist_img2d.tif": DEEP,
    "real/stardist_mask2d.tif": Mask(objects=None),
    # Read by the extra `readers`; without it the sentence tells how to get it.
    "real/zeiss.czi": RGB if importlib.util.find_spec("pylibCZIrw") else Refused(told=".[readers]"),
    "real/float32.tif": Opens(channels=1, dtype="float32"),
    "real/A9 p5d (cropped 1).tif": GREY,
    "real/A9 p5d (cropped 1)_mask_float64.tif": Mask(objects=None),
    "real/labels_int64.tif": Mask(objects=None),
    "real/sparse_labels_int32.tif": Mask(objects=None),
    "real/imagej_uint16_big_endian.tif": DEEP,
    "real/jpeg_named.png": Opens(channels=3, dtype="uint8", told="holds JPEG"),
    "real/png_rgba_named.jpg": Opens(channels=3, dtype="uint8", told="holds PNG"),
    "real/onebit.png": GREY,
    "real/palette_yeast.png": Opens(channels=1, dtype="uint8", told="palette"),
    "real/png_uint16.png": DEEP,
    "real/palette_uint8_UPPERCASE.TIF": GREY,
    "real/uint16_big_endian.tif": DEEP,
    "real/packbits_uint8.tif": GREY,
    "real/drosophila_embryo_rgb.tif": RGB,
    "real/101210OranePlt1_C16_w1_[9AA4D9EA].tif": DEEP,
    "real/tumor.JPG": RGB,
    "real/rgba.png": Opens(channels=3, dtype="uint8", told="transparency"),
    "real/rgba_lzw_big_endian.tiff": Opens(channels=3, dtype="uint8", told="transparency"),
    "real/grey.bmp": GREY,
    "real/dsb_rgba_histology.png": Opens(channels=3, dtype="uint8", told="transparency"),
    "real/bbbc039_mask_rgba.png": Mask(objects=None, told="each connected piece"),
    "real/drive_mask.gif": Mask(objects=None, told="each connected piece"),
    "made/cmyk.jpg": Opens(channels=3, dtype="uint8", told="CMYK"),
    "made/progressive.jpg": RGB,
    "made/truncated.jpg": DAMAGED,
    "made/truncated.png": DAMAGED,
    "made/bad_crc.png": DAMAGED,
    "made/truncated.tif": DAMAGED,
    "made/empty.png": Refused(told="empty"),
    "made/text_named.png": Refused(told="text"),
    "made/lfs_pointer.tif": Refused(told="LFS pointer"),
    "made/tiny_1x1.png": Refused(told="1 x 1 pixels"),
    "made/tiny_3x2.png": Refused(told="3 x 2 pixels"),
    "made/narrow_2000x8.png": RGB,
    "made/constant_grey.png": GREY,
    "made/all_black_uint16.tif": DEEP,
    "made/float_0_1.tif": Opens(channels=1, dtype="float32"),
    "made/int16_negative.tif": Opens(channels=1, dtype="int16"),
    "made/uint32.tif": Opens(channels=1, dtype="uint32"),
    "made/bool.tif": GREY,
    "made/channels_5_CYX.tif": Opens(channels=5, dtype="uint16", axes="CYX"),
    "made/two_channels_named.ome.tif": Opens(
        channels=2, dtype="uint16", channel_names=("DAPI", "GFP")
    ),
    "made/bigtiff.tif": DEEP,
    "made/huge_13000x13920_grey.png": Refused(told="megapixels"),
    "made/palette_transparent.png": Opens(channels=3, dtype="uint8", told="palette"),
    "made/grey_alpha.png": Opens(channels=1, dtype="uint8", told="transparency"),
    "made/interlaced_like_size_odd_257x321.png": RGB,
    "made/unicode_Zelle_ä_细胞_🔬.png": RGB,
    "made/blank name .png": RGB,
    "made/same_stem.png": RGB,
    "made/same_stem.jpg": RGB,
    "made/no_extension": Opens(channels=3, dtype="uint8", told="no suffix"),
    "made/mask_size_mismatch.tif": Mask(objects=None),
    "made/mask_empty.tif": Mask(objects=0),
    "made/mask_0_255.png": Mask(objects=None, told="each connected piece"),
    "made/mask_rgb_random_colours.png": Mask(objects=None, told="became numbers"),
    "made/mask_antialiased.jpg": Mask(objects=None, told="grey levels"),
    "made/mask_ids_gaps_uint32.tif": Mask(objects=None, told="gaps"),
    "made/mask_inverted.png": Mask(objects=None, told="inverted"),
    "made/mask_ignore_255.png": Mask(objects=None),
    "made/labels_single_class.csv": Refused(told="text"),
    "made/.DS_Store": Ignored(),
    "made/Thumbs.db": Ignored(),
    "made/__MACOSX/._image.png": Ignored(),
    "made/zip_slip.zip": Refused(told="outside"),
}


@pytest.fixture(scope="session")
def odd_files(real_data: Path) -> Path:
    folder = real_data.parent / "odd_files"
    if not folder.is_dir():
        pytest.skip("there is no folder odd_files beside the real data sets")
    return folder


def test_every_file_of_the_manifest_is_expected(odd_files: Path) -> None:
    listed = {entry["file"] for entry in json.loads((odd_files / "manifest.json").read_text())}
    assert listed == set(EXPECTED)


def _files(kind: type) -> list[str]:
    return [file for file, expected in EXPECTED.items() if isinstance(expected, kind)]


@pytest.mark.parametrize("file", [*_files(Opens), *_files(Mask)])
def test_what_opens_has_finite_pixels(odd_files: Path, file: str) -> None:
    picture = readers.read(odd_files / file)
    assert picture.image_cyx.ndim == 3
    assert picture.image_cyx.dtype.isnative
    assert np.isfinite(picture.image_cyx.astype(np.float64)).all()
    expected = EXPECTED[file]
    if isinstance(expected, Opens):
        assert len(picture.image_cyx) == expected.channels
        assert str(picture.image_cyx.dtype) == expected.dtype
        assert picture.planes == expected.planes
        assert (picture.plane == 0) == (expected.planes > 1)
        assert expected.told in " ".join(picture.notices)
        assert picture.axes.endswith(expected.axes)
        assert picture.channel_names == expected.channel_names


@pytest.mark.parametrize("file", [f for f in _files(Opens) if EXPECTED[f].planes > 1])
def test_what_leaves_room_for_doubt_is_asked_and_each_answer_opens(
    odd_files: Path, workspace: Workspace, file: str
) -> None:
    study_dir = study.create(workspace, "odd")
    imports.add(study_dir, [odd_files / file])
    [image] = study.load(study_dir).images
    assert image.in_doubt
    assert image.stack is not None
    ways = readings.offered(image.stack)
    shown = vignettes.pictures(odd_files / file, image.stack, ways)
    assert len(shown) == len(ways) >= 5
    assert all(np.ptp(picture) > 0 for picture in shown)
    for way in ways:
        rereading.decide(study_dir, study.load(study_dir).images[0].id, way)
        images = study.load(study_dir).images
        assert not any(image.in_doubt for image in images)
        assert len(images) == (EXPECTED[file].planes if way.each else 1)
        assert samples.read_image(study_dir, images[-1]).shape == images[-1].shape_cyx


_BY_TIFFFILE = re.compile(r"tifffile \(([\d, ]+)\) (\w+)")
_BY_PILLOW = re.compile(r"PIL \w+ (\S+) \((\d+), (\d+)\)")
# A palette's colours are grey or not; all other modes have samples of colour.
_AXES_OF_MODE = {**dict.fromkeys(("1", "L", "LA", "I;16"), ("YX",)), "P": ("YX", "YXS")}
# Not opened when the manifest was made.
_SEEN_OTHERWISE = {"real/zeiss.czi": "(513, 639)"}


def test_axes_shape_and_dtype_are_those_the_manifest_saw(odd_files: Path) -> None:
    checked = []
    for entry in json.loads((odd_files / "manifest.json").read_text()):
        file, seen = entry["file"], entry["observed"]
        if not isinstance(EXPECTED[file], Opens | Mask):
            continue
        picture = readers.read(odd_files / file)
        if found := _BY_TIFFFILE.match(seen):
            shape = [int(side) for side in re.findall(r"\d+", found.group(1))]
            assert len(picture.axes) == len(shape), file
            sides = dict(zip(picture.axes, shape, strict=True))
            stacked = math.prod(n for axis, n in sides.items() if axis not in "CSYX")
            assert (picture.planes, sides["Y"], sides["X"]) == (
                stacked,
                *picture.image_cyx.shape[1:],
            ), file
            # True/false becomes 0 and 1.
            assert str(picture.image_cyx.dtype) == found.group(2).replace("bool", "uint8"), file
        elif found := _BY_PILLOW.match(seen):
            mode, columns, rows = found.groups()
            assert picture.image_cyx.shape[1:] == (int(rows), int(columns)), file
            assert picture.axes in _AXES_OF_MODE.get(mode, ("YXS",)), file
            assert str(picture.image_cyx.dtype) == ("uint16" if "16" in mode else "uint8"), file
        else:
            assert str(picture.image_cyx.shape[1:]) == _SEEN_OTHERWISE[file]
        checked.append(file)
    assert len(checked) == len(_files(Opens)) + len(_files(Mask))


@pytest.mark.parametrize("file", _files(Refused))
def test_what_is_refused_is_named_with_its_cause(
    odd_files: Path, workspace: Workspace, file: str
) -> None:
    expected = EXPECTED[file]
    assert isinstance(expected, Refused)
    if not file.endswith(".zip"):
        with pytest.raises(ImageError, match=expected.told) as caught:
            readers.read(odd_files / file)
        assert str(caught.value).startswith(Path(file).name)
    study_dir = study.create(workspace, "odd")
    good = odd_files / "real/grey.bmp"
    report = imports.add(study_dir, [odd_files / file, good])
    assert report.added == ("grey",)
    if file.endswith(".csv"):  # lies beside pictures, was never meant as one
        return
    [refused] = report.refused
    assert Path(file).name in refused.message
    assert expected.told in refused.message
    inside = {path.name for path in workspace.root.rglob("*") if path.is_file()}
    assert "evil.png" not in inside
    assert not list(workspace.root.parent.rglob("evil.png"))


@pytest.mark.parametrize("file", _files(Mask))
def test_masks_of_objects(odd_files: Path, file: str) -> None:
    expected = EXPECTED[file]
    assert isinstance(expected, Mask)
    agreed = masks.Hints(repair=True)
    reading = masks.read(odd_files / file, kind=Kind.INSTANCE, classes=("cell",), hints=agreed)
    ids = [item.id for item in reading.labels.objects]
    assert ids == list(range(1, len(ids) + 1))
    if expected.objects is None:
        assert len(ids) >= (1 if "inverted" in file else 2)
    else:
        assert len(ids) == expected.objects
    assert expected.told in " ".join(reading.notices)


def test_a_ragged_mask_is_refused_until_the_user_agrees(odd_files: Path) -> None:
    path = odd_files / "made/mask_antialiased.jpg"
    with pytest.raises(LabelError, match=r"mask_antialiased.jpg: .* allow the repair"):
        masks.read(path, kind=Kind.INSTANCE, classes=("cell",))


def test_ignored_pixels_of_a_class_mask_are_not_annotated(odd_files: Path) -> None:
    path = odd_files / "made/mask_ignore_255.png"
    values = readers.read(path).image_cyx[0]
    reading = masks.read(
        path, kind=Kind.SEMANTIC, classes=("background", "nucleus"), background="background"
    )
    assert (values == 255).any()
    assert ((values == 255) == ~reading.labels.annotated_yx).all()
    assert "not annotated" in " ".join(reading.notices)


def test_binary_and_blurred_masks_of_classes_agree(odd_files: Path) -> None:
    read = {
        name: masks.read(
            odd_files / "made" / name,
            kind=Kind.SEMANTIC,
            classes=("background", "nucleus"),
            background="background",
            hints=masks.Hints(repair=True),
        ).labels.flat_yx
        for name in ("mask_0_255.png", "mask_antialiased.jpg")
    }
    differing = (read["mask_0_255.png"] != read["mask_antialiased.jpg"]).mean()
    assert differing < 0.01


def test_the_whole_folder_is_imported_and_nothing_is_lost(
    odd_files: Path, workspace: Workspace
) -> None:
    study_dir = study.create(workspace, "odd")
    report = imports.add(study_dir, [odd_files / "made"])
    record = study.load(study_dir)
    told = " ".join(notice.message for notice in (*report.notices, *report.refused))
    spoken_of = {image.original_name for image in record.images}
    for file in _files(Opens) + _files(Mask):
        folder, name = file.split("/", 1)
        if folder == "made":
            assert name in spoken_of or name in told, name
    for file in _files(Refused):
        folder, name = file.split("/", 1)
        if folder == "made" and not name.endswith(".csv"):
            assert name in " ".join(notice.message for notice in report.refused)
    for name in (".DS_Store", "Thumbs.db", "._image.png"):
        assert name not in told
    loaded = samples.load(study_dir, [image.id for image in record.images])
    assert len(loaded) == len(report.added)
    for sample, image in zip(loaded, record.images, strict=True):
        assert sample.image_cyx.shape == image.shape_cyx


def test_two_pictures_of_one_stem_do_not_share_a_mask(
    odd_files: Path, workspace: Workspace, tmp_path: Path
) -> None:
    folder = tmp_path / "set"
    (folder / "images").mkdir(parents=True)
    (folder / "masks").mkdir()
    for suffix in ("png", "jpg"):
        name = f"same_stem.{suffix}"
        (folder / "images" / name).write_bytes((odd_files / "made" / name).read_bytes())
    mask = (odd_files / "made/mask_0_255.png").read_bytes()
    (folder / "masks/same_stem.png").write_bytes(mask)
    report = imports.add(study.create(workspace, "pair"), [folder])
    assert sorted(report.added) == ["same_stem", "same_stem-2"]
    assert report.labelled == ()
    [refused] = report.refused
    assert "not clear" in refused.message
