"""Files to predict are read as the study reads files of their kind."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile

from core.infer import batch, bundle, large, predict
from core.paths import JobDir
from core.pipeline.answers import Answer
from core.progress import Progress
from core.records import Kind, Reading, TaskSpec

KIND = "TIFF Q3 Y X"
TASK = TaskSpec(kind=Kind.INSTANCE, classes=("cell",))


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

    monkeypatch.setattr(bundle, "load", lambda folder: SimpleNamespace(task=TASK))
    monkeypatch.setattr(large, "is_large", lambda trained, image_cyx: False)
    monkeypatch.setattr(predict, "answer", answer)
    return shown


def run(tmp_path: Path, known: dict[str, Reading]) -> tuple[np.ndarray, list[str], Listening]:
    """Predict one stack; return its pages, the names of the answers and what was told."""
    pages = np.random.default_rng(0).integers(0, 999, (3, 16, 20), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", pages, photometric="minisblack")
    progress = Listening(JobDir(tmp_path / "job"))
    batch.run(tmp_path, [tmp_path / "a.tif"], tmp_path / "out", progress, known)
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
