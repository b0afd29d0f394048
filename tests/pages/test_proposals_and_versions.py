"""A model's proposals and earlier versions, on the page of one image."""

from dataclasses import replace

import numpy as np
import pytest
import tifffile
from small_study import RUN, shown, text

from app import services
from core import workflow
from core.annotate import edits
from core.data.labels.model import MAIN
from core.errors import LabelError
from core.progress import Progress
from core.records import JobRequest, JobStatus, Kind, TaskSpec, write

STUDY = workflow.SAMPLE
TAB = "tab-test"


@pytest.fixture
def image(trained):
    return workflow.load_study(trained, STUDY).images[0]


def button(test, label):
    return next(each for each in test.button if each.label == label)


def painting(image):
    test = shown("images", study=STUDY)
    test.session_state["image"] = image.id
    test.session_state["editor"] = "Brush and clicks"
    return test.run()


def answered(place, image):
    """Put a model's finished answer for the image on disk: two objects."""
    study_dir = place.study(STUDY)
    out = study_dir.root / "predictions" / "proposals" / image.id / "one"
    found = np.zeros(image.shape_cyx[1:], np.uint16)
    found[2:6, 50:56], found[55:60, 2:9] = 1, 2
    (out / "labels").mkdir(parents=True)
    tifffile.imwrite(out / "labels" / f"{image.id}.tif", found)
    (out / "objects.csv").write_text("image,object,class\na,1,disc\na,2,unknown\n")
    job = study_dir.job("20260102-120000-aaaa")
    (out / "job.txt").write_text(job.id)
    options = {"run": RUN, "bundle": "", "files": [], "out": str(out.resolve())}
    request = JobRequest(id=job.id, kind="predict", study=STUDY, created=2000.0, options=options)
    write(job.request, request)
    write(job.status, JobStatus(id=job.id, kind="predict", study=STUDY, state="finished"))
    return found


def test_what_a_model_proposes_is_accepted_and_told_as_its_own(trained, image):
    found = answered(trained, image)
    before, _ = workflow.load_labels(trained, STUDY, image.id)
    test = painting(image)
    assert not test.exception
    assert "proposes 2 objects" in text(test)
    button(test, "Accept all").click().run()
    assert not test.exception
    button(test, "Save").click().run()
    labels, _ = workflow.load_labels(trained, STUDY, image.id)
    mine = [each for each in labels.objects if each.source == "model"]
    assert [each.class_name for each in mine] == ["disc", "disc"]
    free = (found > 0) & (before.layers[MAIN] == 0)
    np.testing.assert_array_equal(np.isin(labels.layers[MAIN], [o.id for o in mine]), free)
    assert "by a model" in services.made_of(
        STUDY, image.id, services.label_version(STUDY, image.id)
    )
    assert services.asked(workflow.load_study(trained, STUDY), image) is None


def test_what_was_rejected_is_not_proposed_again_after_a_reload(trained, image):
    answered(trained, image)
    job = services.asked(workflow.load_study(trained, STUDY), image)
    assert services.rejected(job) == set()
    services.keep_rejected(job, {2})
    test = painting(image)
    assert not test.exception
    assert "proposes 1 object" in text(test)
    button(test, "Accept all").click().run()
    button(test, "Save").click().run()
    labels, _ = workflow.load_labels(trained, STUDY, image.id)
    assert len([each for each in labels.objects if each.source == "model"]) == 1


def test_why_a_model_proposes_nothing_is_told(trained, image):
    """It wanted two channels and the image has one: the page said that it proposes nothing."""
    answered(trained, image)
    study_dir = trained.study(STUDY)
    (study_dir.root / f"predictions/proposals/{image.id}/one/labels/{image.id}.tif").unlink()
    with Progress(study_dir.job("20260102-120000-aaaa")) as progress:
        progress.event("refused", file="a.tif", message="the model wants 2 channels")
    test = painting(image)
    assert not test.exception
    assert any("wants 2 channels" in each.value for each in test.warning)
    assert "proposes nothing more" not in text(test)


def test_a_class_the_study_does_not_know_is_told_and_becomes_no_other(trained, image):
    """Such an object silently became one of the study's first class."""
    answered(trained, image)
    task = TaskSpec(kind=Kind.INSTANCE, classes=("mono", "disc"))
    two = replace(workflow.load_study(trained, STUDY), task=task)
    found = services.proposal(two, image, "20260102-120000-aaaa")
    assert found.classes == {1: "disc", 2: None}
    assert "no class unknown" in found.note
    one = replace(two, task=TaskSpec(kind=Kind.INSTANCE, classes=("disc",)))
    found = services.proposal(one, image, "20260102-120000-aaaa")
    assert found.classes == {1: "disc", 2: "disc"}
    assert "they become disc" in found.note


def test_an_earlier_version_comes_back_and_the_later_stays(trained, image):
    first, version = workflow.load_labels(trained, STUDY, image.id)
    empty = first.layers[MAIN] * 0
    later = type(first)(layers={MAIN: empty}, annotated_yx=first.annotated_yx)
    second = workflow.save_labels(trained, STUDY, image.id, later, parent=version)
    test = painting(image)
    assert not test.exception
    assert any(each.label.startswith("Versions of these labels") for each in test.expander)
    back = [each for each in test.button if each.label == "Bring back"]
    back[0].click().run()
    assert not test.exception
    assert services.label_version(STUDY, image.id) == version
    kept = {each.version for each in services.label_history(STUDY, image.id)}
    assert {version, second} <= kept


def test_strokes_that_are_not_saved_stand_before_the_way_back(trained, image):
    _, version = workflow.load_labels(trained, STUDY, image.id)
    study = workflow.load_study(trained, STUDY)
    studio = services.open_studio(study, image, TAB)
    gesture = {"number": 1, "what": "brush", "points": [[50, 5], [60, 5]], "width": 3}
    studio.take([gesture])
    with pytest.raises(LabelError, match="not saved yet"):
        services.restore_labels(STUDY, image.id, version, TAB)


def test_what_strokes_taught_is_taken_object_by_object_and_what_is_left_outlives_a_save(image):
    """The button wrote all objects into the labels; after Save, nothing was left to choose from."""
    test = painting(image)
    studio = test.session_state["studio"][0]
    labels = studio.labels
    with studio.at_work():
        studio.keep(edits.delete(labels, [o.id for o in labels.objects]), "delete")
    rows, columns = (np.nonzero(labels.layers[MAIN] == labels.objects[0].id)[at] for at in (0, 1))
    inside = [[columns.mean() - 2, rows.mean()], [columns.mean() + 2, rows.mean()]]
    free = np.argwhere(labels.layers[MAIN][4:-4, 4:-24] == 0)[::37][:4] + 4
    behind = [[[c, r], [c + 1, r]] for r, c in free.tolist()]
    strokes = [("teach", inside), *(("ground", each) for each in behind)]
    studio.take(
        [
            {"number": number, "what": what, "points": points, "width": 3}
            for number, (what, points) in enumerate(strokes, start=1)
        ]
    )
    button(test, "Label the rest").click().run()
    assert not test.exception
    studio = test.session_state["studio"][0]
    assert studio.labels.objects == ()
    left = len(studio.proposed.classes)
    assert f"{left} objects" in text(test)
    accepted = next(iter(studio.proposed.classes))
    row, column = np.argwhere(studio.proposed.ids_yx == accepted)[5].tolist()
    studio.take([{"number": 9, "what": "accept", "points": [[column, row]], "width": 3}])
    test.run()
    button(test, "Save").click().run()
    assert not test.exception
    studio = test.session_state["studio"][0]
    assert [each.source for each in studio.labels.objects] == ["model"]
    assert len(studio.proposed.classes) == left - 1
    button(test, "Accept all").click().run()
    assert not test.exception
    assert len(test.session_state["studio"][0].labels.objects) == left
