"""What befalls a machine: a clock that is set, its end, a torn file, a second account."""

import os
import signal
import sys
import time
from dataclasses import replace

import filelock
import psutil
import pytest

from core import jobs
from core.errors import JobError
from core.jobs import machine, states, turns
from core.paths import Workspace
from core.records import write


def until(reached, seconds=20.0):
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


@pytest.fixture
def workspace(played):
    return Workspace(played.root.parent.parent)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere start times are not counted so")
def test_a_process_lives_on_when_the_clock_is_set(monkeypatch):
    """After a step of the clock a training was lost: it could be neither watched nor stopped."""
    started = machine.start_time(os.getpid())
    booted = psutil.boot_time()
    monkeypatch.setattr(psutil._psplatform, "boot_time", lambda: booted + 1)
    assert machine.alive(os.getpid(), started)
    assert machine.start_time(os.getpid()) == pytest.approx(started, abs=0.01)
    assert not machine.alive(os.getpid(), started + 1), "a later owner of the id"


def test_a_worker_of_an_earlier_version_is_known_as_well():
    """It told its start in seconds since 1970 and may still be at work."""
    told = psutil.Process().create_time()
    assert machine.alive(os.getpid(), told)
    assert not machine.alive(os.getpid(), told + 1)


def test_two_processes_may_see_the_start_of_the_machine_differently(monkeypatch):
    """Where it is known as a time alone; Windows tells it a second earlier or later."""
    assert machine.is_this_boot(machine.boot_id())
    monkeypatch.setattr(machine, "boot_id", lambda: "1700000000")
    assert machine.is_this_boot("1700000001")
    assert not machine.is_this_boot("1699990000")
    assert not machine.is_this_boot("")


def test_who_waits_while_the_machine_goes_down_starts_again(played, plan, workspace):
    """It says SIGTERM to all: trainings that waited were failed, and none started again."""
    first = jobs.start(played, "train", plan=plan, options={"play": "cancellable"})
    until(lambda: jobs.status(first).stage == "fitting")
    second = jobs.start(played, "train", plan=plan, options={"play": "nothing"})
    until(lambda: "Waiting" in jobs.status(second).message)
    worker = states.written_status(second)
    os.kill(worker.pid, signal.SIGTERM)
    until(lambda: not machine.alive(worker.pid, worker.pid_started))
    assert states.written_status(second).state == "queued"
    assert jobs.restart_queued(workspace) == [second]
    jobs.cancel(first)
    assert jobs.wait(second).state == "finished"


def test_a_torn_status_stops_neither_lists_nor_what_starts_again(played, plan, workspace):
    """One such file stopped the dashboard and `aixcell runs` with everything in them."""
    torn, queued = (
        jobs.start(played, "train", plan=plan, options={"play": "nothing"}) for _ in range(2)
    )
    jobs.wait(torn)
    end = jobs.wait(queued)
    torn.status.write_bytes(torn.status.read_bytes()[:40])
    write(queued.status, replace(end, state="queued", boot_id="another boot", ended=None))
    assert jobs.restart_queued(workspace) == [queued]
    assert jobs.wait(queued).state == "finished"
    assert [each.id for each in jobs.listing(workspace)] == [queued.id]
    [told] = jobs.damaged(workspace)
    assert f"{torn.status} cannot be read" in told
    assert "delete the job's folder" in told


def _refused(path):
    raise PermissionError(13, "Permission denied", str(path))


@pytest.mark.parametrize("what", ["ticket", "job", "lock"])
def test_the_turns_of_another_account_are_told_in_words(played, tmp_path, monkeypatch, what):
    """Its tickets and jobs cannot be read: "The program made a mistake"."""
    theirs, mine = played.job("theirs"), played.job("mine")
    if what == "ticket":
        monkeypatch.setattr(turns, "write_bytes", lambda path, data: _refused(path))
    elif what == "job":
        turns.draw(theirs, "cpu", 1.0)
        monkeypatch.setattr(states, "status", lambda job_dir: _refused(job_dir.status))
    else:
        monkeypatch.setattr(
            filelock.FileLock, "acquire", lambda lock, timeout: _refused(lock.lock_file)
        )
    with (
        pytest.raises(JobError, match="AIXCELL_TURNS name a folder of its own"),
        turns.turn(mine, "cpu", 2.0, lambda before: pytest.fail("it would wait for ever")),
    ):
        pytest.fail("it has no turn")
    assert not list(tmp_path.glob("turns/*/*_mine.ticket"))
