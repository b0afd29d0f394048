"""The door of Ray: a job's place on a cluster of machines that see the same folders.

A job becomes a detached actor of its name: Ray chooses a machine with the cores, the card and the
memory it declares, and starts it again elsewhere when that machine is lost, whatever became of the
computer that ordered it. What it does there stands in attempt.py. Ray is imported by the keeper
and by Ray's own processes alone: importing it takes a second, and an address that does not answer
ends the process that asked.
"""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import JobError, StudyError
from core.jobs import attempt, machine
from core.paths import JobDir
from core.records import Plan, read

NAMESPACE = "aixcell"
ANSWER_S = 5.0
"""How long Ray may take to say why it gave a job up."""
MOST_RESTARTS = 20
"""A job that takes its machine down with it must not go round for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What one job declares."""

    cpus: int
    gpus: float
    memory_bytes: int
    """0: nothing is known of it."""


def needs(machines: Sequence[Mapping[str, float]], memory_gib: float | None, slots: int) -> Needs:
    """Return what a job needs so that it has a machine, or one card of it, to itself.

    `machines` are the resources of each in Ray's words (CPU, GPU, memory in bytes); `slots` jobs
    share a card or a machine. The smallest machine decides the cores, so that each can take it.
    JobError where no machine takes work.
    """
    working = [one for one in machines if one.get("CPU", 0) >= 1]
    if not working:
        raise JobError("the cluster has no machine that takes work; add one with `ray start`")
    with_cards = [one for one in working if one.get("GPU", 0) >= 1]
    if with_cards:
        cores = min(one["CPU"] // one["GPU"] for one in with_cards)
        return Needs(cpus=max(1, int(cores) // slots), gpus=1 / slots, memory_bytes=0)
    cores = min(one["CPU"] for one in working)
    largest = max(one.get("memory", 0.0) for one in working)
    # What it may use at most, or is expected to: never more than there is, or it waited for ever.
    memory = min((memory_gib or 0.0) * 1024**3, largest)
    return Needs(cpus=max(1, int(cores) // slots), gpus=0, memory_bytes=int(memory))


def _memory_gib(job_dir: JobDir) -> float | None:
    """Return what the plan allows, else what its first candidate is expected to take."""
    try:
        plan = read(job_dir.plan, Plan)
    except StudyError:  # a prediction has none
        return None
    return plan.budget.memory_gib or plan.candidates[0].expected_memory_gib


@contextmanager
def joined(where: str) -> Iterator[None]:
    """Speak with the cluster from this process; JobError where it does not take it in."""
    # Under `uv run` Ray would send the working folder to every machine.
    os.environ["RAY_ENABLE_UV_RUN_RUNTIME_ENV"] = "0"
    import ray

    try:
        ray.init(
            address=where, namespace=NAMESPACE, log_to_driver=False, logging_level=logging.ERROR
        )
    except (OSError, RuntimeError, ValueError) as error:
        raise JobError(
            f"this computer is not taken in by the cluster at {where} "
            f"({_first_line(error)}); run `ray start --address={where}` on it, with the same "
            "versions of Python and Ray as there"
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


class Place:
    """A job's place on the cluster that this process has joined."""

    def __init__(self, job_dir: JobDir) -> None:
        """Find the job's place, or make it; two who do so at once find the same."""
        import ray

        self._name = job_dir.id
        alive = [one["Resources"] for one in ray.nodes() if one["Alive"]]
        need = needs(alive, _memory_gib(job_dir), machine.parts_wanted())
        runner: Any = ray.remote(Runner)  # its type knows no options
        runner = runner.options(
            name=self._name,
            namespace=NAMESPACE,
            get_if_exists=True,
            lifetime="detached",
            max_restarts=MOST_RESTARTS,
            max_task_retries=-1,
            num_cpus=need.cpus,
            num_gpus=need.gpus,
            # Ray takes a whole number of bytes, and no 0.
            memory=need.memory_bytes or None,
        )
        self._runner = runner.remote(str(job_dir.root), self._name, need.cpus)
        self._here = self._runner.here.remote()

    def gone(self) -> bool:
        """Return whether Ray has given the job up, or its end is reached."""
        import ray

        try:
            ray.get_actor(self._name, namespace=NAMESPACE)
        except ValueError:
            return True
        return False

    def reason(self) -> str:
        """Return why Ray gave it up, in one line."""
        import ray

        try:
            ray.get(self._here, timeout=ANSWER_S)
        except (ray.exceptions.RayError, TimeoutError) as error:
            return _first_line(error.__cause__ or error)
        return "its machines were lost too often"

    def leave(self) -> None:
        """Take the job from the cluster, waiting or working."""
        import ray

        ray.kill(self._runner, no_restart=True)


class Runner:
    """What Ray starts on a machine: it runs the job's worker and leaves when the job has ended."""

    def __init__(self, folder: str, name: str, cpus: int) -> None:
        """Begin at once: who lost its machine is started again by nobody but Ray."""
        import threading

        job_dir = JobDir(Path(folder))
        if not job_dir.request.exists():
            raise JobError(
                f"the machine {machine.host()} does not see {folder}: "
                "mount the shared folder at the same path on every machine"
            )
        work = threading.Thread(target=self._work, args=(job_dir, name, cpus), daemon=True)
        work.start()

    def here(self) -> str:
        """Return the machine's name."""
        return machine.host()

    def _work(self, job_dir: JobDir, name: str, cpus: int) -> None:
        import ray

        cards = ray.get_runtime_context().get_accelerator_ids().get("GPU", [])
        try:
            attempt.run(job_dir, _environment(cpus, cards))
        finally:
            # An actor that merely ends is started again.
            ray.kill(ray.get_actor(name, namespace=NAMESPACE), no_restart=True)


def _environment(cpus: int, cards: Sequence[Any]) -> dict[str, str]:
    """Return what tells a worker which card, or which part of the cores, it has.

    Ray chose the machine; the machine's own queue then gives the cores, so that trainings which
    somebody started there without the cluster are not disturbed.
    """
    if cards:
        return {"AIXCELL_DEVICE": f"cuda{cards[0]}", "AIXCELL_SLOTS": "1"}
    parts = max(1, machine.cores() // cpus)
    return {"AIXCELL_DEVICE": "cpu", "AIXCELL_SLOTS": str(parts)}


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
