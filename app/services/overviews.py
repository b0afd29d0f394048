"""Studies in one glance each."""

import contextlib
from dataclasses import dataclass

from app import wording
from app.services.labelling import saved_label_states
from app.services.place import study_dir
from app.services.runs import active_run, report, runs
from app.services.studies import studies, study
from core.errors import AIxCellError
from core.records import JobStatus, Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """A study in one glance."""

    name: str
    description: str
    simulated: bool
    images: int
    labelled: int
    checked: int
    """How many of those a person found right."""
    wanted: str
    runs: int
    best: float | None
    """Best headline score on test images among its runs."""
    active: JobStatus | None
    """The training that runs or waits."""
    layers: tuple[str, ...]
    """Names, as `study@layer`, of what else is marked on its pictures."""


def overviews() -> list[Overview]:
    """Return all studies in one glance each, those of the user first; layers are not by them."""
    whole = (each.name for each in studies() if not wording.is_layer(each.name))
    return sorted(map(overview, whole), key=lambda each: (each.simulated, each.name))


def overview(name: str) -> Overview:
    """Return one study in one glance."""
    record = study(name)
    trainings, states = runs(name), saved_label_states(name).values()
    scores = [report.test.headline for run in trainings if (report := _report(run)) and report.test]
    return Overview(
        name=name,
        description=record.description,
        simulated=record.simulated,
        images=len(record.images),
        labelled=sum(one.is_labelled for one in states),
        checked=sum(one.check is not None for one in states),
        wanted=wording.KIND_TITLES[record.task.kind].lower() if record.task else "no task yet",
        runs=len(trainings),
        best=max(scores, default=None),
        active=active_run(name),
        layers=tuple(each.name for each in study_dir(name).layers),
    )


def next_step(name: str) -> str:
    """Return the page where the study goes on."""
    seen = overview(name)
    if seen.active is not None:
        return "training"
    if not seen.images or not seen.labelled:
        return "images"
    if study(name).task is None:
        return "task"
    return "results" if seen.best is not None else "recommendation"


def _report(run: JobStatus) -> Report | None:
    with contextlib.suppress(AIxCellError):  # an overview does without a damaged report
        return report(run.id) if run.state == "finished" else None
    return None
