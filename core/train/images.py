"""The images a run works with, each with its truth."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.data import samples, study, truth
from core.data.samples import Sample
from core.data.truth import Truth
from core.errors import RunError
from core.paths import StudyDir
from core.records import Kind, Plan


@dataclass(frozen=True, slots=True)
class Images:
    """The samples of one side of the split with their truth, in the same order."""

    samples: Sequence[Sample]
    truths: Sequence[Truth]


def read(study_dir: StudyDir, plan: Plan, ids: Sequence[str]) -> Images:
    """Return the images with the labels and classes that the plan froze.

    Raises RunError where an image shows other pixels than when the plan was made.
    """
    _refuse_other_pixels(study_dir, plan, ids)
    found = samples.load(study_dir, ids, plan.label_versions)
    if plan.task.kind is Kind.CLASSIFICATION:
        found = [replace(one, image_class=plan.image_classes.get(one.id)) for one in found]
    return Images(found, [truth.of(one, plan.task) for one in found])


def _refuse_other_pixels(study_dir: StudyDir, plan: Plan, ids: Sequence[str]) -> None:
    """Raise RunError where a file is read in another way by now: the labels are not of that."""
    record = study.load(study_dir)
    for image_id in ids:
        about = record.image(image_id)
        now = samples.content_name(about)
        if plan.pixels.get(image_id, now) != now:
            raise RunError(
                f"{about.title} is read in another way now than when this training was ordered, "
                "and the labels it was to learn from do not belong to what is shown; start a new "
                "training, or let the file be read as before and resume this one",
                "bad_input",
            )
