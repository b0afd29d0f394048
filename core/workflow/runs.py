"""Jobs by their id: start, watch, cancel, resume."""

from collections.abc import Callable, Sequence
from pathlib import Path

from core import jobs
from core.errors import JobError
from core.jobs.ending import GRACE_S
from core.paths import StudyDir, Workspace
from core.records import Event, JobStatus, Plan, read


def start_training(workspace: Workspace, plan: Plan, *, ordered: float | None = None) -> str:
    """Order the training of a plan and return the run's id.

    `ordered` (seconds since 1970) is when the user asked; the budget counts from there.
    """
    return jobs.start(workspace.study(plan.study), "train", plan=plan, ordered=ordered).id


def start_prediction(workspace: Workspace, run: str, files: Sequence[Path], out: Path) -> str:
    """Order the application of a run's model to images (files or folders); return the job's id.

    `out` gets `labels/NAME.tif`, `objects.csv`, and `predictions.csv` for a classification; the
    tables have a column for each thing that the study's file names tell, such as donor or dose.
    Raises JobError where the run has no model or there is no image.
    """
    study_dir, job_dir = workspace.find_job(run)
    if not job_dir.bundle.is_dir():
        raise JobError(f"run {run} has no trained model; choose a finished run")
    found = _image_files(files)
    if not found:
        raise JobError(f"there is no image in {', '.join(map(str, files)) or 'nothing'}")
    options = {
        "run": run,
        "bundle": str(job_dir.bundle),
        "files": [str(file) for file in found],
        "out": str(out.expanduser().resolve()),
        "origins": _origins(study_dir, found),
    }
    return jobs.start(study_dir, "predict", options=options).id


def _origins(study_dir: StudyDir, files: Sequence[Path]) -> dict[str, dict[str, str]]:
    """Return file -> what is told of it: by the study, or else by its name."""
    from core.data import grouping, study

    record = study.load(study_dir)
    own = {str((study_dir.images / each.file).resolve()): each.origin for each in record.images}
    told = {
        str(file): own.get(str(file)) or grouping.origin_of(file.name, record.grouping)
        for file in files
    }
    return {file: origin for file, origin in told.items() if origin}


def start_export(workspace: Workspace, what: str, format_name: str, out: Path) -> str:
    """Order labels in another program's format below `out`; return the job's id.

    `what`: a study, for its labels; a prediction or a training, for what its model answered. The
    formats are the keys of `core.data.labels.exchange.FORMATS`. LabelError for others.
    """
    from core.data.labels import exchange

    exchange.check(format_name)
    is_study = workspace.study(what).record.exists()
    study_dir = workspace.study(what) if is_study else workspace.find_job(what)[0]
    options = {
        "of": None if is_study else what,
        "format": format_name,
        "out": str(out.expanduser().resolve()),
    }
    return jobs.start(study_dir, "export", options=options).id


def status(workspace: Workspace, job: str) -> JobStatus:
    """Return how a job stands; StudyError where there is no such job."""
    return jobs.status(workspace.find_job(job)[1])


def events(workspace: Workspace, job: str, offset: int = 0) -> tuple[list[Event], int]:
    """Return a job's events after `offset`, and the offset to go on from."""
    return jobs.events(workspace.find_job(job)[1], offset)


def wait(
    workspace: Workspace, job: str, on_status: Callable[[JobStatus], None] | None = None
) -> JobStatus:
    """Return how the job ended; `on_status` hears of it meanwhile."""
    return jobs.wait(workspace.find_job(job)[1], on_status)


def cancel(workspace: Workspace, job: str, *, grace_s: float = GRACE_S) -> JobStatus:
    """Stop a job, queued or running, and return how it ended."""
    return jobs.cancel(workspace.find_job(job)[1], grace_s=grace_s)


def finish_early(workspace: Workspace, run: str) -> None:
    """Ask a running training to learn no more, and to score the best weights so far."""
    jobs.finish_early(workspace.find_job(run)[1])


def resume(workspace: Workspace, job: str, *, report: bool = False) -> None:
    """Go on with a lost, cancelled or failed job, with what is left of its budget.

    With `report` a training learns no more: what it has learned is scored.
    """
    jobs.resume(workspace.find_job(job)[1], report=report)


def restart_queued(workspace: Workspace) -> list[str]:
    """Start queued jobs again whose process is gone, e.g. after a reboot; return their ids."""
    return [job_dir.id for job_dir in jobs.restart_queued(workspace)]


def listing(
    workspace: Workspace, study: str | None = None, kind: str | None = None
) -> list[JobStatus]:
    """Return the jobs of a study or of all, of one kind or of all, newest first."""
    return [job for job in jobs.listing(workspace, study) if kind in (None, job.kind)]


def damaged_jobs(workspace: Workspace) -> list[str]:
    """Return a sentence for each job whose status cannot be read."""
    return jobs.damaged(workspace)


def plan_of(workspace: Workspace, run: str) -> Plan:
    """Return what a training executes; StudyError where the job has no plan."""
    return read(workspace.find_job(run)[1].plan, Plan)


def _image_files(paths: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        whole = path.expanduser().resolve()
        if not whole.exists():
            raise JobError(f"{path} does not exist")
        found += _pictures_in(whole) if whole.is_dir() else [whole]
    return found


def _pictures_in(folder: Path) -> list[Path]:
    """Return the pictures in a folder and below; an OME-Zarr folder is one."""
    from core.data import readers

    if readers.is_picture(folder):
        return [folder]
    found: list[Path] = []
    for inside in sorted(folder.iterdir()):
        if inside.is_dir() and not inside.is_symlink():
            found += _pictures_in(inside)
        elif readers.is_picture(inside):
            found.append(inside)
    return found
