"""Whole images sorted many at a time, on the page of images."""

import pytest
from small_study import shown, write_discs

from app import services
from core import workflow
from core.records import Kind, TaskSpec

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
