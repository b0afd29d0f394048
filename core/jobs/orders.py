"""Orders: a folder that says what is wanted, and a process that does it or hands it over."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import JobError, PlanError
from core.jobs import address, machine, states, turns
from core.jobs.work import NEEDS_TURN, WORK
from core.paths import JobDir, StudyDir, Workspace
from core.progress import Progress
from core.records import JobRequest, JobStatus, Plan, write

_started: list[subprocess.Popen[bytes]] = []
"""Processes that this one started; kept so that the ended ones are reaped and leave no zombies."""


def start(
    study_dir: StudyDir,
    kind: str,
    *,
    plan: Plan | None = None,
    options: dict[str, Any] | None = None,
    ordered: float | None = None,
) -> JobDir:
    """Order a job and start its process, which waits for its turn by itself.

    `ordered` (seconds since 1970; None: now) is when the user asked; a training's budget counts
    from there. Raises JobError for unknown kinds, and where the cluster that jobs go to does not
    answer.
    """
    if kind not in WORK:
        raise JobError(f"a job is one of {', '.join(WORK)}, got {kind!r}")
    if (kind == "train") != (plan is not None):
        raise PlanError("a training needs a plan, and nothing else takes one")
    cluster = _cluster(kind)
    created = time.time()
    job_dir = _folder(study_dir, created)
    wanted = dict(options or {})
    if ordered is not None:
        wanted["ordered"] = ordered
    request = JobRequest(
        id=job_dir.id, kind=kind, study=study_dir.name, created=created, options=wanted
    )
    write(job_dir.request, request)
    if plan is not None:
        write(job_dir.plan, plan)
    queued = JobStatus(
        id=job_dir.id,
        kind=kind,
        study=study_dir.name,
        message=states.WAITS if cluster else "Starting",
        created=created,
        cluster=cluster,
    )
    write(job_dir.status, queued)
    Progress(job_dir, queued).event("state", state="queued")
    if kind in NEEDS_TURN and not cluster:
        turns.draw(job_dir, machine.device(), created)
    _spawn(job_dir, queued)
    return job_dir


def resume(job_dir: JobDir, *, report: bool = False) -> None:
    """Start the job again on the same folder, with what its checkpoint has left of the budget.

    With `report` a training learns no more: what it has learned is scored. For jobs that are
    lost, cancelled or failed; JobError otherwise.
    """
    now = states.status(job_dir)
    if now.state in states.OPEN:
        raise JobError(f"job {job_dir.id} is {now.state}; there is nothing to resume")
    if now.state == "finished":
        raise JobError(f"job {job_dir.id} is finished; start a new training instead")
    if report and not any(job_dir.checkpoint.glob("*.safetensors")):
        raise JobError(f"job {job_dir.id} has learned nothing yet that could be scored; resume it")
    cluster = _cluster(now.kind)
    job_dir.stop.unlink(missing_ok=True)
    job_dir.enough.unlink(missing_ok=True)
    if report:
        job_dir.enough.touch()
    _spawn(job_dir, _requeue(job_dir, replace(now, cluster=cluster)))


def restart_queued(workspace: Workspace) -> list[JobDir]:
    """Start the workers of queued jobs again whose process is gone, e.g. after a reboot.

    A cluster's jobs are left to those who work with that cluster: it may still have them. Jobs
    whose status cannot be read are passed over: `states.damaged` tells of them.
    """
    restarted = []
    for study_dir in workspace.study_dirs():
        for job_dir in states.job_dirs(study_dir):
            if _waits_in_vain(job_dir):
                _spawn(job_dir, _requeue(job_dir, states.status(job_dir)))
                restarted.append(job_dir)
    return restarted


def _waits_in_vain(job_dir: JobDir) -> bool:
    try:
        written = states.written_status(job_dir)
        return (
            written.state == "queued"
            and written.cluster in ("", address.cluster())
            and states.status(job_dir).state == "lost"
        )
    except JobError:
        return False


def take_up(job_dir: JobDir, last: JobStatus) -> None:
    """Let the next worker, on this machine of a cluster, begin; nobody else has the job now.

    What it waited for a machine costs nothing of its budget.
    """
    if last.pid is not None:
        queued = _requeue(job_dir, replace(last, state="lost"))
        here = machine.host()
        lost = "Its process is gone" if last.host == here else f"The machine {last.host} is gone"
        Progress(job_dir, queued).event(
            "message", message=f"{lost}; {here} goes on from the last checkpoint."
        )
        return
    waited = time.time() - max(last.created, last.heartbeat)
    began = last.budget_from
    if began is None:
        began = states.request(job_dir).options.get("ordered", last.created)
    write(job_dir.status, replace(last, heartbeat=time.time(), budget_from=began + waited))


def _cluster(kind: str) -> str:
    """Return the address of the cluster that such a job goes to, which answers; else nothing."""
    where = address.cluster() if kind in address.KINDS else ""
    if where:
        address.check(where)
    return where


def _requeue(job_dir: JobDir, last: JobStatus) -> JobStatus:
    queued = replace(
        last,
        state="queued",
        stage="starting",
        cause=None,
        message="Starting again",
        pid=None,
        pid_started=None,
        ended=None,
        heartbeat=time.time(),
        # As if ordered now; what was used until the checkpoint is taken off where that is read.
        budget_from=time.time(),
    )
    write(job_dir.status, queued)
    Progress(job_dir, queued).event("state", state="queued", after=last.state)
    return queued


def _folder(study_dir: StudyDir, created: float) -> JobDir:
    """Make the job's own folder; nobody else can have it."""
    when = time.strftime("%Y%m%d-%H%M%S", time.localtime(created))
    study_dir.jobs.mkdir(parents=True, exist_ok=True)
    while True:
        job_dir = study_dir.job(f"{when}-{secrets.token_hex(2)}")
        try:
            job_dir.root.mkdir()
        except FileExistsError:
            continue
        return job_dir


def _spawn(job_dir: JobDir, job: JobStatus) -> None:
    """Start the worker, or who hands the job to the cluster; it outlives whoever ordered it."""
    started = process(job_dir, "keeper" if job.cluster else "worker")
    _started[:] = [each for each in _started if each.poll() is None]
    _started.append(started)


def process(
    job_dir: JobDir,
    module: str,
    *,
    stdin: int = subprocess.DEVNULL,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start `core.jobs.MODULE JOB_DIR` in a session of its own; what it says goes to log.txt."""
    program = Path(__file__).resolve().parents[2]
    paths = [str(program), *filter(None, [os.environ.get("PYTHONPATH")])]
    with job_dir.log.open("ab") as log:
        return subprocess.Popen(
            # -P: a file in the working folder must not shadow a module.
            [sys.executable, "-P", "-m", f"core.jobs.{module}", str(job_dir.root)],
            stdin=stdin,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=job_dir.root,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), **(environment or {})},
            start_new_session=True,
        )
