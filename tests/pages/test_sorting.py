"""Whole images sorted many at a time, on the page of images."""

import json

import pytest
from small_study import RUN, shown, text, write_discs

from app import services
from core import workflow
from core.progress import Progress
from core.records import JobRequest, JobStatus, Kind, TaskSpec, write

STUDY = "sorted"


@pytest.fixture
def page(place, tmp_path):
    """Return the gallery of six pictures that are round or not, with sorting of many on."""
    folder = tmp_path / "in"
    folder.mkdir()
    write_discs(folder)
    workflow.create_study(place, STUDY)
    workflow.import_files(place, STUDY, [folder / "images"])
    task = TaskSpec(kind=Kind.CLASSIFICATION, classes=("round", "not"))
    workflow.set_task(place, STUDY, task)
    test = shown("images", study=STUDY)
    test.toggle(key="sort-many").set_value(True).run()
    assert not test.exception
    return test


def classes():
    return {image.id: image.image_class for image in services.study(STUDY).images}


def test_what_is_picked_gets_the_class_and_nothing_else_does(page):
    assert page.button(key="sort-as-round").disabled, "nothing is picked yet"
    for name in ("disc-1", "disc-4"):
        page.checkbox(key=f"sort-pick-{name}").check().run()
    page.button(key="sort-as-round").click().run()
    assert not page.exception
    told = classes()
    assert {name for name, each in told.items() if each == "round"} == {"disc-1", "disc-4"}
    assert {told[name] for name in told.keys() - {"disc-1", "disc-4"}} == {None}
    assert not page.checkbox(key="sort-pick-disc-1").value, "the next ones are picked anew"


def test_all_that_are_shown_are_sorted_at_once_and_taken_back(page):
    page.button(key="sort-pick-all").click().run()
    page.button(key="sort-as-not").click().run()
    assert set(classes().values()) == {"not"}
    page.button(key="sort-pick-all").click().run()
    page.button(key="sort-as-none").click().run()
    assert not page.exception
    assert set(classes().values()) == {None}


@pytest.fixture
def proposed(page, place):
    """Return the gallery after a model looked at the pictures without a class."""
    study_dir = place.study(STUDY)
    out = study_dir.root / "predictions" / "presorting" / "one"
    out.mkdir(parents=True)
    names = {image.id: image.id for image in services.study(STUDY).images}
    (out / "names.json").write_text(json.dumps(names))
    told = [("round", 0.97), ("not", 0.95), ("round", 0.7), ("square", 0.99)]
    rows = [f"disc-{at},{name},{sure}" for at, (name, sure) in enumerate(told)]
    (out / "predictions.csv").write_text("\n".join(["image,class,probability", *rows]))
    job = study_dir.job("20260102-120000-aaaa")
    (out / "job.txt").write_text(job.id)
    options = {"run": RUN, "bundle": "", "files": [], "out": str(out.resolve())}
    write(
        job.request,
        JobRequest(id=job.id, kind="predict", study=STUDY, created=2000.0, options=options),
    )
    write(job.status, JobStatus(id=job.id, kind="predict", study=STUDY, state="finished"))
    return shown("images", study=STUDY)


def test_what_a_model_is_sure_of_is_accepted_and_told_as_its_own(proposed):
    assert "proposes classes for 3 images" in text(proposed)
    assert "no class square" in text(proposed)
    assert proposed.button(key="open-disc-2").label == "round? 70%"
    proposed.button(key="presorting-accept").click().run()
    assert not proposed.exception
    told = classes()
    assert (told["disc-0"], told["disc-1"], told["disc-2"]) == ("round", "not", None)
    images = {image.id: image for image in services.study(STUDY).images}
    assert images["disc-0"].class_source == "model"
    assert "proposes classes for 1 image" in text(proposed)
    services.set_image_class(STUDY, "disc-0", "not")
    assert services.study(STUDY).image("disc-0").class_source == "", "a person said otherwise"


def test_images_the_model_could_not_use_are_told(proposed, place):
    job = place.study(STUDY).job("20260102-120000-aaaa")
    with Progress(job) as progress:
        progress.event("refused", file="disc-4.png", message="the model wants 2 channels")
    proposed.run()
    assert not proposed.exception
    assert any("1 image could not be used" in each.value for each in proposed.warning)


def test_one_that_is_looked_at_tells_what_the_model_says(proposed):
    proposed.button(key="presorting-look").click().run()
    assert not proposed.exception
    assert "The model says **round** (70% sure)" in text(proposed)


def test_what_is_rejected_is_shown_no_more(proposed):
    proposed.button(key="presorting-away").click().run()
    assert not proposed.exception
    assert "proposes" not in text(proposed)
    assert proposed.button(key="open-disc-2").label == "disc-2.png"
    assert set(classes().values()) == {None}


def test_the_pictures_without_a_class_are_handed_to_the_model(page, place, monkeypatch):
    asked = {}

    def order(place, run, files, out):
        asked.update(run=run, files=files, out=out)
        return "job-1"

    monkeypatch.setattr(workflow, "start_prediction", order)
    services.set_image_class(STUDY, "disc-0", "round")
    assert services.ask_to_sort(services.study(STUDY), RUN) == "job-1"
    assert [file.stem for file in asked["files"]] == [f"disc-{at}" for at in range(1, 6)]
    assert all(file.is_file() for file in asked["files"])
    assert json.loads((asked["out"] / "names.json").read_bytes())["disc-3"] == "disc-3"
    assert services.asked_to_sort(services.study(STUDY)) == "job-1"
