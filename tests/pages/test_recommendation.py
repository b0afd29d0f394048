"""The page of the recommendation over time: memory, labels and jobs change beneath it."""

from dataclasses import replace

import pytest
from small_study import button, recommendation, shown, text

from app import services
from core import workflow
from core.jobs import machine, orders
from core.records import Fingerprint, JobStatus, Kind, Machine, read, write

STUDY = workflow.SAMPLE


def test_the_recommendation_follows_the_free_memory(place, monkeypatch):
    """It was kept with the free memory of one moment: nothing fitted, long after it was free."""
    free = [0.5]
    monkeypatch.setattr(machine, "here", lambda: Machine(free_memory_gib=free[-1], cores=2))
    monkeypatch.setattr(services, "fingerprint_is_fresh", lambda _: True)
    monkeypatch.setattr(workflow, "recommend", lambda *_: _advised(machine.here()))
    _describe(place)
    test = shown("recommendation", study=STUDY)
    assert not test.exception
    assert "Close other programs, or allow more memory" in text(test)
    free.append(8.0)
    test.run()
    assert not test.exception
    assert "2 pipelines fit into your limits" in text(test)


def _describe(place):
    found = Fingerprint(data_set=STUDY, kind=Kind.INSTANCE, values={})
    write(place.study(STUDY).fingerprint, found)


def _advised(here):
    """Return advice that excludes everything where less than a GiB is free."""
    made = recommendation()
    if here.free_memory_gib >= 1:
        return made
    return replace(made, pipelines=tuple(replace(each, feasible=False) for each in made.pipelines))


def test_a_little_more_memory_ranks_nothing_anew(place, monkeypatch):
    free, asked = [8.0], []
    monkeypatch.setattr(machine, "here", lambda: Machine(free_memory_gib=free[-1], cores=2))
    made = recommendation()
    monkeypatch.setattr(workflow, "recommend", lambda *_: asked.append(free[-1]) or made)
    _describe(place)
    for each in (8.0, 8.1, 7.9, 16.0, 8.0):
        free.append(each)
        services.recommend(STUDY)
    assert asked == [8.0, 16.0]


def test_what_is_free_is_what_the_advice_counts_with(place, monkeypatch):
    """In a container the page named the whole computer's memory, and nothing fitted into it."""
    monkeypatch.setenv("AIXCELL_DEVICE", "cpu")
    monkeypatch.setattr(machine, "_group_free_bytes", lambda: 0.25 * 1024**3)
    services.free_memory_gib.clear()
    test = shown("task", study=STUDY)
    services.free_memory_gib.clear()
    assert not test.exception
    assert "whatever is free (256 MB now)" in test.selectbox(key=f"memory-{STUDY}").options


def test_a_chosen_pipeline_that_fits_no_more_is_not_replaced_unasked(place, monkeypatch):
    """Memory went between the choice and the press, and others were trained without a word."""
    made, free, started = recommendation(), [8.0], []
    first, second = made.pipelines[:2]
    without = replace(made, pipelines=(first, replace(second, feasible=False)))
    monkeypatch.setattr(machine, "here", lambda: Machine(free_memory_gib=free[-1], cores=2))
    monkeypatch.setattr(services, "fingerprint_is_fresh", lambda _: True)
    monkeypatch.setattr(workflow, "recommend", lambda *_: made if free[-1] > 4 else without)
    monkeypatch.setattr(services, "start_training", lambda *told: started.append(told))
    _describe(place)
    test = shown("recommendation", study=STUDY)
    test.button(key=f"choose-{second.pipeline.name}").click().run()
    free.append(2.0)
    button(test, "Start training").click().run()
    assert not test.exception
    assert started == []
    assert any("does not fit into what is free any more" in each.value for each in test.warning)


@pytest.fixture
def ordered(place, monkeypatch):
    """Return the job of a description that was ordered and never begins."""
    monkeypatch.setattr(orders, "_spawn", lambda *_: None)
    return place.find_job(services.start_fingerprint(STUDY))[1]


def _rewrite(job_dir, **changes):
    write(job_dir.status, replace(read(job_dir.status, JobStatus), **changes))


def _descriptions(place):
    return [(job.id, job.state) for job in workflow.listing(place, STUDY, "fingerprint")]


def test_a_description_that_failed_can_be_tried_again(place, ordered):
    _rewrite(ordered, state="failed", cause="disk_full")
    test = shown("recommendation", study=STUDY)
    assert not test.exception
    button(test, "Try again")
    assert _descriptions(place) == [(ordered.id, "failed")]


def test_labels_corrected_after_a_failed_description_are_described_anew(place, ordered):
    """Trying again described the labels of the order, and a new one was never ordered."""
    _rewrite(ordered, state="failed", cause="error")
    split = services.study(STUDY).split
    other, _ = services.load_labels(STUDY, split.test[0])
    _, version = services.load_labels(STUDY, split.train[0])
    services.save_labels(STUDY, split.train[0], other, parent=version)
    test = shown("recommendation", study=STUDY)
    assert not test.exception
    (newest, state), *earlier = _descriptions(place)
    assert state == "queued"
    assert newest != ordered.id
    assert earlier == [(ordered.id, "failed")]
    assert services.fingerprint_job(STUDY) == newest, "one order is enough"


def test_a_description_whose_process_is_gone_is_ordered_anew(place, ordered):
    _rewrite(ordered, state="running", created=1000.0, heartbeat=1000.0)
    assert _descriptions(place) == [(ordered.id, "lost")]
    test = shown("recommendation", study=STUDY)
    assert not test.exception
    assert [state for _, state in _descriptions(place)] == ["queued", "lost"]
