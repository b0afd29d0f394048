"""Groups, conditions and the label doctor on the page of images."""

import numpy as np
from small_study import RUN, shown, text

from app import services
from core import workflow
from core.data.labels.model import MAIN, LabelObject, Labels
from core.records import Grouping

STUDY = workflow.SAMPLE


def button(test, label):
    return next(each for each in test.button if each.label == label)


def opened(panel):
    """Return the page with one of its panels open; closed, nothing in it is drawn."""
    test = shown("images", study=STUDY)
    assert not any("file names" in each.label for each in test.text_input)
    assert not test.exception
    test.session_state["panel"] = panel
    return test.run()


def test_a_pattern_is_shown_live_and_kept(place):
    test = opened("groups")
    field = next(each for each in test.text_input if "file names" in each.label)
    field.input("{kind}-{animal}").run()
    group, _ = test.multiselect
    table = test.dataframe[0].value
    assert list(table["animal"]) == ["0", "1", "2", "3", "4", "5"]
    group.select("animal").run()
    assert "6 groups of 1 images each" in text(test)
    button(test, "Use these").click().run()
    assert not test.exception
    images = services.study(STUDY).images
    assert [image.group for image in images] == ["0", "1", "2", "3", "4", "5"]


def test_a_pattern_that_is_none_is_told_and_nothing_is_lost(place):
    test = opened("groups")
    next(e for e in test.text_input if "file names" in e.label).input("{a}{b}").run()
    assert "side by side" in test.error[0].value
    assert "Label the next one" in [each.label for each in test.button]


def test_the_doctor_finds_what_was_put_in(place):
    study = services.study(STUDY)
    image = study.images[1]
    labels, version = workflow.load_labels(place, STUDY, image.id)
    ids_yx = labels.layers[MAIN].copy()
    last = labels.objects[-1]
    rows, columns = np.nonzero(ids_yx == last.id)
    middle = (round(rows.mean()), round(columns.mean()))
    ids_yx[middle] = 0
    holed = Labels(
        layers={MAIN: ids_yx},
        annotated_yx=labels.annotated_yx,
        objects=tuple(LabelObject(id=o.id, class_name=o.class_name) for o in labels.objects),
    )
    workflow.save_labels(place, STUDY, image.id, holed, parent=version)
    test = opened("doctor")
    button(test, "Look at all labels").click().run()
    assert not test.exception
    assert "Holes in objects (1)" in [each for pills in test.button_group for each in pills.options]


def test_the_gallery_counts_objects_and_shows_what_was_begun(place):
    study = services.study(STUDY)
    counts = services.object_counts(STUDY)
    assert sum(counts.values()) == sum(
        len(workflow.load_labels(place, STUDY, image.id)[0].objects)
        for image in study.images
        if image.id in services.labelled(STUDY)
    )
    first = study.images[0].id
    assert services.label_states(STUDY)[first].state == "labelled"
    draft = services.study_dir(STUDY).labels / first / "draft.json"
    draft.parent.mkdir(exist_ok=True)
    draft.write_text("{}")
    assert services.label_states(STUDY)[first].state == "begun"


def test_a_second_person_checks_an_image_and_a_later_change_takes_it_back(place):
    study = services.study(STUDY)
    first, second = (image.id for image in study.images[:2])
    test = shown("images", study=STUDY)
    button(test, "Check the next one").click().run()
    button(test, "Mark as checked").click().run()
    assert not test.exception
    assert f"Checked by {workflow.author()}" in [each.label for each in test.button]
    assert services.label_states(STUDY)[first].state == "checked"
    button(test, "Next to check").click().run()
    assert test.session_state["image"] == second
    button(test, "All images").click().run()
    assert "6 of 6 images labelled, 1 checked" in progress(test)
    test.session_state["gallery-filter"] = "Checked"
    test.run()
    assert [each.label for each in test.button if each.key and each.key.startswith("open-")] == [
        study.images[0].original_name
    ]
    labels, version = workflow.load_labels(place, STUDY, first)
    emptied = Labels(
        layers={MAIN: np.zeros_like(labels.layers[MAIN])}, annotated_yx=labels.annotated_yx
    )
    workflow.save_labels(place, STUDY, first, emptied, parent=version)
    assert services.label_states(STUDY)[first].state == "labelled"


def test_a_damaged_image_is_told_on_its_card_and_the_others_are_shown(place):
    study = services.study(STUDY)
    damaged = study.images[2]
    # Its card was made when it came in; one that is made later needs the file.
    for card in services.study_dir(STUDY).cache.glob("*.png"):
        card.unlink()
    (services.study_dir(STUDY).images / damaged.file).write_bytes(b"no picture")
    test = shown("images", study=STUDY)
    assert not test.exception
    opening = [each for each in test.button if each.key and each.key.startswith("open-")]
    assert len(opening) == len(study.images)
    assert "broken_image" in text(test)


def progress(test):
    """Return what the bar above the gallery says."""
    return "\n".join(each.proto.text for each in test.get("progress"))


def test_showing_the_page_opens_no_picture_but_those_shown(place, monkeypatch):
    from core.data import readers

    opened = []
    read = readers.read
    monkeypatch.setattr(
        readers, "read", lambda path, **how: opened.append(path) or read(path, **how)
    )
    monkeypatch.setattr("app.components.gallery.PAGE", 2)
    test = shown("images", study=STUDY)
    assert not test.exception
    # Cards were made when the images came in.
    assert len({path.stem for path in opened}) <= 5


def test_what_was_found_is_compared_between_conditions(trained):
    job = trained.study(STUDY).job(RUN)
    ids = [image.id for image in workflow.load_study(trained, STUDY).images]
    rows = [f"{image_id},{2 + at},80.0,0.1" for at, image_id in enumerate(ids)]
    head = "image,objects,mean area_px,covered"
    (job.report / "predictions" / "images.csv").write_text("\n".join([head, *rows]))
    assert services.compared_by(services.image_lines(RUN)) == []
    told = services.told_by_pattern(STUDY, "{kind}-{dose}")
    services.set_groups(STUDY, told, Grouping(pattern=told.pattern, conditions=("dose",)))
    test = shown("results", study=STUDY)
    test.session_state["results-view"] = "Figures"
    test.run()
    assert not test.exception
    assert "Compared between conditions" in text(test)
    lines = services.image_lines(RUN)
    assert "dose" in services.compared_by(lines)
    found = [each for each in services.compared(lines, "dose") if each.figure == "objects"]
    assert [(each.value, each.mean) for each in found] == [(str(at), 2.0 + at) for at in range(6)]


def test_one_sample_has_no_spread_and_pixels_of_unknown_size_no_areas(trained):
    """The table said None, and averaged areas whatever a pixel was."""
    job = trained.study(STUDY).job(RUN)
    ids = [image.id for image in workflow.load_study(trained, STUDY).images]
    rows = [f"{image_id},2,80.0,0.1" for image_id in ids]
    head = "image,objects,mean area_px,covered"
    (job.report / "predictions" / "images.csv").write_text("\n".join([head, *rows]))
    told = services.told_by_pattern(STUDY, "{kind}-{dose}")
    services.set_groups(STUDY, told, Grouping(pattern=told.pattern, conditions=("dose",)))
    services.set_pixel_size(STUDY, ids[0], 0.5, alike=False)
    test = shown("results", study=STUDY)
    test.session_state["results-view"] = "Figures"
    test.run()
    assert not test.exception
    (table,) = [each for each in test.dataframe if "samples" in each.value]
    assert table.proto.placeholder == "–"
    assert not any("area" in figure for figure in table.value["figure"])
    assert any("Areas are not compared" in each.value for each in test.caption)


def test_one_damaged_version_ends_neither_gallery_nor_versions_nor_doctor(place):
    """The pixels of one version were gone, and with them the pages that show the others."""
    first, second = services.study(STUDY).images[:2]
    labels, damaged = services.load_labels(STUDY, first.id)
    emptied = Labels(
        layers={MAIN: np.zeros_like(labels.layers[MAIN])}, annotated_yx=labels.annotated_yx
    )
    services.save_labels(STUDY, first.id, emptied, parent=damaged)
    kept = services.study_dir(STUDY).labels
    (kept / first.id / f"{damaged}.tif").write_bytes(b"none")
    (kept / second.id / f"{services.label_version(STUDY, second.id)}.tif").unlink()
    assert not shown("studies").exception
    test = opened("doctor")
    assert not test.exception
    assert "broken_image" in text(test)
    test.button(key="ask-doctor").click().run()
    assert not test.exception
    assert not test.error
    found = {(one.kind, one.image_id) for one in services.symptoms(STUDY)}
    assert ("damaged", second.id) in found
    test.session_state["image"] = first.id
    test.run()
    assert not test.exception
    assert f"{damaged}.tif cannot be read" in text(test)
    assert any(each.label == "Bring back" for each in test.button)
