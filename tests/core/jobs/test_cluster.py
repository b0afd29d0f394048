"""Jobs of a cluster: taken up elsewhere when their machine is lost, and never by two at once."""

import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from core import jobs
from core.errors import JobError
from core.jobs import address, attempt, cluster, keeper, machine, orders, states
from core.paths import JobDir, Workspace
from core.records import write

WHERE = "head.lab:6379"
ROOT = Path(__file__).resolve().parents[3]
GIB = 1024**3


@pytest.fixture
def ordered(played, plan, monkeypatch):
    """Return a function that orders a played training on a cluster which nobody has joined."""
    monkeypatch.setenv(address.SETTING, WHERE)
    monkeypatch.setattr(address, "check", lambda where: None)
    monkeypatch.setattr(orders, "_spawn", lambda job_dir, job: None)

    def order(play="nothing", **fields):
        job_dir = jobs.start(played, "train", plan=plan, options={"play": play})
        write(job_dir.status, replace(states.written_status(job_dir), **fields))
        return job_dir

    yield order
    for job_dir in states.job_dirs(played):  # nobody is at work on them any more
        write(job_dir.status, replace(states.written_status(job_dir), state="cancelled"))


@pytest.fixture
def dead_pid():
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    return gone.pid


@contextmanager
def at_work(job_dir):
    """Run an attempt in a process of its own, as Ray does, until its worker is at work."""
    code = (
        "import sys; from pathlib import Path; from core.jobs import attempt;"
        "from core.paths import JobDir; attempt.run(JobDir(Path(sys.argv[1])), {})"
    )
    runner = subprocess.Popen([sys.executable, "-c", code, str(job_dir.root)], cwd=ROOT)
    try:
        until(lambda: states.status(job_dir).stage == "fitting")
        yield runner
    finally:
        runner.kill()
        runner.wait()


def until(reached, seconds=60.0):
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def here(**fields):
    return {"host": machine.host(), "boot_id": machine.boot_id(), **fields}


def queued_after(job_dir):
    events = jobs.events(job_dir)[0]
    return [one.values["after"] for one in events if "after" in one.values]


def turns_taken(job_dir):
    told = job_dir.root / "turn.txt"
    return len(told.read_text().splitlines()) if told.exists() else 0


# One machine after the other


def test_a_job_is_worked_on_to_its_end(ordered):
    job_dir = ordered()
    attempt.run(job_dir, {})
    assert jobs.status(job_dir).state == "finished"
    assert turns_taken(job_dir) == 1


def test_waiting_for_a_machine_costs_nothing_of_the_budget(ordered):
    job_dir = ordered(created=time.time() - 1000)
    attempt.run(job_dir, {})
    end = jobs.status(job_dir)
    assert end.budget_from - end.created >= 1000


def test_what_a_lost_process_left_is_gone_on_with(ordered, dead_pid):
    job_dir = ordered(state="running", pid=dead_pid, **here())
    attempt.run(job_dir, {})
    assert jobs.status(job_dir).state == "finished"
    assert queued_after(job_dir) == ["lost"]


def test_a_job_of_another_machine_is_taken_up_only_when_its_heart_stands_still(
    ordered, monkeypatch
):
    job_dir = ordered(state="running", pid=1, host="elsewhere", heartbeat=0.0)

    class Clock:
        """Seconds pass only in sleep; the other machine beats for the first 300 of them."""

        now = 0.0

        def monotonic(self):
            return self.now

        def sleep(self, seconds):
            self.now += seconds
            assert turns_taken(job_dir) == 0
            if self.now < 300:
                last = states.written_status(job_dir)
                write(job_dir.status, replace(last, heartbeat=self.now))

    clock = Clock()
    monkeypatch.setattr(attempt, "time", clock)
    monkeypatch.setattr(attempt, "LOOK_EVERY_S", 10.0)
    attempt.run(job_dir, {})
    assert clock.now >= 290 + states.SILENT_S
    assert jobs.status(job_dir).state == "finished"


def test_the_worker_ends_with_the_machines_part_of_the_cluster(ordered):
    job_dir = ordered("sleep")
    with at_work(job_dir) as runner:
        worker = states.written_status(job_dir)
        runner.send_signal(signal.SIGKILL)
        until(lambda: not machine.alive(worker.pid, worker.pid_started))


def test_a_worker_whose_job_another_has_taken_up_ends(ordered):
    job_dir = ordered("sleep")
    with at_work(job_dir):
        worker = states.written_status(job_dir)
        taken = replace(worker, host="elsewhere", pid=1)

        def ended():
            write(job_dir.status, taken)  # its heartbeat may have come in between
            return not machine.alive(worker.pid, worker.pid_started)

        until(ended)


def test_a_worker_that_dies_again_and_again_is_given_up(ordered):
    job_dir = ordered("dies")
    attempt.run(job_dir, {})
    end = jobs.status(job_dir)
    assert (end.state, end.cause) == ("failed", "killed")
    assert turns_taken(job_dir) == attempt.MOST_DEATHS


def test_a_job_cancelled_before_it_had_a_machine_is_not_begun(ordered):
    job_dir = ordered()
    job_dir.stop.touch()
    attempt.run(job_dir, {})
    assert jobs.status(job_dir).state == "cancelled"
    assert turns_taken(job_dir) == 0


def test_a_job_resumed_without_the_cluster_is_left_alone(ordered):
    job_dir = ordered(cluster="")
    attempt.run(job_dir, {})
    assert states.written_status(job_dir).state == "queued"
    assert turns_taken(job_dir) == 0


# How it is seen

LOST_MACHINE = {"state": "running", "pid": 1, "host": "elsewhere", "heartbeat": 1.0}


@pytest.mark.parametrize(
    ("fields", "kept", "state", "told"),
    [
        ({"created": 1.0}, True, "queued", "Waiting for a machine"),
        ({"created": 1.0}, False, "lost", "Resume"),
        (LOST_MACHINE, True, "queued", "elsewhere is gone"),
        (LOST_MACHINE, False, "lost", "Resume"),
    ],
)
def test_no_job_runs_or_waits_for_ever(ordered, fields, kept, state, told):
    job_dir = ordered(**fields)
    if kept:
        job_dir.keeper.touch()
    now = jobs.status(job_dir)
    assert now.state == state
    assert told in now.message


def test_a_job_that_waits_for_a_machine_can_be_cancelled(ordered):
    job_dir = ordered(**LOST_MACHINE)
    job_dir.keeper.touch()
    job_dir.stop.touch()
    assert jobs.status(job_dir).state == "cancelled"


def test_a_clusters_queued_jobs_are_not_started_here(ordered, played, monkeypatch):
    ordered(created=1.0)
    monkeypatch.delenv(address.SETTING)
    workspace = Workspace(played.root.parents[1])
    assert jobs.restart_queued(workspace) == []
    monkeypatch.setenv(address.SETTING, WHERE)
    assert len(jobs.restart_queued(workspace)) == 1


# The keeper


class PlaceThatIsGone:
    """A place which Ray gives up at once."""

    made = 0

    def __init__(self, job_dir: JobDir):
        PlaceThatIsGone.made += 1

    def gone(self):
        return True

    def reason(self):
        return "no module named core"

    def leave(self):
        pass


@pytest.fixture
def joined(monkeypatch):
    """Let keepers meet a cluster where every place is gone at once."""

    @contextmanager
    def join(where):
        assert where == WHERE
        yield

    monkeypatch.setattr(cluster, "joined", join)
    monkeypatch.setattr(cluster, "Place", PlaceThatIsGone)
    monkeypatch.setattr(keeper, "LOOK_EVERY_S", 0.01)
    PlaceThatIsGone.made = 0


def test_a_job_no_machine_can_run_is_told(ordered, joined):
    job_dir = ordered()
    assert keeper.main([str(job_dir.root)]) == 1
    end = jobs.status(job_dir)
    assert end.state == "failed"
    assert "no module named core" in end.message
    assert PlaceThatIsGone.made == 2
    assert not job_dir.keeper.exists()


def test_a_job_cancelled_while_it_waits_leaves_the_cluster(ordered, joined):
    job_dir = ordered()
    job_dir.stop.touch()
    assert keeper.main([str(job_dir.root)]) == 0
    assert states.written_status(job_dir).state == "cancelled"


# The address


def test_an_address_that_does_not_answer_is_told_and_nothing_is_left(played, plan, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setattr(address.importlib.util, "find_spec", lambda name: name)
    monkeypatch.setenv(address.SETTING, where)
    with pytest.raises(JobError, match=f"no cluster answers at {where} .*ray start"):
        jobs.start(played, "train", plan=plan)
    assert not played.jobs.exists()


@pytest.mark.parametrize("named", ["head:port", ":6379", "head:70000000"])
def test_what_is_no_address_is_told(named, monkeypatch):
    monkeypatch.setattr(address.importlib.util, "find_spec", lambda name: name)
    with pytest.raises(JobError, match=named):
        address.check(named)


def test_without_ray_the_package_is_named(monkeypatch):
    monkeypatch.setattr(address.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(JobError, match=r"\.\[cluster\]"):
        address.check(WHERE)


def test_a_port_need_not_be_named(monkeypatch):
    monkeypatch.setenv(address.SETTING, "head.lab")
    assert address.cluster() == WHERE


# What a job declares


@pytest.mark.parametrize(
    ("machines", "memory_gib", "slots", "expected"),
    [
        ([{"CPU": 8}], None, 1, (8, 0, 0)),
        # A head that only keeps the books takes no work.
        ([{"CPU": 0}, {"CPU": 16}, {"CPU": 4}], None, 1, (4, 0, 0)),
        ([{"CPU": 8}], None, 3, (2, 0, 0)),
        ([{"CPU": 8, "GPU": 2}, {"CPU": 4}], 4, 1, (4, 1, 0)),
        ([{"CPU": 8, "GPU": 1}], None, 4, (2, 0.25, 0)),
        ([{"CPU": 8, "memory": 32 * GIB}], 4, 1, (8, 0, 4 * GIB)),
        # What it may use at most is no reason to wait for ever.
        ([{"CPU": 8, "memory": 2 * GIB}], 4, 1, (8, 0, 2 * GIB)),
    ],
)
def test_a_job_has_a_machine_or_a_card_to_itself(machines, memory_gib, slots, expected):
    found = cluster.needs(machines, memory_gib, slots)
    assert (found.cpus, found.gpus, found.memory_bytes) == expected


def test_a_cluster_without_machines_is_told():
    with pytest.raises(JobError, match="ray start"):
        cluster.needs([{"CPU": 0}], None, 1)


# Real nodes


@pytest.mark.long
def test_two_real_nodes_of_which_one_dies(played, plan, monkeypatch):
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    lab = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    try:
        nodes = [lab.add_node(num_cpus=1) for _ in range(2)]
        monkeypatch.setenv(address.SETTING, lab.address)
        play = {"play": "long the first time"}
        made = [jobs.start(played, "train", plan=plan, options=play) for _ in range(2)]
        until(lambda: all(jobs.status(job).stage == "fitting" for job in made), 120)
        lab.remove_node(nodes[0], allow_graceful=False)
        assert [jobs.wait(job).state for job in made] == ["finished"] * 2
        assert sorted(turns_taken(job) for job in made) == [1, 2]
    finally:
        lab.shutdown()


def test_what_answers_but_is_no_cluster_ends_the_keeper_with_a_sentence(ordered):
    """In a process of its own, which it ends."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        where = f"127.0.0.1:{silent.getsockname()[1]}"
        job_dir = ordered(cluster=where)
        code = (
            "import sys; from core.jobs import keeper; keeper.JOIN_S = 0.2;"
            "sys.exit(keeper.main(sys.argv[1:]))"
        )
        call = [sys.executable, "-c", code, str(job_dir.root)]
        done = subprocess.run(call, cwd=ROOT, check=False, timeout=120)
    now = states.written_status(job_dir)
    assert (done.returncode, now.state) == (1, "failed")
    assert f"what answers at {where} is no Ray cluster" in now.message
    assert not job_dir.keeper.exists()
