"""Files to predict are read as the study reads files of their kind."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile
from PIL import Image

from core.data import readers_tiff
from core.data.originals import Known
from core.infer import batch, bundle, large, predict, table
from core.paths import JobDir
from core.pipeline.answers import Answer
from core.pipeline.preprocess import Fitted
from core.progress import Progress
from core.records import Kind, Model, Pipeline, Preprocess, Reading, TaskSpec

KIND = "TIFF Q3 Y X"
TASK = TaskSpec(kind=Kind.INSTANCE, classes=("cell",))
PIPELINE = Pipeline(name="made up", kinds=(Kind.INSTANCE,), model=Model(head="distance"))


class Listening(Progress):
    """Keeps what it is told."""

    def __init__(self, job_dir: JobDir) -> None:
        super().__init__(job_dir)
        self.told: list[tuple[str, str]] = []

    def event(self, name: str, **values: object) -> None:
        self.told.append((name, str(values.get("message", ""))))


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """Return the images a made-up model is shown."""
    shown: list[np.ndarray] = []

    def answer(_: object, image_cyx: np.ndarray) -> Answer:
        shown.append(image_cyx)
        return Answer(labels_yx=np.ones(image_cyx.shape[1:], np.int32))

    trained = SimpleNamespace(task=TASK, pipeline=PIPELINE, fitted=Fitted(channels=1))
    monkeypatch.setattr(bundle, "load", lambda folder: trained)
    monkeypatch.setattr(large, "is_large", lambda trained, image_cyx: False)
    monkeypatch.setattr(predict, "answer", answer)
    return shown


def run(tmp_path: Path, known: dict[str, Reading]) -> tuple[np.ndarray, list[str], Listening]:
    """Predict one stack; return its pages, the names of the answers and what was told."""
    pages = np.random.default_rng(0).integers(0, 999, (3, 16, 20), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", pages, photometric="minisblack")
    progress = Listening(JobDir(tmp_path / "job"))
    batch.run(tmp_path, [tmp_path / "a.tif"], tmp_path / "out", progress, Known(readings=known))
    return pages, sorted(p.stem for p in (tmp_path / "out" / "labels").glob("*")), progress


def test_channels_and_depths(tmp_path: Path, seen: list[np.ndarray]) -> None:
    pages, names, _ = run(tmp_path, {KIND: Reading(axes="CYX")})
    np.testing.assert_array_equal(seen[0], pages)
    run(tmp_path, {KIND: Reading(axes="ZYX", projection="max")})
    np.testing.assert_array_equal(seen[1], pages.max(axis=0, keepdims=True))
    assert names == ["a"]


def test_times_are_images_of_their_own(tmp_path: Path, seen: list[np.ndarray]) -> None:
    pages, names, progress = run(tmp_path, {KIND: Reading(axes="TYX", each=True)})
    assert names == ["a-1", "a-2", "a-3"]
    np.testing.assert_array_equal(np.concatenate(seen), pages)
    assert not [message for name, message in progress.told if name == "told"]


def test_a_stack_nobody_decided_on_is_told(tmp_path: Path, seen: list[np.ndarray]) -> None:
    pages, names, progress = run(tmp_path, {})
    assert names == ["a"]
    np.testing.assert_array_equal(seen[0][0], pages[0])
    [message] = [message for name, message in progress.told if name == "told"]
    assert "a.tif: it is a stack of 3 planes" in message


def told_of(tmp_path: Path, image_yxs: np.ndarray) -> list[str]:
    """Predict a colour picture; return what was told of it."""
    Image.fromarray(image_yxs).save(tmp_path / "blue.png")
    progress = Listening(JobDir(tmp_path / "job"))
    batch.run(tmp_path, [tmp_path / "blue.png"], tmp_path / "out", progress)
    assert ("predicted", "") in progress.told
    return [message for name, message in progress.told if name == "told"]


def test_channels_that_the_model_does_not_look_at_are_told(
    tmp_path: Path, seen: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model of grey pictures looked at the red of a blue one, found nothing, and said nothing."""
    blue = np.zeros((16, 20, 3), np.uint8)
    blue[4:9, 4:9, 2] = 200
    [message] = told_of(tmp_path, blue)
    assert "blue.png has 3 channels, the model learned from 1: only the first is used" in message
    assert told_of(tmp_path, np.repeat(blue[..., 2:], 3, axis=2)) == [], "grey, saved in colour"
    chosen = SimpleNamespace(
        task=TASK,
        pipeline=replace(PIPELINE, preprocess=Preprocess(channels=(2,))),
        fitted=Fitted(channels=1),
    )
    monkeypatch.setattr(bundle, "load", lambda folder: chosen)
    assert told_of(tmp_path, blue) == [], "somebody chose the channel"


def areas(tmp_path: Path, files: list[Path], known: Known) -> list[tuple[str, ...]]:
    """Predict; return what the tables tell of the one object of each image, and of its pixels."""
    out = tmp_path / "out"
    batch.run(tmp_path, files, out, Listening(JobDir(tmp_path / "job")), known)
    objects, images = (list(table.read(out / name)) for name in ("objects.csv", "images.csv"))
    return [
        (one["area_px"], one["area_um2"], image["mean area_um2"], image["pixel_size_um"])
        for one, image in zip(objects, images, strict=True)
    ]


def test_tables_tell_areas_in_um2_where_the_size_of_a_pixel_is_known(
    tmp_path: Path, seen: list[np.ndarray]
) -> None:
    """What a file or a person told of the size of a pixel changed no result at all."""
    pixels = np.random.default_rng(0).integers(0, 255, (16, 20), dtype=np.uint8)
    about = {"axes": "YX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}
    tifffile.imwrite(tmp_path / "told.ome.tif", pixels, ome=True, metadata=about)
    for name, side in (("unknown", 20), ("alike", 30), ("measured", 30)):
        wide = np.resize(pixels, (16, side))
        Image.fromarray(wide).save(tmp_path / f"{name}.png")
    known = Known(
        pixel_sizes_um={".png uint8 30 x 16": 2.0, ".tif uint8 20 x 16": 9.0},
        measured_um={str(tmp_path / "measured.png"): 3.0},
    )
    names = ("told.ome.tif", "unknown.png", "alike.png", "measured.png")
    assert areas(tmp_path, [tmp_path / name for name in names], known) == [
        ("320", "80.0", "80.0", "0.5"),
        ("320", "", "", ""),
        ("480", "1920.0", "1920.0", "2.0"),
        ("480", "4320.0", "4320.0", "3.0"),
    ]


def test_areas_on_a_level_of_a_slide_are_those_of_its_larger_pixels(
    tmp_path: Path, seen: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    how = {"tile": (16, 16), "metadata": None}
    with tifffile.TiffWriter(tmp_path / "slide.tif") as writer:  # 0.5 µm
        size = {"resolution": (20000, 20000), "resolutionunit": "CENTIMETER"}
        writer.write(np.zeros((64, 64), np.uint8), subifds=1, **size, **how)
        writer.write(np.zeros((32, 32), np.uint8), subfiletype=1, **how)
    monkeypatch.setattr(readers_tiff, "MAX_PIXELS", 2000)
    found = areas(tmp_path, [tmp_path / "slide.tif"], Known())
    assert found == [("1024", "1024.0", "1024.0", "1.0")]
