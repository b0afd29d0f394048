"""What a TIFF tells of itself is heard as its writer meant it."""

from pathlib import Path

import numpy as np
import tifffile

from core.data import imports, readers, samples, study
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
