"""What a job tells is whole, thinned out where it is mere progress, and survives a crash."""

import time

import numpy as np

from core.paths import JobDir
from core.progress import HEARTBEAT_S, Progress, events
from core.records import JobStatus, read


def job(tmp_path):
    return JobDir(tmp_path / "job-1")


def test_stage_change_is_written_at_once_and_mere_progress_is_thinned(tmp_path):
    folder = job(tmp_path)
    progress = Progress(folder)
    progress.stage("reading", "Reading", 0.1)
    progress.stage("fitting", "Training", 0.2)
    for step in range(100):
        progress.stage("fitting", "Training", 0.2 + step / 1000)
    assert read(folder.status, JobStatus).progress == 0.2
    assert progress.status.progress == 0.2 + 99 / 1000
    names = [event.values["stage"] for event in events(folder.events)[0]]
    assert names == ["reading", "fitting"]


def test_events_go_on_from_an_offset_and_leave_an_unfinished_line(tmp_path):
    folder = job(tmp_path)
    progress = Progress(folder)
    progress.event("step", loss=np.float32(0.5), nothing=float("nan"))
    first, offset = events(folder.events)
    assert [e.values for e in first] == [{"loss": 0.5, "nothing": None}]
    with folder.events.open("ab") as file:
        file.write(b'{"time": 1.0, "name": "st')
    assert events(folder.events, offset) == ([], offset)

    # A worker that died in the middle of a line is started again on the same folder.
    Progress(folder).event("step", loss=0.25)
    later, end = events(folder.events, offset)
    assert [e.values for e in later] == [{"loss": 0.25}]
    assert end == folder.events.stat().st_size


def test_the_heart_beats_during_a_long_step(tmp_path):
    folder = job(tmp_path)
    with Progress(folder) as progress:
        progress.stage("fitting", "One very long step")
        before = read(folder.status, JobStatus).heartbeat
        time.sleep(HEARTBEAT_S * 1.5)
        assert read(folder.status, JobStatus).heartbeat > before


def test_stop_and_finish(tmp_path):
    folder = job(tmp_path)
    progress = Progress(folder)
    assert not progress.should_stop()
    folder.stop.touch()
    time.sleep(0.25)
    assert progress.should_stop()
    progress.finish("failed", "out_of_memory", "The graphics card is full.")
    status = read(folder.status, JobStatus)
    assert (status.state, status.cause) == ("failed", "out_of_memory")
    assert status.ended is not None
    assert events(folder.events)[0][-1].name == "end"


def test_no_events_yet(tmp_path):
    assert events(tmp_path / "nothing.jsonl", 0) == ([], 0)
