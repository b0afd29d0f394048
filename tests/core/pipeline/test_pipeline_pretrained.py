"""Weights to start from land where they belong."""

from dataclasses import replace

import numpy as np
import pytest
import timm
import torch

from core.data.simulate.varied import picture
from core.data.truth import Truth
from core.errors import PlanError
from core.evaluate import score
from core.pipeline import heads, models, pretrained
from core.records import Kind, Model, Postprocess, TaskSpec

# Logits of the reference package (efficientnet_lite_pytorch 0.1.0) for the ramp picture below at
# the side each network was trained at; measured once.
REFERENCE = {
    "efficientnet_lite0": (224, [-0.2396, 0.6077, 0.6444, 0.1941]),
    "efficientnet_lite1": (240, [0.0031, 1.1858, 0.9958, 1.694]),
    "efficientnet_lite2": (260, [0.093, 1.3248, -0.3093, -0.3583]),
}


def ramp(side: int) -> torch.Tensor:
    line = torch.linspace(-1, 1, side)
    return torch.stack(
        [line.expand(side, side), line.expand(side, side).T, -line.expand(side, side)]
    )[None]


@pytest.mark.parametrize("encoder", REFERENCE)
def test_the_network_answers_as_the_reference_does(encoder):
    side, logits = REFERENCE[encoder]
    network = timm.create_model(pretrained.TIMM_NAMES[encoder]).eval()
    pretrained.load_into(network, encoder, in_channels=3)
    with torch.inference_mode():
        np.testing.assert_allclose(network(ramp(side))[0, :4].numpy(), logits, atol=1e-3)


@pytest.mark.parametrize("channels", [1, 6])
def test_repeated_channels_look_the_same_as_three(channels):
    encoder = "efficientnet_lite0"
    grey = ramp(64)[:, :1]
    seen = []
    for number in (3, channels):
        network = timm.create_model(
            pretrained.TIMM_NAMES[encoder], features_only=True, in_chans=number
        ).eval()
        pretrained.load_into(network, encoder, in_channels=number)
        with torch.inference_mode():
            seen.append(network(grey.repeat(1, number, 1, 1))[-1].numpy())
    np.testing.assert_allclose(seen[0], seen[1], atol=1e-4)


def test_two_channels_take_the_first_two_and_five_begin_again():
    weight = torch.arange(3.0).reshape(1, 3, 1, 1)
    assert pretrained.adapt_input(weight, 2).flatten().tolist() == [0.0, 1.5]
    five = pretrained.adapt_input(weight, 5).flatten().tolist()
    assert five == pytest.approx([0, 0.6, 1.2, 0, 0.6])


def test_a_network_of_another_make_is_refused():
    other = timm.create_model("tf_efficientnet_lite1")
    with pytest.raises(PlanError, match="cannot fill"):
        pretrained.load_into(other, "efficientnet_lite0", in_channels=3)
    wide = timm.create_model("tf_efficientnet_lite0", in_chans=4)
    with pytest.raises(PlanError, match="3 input channels"):
        pretrained.load_into(wide, "efficientnet_lite0", in_channels=3)


def test_unknown_weights_name_the_choices():
    with pytest.raises(PlanError, match="efficientnet_lite2"):
        pretrained.weights_file("resnet50")


TASK = TaskSpec(kind=Kind.INSTANCE, classes=("object",))
SIMULATED = Model(head="boundary", decoder_channels=(128, 64, 32, 16, 16), weights="simulated")


def test_weights_from_simulated_pictures_find_objects_unseen():
    """One channel, as most microscopes have; thresholds as they come."""
    head = heads.find("boundary")
    network = models.build(SIMULATED, 1, 3).eval()
    shown = [picture(number, side_px=192) for number in range(1_000_000, 1_000_012)]
    shown = [one for one in shown if not np.ptp(one.image_cyx.astype(int), axis=0).any()]
    answers = []
    for one in shown:
        grey = one.image_cyx[None, :1].astype(np.float32) / 127.5 - 1
        with torch.inference_mode():
            maps = head.activate(network(torch.from_numpy(grey)))[0].numpy()
        answers.append(head.decode(maps, Postprocess(), TASK))
    truths = [Truth(pixels_yx=one.labels_yx) for one in shown]
    ids = [str(place) for place in range(len(shown))]
    found = score.of(TASK, truths, answers, ids=ids, interval=False)
    # By picture: of the thousands of specks in one, few are found.
    assert np.median(list(found.per_image.values())) > 0.3


def test_a_head_that_was_not_learned_starts_at_random_on_known_features():
    one, other = (models.build(replace(SIMULATED, head="flow"), 3, 3) for _ in range(2))
    ours, theirs = one.state_dict(), other.state_dict()
    differ = {name for name in ours if not torch.equal(ours[name], theirs[name])}
    assert differ
    assert all(name.startswith(pretrained.LAST_LAYER) for name in differ)


def test_classes_of_objects_start_at_random_beside_known_maps():
    network = models.build(SIMULATED, 3, 5)
    alone = models.build(SIMULATED, 3, 3)
    name = f"{pretrained.LAST_LAYER}0.weight"
    assert torch.equal(network.state_dict()[name][:3], alone.state_dict()[name])


def test_a_network_without_simulated_weights_says_so():
    with pytest.raises(PlanError, match="linknet"):
        models.build(replace(SIMULATED, architecture="linknet", decoder_channels=None), 3, 3)
