"""Nuclei within cells: a layer is made on the page and has the same pictures."""

from small_study import button, shown

from app import services, views
from core import workflow

STUDY = workflow.SAMPLE
LAYER = f"{STUDY}@nuclei"


def test_a_layer_is_added_on_the_page_and_opened(place):
    test = shown("images", study=STUDY)
    test.session_state["panel"] = "layers"
    test.run()
    layer_field = next(each for each in test.text_input if each.label == "New layer")
    layer_field.set_value("nuclei")
    button(test, "Add layer").click().run()
    assert not test.exception
    assert test.session_state["study"] == LAYER
    record = services.study(LAYER)
    assert record.images == services.study(STUDY).images
    assert services.labelled(LAYER) == []
    assert services.labelled(STUDY)


def test_a_layers_name_that_no_folder_can_have_is_told(place):
    test = shown("images", study=STUDY)
    test.session_state["panel"] = "layers"
    test.run()
    next(each for each in test.text_input if each.label == "New layer").set_value("a/b")
    button(test, "Add layer").click().run()
    assert not test.exception
    assert any("cannot name a layer" in each.value for each in test.error)
    assert services.study_names() == [STUDY]


def test_the_other_layers_outlines_are_seen_and_can_be_hidden(place):
    workflow.create_study(place, LAYER)
    image = services.study(STUDY).images[0]
    assert views.painter_picture(LAYER, image) != views.painter_picture(STUDY, image)
    test = shown("images", study=LAYER)
    test.session_state["image"] = image.id
    test.run()
    assert not test.exception
    switch = test.toggle(key="ghosts")
    assert switch.value
    switch.set_value(False).run()
    assert not test.exception
    assert test.session_state["ghosts"] is False


def test_studies_show_their_layers_on_one_card(place):
    workflow.create_study(place, LAYER)
    test = shown("studies")
    labels = [each.label for each in test.button]
    assert labels.count("nuclei") == 1
    button(test, "nuclei").click().run()
    assert test.session_state["study"] == LAYER
