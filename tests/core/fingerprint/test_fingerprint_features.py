"""Meta-features on pictures whose answer is known before they are measured."""

import numpy as np
import pytest

from core.data.labels.model import MAIN, LabelObject, Labels
from core.data.samples import Sample
from core.errors import LabelError
from core.fingerprint import features
from core.fingerprint.material import Material, prepare
from core.fingerprint.regions import measure
from core.records import Kind, TaskSpec

CELLS = TaskSpec(kind=Kind.INSTANCE, classes=("cell",))
STRIPES = TaskSpec(kind=Kind.SEMANTIC, classes=("background", "stripe"), background="background")
PHASES = TaskSpec(kind=Kind.SEMANTIC, classes=("many", "few"))
WHOLE = TaskSpec(kind=Kind.CLASSIFICATION, classes=("healthy", "ill"))


def disc(shape_yx: tuple[int, int], centre: tuple[int, int], radius: float) -> np.ndarray:
    rows, columns = np.indices(shape_yx)
    return (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 <= radius**2


def labels_of(ids_yx: np.ndarray, names: dict[int, str], annotated: np.ndarray | None = None):
    return Labels(
        layers={MAIN: ids_yx.astype(np.int32)},
        annotated_yx=np.ones(ids_yx.shape, bool) if annotated is None else annotated,
        objects=tuple(LabelObject(id=i, class_name=names[i]) for i in sorted(names)),
    )


def sample(ids_yx, names, name="one", image_cyx=None, annotated=None) -> Sample:
    image = (ids_yx > 0)[None].astype(np.uint8) * 100 if image_cyx is None else image_cyx
    return Sample(id=name, image_cyx=image, labels=labels_of(ids_yx, names, annotated))


def material(samples: list[Sample], task: TaskSpec, megapixels: float = 10) -> Material:
    return prepare(samples, task, seed=0, megapixels=megapixels)


def two_discs(gap_px: int) -> Sample:
    """Two discs of diameter 41 whose nearest pixels have `gap_px` pixels between them."""
    ids = np.zeros((128, 256), int)
    ids[disc(ids.shape, (64, 60), 20)] = 1
    ids[disc(ids.shape, (64, 60 + 41 + gap_px), 20)] = 2
    return sample(ids, {1: "cell", 2: "cell"})


@pytest.mark.parametrize(("gap_px", "share"), [(0, 1.0), (1, 1.0), (2, 0.0), (9, 0.0)])
def test_touching_ends_at_a_gap_of_one_pixel(gap_px, share):
    assert features.touching(material([two_discs(gap_px)], CELLS)) == share


def test_discs_are_measured():
    prepared = material([two_discs(30)] * 3, CELLS)
    area = disc((128, 256), (64, 60), 20).sum()
    assert features.diameter_px(prepared) == pytest.approx(40, rel=0.03)
    assert features.foreground(prepared) == pytest.approx(2 * area / (128 * 256))
    assert features.boundary(prepared) == pytest.approx(1.0, abs=0.05)
    assert features.thickness_px(prepared) == pytest.approx(2 / 3 * 40, rel=0.04)
    assert features.log_objects(prepared) == pytest.approx(np.log10(1 + 6))
    assert features.density(prepared) == pytest.approx(2 / (128 * 256) * 256**2)
    assert features.diameter_over_tile(prepared) == pytest.approx(40 / (128 * 256) ** 0.5, rel=0.03)


def test_a_long_stripe_has_its_width_and_a_ragged_outline():
    ids = np.zeros((200, 200), int)
    ids[:, 90:100] = 1
    prepared = material([sample(ids, {1: "stripe"})], STRIPES)
    assert features.thickness_px(prepared) == pytest.approx(10, rel=0.02)
    assert features.boundary(prepared) > 1.5
    assert features.foreground(prepared) == pytest.approx(0.05)
    # Shares 0.95 and 0.05: 1 - entropy / log 2.
    assert features.class_imbalance(prepared) == pytest.approx(0.7136, abs=1e-3)


def test_pixels_nobody_annotated_are_no_background():
    ids = np.zeros((100, 100), int)
    ids[:10, :] = 1
    annotated = np.zeros((100, 100), bool)
    annotated[:20, :] = True
    prepared = material([sample(ids, {1: "stripe"}, annotated=annotated)], STRIPES)
    assert features.foreground(prepared) == pytest.approx(0.5)


def test_without_a_declared_background_the_class_of_most_pixels_is_one():
    ids = np.ones((100, 100), int)
    ids[40:60, 40:60] = 2
    prepared = material([sample(ids, {1: "many", 2: "few"})], PHASES)
    assert features.foreground(prepared) == pytest.approx(0.04)
    assert features.diameter_px(prepared) == pytest.approx(2 * (400 / np.pi) ** 0.5)


def test_specks_are_no_regions():
    ids = np.zeros((100, 100), int)
    ids[10:30, 10:30] = 1
    ids[80, 80] = 1
    prepared = material([sample(ids, {1: "stripe"})], STRIPES)
    assert features.log_objects(prepared) == pytest.approx(np.log10(2))


def test_contrast_and_noise_are_those_that_were_drawn():
    random = np.random.default_rng(0)
    item = two_discs(30)
    clean = np.where(item.labels.flat_yx > 0, 500.0, 100.0)
    image = clean + random.normal(0, 20, clean.shape)
    prepared = material(
        [Sample(id="one", image_cyx=image[None].astype(np.float32), labels=item.labels)], CELLS
    )
    assert features.contrast_to_noise(prepared) == pytest.approx(400 / 20, rel=0.05)


def test_noise_never_falls_below_rounding_and_is_zero_when_flat():
    steps = np.tile(np.arange(0, 100, 4, dtype=np.float32), (25, 1))
    assert features.noise(steps) == pytest.approx(4 / 12**0.5)
    assert features.noise(np.full((9, 9), 7, np.float32)) == 0.0


def test_the_best_channel_counts():
    random = np.random.default_rng(0)
    item = two_discs(30)
    signal = np.where(item.labels.flat_yx > 0, 50.0, 0.0)
    image = np.stack([np.zeros_like(signal), signal]) + random.normal(0, 10, (2, *signal.shape))
    prepared = material([Sample(id="one", image_cyx=image, labels=item.labels)], CELLS)
    assert features.contrast_to_noise(prepared) == pytest.approx(5, rel=0.1)
    assert features.channels(prepared) == 2
    assert features.colour(prepared) == 0


def test_colour_means_three_channels_that_differ():
    grey = np.random.default_rng(0).integers(0, 255, (1, 40, 40)).astype(np.uint8)
    equal = Sample(id="g", image_cyx=np.repeat(grey, 3, axis=0), labels=None, image_class="ill")
    red = equal.image_cyx.copy()
    red[1:] //= 2
    colourful = Sample(id="r", image_cyx=red, labels=None, image_class="healthy")
    assert features.colour(material([equal, colourful], WHOLE)) == 0.5


def test_classes_of_images_are_counted_over_all_of_them():
    items = [
        Sample(
            id=str(i),
            image_cyx=np.zeros((1, 8, 8), np.uint8),
            labels=None,
            image_class="ill" if i < 10 else "healthy",
        )
        for i in range(40)
    ]
    prepared = material(items, WHOLE)
    assert prepared.class_counts.tolist() == [30, 10]
    assert features.log_images(prepared) == pytest.approx(np.log10(40))
    with pytest.raises(LabelError, match="whole images"):
        features.diameter_px(prepared)


def test_empty_masks_have_no_diameter_but_a_foreground():
    prepared = material([sample(np.zeros((64, 64), int), {})], CELLS)
    assert features.foreground(prepared) == 0.0
    assert features.log_objects(prepared) == 0.0
    for absent in (features.diameter_px, features.touching, features.boundary):
        with pytest.raises(LabelError, match="no object"):
            absent(prepared)


def test_ids_may_have_gaps_and_fill_the_image():
    found = measure(np.array([[7, 7], [7, 9]], np.int32))
    assert found.areas_px.tolist() == [3, 1]
    assert found.touching.tolist() == [True, True]


def test_large_images_are_cropped_and_counts_are_scaled_back():
    ids = np.zeros((2048, 1024), int)
    for n in range(32):
        ids[n * 64 + 10 : n * 64 + 30, 100:120] = n + 1
    item = sample(ids, {n + 1: "cell" for n in range(32)})
    prepared = material([item], CELLS)
    assert prepared.views[0].image_cyx.shape == (1, 1024, 1024)
    assert 10 ** features.log_objects(prepared) - 1 == pytest.approx(32, abs=2.1)


def test_megapixels_bound_the_sample_but_one_image_is_always_drawn():
    items = [sample(np.zeros((100, 100), int), {}, name=str(i)) for i in range(9)]
    assert len(material(items, CELLS, megapixels=0.03).views) == 3
    assert len(material(items, CELLS, megapixels=0.001).views) == 1
