"""The images a run works with, each with its truth."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.data import samples, truth
from core.data.samples import Sample
from core.data.truth import Truth
from core.paths import StudyDir
from core.records import Kind, Plan


@dataclass(frozen=True, slots=True)
class Images:
    """The samples of one side of the split with their truth, in the same order."""

    samples: Sequence[Sample]
    truths: Sequence[Truth]


def read(study_dir: StudyDir, plan: Plan, ids: Sequence[str]) -> Images:
    """Return the images with the labels and classes that the plan froze."""
    found = samples.load(study_dir, ids, plan.label_versions)
    if plan.task.kind is Kind.CLASSIFICATION:
        found = [replace(one, image_class=plan.image_classes.get(one.id)) for one in found]
    return Images(found, [truth.of(one, plan.task) for one in found])
