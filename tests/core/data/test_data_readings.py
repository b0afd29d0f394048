"""What is offered for a stack, and what its small pictures show."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from core.data import readers, readings, vignettes
from core.data.axes import Asked
from core.errors import ImageError
from core.records import Reading, Stack

SIDE = 40


def pages(path: Path, count: int, **how: object) -> Path:
    """Write pages of which number n holds 100 * (n + 1), with one pixel to stretch levels by."""
    stack = np.zeros((count, SIDE, SIDE), dtype=np.uint16)
    stack += 100 * np.arange(1, count + 1, dtype=np.uint16)[:, None, None]
    tifffile.imwrite(path, stack, photometric="minisblack", **how)
    return path


def stack_of(path: Path) -> Stack:
    found = readers.read(path).stack(readers.format_of(path))
    assert found is not None
    return found


def names(stack: Stack) -> list[str]:
    return [readings.name_of(stack, each) for each in readings.offered(stack)]


def test_pages_nobody_named_may_be_channels_depths_or_times(tmp_path: Path) -> None:
    few, many = stack_of(pages(tmp_path / "a.tif", 4)), stack_of(pages(tmp_path / "b.tif", 31))
    assert names(few) == ["channels", "z-max", "z-mean", "z-focus", "times", "page-1"]
    assert names(many) == ["z-max", "z-mean", "z-focus", "times", "page-1"]
    told = [readings.sentence(few, each) for each in readings.offered(few)]
    assert told[0] == "4 channels"
    assert told[1] == "4 depths (z), the brightest shown"
    assert told[4:] == ["4 times: 4 images", "only page 1 of 4"]


@pytest.mark.parametrize(
    ("axes", "shape", "expected"),
    [
        ("ZYX", (31, 8, 8), ["z-max", "z-mean", "z-focus", "depths", "page-1"]),
        ("TCYX", (3, 2, 8, 8), ["times", "page-1"]),
        (
            "TZCYX",
            (3, 5, 2, 8, 8),
            ["times+z-max", "times+z-mean", "times+z-focus", "times+z-3", "times+depths"],
        ),
        ("QYXS", (4, 8, 8, 3), ["z-max", "z-mean", "z-focus", "times", "page-1"]),
        ("CYX", (4, 8, 8), ["channels", "z-max", "z-mean", "z-focus", "times", "page-1"]),
        ("QQYX", (3, 5, 8, 8), ["channels+z-max", "channels+times", "z-max+channels"]),
    ],
)
def test_what_a_file_tells_of_its_axes_comes_first(
    axes: str, shape: tuple[int, ...], expected: list[str]
) -> None:
    stack = Stack(format="TIFF", axes=axes, shape=shape)
    assert names(stack)[: len(expected)] == expected
    for each in readings.offered(stack):
        assert readings.named(stack, readings.name_of(stack, each)) == each


def test_formats_that_know_their_axes_are_not_overruled() -> None:
    stack = Stack(format="ND2", axes="TZCYX", shape=(3, 5, 2, 8, 8))
    assert all(not each.axes for each in readings.offered(stack))
    several = Stack(format="LIF", axes="CYX", shape=(2, 8, 8), scenes=6)
    assert readings.offered(several) == (Reading(each=True), Reading())
    assert "6 pictures in one file" in readings.sentence(several, Reading(each=True))


def test_a_name_nobody_knows_lists_the_choices() -> None:
    stack = Stack(format="TIFF", axes="QYX", shape=(4, 8, 8))
    assert readings.named(stack, "page-3") == Reading(plane=2)
    with pytest.raises(ImageError, match="choose channels, z-max"):
        readings.named(stack, "colour")


def test_kinds_differ_where_a_decision_might_not_hold() -> None:
    def kind(axes: str, *shape: int, kept: str = "TIFF") -> str:
        return Stack(format=kept, axes=axes, shape=shape).kind

    assert kind("QYX", 4, 8, 8) == kind("QYX", 4, 99, 50)
    assert kind("QYX", 4, 8, 8) != kind("QYX", 5, 8, 8)
    assert kind("ZYX", 4, 8, 8) == kind("ZYX", 5, 8, 8)
    assert kind("ZYX", 4, 8, 8) != kind("TYX", 4, 8, 8)
    assert kind("CYX", 4, 8, 8) != kind("CYX", 5, 8, 8)
    assert kind("QYX", 4, 8, 8) != kind("QYX", 4, 8, 8, kept="GIF")


def test_each_reading_has_a_picture_of_what_it_shows(tmp_path: Path) -> None:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    stack = np.zeros((4, SIDE, SIDE), dtype=np.uint16)
    for page in range(4):  # a square in another corner on each page
        inside = (rows // 20 == page // 2) & (columns // 20 == page % 2)
        stack[page] = np.where(inside, 500 if page == 3 else 1000, 0)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, stack, photometric="minisblack")
    about = stack_of(path)
    shown = dict(
        zip(names(about), vignettes.pictures(path, about, readings.offered(about)), strict=True)
    )
    assert [shown["z-max"][r, c, 0] for r in (5, 30) for c in (5, 30)] == [255, 255, 255, 0]
    assert shown["page-1"][5, 5].tolist() == [255, 255, 255]
    assert shown["page-1"][30, 30].tolist() == [0, 0, 0]
    colours = {tuple(shown["channels"][r, c]) for r in (5, 30) for c in (5, 30)}
    assert len(colours) == 4
    assert shown["times"].shape == (2 * SIDE + 1, 2 * SIDE + 1, 3)
    third = vignettes.pictures(path, about, [Reading(plane=2)])[0]
    assert third[30, 5].tolist() == [255, 255, 255]


def test_one_depth_of_every_time_can_be_chosen(tmp_path: Path) -> None:
    """One z plane could be had of a film only together with one time."""
    tzyx = np.random.default_rng(0).integers(0, 999, (3, 5, SIDE, SIDE), dtype=np.uint16)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, tzyx, photometric="minisblack", metadata={"axes": "TZYX"})
    about = stack_of(path)
    second = readings.named(about, "times+z-2")
    assert second == Reading(projection="one", depth=1, each=True)
    assert readings.sentence(about, second) == "3 times, 5 depths (z), depth 2 shown: 3 images"
    assert (readings.planes(about, second), readings.depths(about, second)) == (3, 5)
    found = list(readings.images(path, {about.kind: second}))
    assert [part for part, _ in found] == ["time 1", "time 2", "time 3"]
    for time, (_, picture) in enumerate(found):
        np.testing.assert_array_equal(picture.image_cyx[0], tzyx[time, 1])
    shown = vignettes.pictures(path, about, [second, readings.named(about, "times+z-4")])
    assert (shown[0] != shown[1]).any()
    with pytest.raises(ImageError, match=r"^a.tif: it has 5 depths \(z\), there is no depth 6"):
        readers.ask(path, Asked(projection="one", depth=5))
    alone = Stack(format="TIFF", axes="ZYX", shape=(5, 8, 8))
    assert all(each.projection != "one" for each in readings.offered(alone))


def test_the_sharpest_plane_is_the_one_with_detail(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    stack = np.full((3, SIDE, SIDE), 500, dtype=np.uint16)
    stack[1] += rng.integers(0, 200, (SIDE, SIDE), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", stack, photometric="minisblack", metadata={"axes": "ZYX"})
    about = stack_of(tmp_path / "a.tif")
    focus, second = vignettes.pictures(
        tmp_path / "a.tif", about, [readings.named(about, "z-focus"), Reading(plane=1)]
    )
    np.testing.assert_array_equal(focus, second)


def test_of_a_long_series_few_planes_are_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pages(tmp_path / "a.tif", 300)
    about = stack_of(path)
    opened: list[object] = []
    read = readers.read
    monkeypatch.setattr(readers, "read", lambda p, **how: opened.append(how) or read(p, **how))
    vignettes.pictures(path, about, readings.offered(about))
    assert len(opened) <= 64 + 1


def test_pages_that_stand_last_are_pages(tmp_path: Path) -> None:
    """Five pages of 40 x 30 pixels, written as 40 pages of 30 x 5, were refused as too small."""
    yxq = np.random.default_rng(0).integers(0, 999, (40, 30, 5), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", yxq, photometric="minisblack", metadata=None)
    read = readers.read(tmp_path / "a.tif", plane=3)
    np.testing.assert_array_equal(read.image_cyx[0], yxq[..., 3])
    about = stack_of(tmp_path / "a.tif")
    channels = readings.named(about, "channels")
    whole = readers.read(tmp_path / "a.tif", axes=channels.axes)
    np.testing.assert_array_equal(whole.image_cyx, yxq.transpose(2, 0, 1))
