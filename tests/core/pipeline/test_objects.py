"""Objects grown from seeds."""

import numpy as np
import pytest
from scipy import ndimage
from skimage.segmentation import watershed

from core.pipeline import objects
from core.pipeline.heads import base
from core.records import Postprocess


def test_only_crowded_regions_are_divided_and_the_others_stay_as_they_are() -> None:
    """What is found is what a watershed of the whole picture finds."""
    random = np.random.default_rng(0)
    height = ndimage.gaussian_filter(random.normal(size=(200, 260)), 4).astype(np.float32)
    height /= height.max()
    mask = height > 0.15
    found = objects.grow_seeds(height, mask, Postprocess(seed=0.4, fill_holes=False))
    seeds, count = ndimage.label(height > 0.4)
    regions, _ = ndimage.label(mask)
    lonely = mask & ~np.isin(regions, np.unique(regions[seeds > 0]))
    markers = np.where(lonely, regions + count, seeds)
    expected = watershed(-height, markers, mask=mask)
    several = np.bincount(np.unique(np.stack([regions, seeds])[:, seeds > 0], axis=1)[0])
    assert (several > 1).any()
    assert lonely.any()
    assert (objects.compact(expected.astype(np.int32)) == found).all()


def test_one_seed_fills_its_region_and_a_region_without_one_is_an_object() -> None:
    height = np.zeros((20, 40), np.float32)
    mask = np.zeros((20, 40), bool)
    mask[5:10, 5:15] = mask[5:10, 20:30] = True
    height[7, 7] = 0.9
    found = objects.grow_seeds(height, mask, Postprocess(seed=0.5))
    assert (found[5:10, 5:15] == 1).all()
    assert (found[5:10, 20:30] == 2).all()
    assert (found > 0).sum() == 100


@pytest.mark.parametrize("class_count", [0, 3])
def test_classes_and_scores_are_means_over_the_objects(class_count: int) -> None:
    random = np.random.default_rng(0)
    labels = np.repeat(np.repeat(random.integers(0, 6, (8, 8)), 5, 0), 5, 1).astype(np.int32)
    labels[labels == 4] = 0
    maps = random.random((class_count, 40, 40)).astype(np.float32)
    probability = random.random((40, 40)).astype(np.float32)
    present = [1, 2, 3, 5]
    scores = base.object_scores(labels, probability)
    assert scores == {i: pytest.approx(probability[labels == i].mean(), abs=1e-4) for i in present}
    wanted = {i: int(maps[:, labels == i].mean(axis=1).argmax()) for i in present if class_count}
    assert base.vote(labels, maps) == wanted
