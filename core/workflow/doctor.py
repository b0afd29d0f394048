"""What is probably wrong with the labels."""

from typing import TYPE_CHECKING

from core import jobs
from core.paths import StudyDir, Workspace
from core.records import Plan, Report, read

if TYPE_CHECKING:
    from core.annotate.doctor import Symptom
    from core.annotate.opinions import Predicted


def symptoms(workspace: Workspace, study: str) -> "list[Symptom]":
    """Return what stands out in the labels, what a second person and the newest run say of them.

    Gravest first. Label files are read, no picture is.
    """
    from core.annotate import doctor, opinions

    study_dir = workspace.study(study)
    found = [*doctor.examine(study_dir), *opinions.of_people(study_dir)]
    predicted = _newest(workspace, study_dir)
    if predicted is not None:
        found += opinions.of_model(study_dir, predicted)
    order = list(doctor.KINDS)
    return sorted(found, key=lambda one: order.index(one.kind))


def _newest(workspace: Workspace, study_dir: StudyDir) -> "Predicted | None":
    """Return what the newest finished training said of its test images."""
    from core.annotate.opinions import Predicted

    for job in jobs.listing(workspace, study_dir.name):
        if job.kind != "train" or job.state != "finished":
            continue
        job_dir = study_dir.job(job.id)
        told = job_dir.report / "report.json"
        if told.is_file() and (score := read(told, Report).test) is not None:
            plan = read(job_dir.plan, Plan)
            return Predicted(
                run=job.id,
                folder=job_dir.report / "predictions",
                test=plan.split.test,
                versions=plan.label_versions,
                per_image=score.per_image,
            )
    return None
