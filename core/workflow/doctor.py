"""What is probably wrong with the labels."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from core import jobs
from core.paths import StudyDir, Workspace
from core.records import Plan, Report, read

if TYPE_CHECKING:
    from core.annotate.doubts import Doubts
    from core.annotate.opinions import Predicted
    from core.annotate.symptoms import Symptom


def symptoms(workspace: Workspace, study: str) -> "list[Symptom]":
    """Return what stands out in the labels, what a second person and finished runs say of them.

    Gravest first. Label files are read, no picture is.
    """
    from core.annotate import doctor, opinions, rarity
    from core.annotate.symptoms import KINDS

    study_dir = workspace.study(study)
    found = [
        *doctor.examine(study_dir),
        *rarity.examine(study_dir),
        *opinions.of_people(study_dir),
        *opinions.of_models(study_dir, _finished(workspace, study_dir)),
    ]
    order = list(KINDS)
    return sorted(found, key=lambda one: order.index(one.kind))


def doubts(
    workspace: Workspace, study: str, tell: Callable[[float, str], None] = lambda share, said: None
) -> "Doubts":
    """Return what the labels of all other images speak against in each image's labels.

    `tell` hears the share that is done and what is done. Every labelled picture is read, which
    takes about a second each.
    """
    from core.annotate import doubts

    return doubts.look(workspace.study(study), tell)


def _finished(workspace: Workspace, study_dir: StudyDir) -> "list[Predicted]":
    """Return what finished trainings said of their test images, the newest first."""
    from core.annotate.opinions import Predicted

    found = []
    for job in jobs.listing(workspace, study_dir.name):
        if job.kind != "train" or job.state != "finished":
            continue
        job_dir = study_dir.job(job.id)
        told = job_dir.report / "report.json"
        if told.is_file() and (score := read(told, Report).test) is not None:
            plan = read(job_dir.plan, Plan)
            found.append(
                Predicted(
                    run=job.id,
                    folder=job_dir.report / "predictions",
                    test=plan.split.test,
                    versions=plan.label_versions,
                    per_image=score.per_image,
                )
            )
    return found
