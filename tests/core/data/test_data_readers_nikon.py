"""Nikon files: written by `nikon`, opened by the library, read back exactly."""

from pathlib import Path

import nikon
import numpy as np
import pytest

from core.data import imports, readers, readings, rereading, samples, study
from core.paths import Workspace

pytest.importorskip("nd2")

SERIES_PZCYX = np.arange(2 * 2 * 3 * 12 * 16, dtype=np.uint16).reshape(2, 2, 3, 12, 16) * 7
CHANNELS = {"GFP": "#00FF00", "DAPI": "#0000FF", "Cy5": "#FF0000"}


def _frames() -> list[np.ndarray]:
    return [zcyx.transpose(1, 2, 0) for pzcyx in SERIES_PZCYX for zcyx in pzcyx]


def test_depths_channels_scale_and_colours(tmp_path: Path) -> None:
    path = tmp_path / "a.nd2"
    loops = [(nikon.Z_STACK, 2)]
    path.write_bytes(nikon.nd2(_frames()[:2], CHANNELS, loops, pixel_size_um=0.65))
    picture = readers.read(path, plane=1)
    np.testing.assert_array_equal(picture.image_cyx, SERIES_PZCYX[0, 1])
    assert (picture.axes, picture.planes) == ("ZCYX", 2)
    assert picture.channel_names == ("GFP", "DAPI", "Cy5")
    assert picture.channel_colors == ("#00FF00", "#0000FF", "#FF0000")
    assert picture.pixel_size_um == pytest.approx(0.65)
    brightest = readers.read(path, projection="max")
    np.testing.assert_array_equal(brightest.image_cyx, SERIES_PZCYX[0].max(axis=0))


def test_each_position_becomes_an_image(tmp_path: Path, workspace: Workspace) -> None:
    path = tmp_path / "a.nd2"
    loops = [(nikon.POSITIONS, 2), (nikon.Z_STACK, 2)]
    path.write_bytes(nikon.nd2(_frames(), CHANNELS, loops))
    study_dir = study.create(workspace, "positions")
    imports.add(study_dir, [path])
    [image] = study.load(study_dir).images
    assert image.stack is not None
    rereading.decide(study_dir, "a", readings.named(image.stack, "positions+z-max"))
    for about, expected in zip(study.load(study_dir).images, SERIES_PZCYX, strict=True):
        np.testing.assert_array_equal(samples.read_image(study_dir, about), expected.max(axis=0))


def test_a_camera_without_a_scale_tells_none(tmp_path: Path) -> None:
    path = tmp_path / "a.nd2"
    path.write_bytes(nikon.nd2([SERIES_PZCYX[0, 0, :1].transpose(1, 2, 0)], {"BF": "#FFFFFF"}))
    picture = readers.read(path)
    np.testing.assert_array_equal(picture.image_cyx, SERIES_PZCYX[0, 0, :1])
    assert (picture.pixel_size_um, picture.planes) == (None, 1)


def test_colour_pictures_are_red_green_blue(tmp_path: Path) -> None:
    """They are stored as blue, green, red; stained tissue came out blue."""
    stored = np.zeros((12, 16, 3), np.uint8)
    stored[..., 2] = 200
    path = tmp_path / "a.nd2"
    path.write_bytes(nikon.nd2([stored], {"Brightfield": "#FFFFFF"}))
    picture = readers.read(path)
    np.testing.assert_array_equal(picture.image_cyx, stored[..., ::-1].transpose(2, 0, 1))
