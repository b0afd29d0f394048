from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from core.data import axes, imports, pairing, readers, samples, study
from core.data.axes import Asked
from core.errors import ImageError
from core.paths import Workspace

RAMP = np.arange(12 * 16, dtype=np.uint16).reshape(12, 16) * 300


def test_sixteen_bit_colours_keep_their_bits(tmp_path: Path) -> None:
    """Pillow opens such a PNG with eight bits: half of a microscope's grey levels were lost."""
    rgba = np.stack([RAMP, RAMP + 1, RAMP + 2, np.full_like(RAMP, 65535)], axis=-1)
    (tmp_path / "deep.png").write_bytes(imagecodecs.png_encode(rgba))
    picture = readers.read(tmp_path / "deep.png")
    np.testing.assert_array_equal(picture.image_cyx, rgba[..., :3].transpose(2, 0, 1))
    assert "transparency" in picture.notices[0]
    # They were shown as channels of a microscope, the first of them blue.
    assert picture.channel_colors == ("#FF0000", "#00FF00", "#0000FF")


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "zlib", "lzw"])
def test_values_survive(tmp_path: Path, byteorder: str, compression: str | None) -> None:
    tifffile.imwrite(tmp_path / "a.tif", RAMP, byteorder=byteorder, compression=compression)
    np.testing.assert_array_equal(readers.read(tmp_path / "a.tif").image_cyx[0], RAMP)


def test_one_plane_of_time_and_channels(tmp_path: Path) -> None:
    tcyx = np.arange(3 * 2 * 12 * 16, dtype=np.uint16).reshape(3, 2, 12, 16)
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(
        path, tcyx, ome=True, metadata={"axes": "TCYX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}
    )
    first = readers.read(path)
    np.testing.assert_array_equal(first.image_cyx, tcyx[0])
    assert (first.plane, first.planes, first.pixel_size_um) == (0, 3, 0.5)
    np.testing.assert_array_equal(readers.read(path, plane=2).image_cyx, tcyx[2])
    with pytest.raises(ImageError, match="no plane 3"):
        readers.read(path, plane=3)


def test_a_plane_of_one_long_block(tmp_path: Path) -> None:
    tzcyx = np.arange(3 * 2 * 2 * 12 * 16, dtype=np.uint16).reshape(3, 2, 2, 12, 16)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, tzcyx, imagej=True, truncate=True, metadata={"axes": "TZCYX"})
    picture = readers.read(path, plane=3)
    assert (picture.planes, picture.axes) == (6, "TZCYX")
    np.testing.assert_array_equal(picture.image_cyx, tzcyx[1, 1])


@pytest.mark.parametrize("long", [True, False])
def test_depths_of_one_time_become_one_plane(tmp_path: Path, long: bool) -> None:
    tzcyx = np.random.default_rng(0).integers(0, 999, (3, 4, 2, 12, 16), dtype=np.uint16)
    path = tmp_path / "a.tif"
    if long:
        tifffile.imwrite(path, tzcyx, imagej=True, truncate=True, metadata={"axes": "TZCYX"})
    else:
        tifffile.imwrite(path, tzcyx, ome=True, metadata={"axes": "TZCYX"}, compression="zlib")
    for how, expected in (("max", tzcyx.max(axis=1)), ("mean", np.rint(tzcyx.mean(axis=1)))):
        picture = readers.read(path, plane=2, projection=how)
        assert picture.planes == 3
        np.testing.assert_array_equal(picture.image_cyx, expected[2])


def test_pages_become_channels_where_the_user_says_so(tmp_path: Path) -> None:
    pages = np.stack([RAMP, RAMP + 7])
    tifffile.imwrite(tmp_path / "a.tif", pages, photometric="minisblack")
    as_stack = readers.read(tmp_path / "a.tif")
    assert as_stack.image_cyx.shape == (1, 12, 16)
    assert "plane 0 is used" in as_stack.notices[0]
    np.testing.assert_array_equal(readers.read(tmp_path / "a.tif", axes="CYX").image_cyx, pages)


def test_planar_and_interleaved_colours_are_alike(tmp_path: Path) -> None:
    rgb = np.random.default_rng(0).integers(0, 255, (12, 16, 3), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", rgb, photometric="rgb")
    planar = rgb.transpose(2, 0, 1)
    tifffile.imwrite(tmp_path / "b.tif", planar, photometric="rgb", planarconfig="separate")
    for name in ("a.tif", "b.tif"):
        np.testing.assert_array_equal(readers.read(tmp_path / name).image_cyx, planar)


def test_palettes_are_colours_for_pictures_and_ids_for_masks(tmp_path: Path) -> None:
    indices = (RAMP > 20_000).astype(np.uint8) + 1
    image = Image.fromarray(indices).convert("P")
    image.putpalette([0, 0, 0, 250, 0, 0, 0, 0, 250])
    image.putdata(indices.ravel().tolist())
    image.save(tmp_path / "a.png")
    colours = readers.read(tmp_path / "a.png").image_cyx
    assert sorted(np.unique(colours[0]).tolist()) == [0, 250]
    kept = readers.read(tmp_path / "a.png", indices=True).image_cyx[0]
    np.testing.assert_array_equal(kept, indices)


def test_no_numbers_become_the_lowest_number(tmp_path: Path) -> None:
    values = RAMP.astype(np.float32) + 5
    values[0, :3] = [np.nan, np.inf, -np.inf]
    tifffile.imwrite(tmp_path / "a.tif", values)
    picture = readers.read(tmp_path / "a.tif")
    assert picture.image_cyx[0, 0, :3].tolist() == [values[0, 3]] * 3
    assert "3 values" in picture.notices[0]
    tifffile.imwrite(tmp_path / "b.tif", np.full((9, 9), np.nan, dtype=np.float32))
    with pytest.raises(ImageError, match=r"^b.tif: .*no number"):
        readers.read(tmp_path / "b.tif")


def test_a_pyramid_too_large_is_read_at_a_level_that_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = np.zeros((64, 64), dtype=np.uint8)
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        options = {"tile": (16, 16), "metadata": None}
        writer.write(large, subifds=1, **options)
        writer.write(np.full((32, 32), 7, dtype=np.uint8), subfiletype=1, **options)
    from core.data import readers_tiff

    monkeypatch.setattr(readers_tiff, "MAX_PIXELS", 2000)
    picture = readers.read(tmp_path / "a.tif")
    assert picture.image_cyx.shape == (1, 32, 32)
    assert "2 times smaller" in picture.notices[0]
    monkeypatch.setattr(readers_tiff, "MAX_PIXELS", 500)
    monkeypatch.setattr(axes, "MAX_PIXELS", 500)
    with pytest.raises(ImageError, match="megapixels"):
        readers.read(tmp_path / "a.tif")


def test_a_file_cut_anywhere_is_refused_or_complete(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "whole.tif", RAMP)
    whole = (tmp_path / "whole.tif").read_bytes()
    for length in range(1, len(whole), 37):
        (tmp_path / "cut.tif").write_bytes(whole[:length])
        with pytest.raises(ImageError, match=r"^cut.tif: "):
            readers.read(tmp_path / "cut.tif")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"gone.png.*No such file"):
        readers.read(tmp_path / "gone.png")


@pytest.mark.parametrize("number", range(1, 9))
def test_a_camera_held_sideways_gives_an_upright_picture(tmp_path: Path, number: int) -> None:
    """As Pillow turns it, which follows EXIF."""
    pixels = np.zeros((16, 24), np.uint8)
    pixels[:8, :8], pixels[8:, 16:] = 200, 90
    note = Image.Exif()
    note[0x0112] = number
    path = tmp_path / "phone.png"
    Image.fromarray(pixels).save(path, exif=note)
    with Image.open(path) as image:
        upright = np.asarray(ImageOps.exif_transpose(image))
    picture = readers.read(path)
    assert np.array_equal(picture.image_cyx[0], upright)
    assert bool(picture.notices) == (number > 1)
    assert pairing.size_of(path) == upright.shape
    as_it_lies = readers.ask(path, Asked(turned=False)).image_cyx[0]
    assert np.array_equal(as_it_lies, pixels), "images of earlier studies stay as they were"


def test_new_images_of_a_study_are_upright_and_old_ones_stay(tmp_path: Path) -> None:
    note = Image.Exif()
    note[0x0112] = 6
    path = tmp_path / "phone.jpg"
    Image.fromarray(np.zeros((16, 24, 3), np.uint8)).save(path, exif=note)
    study_dir = study.create(Workspace.at(tmp_path / "workspace"), "phone")
    imports.add(study_dir, [path])
    (about,) = study.load(study_dir).images
    assert about.shape_cyx == (3, 24, 16)
    assert samples.read_image(study_dir, about).shape == (3, 24, 16)
    old = replace(about, turned=False)
    assert samples.read_image(study_dir, old).shape == (3, 16, 24)
