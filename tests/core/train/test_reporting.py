"""Which images a report is on, how they are answered, and what it says beside its figures."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from stand_in import untrained

from core.data import truth
from core.data.labels.model import MAIN, LabelObject, Labels
from core.data.samples import Sample
from core.evaluate import report
from core.infer import predict, table
from core.paths import JobDir
from core.pipeline.answers import Answer
from core.progress import Progress, Stopped, events
from core.records import Kind, TaskSpec
from core.train import reporting
from core.train.images import Images

TASK = TaskSpec(kind=Kind.INSTANCE, classes=("cell",))


def judged(*sources: str) -> Images:
    """Return one test image with an object of each source."""
    ids = np.zeros((8, 8), np.int32)
    for at in range(1, len(sources) + 1):
        ids[at, 1:3] = at
    objects = tuple(
        LabelObject(id=at, class_name="cell", source=source)
        for at, source in enumerate(sources, start=1)
    )
    labels = Labels(layers={MAIN: ids}, annotated_yx=np.ones(ids.shape, bool), objects=objects)
    sample = Sample(id="a", image_cyx=np.zeros((1, 8, 8), np.uint8), labels=labels)
    return Images([sample], [truth.of(sample, TASK)])


def test_truth_that_a_model_proposed_is_told() -> None:
    """A model was judged by what another one had proposed, and the report said nothing of it."""
    told = " ".join(reporting._notes(None, judged("hand", "model", "model", "import")))
    assert "50% of what is marked" in told
    assert "proposed" not in " ".join(reporting._notes(None, judged("hand", "import")))


@pytest.fixture
def job_dir(tmp_path: Path) -> JobDir:
    return JobDir(tmp_path / "run")


def images(*annotated: bool) -> Images:
    """Return images without an object; of some it is not even known that there is none."""
    nothing = np.zeros((8, 8), np.int32)
    samples = [
        Sample(
            id=f"image {at}",
            image_cyx=np.zeros((3, 8, 8), np.uint8),
            labels=Labels(layers={MAIN: nothing}, annotated_yx=np.full((8, 8), known)),
        )
        for at, known in enumerate(annotated)
    ]
    return Images(samples, [truth.of(one, TASK) for one in samples])


@pytest.mark.parametrize("annotated", [(True, False, True), (False, False), (True, True), ()])
def test_images_of_which_nothing_is_annotated_are_left_out_by_name(
    job_dir: JobDir, annotated: tuple[bool, ...]
) -> None:
    """One alone ended a training after all its learning: there was nothing to score."""
    test = images(*annotated)
    found = reporting.kept_aside(TASK, test, Progress(job_dir))
    expected = [pair for pair, known in zip(pairs(test), annotated, strict=True) if known]
    assert pairs(found) == expected
    told = " ".join(str(one.values["message"]) for one in events(job_dir.events)[0])
    for at, known in enumerate(annotated):
        assert (f"image {at}" in told) != known


def pairs(test: Images) -> list[tuple[Sample, truth.Truth]]:
    return list(zip(test.samples, test.truths, strict=True))


def test_without_a_test_image_no_speed_is_told(job_dir: JobDir) -> None:
    """A thousand seconds a megapixel went into the library."""
    found = reporting.answered(untrained(TASK), images(), Progress(job_dir))
    assert found.seconds_per_megapixel == 0.0


def test_answering_heeds_who_cancels(monkeypatch: pytest.MonkeyPatch, job_dir: JobDir) -> None:
    """All test images were answered first, however many there were."""
    count = 0

    def answer(*_: object) -> Answer:
        nonlocal count
        count += 1
        job_dir.stop.touch()
        return Answer()

    monkeypatch.setattr(predict, "answer", answer)
    monkeypatch.setattr("core.progress.STOP_EVERY_S", 0.0)
    with pytest.raises(Stopped):
        reporting.answered(untrained(TASK), images(True, True, True), Progress(job_dir))
    assert count == 1


def test_answering_tells_what_it_still_takes(
    monkeypatch: pytest.MonkeyPatch, job_dir: JobDir
) -> None:
    """After its time a run was told to be done in 0 s, for as long as it took."""
    progress, now, left = Progress(job_dir), 0.0, []

    def answer(*_: object) -> Answer:
        nonlocal now
        left.append(progress.status.remaining_s)
        now += 10.0
        return Answer()

    monkeypatch.setattr(predict, "answer", answer)
    monkeypatch.setattr(reporting, "time", SimpleNamespace(perf_counter=lambda: now))
    found = reporting.answered(untrained(TASK), images(True, True, True), progress)
    assert left == [None, pytest.approx(20.0), pytest.approx(10.0)]
    assert found.seconds_per_megapixel == pytest.approx(30.0 / (3 * 64 / 1e6))


def test_tables_of_test_images_tell_areas_in_um2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The study knew how large a pixel is, and the report's tables did not."""
    test = judged("hand")
    test = replace(test, samples=[replace(one, pixel_size_um=0.5) for one in test.samples])
    found = Answer(labels_yx=np.pad(np.ones((2, 4), np.int32), ((0, 6), (0, 4))))
    answered = reporting.Answered(answers=[found], alone=[], seconds_per_megapixel=0.0)
    monkeypatch.setattr(report, "write", lambda *_, **__: None)
    reporting.write_report(
        JobDir(tmp_path),
        SimpleNamespace(task=TASK, study="s", baselines=False),
        SimpleNamespace(task=TASK, pipeline=SimpleNamespace(name="p")),
        test,
        reporting.Verdict(validation=None, baseline=None, answered=answered),
        SimpleNamespace(used=lambda: 1.0, deadline=9.0),
    )
    (row,) = table.read(JobDir(tmp_path).report / "predictions" / "objects.csv")
    assert (row["area_px"], row["area_um2"]) == ("8", "2.0")
