"""The simple rivals on tasks they can solve."""

from types import SimpleNamespace

import numpy as np
import pytest

from core.data import truth
from core.data.labels.model import MAIN, LabelObject, Labels
from core.data.samples import Sample
from core.evaluate import baselines, pace, score
from core.pipeline import boosted
from core.records import Kind, TaskSpec

CELLS = TaskSpec(kind=Kind.INSTANCE, classes=("small", "large"))
LAYERS = TaskSpec(kind=Kind.SEMANTIC, classes=("bg", "disc"), background="bg")
IMAGES = TaskSpec(kind=Kind.CLASSIFICATION, classes=("dark", "bright", "odd"))


def discs(seed: int, sign: int = 1, classes: tuple[str, ...] = ("small",)) -> Sample:
    """Return four touching pairs of discs in the second of two channels."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:160, 0:160]
    labels = np.zeros((160, 160), np.int32)
    for place in range(4):
        row, column = 40 + 80 * (place // 2), 40 + 80 * (place % 2)
        for half, shift in enumerate((-11, 11)):
            labels[np.hypot(y - row, x - column - shift) < 11.5] = 2 * place + half + 1
    image = rng.normal(500, 10, (2, 160, 160))
    image[1] += sign * 200 * (labels > 0)
    objects = tuple(
        LabelObject(id=index, class_name=classes[index % len(classes)]) for index in range(1, 9)
    )
    marked = Labels(layers={MAIN: labels}, annotated_yx=labels >= 0, objects=objects)
    return Sample(id=str(seed), image_cyx=image.astype(np.uint16), labels=marked)


def regions(seed: int) -> Sample:
    """Return the same, with one class for all of them."""
    sample = discs(seed)
    mask = np.minimum(sample.labels.flat_yx, 1)
    marked = Labels(
        layers={MAIN: mask},
        annotated_yx=mask >= 0,
        objects=(LabelObject(id=1, class_name="disc"),),
    )
    return Sample(id=sample.id, image_cyx=sample.image_cyx, labels=marked)


def judged(task: TaskSpec, learn: list[Sample], test: list[Sample], seconds: float = 10):
    name, answers = baselines.run(task, learn, test, seconds=seconds)
    truths = [truth.of(sample, task) for sample in test]
    return name, score.of(task, truths, answers, ids=[sample.id for sample in test])


@pytest.mark.parametrize("sign", [1, -1])
def test_threshold_finds_channel_side_and_contact(sign):
    learn, test = [discs(1, sign), discs(2, sign)], [discs(3, sign)]
    name, reached = judged(CELLS, learn, test)
    assert name == "Otsu + watershed"
    assert reached.headline == 1.0
    assert reached.others["class_accuracy"] == 1.0


def test_threshold_answers_the_usual_class():
    learn = [discs(1, classes=("large", "large", "small"))]
    _, answers = baselines.run(CELLS, learn, [discs(2)], seconds=5)
    assert set(answers[0].object_classes.values()) == {CELLS.classes.index("large")}


def test_pixels_are_learned():
    name, reached = judged(LAYERS, [regions(1)], [regions(2)])
    assert name == "LightGBM on pixel features"
    assert reached.headline > 0.95


def test_whole_images_are_told_apart(monkeypatch):
    from core.fingerprint import embedding

    def brightness(images, seed):
        return np.array([[image.mean(), image.std()] for image in images], np.float32)

    monkeypatch.setattr(embedding, "of", brightness)
    rng = np.random.default_rng(0)

    def plain(level: int, name: str | None) -> Sample:
        image = rng.normal(level, 3, (1, 16, 16)).astype(np.float32)
        return Sample(id=f"{level}", image_cyx=image, labels=None, image_class=name)

    learn = [plain(level, "dark") for level in (10, 12, 14)]
    learn += [plain(level, "bright") for level in (90, 95, 99)]
    learn += [plain(50, None)]
    test = [plain(11, "dark"), plain(97, "bright")]
    name, reached = judged(IMAGES, learn, test)
    assert name == "linear model on frozen features"
    assert reached.headline == 1.0
    answers = baselines.run(IMAGES, learn, test, seconds=5)[1]
    assert len(answers[0].probabilities) == 3  # also of the class nobody showed
    assert sum(answers[0].probabilities) == pytest.approx(1)


@pytest.fixture
def clock(monkeypatch):
    """Return a clock that stands still until a test moves it on."""
    stopped = SimpleNamespace(now=0.0)
    for module in (baselines, pace):
        ticking = SimpleNamespace(monotonic=lambda: stopped.now)
        monkeypatch.setattr(module, "time", ticking)
    return stopped


@pytest.mark.parametrize(("each_s", "answered"), [(60, 1), (25, 3), (9, 5)])
def test_a_threshold_that_would_take_too_long_is_given_up(clock, monkeypatch, each_s, answered):
    """Nobody looked at the clock while large test images were thresholded one after another."""
    test, asked = [discs(seed) for seed in range(2, 7)], []
    foreground = baselines._foreground

    def slow(image_cyx, look):
        if any(image_cyx is sample.image_cyx for sample in test):
            # The first ones are quicker than the others.
            clock.now += each_s if each_s > 30 or len(asked) > 1 else 1
            asked.append(look)
        return foreground(image_cyx, look)

    monkeypatch.setattr(baselines, "_foreground", slow)
    if answered == len(test):
        assert len(baselines.run(CELLS, [discs(1)], test, seconds=20)[1]) == answered
    else:
        with pytest.raises(pace.NoTimeError, match="too large"):
            baselines.run(CELLS, [discs(1)], test, seconds=20)
    assert len(asked) == answered


def test_a_threshold_that_is_chosen_too_slowly_is_given_up(clock, monkeypatch):
    foreground = baselines._foreground

    def slow(image_cyx, look):
        clock.now += 30
        return foreground(image_cyx, look)

    monkeypatch.setattr(baselines, "_foreground", slow)
    with pytest.raises(pace.NoTimeError):
        baselines.run(CELLS, [discs(1)], [discs(2)], seconds=20)


@pytest.mark.parametrize(("least_s", "in_time"), [(10.0, True), (60.0, False)])
def test_pixels_that_would_take_too_long_are_given_up(clock, monkeypatch, least_s, in_time):
    """Nobody looked at the clock while the features of large test images were made."""
    asked = []

    def slow(model, image_cyx, *, seconds, tell):
        asked.append(seconds)
        tell(image_cyx[0].size, least_s)
        return np.zeros(image_cyx.shape[1:], np.int32)

    monkeypatch.setattr(boosted, "fit", lambda *_, **__: None)
    monkeypatch.setattr(boosted, "predict", slow)
    monkeypatch.setattr("core.pipeline.devices.cores_available", lambda: 4)
    learn, test = [regions(1)], [regions(seed) for seed in range(2, 14)]
    # Twelve images on four cores: 30 s or 180 s, where twice 20 s are allowed.
    if in_time:
        assert len(baselines.run(LAYERS, learn, test, seconds=20)[1]) == 12
    else:
        with pytest.raises(pace.NoTimeError):
            baselines.run(LAYERS, learn, test, seconds=20)
        assert len(asked) <= 4
