"""Tiles: what is aimed at, and targets that turn with their picture."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.data.samples import Sample
from core.data.truth import Truth
from core.pipeline import augment, catalogue, flows, heads, preprocess
from core.records import Kind, TaskSpec
from core.train.pool import Context, Pool, Prepared, prepare

SIDE = 160


def drawn_ids() -> np.ndarray:
    """Return a tall, a wide and a cut object in every corner's quarter: no symmetry."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    ids = np.zeros((SIDE, SIDE), np.int32)
    for number, (row, column, high, wide) in enumerate(
        ((45, 50, 38, 20), (50, 118, 18, 34), (120, 60, 24, 40), (118, 130, 30, 16)), start=1
    ):
        ids[((rows - row) / high) ** 2 + ((columns - column) / wide) ** 2 <= 1] = number
    return ids


def cut_both(grid: torch.Tensor, centre_yx: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return the cut directions, and the directions of the cut ids within the picture."""
    ids = drawn_ids()
    flow = torch.from_numpy(flows.to_centres(ids))
    turned = augment.cut_directions(flow, grid, centre_yx).numpy()
    tile = augment.cut(torch.from_numpy(ids[None].astype(np.float32)), grid, centre_yx, "nearest")
    place = grid + torch.tensor([centre_yx[1], centre_yx[0]])
    shown = ((place > 0) & (place < SIDE - 1)).all(dim=-1).numpy()
    return turned, flows.to_centres(np.where(shown, tile[0].numpy(), 0).astype(np.int32))


@pytest.mark.parametrize("strength", ["light", "medium"])
@pytest.mark.parametrize("seed", range(4))
def test_directions_of_a_turned_tile_are_those_of_the_turned_labels(
    strength: str, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    # Large enough for the whole picture at any angle: an object that is cut has another centre.
    offsets = augment.identity_grid((384, 384), torch.device("cpu"))
    grid = augment.warp_grid(offsets, augment.STRENGTHS[strength], rng)
    middle = (SIDE - 1) / 2
    turned, wanted = cut_both(grid, (middle, middle))
    agreement = (turned * wanted).sum(axis=0)[np.hypot(*wanted) > 0.5]
    assert len(agreement) > 3000
    assert np.quantile(agreement, 0.02) > 0.9
    assert agreement.mean() > 0.99


def test_directions_are_mirrored_beyond_the_edges() -> None:
    grid = augment.identity_grid((64, 64), torch.device("cpu"))
    flow = torch.zeros(2, SIDE, SIDE)
    flow[0], flow[1] = 0.6, 0.8
    # The tile's first 32 rows and columns lie beyond the picture's corner.
    turned = augment.cut_directions(flow, grid, (-0.5, -0.5))
    assert turned[:, 10, 10].tolist() == pytest.approx([-0.6, -0.8])
    assert turned[:, 10, 50].tolist() == pytest.approx([-0.6, 0.8])
    assert turned[:, 50, 50].tolist() == pytest.approx([0.6, 0.8])


def test_bent_directions_keep_their_length() -> None:
    rng = np.random.default_rng(3)
    offsets = augment.identity_grid((128, 128), torch.device("cpu"))
    grid = augment.warp_grid(offsets, augment.STRENGTHS["strong"], rng)
    turned, _ = cut_both(grid, (80.0, 80.0))
    lengths = np.hypot(*turned)
    assert np.isclose(lengths, 1, atol=1e-4).sum() + np.isclose(lengths, 0).sum() == lengths.size


def rare_class_pool(balance: str) -> Pool:
    """Return a pool of one picture in which class 2 has 0.4 % of the pixels."""
    classes = np.zeros((512, 512), np.int16)
    classes[:, 256:] = 1
    classes[40:72, 40:72] = 2
    pipeline = catalogue.find("unet-lite0")
    pipeline = replace(pipeline, training=replace(pipeline.training, class_balance=balance))
    task = TaskSpec(kind=Kind.SEMANTIC, classes=("a", "b", "rare"))
    return Pool([item(classes)], pipeline, task)


def item(classes: np.ndarray) -> Prepared:
    discrete = torch.from_numpy(classes[None].astype(np.float32))
    values, counts = np.unique(classes, return_counts=True)
    return Prepared(
        torch.zeros(1, *classes.shape),
        torch.zeros(0, *classes.shape),
        discrete,
        {int(v): np.argwhere(classes == v)[:2000] for v in values},
        dict(zip(values.tolist(), counts.tolist(), strict=True)),
    )


def test_balance_by_tiles_meets_the_rare_class_most() -> None:
    seen = {}
    for balance in ("none", "tiles"):
        pool, rng = rare_class_pool(balance), np.random.default_rng(0)
        centres = [pool._aim(rng)[1] for _ in range(400)]
        # Aimed tiles show the thing in their middle half.
        near = [abs(row - 56) < 80 and abs(column - 56) < 80 for row, column in centres]
        seen[balance] = float(np.mean(near))
    assert seen["tiles"] > 0.5
    assert seen["tiles"] > 2 * seen["none"]


def test_balance_by_tiles_draws_one_class_of_images_as_often_as_another() -> None:
    pipeline = catalogue.find("lite0-s128")
    task = TaskSpec(kind=Kind.CLASSIFICATION, classes=("common", "rare"))
    items = [item(np.full((1, 1), int(number == 9), np.int16)) for number in range(10)]
    items = [replace(one, image=torch.zeros(1, 64, 64), places={}) for one in items]
    shares = {}
    for balance in ("none", "tiles"):
        chosen = replace(pipeline, training=replace(pipeline.training, class_balance=balance))
        _, batch = Pool(items, chosen, task).draw(200, np.random.default_rng(0))
        shares[balance] = float((batch.discrete == 1).float().mean())
    assert 0.4 < shares["tiles"] < 0.6
    assert shares["none"] < 0.2


def test_tiles_of_every_object_head_carry_its_targets() -> None:
    task = TaskSpec(kind=Kind.INSTANCE, classes=("cell",))
    for name in ("unet-lite0-flow", "unet-lite0-distance", "unet-lite0-boundary"):
        pipeline = catalogue.find(name)
        targets = heads.find(pipeline.model.head).targets(Truth(pixels_yx=drawn_ids()), task)
        one = Prepared(
            torch.zeros(1, SIDE, SIDE),
            torch.from_numpy(targets.smooth_kyx),
            torch.from_numpy(targets.discrete_kyx.astype(np.float32)),
            {},
            {},
        )
        pixels, batch = Pool([one], pipeline, task).draw(2, np.random.default_rng(0))
        assert pixels.shape == (2, 1, SIDE, SIDE)
        assert batch.smooth.shape == (2, len(targets.smooth_kyx), SIDE, SIDE)
        assert batch.discrete.shape == (2, 1, SIDE, SIDE)


def test_tiles_are_drawn_where_a_sparse_image_is_annotated() -> None:
    """Two in three tiles of a picture of which a corner was annotated had nothing to learn from."""
    ids = np.full((512, 512), -1, np.int32)
    ids[:96, :96] = 0
    ids[20:50, 20:50] = 1
    pipeline = catalogue.find("unet-lite0-boundary")
    pipeline = replace(pipeline, preprocess=replace(pipeline.preprocess, tile_px=128))
    task = TaskSpec(kind=Kind.INSTANCE, classes=("disc",))
    sample = Sample(id="a", image_cyx=np.zeros((1, 512, 512), np.uint8), labels=None)
    context = Context(task, preprocess.Fitted(channels=1), torch.device("cpu"), 0)
    item = prepare(sample, Truth(pixels_yx=ids), pipeline, heads.find("boundary"), context)
    pool = Pool([item], pipeline, task)
    rng = np.random.default_rng(0)
    known = [float((pool.draw(1, rng)[1].discrete[:, 0] >= 0).any()) for _ in range(40)]
    assert np.mean(known) > 0.9
