"""Large images: the same answer in parts as in one piece."""

import csv
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from torch import nn

from core.errors import ImageError
from core.infer import batch, bundle, large, predict, seams
from core.paths import JobDir
from core.pipeline import heads, preprocess
from core.progress import Progress, Stopped
from core.records import Kind, Model, Pipeline, Postprocess, Preprocess, TaskSpec

POST = Postprocess(foreground=0.5, seed=0.6, smallest_px=30)


class Shown(nn.Module):
    """A network that says what the image shows: its channels are the maps."""

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return batch * 6


class LocalMean(nn.Module):
    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        mean = nn.functional.avg_pool2d(batch, 9, stride=1, padding=4, count_include_pad=False)
        return torch.cat([-mean, mean], dim=1)


def model(
    network: nn.Module, head: str, channels: int, scale: float = 1.0, normalisation: str = "zscore"
) -> predict.Trained:
    kind = Kind.SEMANTIC if head == "semantic" else Kind.INSTANCE
    task = TaskSpec(
        kind=kind, classes=("one", "two"), background="one" if head == "semantic" else None
    )
    pipeline = Pipeline(
        name="given",
        kinds=(kind,),
        model=Model(head=head),
        preprocess=Preprocess(normalisation=normalisation),
        postprocess=POST,
    )
    fitted = preprocess.Fitted(channels=channels, scale=scale, object_diameter_px=10.0)
    return predict.Trained(network, pipeline, fitted, heads.find(head), task, torch.device("cpu"))


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an image of a few hundred pixels be a large one."""
    monkeypatch.setattr(large, "LARGE_PX", 1)
    monkeypatch.setattr(large, "CORE_PX", 96)
    monkeypatch.setattr(large, "LEAST_MARGIN_PX", 48)
    monkeypatch.setattr(predict, "WHOLE_PX", 1)
    monkeypatch.setattr(predict, "TILE_PX", 192)
    monkeypatch.setattr(predict, "OVERLAP_PX", 64)
    monkeypatch.setattr(predict, "MARGIN_PX", 16)


def scene(shape: tuple[int, int] = (310, 402)) -> np.ndarray:
    """Return maps of crowded discs, and of a bar that is larger than any block's window.

    Foreground, distance, and two classes: discs left of the middle are of the first.
    """
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
    maps = np.zeros((4, *shape), np.float32)
    random = np.random.default_rng(0)
    for y in range(14, shape[0] - 60, 22):
        for x in range(14, shape[1] - 14, 22):
            radius = random.uniform(1, 13)
            near = maps[:, y - 14 : y + 15, x - 14 : x + 15]
            down, across = np.mgrid[-14:15, -14:15]
            off = np.hypot(down - random.uniform(-3, 3), across - random.uniform(-3, 3))
            near[0] = np.maximum(near[0], np.clip(radius - off, 0, 1))
            near[1] = np.maximum(near[1], np.clip(1 - off / radius, 0, 1))
    bar = (rows > shape[0] - 40) & (rows < shape[0] - 20) & (columns > 10) & (columns < 390)
    maps[0] = np.where(bar, 1, maps[0])
    maps[1] = np.where(bar, 1 - abs(rows - shape[0] + 30) / 30, maps[1])
    maps[2] = columns < shape[1] / 2
    maps[3] = 1 - maps[2]
    return maps


def save(file: Path) -> None:
    # Whole grey levels would be ties, which a watershed breaks by the order it comes along.
    tifffile.imwrite(file, scene(), metadata={"axes": "CYX"}, photometric="minisblack")


def same_objects(one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether two label maps differ in nothing but the ids' order."""
    pairs = np.unique(np.stack([one.ravel(), other.ravel()]), axis=1)
    counts = [len(np.unique(each)) for each in pairs]
    return bool(((one > 0) == (other > 0)).all()) and counts == [pairs.shape[1]] * 2


def on_disk(folder: Path, maps: np.ndarray) -> large.OnDisk:
    file = large.OnDisk(folder / "maps", maps.shape, np.float32).create()
    file.open()[:] = maps
    return file


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("smallest", [(), (60, 90)])
def test_objects_across_borders_come_back_whole(tmp_path: Path, smallest: tuple[int, ...]) -> None:
    trained = model(Shown(), "distance", 4)
    maps = scene()
    post = replace(POST, class_smallest_px=smallest)
    whole = trained.head.decode(maps, post, trained.task)
    labels = large.OnDisk(tmp_path / "labels", maps.shape[1:], np.int32).create()
    objects = large.write_labels(trained, on_disk(tmp_path, maps), post, labels, lambda _: None)
    assert isinstance(objects, seams.Objects)
    found = objects.final[labels.open()]
    assert whole.labels_yx is not None
    assert whole.labels_yx.max() > 100
    assert same_objects(found, whole.labels_yx)
    ids = dict(zip(whole.labels_yx.ravel().tolist(), found.ravel().tolist(), strict=True))
    assert objects.scores == {ids[i]: score for i, score in whole.object_scores.items()}
    # A bar of both classes in equal parts is a matter of the last pixel; all others agree.
    told = {ids[i]: kind for i, kind in whole.object_classes.items()}
    assert sum(objects.classes[i] != kind for i, kind in told.items()) <= 1
    areas = np.bincount(found.ravel())
    assert (objects.regions.area[1:] == areas[1:]).all()


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("scale", [1.0, 0.5, 1.3])
@pytest.mark.parametrize("flips", [False, True])
def test_maps_in_a_file_are_those_of_one_piece(tmp_path: Path, scale: float, flips: bool) -> None:
    image = np.random.default_rng(0).integers(0, 4000, (1, 250, 333)).astype(np.uint16)
    trained = model(LocalMean(), "semantic", 1, scale)
    expected = predict.maps(trained, image, flips=flips)
    post = replace(POST, flips=flips)
    file = large.write_maps(trained, image, tmp_path / "maps", post, lambda _: None)
    size = (image.shape[1], image.shape[2])
    window = (slice(31, 240), slice(0, 333))
    part = large.read_maps(file, size, window)
    assert np.abs(part - expected[:, window[0], window[1]]).max() < 1e-3


@pytest.mark.usefixtures("small_parts")
def test_classes_of_pixels_are_those_of_one_piece(tmp_path: Path) -> None:
    image = (np.random.default_rng(0).random((1, 300, 250)) * 255).astype(np.uint8)
    image[:, :, 100:] //= 2
    trained = model(LocalMean(), "semantic", 1)
    expected = predict.answer(trained, image).labels_yx
    counts = large.answer(trained, image, tmp_path, tmp_path / "out.tif", lambda _: None)
    assert expected is not None
    assert 0 < expected.mean() < 1
    assert np.array_equal(counts, np.bincount(expected.ravel(), minlength=2))
    assert (tifffile.imread(tmp_path / "out.tif") == expected).all()


@pytest.mark.usefixtures("small_parts")
def test_one_answer_in_files_whatever_the_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = model(Shown(), "distance", 4)
    monkeypatch.setattr(bundle, "load", lambda folder: trained)
    file = tmp_path / "slide.tif"
    save(file)
    batch.run(tmp_path, [file, file], tmp_path / "parts", Progress(JobDir(tmp_path / "job1")))
    monkeypatch.setattr(large, "LARGE_PX", 10**9)
    batch.run(tmp_path, [file], tmp_path / "whole", Progress(JobDir(tmp_path / "job2")))
    pictures = [
        tifffile.imread(tmp_path / side / "labels" / "slide.tif") for side in ("whole", "parts")
    ]
    assert pictures[0].dtype == pictures[1].dtype
    assert same_objects(*pictures)
    tables = [rows(tmp_path / side / "objects.csv") for side in ("whole", "parts")]
    assert tables[0] == [row for row in tables[1] if row[0] == "slide"]
    assert len(tables[1]) == 2 * len(tables[0]) > 100
    assert {path.name for path in (tmp_path / "parts").iterdir()} == {
        "labels",
        "objects.csv",
        "images.csv",
    }
    whole, parts = (rows(tmp_path / side / "images.csv") for side in ("whole", "parts"))
    assert {each[1:] for each in parts} == {whole[0][1:]}


def rows(path: Path) -> list[tuple[str, ...]]:
    """Return the table without the objects' numbers, sorted within an image; classes left out."""
    with path.open() as file:
        read = [tuple(value for key, value in row.items()
                      if key not in ("object", "class") and not key.startswith("objects "))
                for row in csv.DictReader(file)]  # fmt: skip
    return sorted(read)


@pytest.mark.usefixtures("small_parts")
def test_a_stop_between_tiles_ends_it_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopping(Shown):
        def forward(self, batch: torch.Tensor) -> torch.Tensor:
            (tmp_path / "job" / "STOP").touch()
            return super().forward(batch)

    monkeypatch.setattr(bundle, "load", lambda folder: model(Stopping(), "distance", 4))
    monkeypatch.setattr("core.progress.STOP_EVERY_S", 0.0)
    file = tmp_path / "slide.tif"
    save(file)
    progress = Progress(JobDir(tmp_path / "job"))
    with pytest.raises(Stopped):
        batch.run(tmp_path, [file], tmp_path / "out", progress)
    assert list((tmp_path / "out").iterdir()) == []
    assert progress.status.progress < 0.5


@pytest.mark.usefixtures("small_parts")
def test_progress_grows_and_tells_what_remains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[float, float | None]] = []

    class Listening(Progress):
        def stage(self, stage, message, progress=None, remaining_s=None):  # type: ignore[no-untyped-def]
            told.append((progress, remaining_s))

    monkeypatch.setattr(bundle, "load", lambda folder: model(Shown(), "distance", 4))
    file = tmp_path / "slide.tif"
    save(file)
    batch.run(tmp_path, [file], tmp_path / "out", Listening(JobDir(tmp_path / "job")))
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert len(shares) > 20
    assert shares[-1] == 1.0
    assert all(remaining is not None for share, remaining in told if share)


def test_a_full_disk_is_told_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writing to a mapped file on a full disk ends the process without a word."""
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage(10**9, 10**9, 1000))
    with pytest.raises(ImageError, match="make room"):
        large.OnDisk(tmp_path / "maps", (2, 100, 100), np.float32).create()


def test_what_two_blocks_see_is_one_object_from_half_on() -> None:
    one, other = np.zeros((2, 10, 10), np.int32)
    one[0:4, 0:4], other[0:4, 0:3] = 1, 5
    one[6:9, 6:9], other[8:10, 6:9] = 2, 6
    assert seams.same(one, other).tolist() == [[1, 5]]


def test_an_image_without_objects_has_none(tmp_path: Path) -> None:
    trained = model(Shown(), "distance", 4)
    labels = large.OnDisk(tmp_path / "labels", (40, 50), np.int32).create()
    maps = on_disk(tmp_path, np.zeros((4, 40, 50), np.float32))
    objects = large.write_labels(trained, maps, POST, labels, lambda _: None)
    assert isinstance(objects, seams.Objects)
    assert len(objects.regions.area) == 1
    assert not objects.final[labels.open()].any()
