"""Pixel sizes that a person tells."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from core.data import imports, originals, readers, samples, scales, study
from core.errors import ImageError
from core.paths import StudyDir, Workspace


@pytest.fixture
def study_dir(tmp_path: Path) -> StudyDir:
    """Return a study of two pictures alike, a larger one, and one whose file tells its scale."""
    made = study.create(Workspace.at(tmp_path / "workspace"), "cells")
    for name, side, number in (("a", 20, 1), ("b", 20, 2), ("large", 30, 3)):
        picture(tmp_path / f"{name}.png", side, number)
    pixels = np.random.default_rng(4).integers(0, 255, (20, 20), dtype=np.uint8)
    about = {"axes": "YX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}
    tifffile.imwrite(tmp_path / "told.ome.tif", pixels, ome=True, metadata=about)
    imports.add(made, [*sorted(tmp_path.glob("*.png")), tmp_path / "told.ome.tif"])
    return made


def picture(path: Path, side: int, number: int) -> Path:
    noise = np.random.default_rng(number).integers(0, 255, (side, side), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    return path


def sizes(study_dir: StudyDir) -> dict[str, float | None]:
    return {image.id: image.pixel_size_um for image in study.load(study_dir).images}


def test_a_line_of_known_length_tells_the_pixel_size() -> None:
    assert scales.along((10, 10, 40, 50), 25.0) == pytest.approx(0.5)
    with pytest.raises(ImageError, match="too short to measure by"):
        scales.along((10, 10, 12, 11), 25.0)


def test_one_image_or_all_alike(study_dir: StudyDir, tmp_path: Path) -> None:
    assert scales.set_size(study_dir, "a", 0.3) == ("a",)
    assert sizes(study_dir) == {"a": 0.3, "b": None, "large": None, "told.ome": 0.5}
    assert scales.alike(study.load(study_dir), "a") == ("b",)
    assert scales.set_size(study_dir, "b", 0.4, all_alike=True) == ("a", "b")
    report = imports.add(study_dir, [picture(tmp_path / "later.png", 20, 7)])
    assert "a pixel is 0.4 um, as you said" in report.notices[0].message
    imports.add(study_dir, [picture(tmp_path / "other.png", 25, 8)])
    assert sizes(study_dir) == {
        "a": 0.4, "b": 0.4, "large": None, "told.ome": 0.5, "later": 0.4, "other": None,
    }  # fmt: skip


def test_what_a_file_tells_can_be_corrected_for_itself_alone(study_dir: StudyDir) -> None:
    assert scales.set_size(study_dir, "told.ome", 0.65, all_alike=True) == ("told.ome",)
    assert sizes(study_dir)["told.ome"] == 0.65


@pytest.mark.parametrize("size_um", [0.0, -1.0, float("nan"), 5000.0])
def test_sizes_no_picture_has_are_refused(study_dir: StudyDir, size_um: float) -> None:
    with pytest.raises(ImageError, match="write micrometres"):
        scales.set_size(study_dir, "a", size_um)


def test_what_was_told_counts_for_pictures_that_are_only_predicted(
    study_dir: StudyDir, tmp_path: Path
) -> None:
    """A measured pixel changed no result: nobody asked how large it is."""
    scales.set_size(study_dir, "told.ome", 0.65)
    scales.set_size(study_dir, "large", 0.2)
    scales.set_size(study_dir, "a", 0.3, all_alike=True)
    known = originals.known_in(study_dir, study.load(study_dir))

    def size_um(path: Path) -> float | None:
        return known.size_um(path.resolve(), readers.read(path))

    assert size_um(study_dir.images / "large.png") == 0.2, "the study's own picture"
    assert size_um(study_dir.images / "told.ome.tif") == 0.65, "corrected by hand"
    assert size_um(tmp_path / "told.ome.tif") == 0.5, "what another file tells"
    assert size_um(picture(tmp_path / "new.png", 20, 9)) == 0.3, "of a kind that was measured"
    assert size_um(tmp_path / "large.png") is None, "told of one image alone"
    (sample,) = samples.load(study_dir, ["large"])
    assert sample.pixel_size_um == 0.2
