"""What each kind of job does; everything heavy is imported here, inside the worker's process."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import StudyError
from core.jobs import machine
from core.paths import JobDir, StudyDir
from core.progress import Progress
from core.records import JobRequest, Plan, read, write


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One job as its worker sees it."""

    study_dir: StudyDir
    job_dir: JobDir
    request: JobRequest
    progress: Progress
    budget_from: float
    """Seconds since 1970 from which a training's budget counts."""

    def option(self, name: str) -> Any:
        """Return what was ordered; StudyError where the order lacks it."""
        if name not in self.request.options:
            raise StudyError(f"{self.job_dir.request} lacks the option {name!r}")
        return self.request.options[name]


def fingerprint(order: Order) -> None:
    """Compute the meta-features of the train and validation images named in the order."""
    from core.data import samples, study
    from core.fingerprint import extract

    task = study.load(order.study_dir).task
    if task is None:
        raise StudyError(f"study {order.study_dir.name!r} has no task yet; say what is wanted")
    order.progress.stage("reading", "Reading images and labels", 0.05)
    learned = samples.load(order.study_dir, order.option("images"), order.option("labels"))
    order.progress.stage("fingerprint", "Describing the images and labels", 0.3)
    found = extract.run(
        learned,
        task,
        data_set=order.study_dir.name,
        seed=order.option("seed"),
        seconds=min(extract.LONGEST_S, order.request.options.get("seconds", extract.LONGEST_S)),
        versions=order.option("versions"),
    )
    write(order.job_dir.root / "fingerprint.json", found)
    write(order.study_dir.fingerprint, found)


def train(order: Order) -> None:
    """Execute the plan beside the order, before its budget has passed."""
    from core.train import run

    plan = read(order.job_dir.plan, Plan)
    limit_gib = machine.hold_memory(plan.budget.memory_gib)
    order.progress.event("memory", limit_gib=limit_gib and round(limit_gib, 2))
    deadline = order.budget_from + plan.budget.seconds
    run.execute(order.study_dir, plan, order.job_dir, order.progress, deadline)


def predict(order: Order) -> None:
    """Apply a bundle to files, read as the study reads files of their kind."""
    from core.data import originals, study
    from core.infer import batch
    from core.infer.bundle import read_record
    from core.measure import conditions

    files = [Path(file) for file in order.option("files")]
    known = originals.known_in(order.study_dir, study.load(order.study_dir))
    origins = order.request.options.get("origins")  # orders of earlier versions have none
    bundle, out = Path(order.option("bundle")), Path(order.option("out"))
    batch.run(bundle, files, out, order.progress, known, origins)
    lines = conditions.of_folder(out, read_record(bundle).task)
    areas = conditions.of_areas(lines)
    if conditions.write(lines, out) is not None and areas:
        order.progress.event("compared", message=areas)


def export(order: Order) -> None:
    """Write labels, or a model's answers, in another program's format."""
    from core.export import labels

    labels.run(
        order.study_dir,
        order.option("of"),
        order.option("format"),
        Path(order.option("out")),
        order.progress,
    )


WORK: dict[str, Callable[[Order], None]] = {
    "fingerprint": fingerprint,
    "train": train,
    "predict": predict,
    "export": export,
}

NEEDS_TURN = ("train",)
"""The others are short and must not wait for hours behind a training."""
