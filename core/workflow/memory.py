"""What the library keeps of ended runs."""

import hashlib
import json
import time
from dataclasses import replace
from pathlib import Path
from statistics import stdev
from typing import TYPE_CHECKING

from core import progress
from core.errors import JobError
from core.jobs import states
from core.paths import JobDir, Workspace
from core.records import (
    Fingerprint,
    JobStatus,
    Plan,
    Report,
    RunResult,
    RunRow,
    Score,
    Snapshot,
    Split,
    read,
)

if TYPE_CHECKING:
    from core.autokonfig.assess import Assessment
    from core.library.store import Stats

ENDED = ("finished", "failed")
"""A cancelled or lost run says nothing of its pipeline."""
NORMAL_95 = 1.96
"""Half the width of a 95 % interval, in standard errors."""

_seen: dict[Path, str] = {}
"""Run this process has handed over -> its state; spares opening the library at every look."""


def collect(workspace: Workspace) -> int:
    """Hand ended trainings to the library and return how many this process had not seen.

    What is learned from is the validation score; the test score is kept beside. A training that
    went on from a trained model says what it had learned before, not what its pipeline reaches in
    that time: it is passed over. Collecting twice changes nothing.
    """
    found: dict[Path, RunRow] = {}
    described: list[Fingerprint] = []
    for study_dir in workspace.study_dirs():
        for job_dir in states.job_dirs(study_dir):
            before = _seen.get(job_dir.root)
            if before == "finished" or not job_dir.plan.exists():
                continue
            try:
                ended = states.status(job_dir)
            except JobError:  # `states.damaged` tells of it
                continue
            # What failed may have been resumed since.
            if ended.state not in ENDED or ended.state == before:
                continue
            if read(job_dir.plan, Plan).start_from:
                _seen[job_dir.root] = ended.state
            else:
                found[job_dir.root] = run_row(job_dir, ended, data_set=study_dir.name)
        if study_dir.fingerprint.exists():
            described.append(read(study_dir.fingerprint, Fingerprint))
    if found:
        from core.library.store import Library

        Library(workspace).add(list(found.values()), fingerprints=described)
        _seen.update({root: row.state for root, row in found.items()})
    return len(found)


def library_stats(workspace: Workspace) -> "Stats":
    """Return what the library holds."""
    from core.library.store import Library

    return Library(workspace).stats()


def library_snapshot(workspace: Workspace, *, collected_only: bool = False) -> Snapshot:
    """Return runs, fingerprints and cards of this moment.

    With `collected_only`, what came with the program is left out.
    """
    from core.library.store import Library

    library = Library(workspace)
    return library.collected() if collected_only else library.snapshot()


def assess(workspace: Workspace) -> "Assessment":
    """Return how good the advice is, one data set left out at a time; takes minutes."""
    from core.autokonfig import assess as assessor

    return assessor.run(library_snapshot(workspace))


def export_library(workspace: Workspace, file: Path) -> int:
    """Write what this workspace collected to a file for another lab; return how many runs."""
    from core.library import exchange
    from core.library.store import Library

    collect(workspace)
    return exchange.export_to(Library(workspace), file)


def import_library(workspace: Workspace, file: Path) -> int:
    """Collect what another lab exported; return how many runs were new."""
    from core.library import exchange
    from core.library.store import Library

    return exchange.import_from(Library(workspace), file)


def brought_runs(workspace: Workspace, collected: Snapshot) -> set[str]:
    """Return the ids of those of the collected runs that came from another lab."""
    from core.library import exchange

    return exchange.of_others(workspace, collected.rows)


def run_row(job_dir: JobDir, ended: JobStatus, *, data_set: str) -> RunRow:
    """Return an ended training as the library keeps it."""
    plan = read(job_dir.plan, Plan)
    row = RunRow(
        data_set=data_set,
        pipeline=plan.candidates[0].pipeline.name,
        kind=plan.task.kind,
        split=split_hash(plan.split),
        seed=plan.seed,
        hardware=ended.device,
        state=ended.state,
        cause=ended.cause,
        seconds=(ended.ended or ended.heartbeat) - (ended.started or ended.created),
        run=job_dir.id,
        made=time.strftime("%Y-%m-%d", time.localtime(ended.ended or ended.created)),
    )
    if not job_dir.result.exists():
        return replace(row, pipeline=_went_on(job_dir) or row.pipeline)
    result = read(job_dir.result, RunResult)
    test = _test_score(job_dir)
    return replace(
        row,
        pipeline=result.pipeline.name,
        hardware=result.hardware,
        samples=result.samples,
        validation=result.validation.headline,
        validation_se=standard_error(result.validation),
        test=None if test is None else test.headline,
        test_se=None if test is None else standard_error(test),
        seconds=result.seconds,
        seconds_per_step=result.seconds_per_step,
        cpu_seconds_per_step=result.cpu_seconds_per_step,
        # On a processor the race's peak, of two networks at once, cannot be told from the winner's.
        peak_memory_gib=(
            None if result.race and result.device == "cpu" else result.peak_memory_gib
        ),
        seconds_per_megapixel=result.seconds_per_megapixel,
        batch=result.pipeline.training.batch,
        tile_px=result.pipeline.preprocess.tile_px,
        curve=result.curve,
    )


def _went_on(job_dir: JobDir) -> str | None:
    """Return the pipeline that won the race, None where there was none."""
    told = [event for event in progress.events(job_dir.events)[0] if event.name == "race"]
    return str(told[-1].values["winner"]) if told else None


def split_hash(split: Split) -> str:
    """Return what tells two splits apart: a hash over who stands on which side."""
    sides = json.dumps([split.train, split.validation, split.test])
    return hashlib.sha256(sides.encode()).hexdigest()[:16]


def standard_error(score: Score) -> float | None:
    """Return the standard error of a headline score; None where fewer than two images tell.

    From the bootstrap interval over groups where there is one, else from the spread of the single
    images' scores, which is what a bootstrap over images of their mean converges to.
    """
    if score.interval is not None:
        low, high = score.interval
        return (high - low) / (2 * NORMAL_95)
    values = list(score.per_image.values())
    return float(stdev(values) / len(values) ** 0.5) if len(values) > 1 else None


def _test_score(job_dir: JobDir) -> Score | None:
    path = job_dir.report / "report.json"
    return read(path, Report).test if path.exists() else None
