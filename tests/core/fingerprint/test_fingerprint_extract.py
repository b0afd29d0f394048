"""The whole fingerprint: repeatable, honest about what is missing, and the frozen embedding."""

import numpy as np
import pytest

from core.data.samples import Sample
from core.fingerprint import embedding, extract
from core.fingerprint.features import FEATURES
from core.records import Fingerprint, Kind, TaskSpec, decode, encode

WHOLE = TaskSpec(kind=Kind.CLASSIFICATION, classes=("healthy", "ill"))


def pictures(count: int, side: int = 48, channels: int = 1) -> list[Sample]:
    random = np.random.default_rng(3)
    return [
        Sample(
            id=f"p{i}",
            image_cyx=random.integers(0, 4000, (channels, side, side)).astype(np.uint16),
            labels=None,
            image_class=("healthy", "ill")[i % 2],
        )
        for i in range(count)
    ]


@pytest.fixture(scope="module")
def found() -> Fingerprint:
    return extract.run(pictures(30), WHOLE, data_set="study", seed=5, versions="v1")


def test_every_feature_tells_how_it_stands_and_what_it_cost(found):
    assert set(found.status) == {*FEATURES, "embedding"}
    assert set(found.values) == {name for name in FEATURES if found.status[name] == "ok"}
    assert set(found.seconds) >= set(FEATURES)
    assert found.status["touching"].startswith("absent: whole images are classified")
    assert len(found.embedding) == embedding.WIDTH
    assert (found.data_set, found.versions, found.kind) == ("study", "v1", Kind.CLASSIFICATION)
    assert len(found.images) == 24


def test_the_same_seed_gives_the_same_fingerprint_and_survives_the_disk(found):
    again = extract.run(pictures(30), WHOLE, data_set="study", seed=5, versions="v1")
    assert (again.values, again.embedding, again.images) == (
        found.values,
        found.embedding,
        found.images,
    )
    assert decode(encode(found), Fingerprint) == found


def test_another_seed_draws_other_images(found):
    other = extract.run(pictures(30), WHOLE, data_set="study", seed=6, seconds=1e-9)
    assert set(other.images) != set(found.images)


def test_used_up_time_leaves_features_out_and_says_so():
    late = extract.run(pictures(4), WHOLE, data_set="study", seconds=1e-9)
    assert late.values == {}
    assert late.embedding == ()
    assert all("time" in status for status in late.status.values())


def test_no_image_is_told_not_hidden():
    empty = extract.run([], WHOLE, data_set="study")
    assert empty.values == {"log_images": 0.0, "classes": 2.0}
    assert "no image" in empty.status["side_px"]
    assert "no image" in empty.status["embedding"]


def test_embeddings_do_not_depend_on_the_company_or_on_offset_and_gain():
    images = [item.image_cyx for item in pictures(3)]
    together = embedding.of(images)
    alone = embedding.of(images[1:2])
    brighter = embedding.of([images[1].astype(np.float32) * 3 + 100])
    assert together.shape == (3, embedding.WIDTH)
    assert together.dtype == np.float32
    np.testing.assert_allclose(together[1], alone[0], atol=1e-4)
    np.testing.assert_allclose(brighter[0], alone[0], atol=1e-3)
    assert np.abs(together[0] - together[1]).max() > 0.01


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_any_number_of_channels_is_embedded(channels):
    image = pictures(1, side=40, channels=channels)[0].image_cyx
    assert np.isfinite(embedding.of([image, image[:, :20]])).all()


def test_nothing_to_embed():
    assert embedding.of([]).shape == (0, embedding.WIDTH)
