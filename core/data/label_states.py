"""How far each image of a study is: to do, begun, labelled, checked by a person.

A check holds for what was looked at: with any later change of the labels it is gone.
"""

import time as clock
from collections.abc import Collection
from dataclasses import dataclass, replace

from core.data.labels import store, survey
from core.data.labels.store import Check, Head
from core.errors import LabelError
from core.paths import StudyDir
from core.records import Kind, StudyRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelState:
    """How far one image is."""

    is_labelled: bool = False
    """Whether it is annotated for the study's task."""
    is_begun: bool = False
    """Whether there are strokes that are in no version yet."""
    check: Check | None = None
    """Who found the labels that count right; None: nobody did."""

    @property
    def state(self) -> str:
        """Return one of `records.LABEL_STATES`; strokes that are not saved yet count most."""
        if self.is_begun:
            return "begun"
        if self.check is not None:
            return "checked"
        return "labelled" if self.is_labelled else "to do"


def of(study_dir: StudyDir, record: StudyRecord) -> dict[str, LabelState]:
    """Return how far each image is, in the study's order; no label map is read."""
    return with_begun(saved(study_dir, record), survey.begun(study_dir))


def saved(study_dir: StudyDir, record: StudyRecord) -> dict[str, LabelState]:
    """Return how far each image is by the versions of its labels; strokes beside do not count."""
    heads = survey.heads(study_dir)
    found = {}
    for image_id, mark in marks(record, heads).items():
        check = heads.get(image_id, Head()).checked
        found[image_id] = LabelState(
            is_labelled=mark is not None, check=check if check and check.of == mark else None
        )
    return found


def with_begun(states: dict[str, LabelState], begun: Collection[str]) -> dict[str, LabelState]:
    """Return the states, with strokes that wait beside the versions."""
    return {
        image_id: replace(one, is_begun=True) if image_id in begun else one
        for image_id, one in states.items()
    }


def marks(record: StudyRecord, heads: dict[str, Head]) -> dict[str, str | None]:
    """Return image -> what is marked for the study's task; None: the image is not annotated.

    Classification (or no task yet, and no masks): the class; else the version of its labels.
    """
    drawn = any(head.version for head in heads.values())
    by_class = record.task is not None and record.task.kind is Kind.CLASSIFICATION
    if not by_class and (record.task is not None or drawn):
        return {image.id: heads.get(image.id, Head()).version for image in record.images}
    known = None if record.task is None else set(record.task.classes)
    return {
        image.id: image.image_class if known is None or image.image_class in known else None
        for image in record.images
    }


def approve(study_dir: StudyDir, record: StudyRecord, image_id: str, *, author: str) -> Check:
    """Note that a person found an image's labels right; LabelError where it has none."""
    about = record.image(image_id)
    mark = marks(record, survey.heads(study_dir))[image_id]
    if mark is None:
        raise LabelError(f"{about.original_name} is not labelled yet; there is nothing to check")
    check = Check(of=mark, author=author, time=clock.time())
    store.check(study_dir, image_id, check)
    return check


def take_back(study_dir: StudyDir, image_id: str) -> None:
    """Let an image wait for a second look again."""
    store.check(study_dir, image_id, None)
