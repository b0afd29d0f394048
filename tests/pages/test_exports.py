"""Labels leave by the page as they do by the command."""

import io
import zipfile

from small_study import RUN, button, shown

from app import answers, services
from core import workflow

STUDY = workflow.SAMPLE


def exported(test, run_id=None):
    """Order the chosen format on the page and return the files' names once it has ended."""
    button(test, "Export").click().run()
    assert not test.exception
    last = services.last_export(STUDY, run_id)
    end = workflow.wait(services.workspace(), last.job)
    assert end.state == "finished", end.message
    test.run()
    assert not test.exception
    with zipfile.ZipFile(io.BytesIO(answers.zipped(last.folder))) as archive:
        return sorted(archive.namelist())


def test_a_studys_labels_are_exported_on_the_page(place):
    """Only the command could write labels in other programs' formats."""
    test = shown("images", study=STUDY)
    test.session_state["panel"] = "exporting"
    test.run()
    test.selectbox(key="export-format").set_value("imagej").run()
    names = exported(test)
    assert names == sorted(f"{image.id}.zip" for image in services.study(STUDY).images)
    test.selectbox(key="export-format").set_value("coco").run()
    assert exported(test) == ["coco.json"]


def test_a_models_answers_are_exported_on_the_page(trained):
    test = shown("results", study=STUDY, run=RUN)
    test.segmented_control(key="results-view").set_value("Files").run()
    test.session_state["exporting"] = True
    test.run()
    plan = workflow.plan_of(trained, RUN)
    assert exported(test, RUN) == sorted(f"{image_id}.tif" for image_id in plan.split.test)
