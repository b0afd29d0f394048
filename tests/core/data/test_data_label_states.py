"""How far an image is, and that a check holds for what was looked at alone."""

from dataclasses import replace

import numpy as np
import pytest

from core.data import label_states, study
from core.data.labels import history, journal, store, survey
from core.data.labels.model import MAIN, LabelObject, Labels
from core.errors import ConflictError, LabelError
from core.paths import Workspace
from core.records import ImageRecord, Kind, StudyRecord, TaskSpec

SHAPE = (20, 30)


def marked(column: int) -> Labels:
    ids = np.zeros(SHAPE, np.int32)
    ids[5:9, column : column + 4] = 1
    return Labels(
        layers={MAIN: ids}, annotated_yx=ids >= 0, objects=(LabelObject(id=1, class_name="cell"),)
    )


def record(kind: Kind, *classes: str | None) -> StudyRecord:
    images = tuple(
        ImageRecord(
            id=name,
            file=f"{name}.png",
            original_name=f"{name}.png",
            sha256="0",
            shape_cyx=(1, *SHAPE),
            dtype="uint8",
            image_class=image_class,
        )
        for name, image_class in zip("ab", classes or (None, None), strict=True)
    )
    return StudyRecord(name="s", images=images, task=TaskSpec(kind=kind, classes=("cell", "dust")))


def states(study_dir, about: StudyRecord) -> dict[str, str]:
    return {each: one.state for each, one in label_states.of(study_dir, about).items()}


def test_an_image_goes_from_to_do_over_begun_and_labelled_to_checked(workspace: Workspace) -> None:
    study_dir, about = study.create(workspace, "s"), record(Kind.INSTANCE)
    assert states(study_dir, about) == {"a": "to do", "b": "to do"}
    work = journal.open_(study_dir, "a", "tab", SHAPE, author="ann")
    work.record(marked(3), "brush")
    assert states(study_dir, about)["a"] == "begun"
    history.finish(work)
    assert states(study_dir, about)["a"] == "labelled"
    label_states.approve(study_dir, about, "a", author="bob")
    assert states(study_dir, about) == {"a": "checked", "b": "to do"}
    check = label_states.of(study_dir, about)["a"].check
    assert check is not None
    assert (check.author, check.of) == ("bob", store.head(study_dir, "a"))
    label_states.take_back(study_dir, "a")
    assert states(study_dir, about)["a"] == "labelled"


def test_any_later_change_takes_the_check_back_for_good(workspace: Workspace) -> None:
    study_dir, about = study.create(workspace, "s"), record(Kind.INSTANCE)
    first = store.save(study_dir, "a", marked(3), author="ann")
    label_states.approve(study_dir, about, "a", author="bob")
    second = store.save(study_dir, "a", marked(9), author="ann", parent=first)
    assert states(study_dir, about)["a"] == "labelled"
    store.choose(study_dir, "a", first, author="ann")
    assert states(study_dir, about)["a"] == "labelled"
    label_states.approve(study_dir, about, "a", author="bob")
    with pytest.raises(ConflictError):  # hers does not count: what counts is still checked
        store.save(study_dir, "a", marked(15), author="eve", parent=second)
    assert states(study_dir, about)["a"] == "checked"
    store.withdraw(study_dir, "a", author="ann")
    assert states(study_dir, about)["a"] == "to do"


def test_what_is_not_labelled_cannot_be_checked(workspace: Workspace) -> None:
    study_dir = study.create(workspace, "s")
    with pytest.raises(LabelError, match=r"a\.png is not labelled yet"):
        label_states.approve(study_dir, record(Kind.INSTANCE), "a", author="bob")


def test_the_class_of_a_whole_image_is_checked_like_a_label(workspace: Workspace) -> None:
    study_dir, about = study.create(workspace, "s"), record(Kind.CLASSIFICATION, "cell", None)
    label_states.approve(study_dir, about, "a", author="bob")
    assert states(study_dir, about) == {"a": "checked", "b": "to do"}
    other = (replace(about.images[0], image_class="dust"), about.images[1])
    assert states(study_dir, replace(about, images=other))["a"] == "labelled"


def test_objects_are_counted_in_the_versions_that_count(workspace: Workspace) -> None:
    study_dir = study.create(workspace, "s")
    first = store.save(study_dir, "a", marked(3), author="ann")
    store.save(study_dir, "b", marked(3), author="ann")
    assert survey.class_counts(study_dir) == {"cell": 2}
    assert survey.class_counts(study_dir, {"a"}) == {"cell": 1}
    other = replace(marked(9), objects=(LabelObject(id=1),))
    store.save(study_dir, "a", other, author="ann", parent=first)
    assert survey.class_counts(study_dir) == {"cell": 1, None: 1}
    store.withdraw(study_dir, "b", author="ann")
    assert survey.class_counts(study_dir) == {None: 1}
