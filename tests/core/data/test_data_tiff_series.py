"""TIFF files of several pictures: each is an image of the study, none is dropped in silence."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from core.data import imports, pairing, readers, readings, rereading, samples, study, vignettes
from core.paths import Workspace
from core.records import ImageRecord

RNG = np.random.default_rng(0)
OVERVIEW = RNG.integers(0, 999, (2, 40, 50), dtype=np.uint16)
DETAIL = RNG.integers(0, 999, (2, 3, 24, 30), dtype=np.uint16)


def ome_told(name: str, axes: str, size_um: float, channels: list[str]) -> dict[str, object]:
    told = {"Name": channels, "Color": [-16776961, 16711935]}  # red, green
    return {"Name": name, "axes": axes, "PhysicalSizeX": size_um, "Channel": told}


@pytest.fixture
def two_pictures(tmp_path: Path) -> Path:
    """Return an OME-TIFF of an overview of two channels and a stack of two times, three depths."""
    path = tmp_path / "slide.ome.tif"
    told = ome_told("Overview", "CYX", 1.5, ["DAPI", "GFP"])
    with tifffile.TiffWriter(path, ome=True) as writer:
        writer.write(OVERVIEW, photometric="minisblack", metadata=told)
        stack = {"Name": "Nucleus 7", "axes": "TZYX", "PhysicalSizeX": 0.1}
        writer.write(DETAIL, photometric="minisblack", metadata=stack)
    return path


def decided(workspace: Workspace, path: Path, name: str) -> list[ImageRecord]:
    """Import the file, read it as said and return its images, each read back."""
    study_dir = study.create(workspace, "series")
    imports.add(study_dir, [path])
    [image] = study.load(study_dir).images
    assert image.in_doubt
    assert image.stack is not None
    rereading.decide(study_dir, image.id, readings.named(image.stack, name))
    images = list(study.load(study_dir).images)
    for each in images:
        assert samples.read_image(study_dir, each).shape == each.shape_cyx
    return images


def test_a_plane_of_any_picture_is_read(two_pictures: Path) -> None:
    """All but the first picture were dropped."""
    first = readers.read(two_pictures)
    np.testing.assert_array_equal(first.image_cyx, OVERVIEW)
    assert (first.planes, first.scenes) == (7, 2)
    assert "2 pictures" in first.notices[0]
    assert (first.channel_names, first.pixel_size_um) == (("DAPI", "GFP"), 1.5)
    assert first.channel_colors == ("#FF0000", "#00FF00")
    later = readers.read(two_pictures, plane=1 + 3 + 2)
    np.testing.assert_array_equal(later.image_cyx[0], DETAIL[1, 2])
    assert (later.axes, later.pixel_size_um) == ("TZYX", 0.1)
    assert "'Nucleus 7'" in later.notices[0]


def test_pictures_become_images_that_carry_their_names(
    two_pictures: Path, workspace: Workspace
) -> None:
    images = decided(workspace, two_pictures, "pictures+z-max")
    assert [each.part for each in images] == ["Overview", "Nucleus 7, time 1", "Nucleus 7, time 2"]
    assert [each.pixel_size_um for each in images] == [1.5, 0.1, 0.1]
    assert {each.group for each in images} == {"slide.ome"}
    last = samples.read_image(workspace.study("series"), images[2])
    np.testing.assert_array_equal(last[0], DETAIL[1].max(axis=0))


def test_each_way_is_shown_and_every_plane_can_be_had(
    two_pictures: Path, workspace: Workspace
) -> None:
    stack = readers.read(two_pictures).stack("TIFF")
    assert stack is not None
    ways = readings.offered(stack)
    assert all(each.any() for each in vignettes.pictures(two_pictures, stack, ways))
    assert readings.planes(stack, ways[-1]) == 7
    [only] = decided(workspace, two_pictures, "page-7")
    pixels = samples.read_image(workspace.study("series"), only)
    np.testing.assert_array_equal(pixels[0], DETAIL[1, 2])


def test_pages_of_different_shapes_are_pictures(tmp_path: Path, workspace: Workspace) -> None:
    """As ImageJ macros and Leica's export write them, with nothing told of the pages."""
    path = tmp_path / "a.tif"
    shapes = [(40, 50), (24, 30), (24, 30), (33, 21)]
    pages = [RNG.integers(0, 255, shape, dtype=np.uint8) for shape in shapes]
    with tifffile.TiffWriter(path) as writer:
        for page in pages:
            writer.write(page, metadata=None)
    images = decided(workspace, path, "pictures")
    parts = ["picture 1", "picture 2, page 1", "picture 2, page 2", "picture 3"]
    assert [each.part for each in images] == parts
    for page, about in zip(pages, images, strict=True):
        read = samples.read_image(workspace.study("series"), about)
        np.testing.assert_array_equal(read[0], page)


def test_stacks_of_one_file_are_read_from_their_own_pages(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    stacks = [RNG.integers(0, 999, (3, side, 20), dtype=np.uint16) for side in (30, 16)]
    with tifffile.TiffWriter(path, byteorder=">") as writer:
        for stack in stacks:
            writer.write(stack, photometric="minisblack", metadata={"axes": "ZYX"})
    for plane in range(6):
        expected = stacks[plane // 3][plane % 3]
        np.testing.assert_array_equal(readers.read(path, plane=plane).image_cyx[0], expected)
    deepest = readers.read(path, plane=1, projection="max")
    np.testing.assert_array_equal(deepest.image_cyx[0], stacks[1].max(axis=0))


def test_pictures_of_one_name_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as writer:
        for side in (20, 30):
            told = {"axes": "YX", "Name": "Series"}
            writer.write(np.zeros((side, side), dtype=np.uint8), metadata=told)
    names = [readers.read(path, plane=plane).scene_name for plane in (0, 1)]
    assert names == ["Series (picture 1)", "Series (picture 2)"]


def test_previews_are_no_pictures_and_spoken_of(tmp_path: Path) -> None:
    """A thumbnail or a mask of transparency beside the picture was counted as one."""
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        writer.write(np.zeros((30, 41), dtype=np.uint8), metadata=None, subfiletype=1)
        writer.write(OVERVIEW[0], metadata=None)
        writer.write(np.ones((40, 50), dtype=bool), metadata=None, subfiletype=4)
    picture = readers.read(path)
    np.testing.assert_array_equal(picture.image_cyx[0], OVERVIEW[0])
    assert (picture.plane, picture.scenes) == (None, 1)
    assert "2 small previews" in picture.notices[0]
    assert pairing.size_of(path) == (40, 50)


def test_a_page_taken_for_a_level_of_a_pyramid_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        for side in (64, 32):
            writer.write(np.zeros((side, side), dtype=np.uint8), metadata=None)
    assert "page of 32 pixels" in " ".join(readers.read(path).notices)
