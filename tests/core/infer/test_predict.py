"""Maps of an image of any size, without seams."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from core.infer import predict
from core.pipeline import heads, preprocess
from core.records import Kind, Model, Pipeline, TaskSpec


class LocalMean(nn.Module):
    """A network whose answer is known: the mean of a pixel's neighbourhood."""

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        mean = nn.functional.avg_pool2d(batch, 15, stride=1, padding=7, count_include_pad=False)
        return torch.cat([-mean, mean], dim=1)


def trained() -> predict.Trained:
    task = TaskSpec(kind=Kind.SEMANTIC, classes=("low", "high"), background="low")
    pipeline = Pipeline(name="local mean", kinds=(Kind.SEMANTIC,), model=Model(head="semantic"))
    return predict.Trained(
        LocalMean(),
        pipeline,
        preprocess.Fitted(channels=1),
        heads.find("semantic"),
        task,
        torch.device("cpu"),
    )


def test_tiles_cover_the_image_and_overlap() -> None:
    seen = np.zeros((1500, 2100), int)
    for rows, columns in predict.tiles(1500, 2100):
        seen[rows, columns] += 1
    assert seen.min() == 1
    assert seen.max() > 1


def test_an_image_in_tiles_gives_what_it_gives_in_one_piece(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    image = np.random.default_rng(0).integers(0, 4000, (1, 400, 500)).astype(np.uint16)
    model = trained()
    whole = predict.maps(model, image)
    monkeypatch.setattr(predict, "WHOLE_PX", 1)
    monkeypatch.setattr(predict, "TILE_PX", 320)
    tiled = predict.maps(model, image)
    assert np.abs(whole - tiled).max() < 1e-3


def test_where_memory_is_short_smaller_tiles_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.random.default_rng(0).integers(0, 4000, (1, 400, 500)).astype(np.uint16)
    whole = predict.maps(trained(), image)
    sizes: list[int] = []

    class Greedy(LocalMean):
        def forward(self, batch: torch.Tensor) -> torch.Tensor:
            sizes.append(max(batch.shape[2:]))
            if sizes[-1] > 300:
                raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
            return super().forward(batch)

    tiled = predict.maps(replace(trained(), network=Greedy()), image)
    assert np.abs(whole - tiled).max() < 1e-3
    assert sizes[:3] == [512, 384, 256]


@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (8, 2000), (257, 321)])
def test_odd_and_tiny_images_come_back_in_their_own_size(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 255, (1, *shape)).astype(np.uint8)
    assert predict.maps(trained(), image, flips=True).shape == (2, *shape)
