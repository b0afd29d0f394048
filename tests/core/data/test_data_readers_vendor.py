"""Microscopes' own formats and OME-Zarr: files written here, read back exactly."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.data import (
    imports,
    readers,
    readers_vendor,
    readings,
    rereading,
    samples,
    study,
    vignettes,
)
from core.errors import ImageError
from core.paths import Workspace
from core.workflow import runs

SERIES = np.arange(2 * 3 * 12 * 16, dtype=np.uint16).reshape(2, 3, 12, 16) * 7


@pytest.mark.parametrize(
    ("name", "start"),
    [("a.czi", b"ZISRAWFILE" + bytes(60)), ("a.nd2", b"\xda\xce\xbe\x0a" + bytes(60))],
)
def test_a_missing_library_is_told_with_the_way_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, start: bytes
) -> None:
    def missing(module: str) -> None:
        raise ImportError(module)

    monkeypatch.setattr(readers_vendor.importlib, "import_module", missing)
    (tmp_path / name).write_bytes(start)
    with pytest.raises(ImageError, match=rf"^{name}: .*\.\[readers\]"):
        readers.read(tmp_path / name)


def test_zeiss_channels_depth_scale_and_colours(tmp_path: Path) -> None:
    czi = pytest.importorskip("pylibCZIrw.czi")
    path = tmp_path / "a.czi"
    with czi.create_czi(str(path)) as file:
        for z in range(2):
            for c in range(3):
                file.write(SERIES[z, c][..., None], plane={"C": c, "Z": z, "T": 0})
        shown = {
            c: czi.ChannelDisplaySettingsDataClass(
                is_enabled=True,
                tinting_mode=czi.TintingMode.Color,
                tinting_color=czi.Rgb8Color(*(np.uint8(v) for v in color)),
                black_point=0.0,
                white_point=1.0,
            )
            for c, color in enumerate([(255, 0, 0), (0, 255, 0), (0, 0, 255)])
        }
        file.write_metadata(
            channel_names={0: "DAPI", 1: "GFP", 2: "RFP"},
            scale_x=2.5e-7,
            scale_y=2.5e-7,
            display_settings=shown,
        )
    picture = readers.read(path, plane=1)
    np.testing.assert_array_equal(picture.image_cyx, SERIES[1])
    assert (picture.axes, picture.planes) == ("ZCYX", 2)
    assert picture.channel_names == ("DAPI", "GFP", "RFP")
    assert picture.channel_colors == ("#FF0000", "#00FF00", "#0000FF")
    assert picture.pixel_size_um == pytest.approx(0.25)
    brightest = readers.read(path, projection="max")
    np.testing.assert_array_equal(brightest.image_cyx, SERIES.max(axis=0))


def test_zeiss_colour_pictures_are_red_green_blue(tmp_path: Path) -> None:
    """The library gives blue, green, red; stained tissue came out blue."""
    czi = pytest.importorskip("pylibCZIrw.czi")
    rgb = np.zeros((12, 16, 3), np.uint8)
    rgb[..., 0] = 200
    with czi.create_czi(str(tmp_path / "a.czi")) as file:
        file.write(rgb[..., ::-1].copy(), plane={"C": 0, "Z": 0, "T": 0})
    picture = readers.read(tmp_path / "a.czi")
    np.testing.assert_array_equal(picture.image_cyx, rgb.transpose(2, 0, 1))


def test_leica_series_are_counted_on(tmp_path: Path) -> None:
    pytest.importorskip("liffile")
    path = tmp_path / "a.lif"
    path.write_bytes(_lif({"first": SERIES, "second": SERIES[:, :, :8, :10] + 1}))
    picture = readers.read(path, plane=1)
    np.testing.assert_array_equal(picture.image_cyx, SERIES[1])
    assert (picture.axes, picture.planes) == ("ZCYX", 4)
    assert picture.channel_colors == ("#0000FF", "#00FF00", "#FF0000")
    assert picture.pixel_size_um == pytest.approx(0.5)
    second = readers.read(path, plane=2)
    np.testing.assert_array_equal(second.image_cyx, SERIES[0, :, :8, :10] + 1)
    assert "second" in second.notices[0]
    with pytest.raises(ImageError, match="no plane 4"):
        readers.read(path, plane=4)


def test_leica_series_become_images_of_their_own(tmp_path: Path, workspace: Workspace) -> None:
    pytest.importorskip("liffile")
    second = SERIES[:, :, :8, :10] + 1
    (tmp_path / "a.lif").write_bytes(_lif({"first": SERIES, "second": second}))
    study_dir = study.create(workspace, "series")
    imports.add(study_dir, [tmp_path / "a.lif"])
    [image] = study.load(study_dir).images
    assert image.in_doubt
    assert image.stack is not None
    ways = readings.offered(image.stack)
    shown = vignettes.pictures(tmp_path / "a.lif", image.stack, ways)
    assert all(picture.any() for picture in shown)
    brightest = readings.named(image.stack, "pictures+z-max")
    rereading.decide(study_dir, "a", brightest)
    first, other = study.load(study_dir).images
    assert (first.part, other.part) == ("first", "second")
    assert (first.group, other.shape_cyx) == ("a", (3, 8, 10))
    for about, expected in ((first, SERIES), (other, second)):
        np.testing.assert_array_equal(samples.read_image(study_dir, about), expected.max(axis=0))


def _lif(series: dict[str, np.ndarray]) -> bytes:
    """Return a Leica file of Z,C,Y,X pictures; after the format's published description."""
    elements, blocks = "", b""
    for name, zcyx in series.items():
        depth, channels, rows, columns = zcyx.shape
        plane, step = rows * columns * 2, 5e-7
        told = "".join(
            f'<ChannelDescription DataType="0" ChannelTag="0" Resolution="16" '
            f'NameOfMeasuredQuantity="" Min="0" Max="1" Unit="" LUTName="{table}" '
            f'IsLUTInverted="0" BytesInc="{at * plane}" BitInc="0"/>'
            for at, table in enumerate(("Blue", "Green", "Red")[:channels])
        )
        sides = "".join(
            f'<DimensionDescription DimID="{number}" NumberOfElements="{count}" Origin="0" '
            f'Length="{step * (count - 1)}" Unit="m" BytesInc="{inc}" BitInc="0"/>'
            for number, count, inc in (
                (1, columns, 2),
                (2, rows, columns * 2),
                (3, depth, plane * channels),
            )
        )
        elements += (
            f'<Element Name="{name}"><Data><Image><ImageDescription><Channels>{told}</Channels>'
            f"<Dimensions>{sides}</Dimensions></ImageDescription></Image></Data>"
            f'<Memory Size="{zcyx.nbytes}" MemoryBlockID="{name}"/></Element>'
        )
        data = zcyx.astype("<u2").tobytes()
        head = struct.pack("<BQBI", 0x2A, len(data), 0x2A, len(name)) + name.encode("utf-16-le")
        blocks += struct.pack("<II", 0x70, len(head)) + head + data
    xml = (
        '<LMSDataContainerHeader Version="2"><Element Name="file"><Children>'
        f"{elements}</Children></Element></LMSDataContainerHeader>"
    )
    text = struct.pack("<BI", 0x2A, len(xml)) + xml.encode("utf-16-le")
    return struct.pack("<II", 0x70, len(text)) + text + blocks


@pytest.fixture
def zarr_folder(tmp_path: Path) -> Callable[[str, int], Path]:
    """Return what writes an OME-Zarr of two levels."""
    zarr = pytest.importorskip("zarr")

    def write(name: str, zarr_format: int) -> Path:
        path = tmp_path / "in" / name
        group = zarr.open_group(str(path), mode="w", zarr_format=zarr_format)
        group.create_array("0", data=SERIES, chunks=(1, 1, 12, 16))
        group.create_array("1", data=SERIES[..., ::2, ::2], chunks=(1, 1, 6, 8))
        axes = [
            {"name": "z", "type": "space", "unit": "micrometer"},
            {"name": "c", "type": "channel"},
            {"name": "y", "type": "space", "unit": "micrometer"},
            {"name": "x", "type": "space", "unit": "micrometer"},
        ]
        about = {
            "multiscales": [
                {
                    "axes": axes,
                    "datasets": [
                        {
                            "path": str(level),
                            "coordinateTransformations": [
                                {"type": "scale", "scale": [1, 1, 0.5 * 2**level, 0.5 * 2**level]}
                            ],
                        }
                        for level in (0, 1)
                    ],
                }
            ],
            "omero": {
                "channels": [
                    {"label": "DAPI", "color": "0000FF"},
                    {"label": "GFP", "color": "00FF00"},
                    {"label": "RFP", "color": "FF0000"},
                ]
            },
        }
        group.attrs.update({"ome": about} if zarr_format == 3 else about)
        return path

    return write


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_ome_zarr_is_one_image_of_the_study(
    zarr_folder: Callable[[str, int], Path], workspace: Workspace, zarr_format: int
) -> None:
    folder = zarr_folder("cells.ome.zarr", zarr_format)
    direct = readers.read(folder)
    study_dir = study.create(workspace, "zarr")
    report = imports.add(study_dir, [folder.parent])
    assert report.added == ("cells",)
    [about] = study.load(study_dir).images
    assert (about.axes, about.plane, about.file) == ("ZCYX", 0, "cells.ozx")
    assert about.channel_names == ("DAPI", "GFP", "RFP")
    assert about.channel_colors == ("#0000FF", "#00FF00", "#FF0000")
    assert about.pixel_size_um == pytest.approx(0.5)
    for pixels in (direct.image_cyx, samples.read_image(study_dir, about)):
        np.testing.assert_array_equal(pixels, SERIES[0])
    again = imports.add(study_dir, [folder])
    assert again.added == ()
    assert "the same picture" in again.notices[0].message


def test_the_same_level_is_seen_whatever_may_be_opened(
    zarr_folder: Callable[[str, int], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model learned on one level of the pyramid and was asked of another, twice as fine."""
    from core.data import axes, readers_zarr

    folder = zarr_folder("cells.ome.zarr", 3)
    monkeypatch.setattr(readers_zarr, "MAX_PIXELS", 12 * 16 - 1)
    monkeypatch.setattr(axes, "MIN_SIDE_PX", 4)
    for most in (None, 12 * 16):
        picture = readers.read(folder, most_pixels=most)
        assert picture.image_cyx.shape == (3, 6, 8)
        assert picture.reduction == 2
        assert "2 times smaller" in picture.notices[0]


def test_a_zarr_folder_is_a_picture_to_predict(
    zarr_folder: Callable[[str, int], Path], tmp_path: Path
) -> None:
    folder = zarr_folder("cells.ome.zarr", 3)
    (folder.parent / "notes.txt").write_text("no picture")
    assert runs._image_files([folder]) == [folder.resolve()]
    assert runs._image_files([folder.parent]) == [folder.resolve()]
