"""How figures read."""

import pytest

from app import wording
from core.records import JobStatus, Kind, Score


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(None, "–"), (-3, "0 s"), (40, "40 s"), (89, "89 s"), (600, "10 min"), (7500, "2 h 05 min")],
)
def test_durations(seconds, told):
    assert wording.duration(seconds) == told


@pytest.mark.parametrize(("gib", "told"), [(None, "–"), (0.25, "256 MB"), (1.44, "1.4 GB")])
def test_sizes(gib, told):
    assert wording.size(gib) == told


def score(headline):
    return Score(headline=headline, name="AP at IoU 0.5", images=3)


def test_the_rival_is_compared_by_errors():
    assert wording.versus(score(0.9), score(0.5), "Otsu").startswith("80 % fewer errors")


@pytest.mark.parametrize("mine", [0.5, 0.4])
def test_a_model_that_does_not_beat_the_rival_is_not_praised(mine):
    assert "not worth using yet" in wording.versus(score(mine), score(0.5), "Otsu")


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_its_words(kind):
    assert "86" in wording.headline(kind, score(0.86))
    assert wording.KIND_TITLES[kind]
    assert wording.KIND_EXAMPLES[kind]


def test_the_end_of_a_training_promises_no_test_images():
    """Where no image was left for a test, it was "scored on images it has never seen" as well."""
    end = JobStatus(id="a", kind="train", study="mine", state="finished")
    assert wording.now(end) == "Finished: the model is ready, and its score stands in the results."


def test_names_of_figures_fall_back_to_plain_words():
    assert wording.score_name("dice:blood vessel") == "dice: blood vessel"
    assert wording.score_name("new_figure") == "new figure"


@pytest.mark.parametrize(
    ("column", "told"),
    [
        ("mean area_px", "mean area of an object, px"),
        ("mean area_um2", "mean area of an object, µm²"),
        ("area_um2 vessel", "area of vessel, µm²"),
    ],
)
def test_areas_tell_their_unit(column, told):
    assert wording.figure_name(column) == told
