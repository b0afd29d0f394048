"""Jobs live in processes of their own; whoever looks at their folder finds out how they stand."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from itertools import pairwise

import pytest

from core import jobs
from core.errors import JobError, PlanError
from core.jobs import machine, states
from core.paths import Workspace
from core.records import write


def until(reached, seconds=20.0):
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def running(job_dir):
    until(lambda: jobs.status(job_dir).stage == "fitting")
    return jobs.status(job_dir)


@pytest.mark.parametrize(
    ("play", "cause"),
    [
        ("diverged", "diverged"),
        ("bad_input", "bad_input"),
        ("out_of_memory", "out_of_memory"),
        ("disk_full", "disk_full"),
        ("error", "error"),
    ],
)
def test_a_failure_is_told_with_its_cause(played, plan, play, cause):
    job_dir = jobs.start(played, "train", plan=plan, options={"play": play})
    end = jobs.wait(job_dir)
    assert (end.state, end.cause) == ("failed", cause)
    assert end.message
    assert "Traceback" in job_dir.log.read_text()


def test_it_finishes_and_tells_what_it_did(played, plan):
    heard = []
    job_dir = jobs.start(played, "train", plan=plan, options={"play": "nothing"})
    assert jobs.wait(job_dir, heard.append).state == "finished"
    assert heard[-1].progress == 1.0
    names = [event.name for event in jobs.events(job_dir)[0]]
    assert names[-1] == "end"
    assert "stage" in names


def test_one_training_at_a_time_in_the_order_they_came(played, plan):
    made = [jobs.start(played, "train", plan=plan, options={"play": "short"}) for _ in range(3)]
    assert [jobs.wait(job).state for job in made] == ["finished"] * 3
    turns = [(job.root / "turn.txt").read_text().split() for job in made]
    times = [float(began) for began, _ in turns]
    assert times == sorted(times)
    assert min(later - earlier for earlier, later in pairwise(times)) >= 0.5


def test_waiting_for_the_turn_costs_nothing_of_the_budget(played, plan):
    first = jobs.start(played, "train", plan=plan, options={"play": "cancellable"})
    running(first)
    second = jobs.start(played, "train", plan=plan, options={"play": "nothing"})
    until(lambda: "Waiting" in jobs.status(second).message)
    time.sleep(1.0)
    jobs.cancel(first)
    end = jobs.wait(second)
    assert end.budget_from - end.created >= 1.0


def test_two_slots_run_two_at_a_time_and_the_third_waits(played, plan, monkeypatch):
    monkeypatch.setenv("AIXCELL_SLOTS", "2")
    monkeypatch.setenv("AIXCELL_DEVICE", "cpu")
    first, second, third = (
        jobs.start(played, "train", plan=plan, options={"play": "cancellable"}) for _ in range(3)
    )
    running(first)
    running(second)
    until(lambda: "1 in front" in jobs.status(third).message)
    jobs.cancel(first)
    running(third)
    jobs.cancel(second)
    jobs.cancel(third)


def test_each_card_is_a_slot_and_a_run_sees_its_own(monkeypatch):
    monkeypatch.setattr(machine, "device", lambda: "cuda")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,5")
    monkeypatch.setenv("AIXCELL_SLOTS", "2")
    names = [slot.name for slot in machine.slots()]
    assert names == ["cuda2-0", "cuda5-0", "cuda2-1", "cuda5-1"], "an empty card first"
    machine.occupy(machine.slots()[1])
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "5"


def test_slots_that_are_no_number_are_refused(monkeypatch):
    monkeypatch.setenv("AIXCELL_SLOTS", "many")
    with pytest.raises(JobError, match="AIXCELL_SLOTS"):
        machine.slots()


def test_a_training_is_asked_to_finish_early_only_while_it_runs(played, plan):
    job_dir = jobs.start(played, "train", plan=plan, options={"play": "cancellable"})
    running(job_dir)
    jobs.finish_early(job_dir)
    assert job_dir.enough.exists()
    jobs.cancel(job_dir)
    with pytest.raises(JobError, match="only a running"):
        jobs.finish_early(job_dir)
    with pytest.raises(JobError, match="learned nothing"):
        jobs.resume(job_dir, report=True)


def test_cancel_while_running_and_while_queued(played, plan):
    first = jobs.start(played, "train", plan=plan, options={"play": "cancellable"})
    running(first)
    second = jobs.start(played, "train", plan=plan, options={"play": "cancellable"})
    until(lambda: "Waiting" in jobs.status(second).message)
    assert jobs.status(second).state == "queued"
    assert jobs.cancel(second).state == "cancelled"
    assert jobs.cancel(first).state == "cancelled"
    with pytest.raises(JobError, match="ended already"):
        jobs.cancel(first)


@pytest.mark.parametrize("play", ["sleep", "deaf"])
def test_who_does_not_listen_is_ended(played, plan, play, monkeypatch):
    monkeypatch.setattr("core.jobs.ending.TERM_S", 0.5)
    job_dir = jobs.start(played, "train", plan=plan, options={"play": play})
    running(job_dir)
    assert jobs.cancel(job_dir, grace_s=0.2).state == "cancelled"


def test_a_killed_worker_is_lost_and_can_be_resumed(played, plan):
    job_dir = jobs.start(played, "train", plan=plan, options={"play": "cancellable"})
    os.killpg(running(job_dir).pid, signal.SIGKILL)
    until(lambda: jobs.status(job_dir).state == "lost")
    assert states.written_status(job_dir).state == "running", "lost is derived, never written"

    drafts = [job_dir.root / ".result.json.x1y2z3ab", job_dir.bundle / ".tmpAb12Cd"]
    job_dir.bundle.mkdir()
    for draft in drafts:
        draft.write_text("what was being written when the process died")
        os.utime(draft, (0, 0))

    resumed = time.time()
    jobs.resume(job_dir)
    again = running(job_dir)
    assert not any(draft.exists() for draft in drafts)
    assert again.budget_from >= resumed, "what left nothing behind used nothing"
    assert again.state == "running"
    jobs.cancel(job_dir)


def test_an_abort_for_want_of_memory_is_told_as_such_but_no_later_death(played, plan):
    job_dir = jobs.start(played, "train", plan=plan, options={"play": "aborts for memory"})
    end = jobs.wait(job_dir)
    assert (end.state, end.cause) == ("lost", "out_of_memory")
    with job_dir.log.open("a") as log:
        log.write(f"{states.BEGINS}\n")
    assert (jobs.status(job_dir).state, jobs.status(job_dir).cause) == ("lost", None)


def test_a_signal_from_outside_is_told_as_killed(played, plan):
    job_dir = jobs.start(played, "train", plan=plan, options={"play": "sleep"})
    os.kill(running(job_dir).pid, signal.SIGTERM)
    end = jobs.wait(job_dir)
    assert (end.state, end.cause) == ("failed", "killed")


def test_finished_and_running_jobs_cannot_be_resumed(played, plan):
    job_dir = jobs.start(played, "train", plan=plan, options={"play": "short"})
    with pytest.raises(JobError, match="nothing to resume"):
        jobs.resume(job_dir)
    jobs.wait(job_dir)
    with pytest.raises(JobError, match="is finished"):
        jobs.resume(job_dir)


def test_queued_jobs_start_again_after_a_reboot(played, plan):
    workspace = Workspace(played.root.parent.parent)
    job_dir = jobs.start(played, "train", plan=plan, options={"play": "nothing"})
    end = jobs.wait(job_dir)
    before = replace(end, state="queued", boot_id="another boot", ended=None)
    write(job_dir.status, before)
    assert jobs.status(job_dir).state == "lost"
    assert jobs.restart_queued(workspace) == [job_dir]
    assert jobs.wait(job_dir).state == "finished"
    assert jobs.restart_queued(workspace) == []


def test_two_who_start_a_queued_job_at_once_do_it_once(played, plan):
    """Dashboard and command line may both find the same job after a reboot."""
    job_dir = jobs.start(played, "train", plan=plan, options={"play": "short"})
    subprocess.run([sys.executable, "-m", "core.jobs.worker", str(job_dir.root)], check=False)
    assert jobs.wait(job_dir).state == "finished"
    assert len((job_dir.root / "turn.txt").read_text().splitlines()) == 1


def test_jobs_of_another_machine_live_by_their_heartbeat(played, plan):
    job_dir = jobs.start(played, "train", plan=plan, options={"play": "nothing"})
    end = jobs.wait(job_dir)
    elsewhere = replace(end, state="running", host="another", ended=None)
    write(job_dir.status, replace(elsewhere, heartbeat=time.time()))
    assert jobs.status(job_dir).state == "running"
    write(job_dir.status, replace(elsewhere, heartbeat=time.time() - 2 * states.SILENT_S))
    assert jobs.status(job_dir).state == "lost"


def test_a_zombie_is_not_alive():
    child = subprocess.Popen([sys.executable, "-c", ""])
    started = machine.start_time(child.pid)
    until(lambda: not machine.alive(child.pid, started), 10)  # nobody has reaped it yet
    assert child.returncode is None
    child.wait()
    assert not machine.alive(child.pid, started)
    assert machine.alive(os.getpid(), machine.start_time(os.getpid()))
    assert not machine.alive(os.getpid(), 12345.0), "a later owner of the id"


def test_listing_is_newest_first_and_orders_are_checked(played, plan):
    workspace = Workspace(played.root.parent.parent)
    made = [jobs.start(played, "train", plan=plan, options={"play": "nothing"}) for _ in range(2)]
    for job in made:
        jobs.wait(job)
    assert [each.id for each in jobs.listing(workspace)] == [made[1].id, made[0].id]
    assert jobs.listing(workspace, "other") == []
    with pytest.raises(JobError, match="a job is one of"):
        jobs.start(played, "dance")
    with pytest.raises(PlanError):
        jobs.start(played, "train")
