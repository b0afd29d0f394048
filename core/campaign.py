"""Recorded experiments: many trainings (data set x pipeline x seed), one line each.

A campaign may be interrupted at any time: what stands in its file is not run again, and a
training that was going on is found again.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core import jobs, workflow
from core.errors import LibraryError
from core.jobs import address, machine, states
from core.paths import DATA_LIBRARY, JobDir, Workspace
from core.records import (
    Budget,
    JobStatus,
    Kind,
    Plan,
    RunRow,
    append,
    read,
    read_lines,
    write,
)
from core.workflow.memory import run_row

Key = tuple[str, str, int]
"""Data set, pipeline, seed."""
AT_ONCE_ON_CLUSTER = 8
"""Ray knows how many find a machine; each that waits is a small process on the one that ordered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """What a campaign's file tells."""

    name: str
    budget_s: float
    """Wall clock of each training."""
    data_sets: tuple[str, ...]
    """Folders below `data`, each with its `dataset.json`."""
    pipelines: dict[Kind, tuple[str, ...]]
    """Names of the pool's pipelines for each kind of task."""
    seeds: tuple[int, ...] = field(default=(0,))
    data: str | None = None
    """Folder of the data sets; None: what AIXCELL_DATA names."""


def load(path: Path) -> Campaign:
    """Return the campaign in the file; StudyError where it is none."""
    return read(path, Campaign)


def default_out(campaign: Campaign) -> Path:
    """Return where the campaign's rows are recorded unless told otherwise."""
    return DATA_LIBRARY / "experiments" / f"{campaign.name}.jsonl"


def run(
    workspace: Workspace,
    campaign: Campaign,
    out: Path,
    *,
    on_status: Callable[[JobStatus], None] | None = None,
) -> Iterator[RunRow]:
    """Yield the row of each training as it ends; rows that stand in `out` are not run again.

    As many train at once as this machine has slots; on a cluster up to AT_ONCE_ON_CLUSTER.
    All data sets with the first pipeline, then all with the second: what is there after an
    interruption is balanced. Fingerprints go beside, to `fingerprints/ID.json`.
    Raises LibraryError where the data sets are not found.
    """
    data = _data_folder(campaign)
    kinds = {name: _prepare(workspace, data / name, out, on_status) for name in campaign.data_sets}
    done = {(row.data_set, row.pipeline, row.seed) for row in read_lines(out, RunRow)}
    waiting = deque(key for key in _order(campaign, kinds) if key not in done)
    going: dict[Key, JobDir] = {}
    while waiting or going:
        while waiting and len(going) < _at_once():
            key = waiting.popleft()
            going[key] = _adopted(workspace, key, campaign) or _start(workspace, key, campaign)
        key, ended = _first_to_end(going, on_status)
        job_dir = going.pop(key)
        row = run_row(job_dir, ended, data_set=key[0])
        # Who ended it from outside says nothing of the pipeline: the next call runs it again.
        if ended.state in ("finished", "failed") and ended.cause != "killed":
            append(out, row)
        yield row


def _at_once() -> int:
    return AT_ONCE_ON_CLUSTER if address.cluster() else len(machine.slots())


def _first_to_end(
    going: Mapping[Key, JobDir], on_status: Callable[[JobStatus], None] | None
) -> tuple[Key, JobStatus]:
    """Wait until one of the trainings has ended; the longest at work is told of meanwhile."""
    while True:
        for place, (key, job_dir) in enumerate(going.items()):
            now = jobs.status(job_dir)
            if on_status is not None and place == 0:
                on_status(now)
            if now.state not in states.OPEN:
                return key, now
        time.sleep(states.LOOK_EVERY_S)


def _order(campaign: Campaign, kinds: dict[str, Kind]) -> Iterator[Key]:
    longest = max((len(names) for names in campaign.pipelines.values()), default=0)
    for seed in campaign.seeds:
        for place in range(longest):
            for data_set, kind in kinds.items():
                names = campaign.pipelines.get(kind, ())
                if place < len(names):
                    yield data_set, names[place], seed


def _prepare(
    workspace: Workspace,
    folder: Path,
    out: Path,
    on_status: Callable[[JobStatus], None] | None,
) -> Kind:
    """Make the data set a study with task and fingerprint, once; return its kind of task."""
    name = folder.name
    if not folder.is_dir():
        raise LibraryError(f"there is no data set {name!r} in {folder.parent}")
    if name not in {record.name for record in workflow.list_studies(workspace)}:
        workflow.create_study(workspace, name)
    if not workflow.load_study(workspace, name).images:
        workflow.import_files(workspace, name, [folder])
    if workflow.load_study(workspace, name).task is None:
        workflow.set_task(workspace, name, workflow.suggest_task(workspace, name))
    found = workflow.describe(workspace, name, on_status=on_status)
    write(_fingerprints(out) / f"{name}.json", found)
    return found.kind


def _start(workspace: Workspace, key: Key, campaign: Campaign) -> JobDir:
    data_set, pipeline, seed = key
    plan = workflow.make_plan(
        workspace,
        data_set,
        workflow.named(pipeline),
        Budget(seconds=campaign.budget_s),
        seed=seed,
        baselines=False,
    )
    run_id = workflow.start_training(workspace, plan)
    return workspace.find_job(run_id)[1]


def _adopted(workspace: Workspace, key: Key, campaign: Campaign) -> JobDir | None:
    """Return the same training of an interrupted call, going on or finished."""
    data_set, pipeline, seed = key
    for job_dir in states.job_dirs(workspace.study(data_set)):
        if not job_dir.plan.exists():
            continue
        plan = read(job_dir.plan, Plan)
        same = (plan.candidates[0].pipeline.name, plan.seed, plan.budget.seconds)
        wanted = (pipeline, seed, campaign.budget_s)
        if same == wanted and jobs.status(job_dir).state in ("queued", "running", "finished"):
            return job_dir
    return None


def _data_folder(campaign: Campaign) -> Path:
    named = campaign.data or os.environ.get("AIXCELL_DATA")
    if not named or not Path(named).is_dir():
        raise LibraryError(
            "the folder of data sets is not there; name it in the environment variable "
            "AIXCELL_DATA, or as `data` in the campaign's file"
        )
    return Path(named)


def _fingerprints(out: Path) -> Path:
    beside = out.parent.parent if out.parent.name == "experiments" else out.parent
    return beside / "fingerprints"
