"""What a TIFF tells of itself is heard as its writer meant it."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile

from core.data import imports, readers, samples, study, tiff_facts
from core.paths import Workspace

RNG = np.random.default_rng(0)
GREY = RNG.integers(1, 4000, (20, 30), dtype=np.uint16)


def part_of_set(path: Path, plane: np.ndarray, names: list[str], own: int) -> None:
    """Write one of two files of an OME-TIFF set of one channel each, as Bio-Formats splits them."""
    uuids = [f"urn:uuid:0000000{at}-0000-0000-0000-000000000000" for at in range(2)]
    planes = "".join(
        f'<TiffData FirstC="{at}" IFD="0" PlaneCount="1">'
        f'<UUID FileName="{name}">{uuids[at]}</UUID></TiffData>'
        for at, name in enumerate(names)
    )
    rows, columns = plane.shape
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?><OME '
        'xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
        f'UUID="{uuids[own]}"><Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" '
        f'Type="uint16" SizeX="{columns}" SizeY="{rows}" SizeC="2" SizeZ="1" SizeT="1" '
        'PhysicalSizeX="0.5"><Channel ID="Channel:0:0" SamplesPerPixel="1"/>'
        f'<Channel ID="Channel:0:1" SamplesPerPixel="1"/>{planes}</Pixels></Image></OME>'
    )
    tifffile.imwrite(path, plane, description=xml, metadata=None)


def test_of_a_set_of_files_each_gives_what_lies_in_it(tmp_path: Path, workspace: Workspace) -> None:
    """The other file's channel was read from beside it, and was all zeros in the study."""
    names = ["a_ch0.ome.tif", "a_ch1.ome.tif"]
    (tmp_path / "in").mkdir()
    for own, name in enumerate(names):
        part_of_set(tmp_path / "in" / name, GREY + own, names, own)
    study_dir = study.create(workspace, "set")
    report = imports.add(study_dir, [tmp_path / "in"])
    assert "one of 2 files that belong together" in report.notices[0].message
    for own, about in enumerate(study.load(study_dir).images):
        np.testing.assert_array_equal(samples.read_image(study_dir, about), (GREY + own)[None])
        assert about.pixel_size_um == 0.5


def test_no_file_elsewhere_is_opened(tmp_path: Path) -> None:
    """A file can name any other as a part of itself, also outside of its folder."""
    (tmp_path / "in").mkdir()
    names = ["in/a.ome.tif", "../secret.ome.tif"]
    part_of_set(tmp_path / "secret.ome.tif", GREY * 0 + 7, names, 1)
    part_of_set(tmp_path / "in" / "a.ome.tif", GREY, names, 0)
    picture = readers.read(tmp_path / "in" / "a.ome.tif")
    np.testing.assert_array_equal(picture.image_cyx, GREY[None])


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("micron", 0.25),
        ("Micron", 0.25),
        ("micrometer", 0.25),
        ("\\u00B5m", 0.25),
        ("µm", 0.25),
        ("nm", 0.00025),
        ("cm", 2500),
        ("inch", 6350),
        ("pixel", None),
        ("sec", None),
    ],
)
def test_units_of_imagej(tmp_path: Path, unit: str, expected: float | None) -> None:
    plain = unit.replace("µ", "#")
    options = {"resolution": (4, 4), "metadata": {"unit": plain}}
    tifffile.imwrite(tmp_path / "a.tif", GREY, imagej=True, **options)
    written = (tmp_path / "a.tif").read_bytes()  # Java writes the sign as one byte
    told = written.replace(f"unit={plain}".encode(), f"unit={unit}".encode("latin-1"))
    (tmp_path / "a.tif").write_bytes(told)
    size = readers.read(tmp_path / "a.tif").pixel_size_um
    assert size == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("size", "unit", "expected"),
    [
        (0.25, "µm", 0.25),
        (250, "nm", 0.25),
        (2500, "Å", 0.25),
        (2.5e-7, "m", 0.25),
        (2.5e-5, "cm", 0.25),
        (1, "pixel", None),
        (1, "reference frame", None),
        (-1, "µm", None),
        ("NaN", "µm", None),
        ("INF", "µm", None),
    ],
)
def test_units_of_ome(tmp_path: Path, size: float | str, unit: str, expected: float | None) -> None:
    told = {"axes": "YX", "PhysicalSizeX": size, "PhysicalSizeXUnit": unit}
    tifffile.imwrite(tmp_path / "a.ome.tif", GREY, ome=True, metadata=told)
    found = readers.read(tmp_path / "a.ome.tif").pixel_size_um
    assert found == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("unit", "per_unit", "expected"),
    [
        ("CENTIMETER", 40_000, 0.25),
        ("INCH", 101_600, 0.25),
        ("INCH", 300, None),  # a printer's
        ("CENTIMETER", 118, None),
        ("NONE", 40_000, None),
    ],
)
def test_resolution_tags(tmp_path: Path, unit: str, per_unit: int, expected: float | None) -> None:
    """Those in inches were never heard, which cellSens and Windows programs write."""
    options = {"resolution": (per_unit, per_unit), "resolutionunit": unit, "metadata": None}
    tifffile.imwrite(tmp_path / "a.tif", GREY, **options)
    found = readers.read(tmp_path / "a.tif").pixel_size_um
    assert found == (None if expected is None else pytest.approx(expected))


def test_slides_of_aperio_and_files_of_micro_manager_tell_their_pixel_size(tmp_path: Path) -> None:
    rgb = RNG.integers(0, 255, (20, 30, 3), dtype=np.uint8)
    told = "Aperio Image Library v10\r\n30x20 |AppMag = 20|MPP = 0.4990|Left = 1"
    tifffile.imwrite(tmp_path / "a.svs", rgb, photometric="rgb", description=told, metadata=None)
    assert readers.read(tmp_path / "a.svs").pixel_size_um == pytest.approx(0.499)
    page = json.dumps({"PixelSizeUm": 0.65, "Width": 30, "Height": 20})
    tag = (51123, 2, len(page) + 1, page, True)
    tifffile.imwrite(tmp_path / "a.tif", GREY, extratags=[tag], metadata=None)
    assert readers.read(tmp_path / "a.tif").pixel_size_um == pytest.approx(0.65)


def test_zeiss_lsm_tells_metres() -> None:
    """No program but Zeiss's writes lsm, so a stand-in answers as the library documents."""
    tif = SimpleNamespace(is_ome=False, is_lsm=True, lsm_metadata={"VoxelSizeX": 2.5e-7})
    assert tiff_facts.pixel_size_um(tif, SimpleNamespace()) == pytest.approx(0.25)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, bool])
def test_white_that_is_stored_as_0_is_white(tmp_path: Path, dtype: type) -> None:
    """Scans and gels came out as negatives; masks keep their numbers, ImageJ's files as well."""
    stored = (GREY % 200).astype(dtype)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, stored, photometric="miniswhite", metadata=None)
    picture = readers.read(path)
    top = 1 if dtype is bool else np.iinfo(dtype).max
    np.testing.assert_array_equal(picture.image_cyx[0], top - stored.astype(int))
    assert "white" in picture.notices[0]
    np.testing.assert_array_equal(readers.read(path, indices=True).image_cyx[0], stored)
    if dtype is not bool:
        tifffile.imwrite(path, stored, imagej=True, photometric="miniswhite")
        np.testing.assert_array_equal(readers.read(path).image_cyx[0], stored)


def test_a_fourth_sample_nobody_named_is_no_channel_where_it_hides_nothing(tmp_path: Path) -> None:
    rgb = RNG.integers(0, 255, (20, 30, 3), dtype=np.uint8)
    opaque, told = np.full_like(GREY, 255, dtype=np.uint8), {"extrasamples": ["unspecified"]}
    for name, fourth, channels in (("a.tif", opaque, 3), ("b.tif", rgb[..., 0], 4)):
        samples_yxs = np.dstack([rgb, fourth])
        tifffile.imwrite(tmp_path / name, samples_yxs, photometric="rgb", metadata=None, **told)
        picture = readers.read(tmp_path / name)
        expected = samples_yxs[..., :channels].transpose(2, 0, 1)
        np.testing.assert_array_equal(picture.image_cyx, expected)


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "uint32", "float16", "float64"])
def test_numbers_below_0_and_wide_ones_stay(tmp_path: Path, dtype: str) -> None:
    values = GREY.astype(dtype) - np.asarray(100 * (dtype[0] != "u"), dtype)
    tifffile.imwrite(tmp_path / "a.tif", values, byteorder=">", metadata=None)
    read = readers.read(tmp_path / "a.tif").image_cyx
    assert read.dtype == values.dtype
    np.testing.assert_array_equal(read[0], values)


def test_twelve_packed_bits_are_unpacked(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", GREY, bitspersample=12, metadata=None)
    np.testing.assert_array_equal(readers.read(tmp_path / "a.tif").image_cyx[0], GREY)
