"""Every page, drawn without a browser: what it says, and what its buttons do."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import tifffile
from PIL import Image
from small_study import RUN, pipeline, recommendation, shown, text, write_status

from app import places, services, views
from app.components import drawing
from core import workflow
from core.data.labels import model
from core.library import exchange
from core.library.store import Library
from core.paths import Workspace
from core.records import JobRequest, Kind, RunRow, TaskSpec, write

STUDY = workflow.SAMPLE


def button(test, label):
    return next(each for each in test.button if each.label == label)


@pytest.mark.parametrize("page", places.PAGES)
def test_a_page_without_a_study_leads_to_one(place, page):
    test = shown(page)
    assert not test.exception
    told = text(test)
    if page not in ("studies", "library"):
        assert "No study is open" in told


@pytest.mark.parametrize("page", places.PAGES)
def test_a_page_of_the_simulated_study_says_that_it_is_simulated(trained, page, monkeypatch):
    monkeypatch.setattr(services, "fingerprint_is_fresh", lambda _: True)
    monkeypatch.setattr(services, "recommend", lambda _: recommendation())
    test = shown(page, study=STUDY)
    assert not test.exception
    assert not test.error
    if page != "library":
        assert "simulated data" in text(test)


def test_a_new_study_is_created_and_opened(place):
    test = shown("studies")
    test.text_input[0].input("mouse hearts")
    button(test, "Create study").click().run()
    assert not test.exception
    assert "mouse hearts" in services.study_names()
    assert test.session_state["study"] == "mouse hearts"


def test_a_name_that_no_folder_can_have_is_refused_in_words(place):
    test = shown("studies")
    test.text_input[0].input("../elsewhere")
    button(test, "Create study").click().run()
    assert "cannot name a study" in test.error[0].value


def test_a_copied_study_is_another_study(place):
    """Two studies of one name: their buttons had one key, and the page was gone."""
    for name in ("heart - Copy", "heart (2)"):
        shutil.copytree(place.study(STUDY).root, place.studies / name)
    test = shown("studies")
    assert not test.exception
    assert {STUDY, "heart - Copy"} <= {each.value for each in test.subheader}
    [told] = test.warning
    assert "'heart (2)' cannot name a study" in told.value


@pytest.mark.parametrize("name", ["mine", STUDY])
def test_a_damaged_study_closes_no_page_to_its_tab(place, name):
    """Beside the pages it is told how far the open study is, before the page is drawn."""
    workflow.create_study(place, "mine")
    record = place.study(name).record
    record.write_bytes(record.read_bytes()[:20])
    test = shown("studies", study=name)
    assert not test.exception
    assert ({"mine", STUDY} - {name}) <= {each.value for each in test.subheader}
    assert str(record) in test.warning[0].value


def test_a_torn_status_closes_no_page(trained):
    """It stopped what the dashboard does at its start, and with it every page."""
    status = trained.study(STUDY).job(RUN).status
    status.write_bytes(status.read_bytes()[:40])
    test = shown("studies", study=STUDY)
    assert not test.exception
    assert not test.error
    assert STUDY in {each.value for each in test.subheader}
    assert str(status) in test.warning[0].value


def test_an_upload_is_imported_and_a_broken_file_is_named(place, disc_folder):
    workflow.create_study(place, "mine")
    test = shown("images", study="mine")
    good = (disc_folder / "images" / "disc-0.png").read_bytes()
    field = test.file_uploader[0]
    field.upload("disc-0.png", good, "image/png").upload("broken.png", b"none", "image/png").run()
    button(test, "Look at 2 files").click().run()
    assert services.study("mine").images == ()
    assert "1 that do not fit" in text(test)
    button(test, "Import").click().run()
    assert not test.exception
    assert len(services.study("mine").images) == 1
    assert "broken.png" in text(test)
    assert not any((place.root / "uploads").iterdir())


def test_a_folder_of_this_computer_is_imported_with_its_masks(place, disc_folder):
    workflow.create_study(place, "mine")
    test = shown("images", study="mine")
    test.text_input(key="folder-path").input(str(disc_folder)).run()
    button(test, "Look at the folder").click().run()
    assert "pictures" in " ".join(each.value for each in test.markdown)
    button(test, "Import").click().run()
    assert not test.exception
    assert len(services.labelled("mine")) == 6


def test_an_image_can_be_marked_as_empty(place, disc_folder):
    workflow.create_study(place, "mine")
    workflow.import_files(place, "mine", [disc_folder / "images"])
    test = shown("images", study="mine")
    button(test, "Label the next one").click().run()
    test.button(key="nothing-here").click().run()
    assert not test.exception
    labels, _ = services.load_labels("mine", services.study("mine").images[0].id)
    assert labels.annotated_yx.all()
    assert labels.objects == ()


def test_strokes_of_the_painter_become_a_version(place, disc_folder):
    workflow.create_study(place, "mine")
    workflow.import_files(place, "mine", [disc_folder / "images"])
    test = shown("images", study="mine")
    button(test, "Label the next one").click().run()
    test.segmented_control(key="editor").set_value("Brush and clicks").run()
    assert not test.exception
    first = services.study("mine").images[0]
    stroke = {"number": 1, "what": "brush", "points": [[10, 10], [20, 10]], "width": 5}
    studio, _ = test.session_state["studio"]
    assert (studio.study, studio.image_id) == ("mine", first.id)
    studio.take([stroke])
    test.button(key="save-paint").click().run()
    assert not test.exception
    labels, _ = services.load_labels("mine", first.id)
    assert len(labels.objects) == 1
    assert labels.annotated_yx.all()


def test_strokes_are_saved_when_the_next_image_is_wanted(place, disc_folder):
    workflow.create_study(place, "mine")
    workflow.import_files(place, "mine", [disc_folder / "images"])
    test = shown("images", study="mine")
    button(test, "Label the next one").click().run()
    first = services.study("mine").images[0]
    mounted = views.open_sheet(services.study("mine"), first, 1.0, tab="tab-test")
    square = [drawing.Shape(points=((10, 10), (20, 10), (20, 20), (10, 20)), class_name="object")]
    raw = drawing.to_canvas(square, mounted.colors, mounted.scale)
    test.session_state[f"canvas-{test.session_state['mount']}"] = {
        "drawing": {"raw": raw, "data": None}
    }
    test.button(key="next").click().run()
    assert not test.exception
    labels, _ = services.load_labels("mine", first.id)
    expected = np.zeros((64, 64), dtype=bool)
    expected[10:21, 10:21] = True
    assert ((labels.flat_yx > 0) == expected).mean() > 0.99
    assert test.session_state["image"] != first.id


def test_a_conflict_is_told_and_the_newer_labels_stay(place):
    record = services.study(STUDY)
    image = record.images[0].id
    test = shown("images", study=STUDY)
    test.button(key=f"open-{image}").click().run()
    before, version = services.load_labels(STUDY, image)
    newer = model.empty(before.shape_yx, annotated=True)
    services.save_labels(STUDY, image, newer, parent=version)
    test.toggle[0].set_value(False)
    test.button(key="save-labels").click().run()
    assert not test.exception
    assert "changed meanwhile" in test.warning[0].value
    assert services.load_labels(STUDY, image)[0].objects == ()


def test_pictures_are_sorted_by_buttons(place, disc_folder):
    workflow.create_study(place, "mine")
    workflow.import_files(place, "mine", [disc_folder / "images"])
    workflow.set_task(place, "mine", TaskSpec(kind=Kind.CLASSIFICATION, classes=("a", "b")))
    test = shown("images", study="mine")
    button(test, "Label the next one").click().run()
    first = services.study("mine").images[0].id
    test.button(key=f"class-{first}-b").click().run()
    assert not test.exception
    assert services.study("mine").image(first).image_class == "b"
    assert test.session_state["image"] != first


def test_the_task_page_keeps_what_is_wanted(place):
    test = shown("task", study=STUDY)
    test.text_area[0].input("cell\ndebris")
    button(test, "Keep this task").click().run()
    assert not test.exception
    assert services.study(STUDY).task.classes == ("cell", "debris")


def test_a_task_that_takes_labels_away_tells_whose(place, disc_folder, tmp_path):
    """After a class was taken out, masks counted no longer, and nobody was told."""
    folder = tmp_path / "regions"
    shutil.copytree(disc_folder / "images", folder / "images")
    (folder / "masks").mkdir()
    for number in range(6):
        values = np.zeros((64, 64), np.uint8)
        values[:30, :30], values[40:, 40:] = 1, 2 if number < 2 else 1
        tifffile.imwrite(folder / "masks" / f"disc-{number}.tif", values)
    workflow.create_study(place, "mine")
    workflow.import_files(place, "mine", [folder])
    classes = ("none", "vessel", "nerve")
    task = TaskSpec(kind=Kind.SEMANTIC, classes=classes, background="none")
    workflow.set_task(place, "mine", task)
    assert len(services.labelled("mine")) == 6
    test = shown("task", study="mine")
    test.text_area[0].input("none\nvessel").run()
    button(test, "Keep this task").click().run()
    assert not test.exception
    assert len(services.labelled("mine")) == 4
    told = text(test)
    assert "4 images with labels, 2 files not used" in told
    assert "disc-1.tif" in told
    assert "it holds the value 2" in told


def test_a_task_that_contradicts_itself_is_refused_in_words(place):
    test = shown("task", study=STUDY)
    test.text_area[0].input("cell\ncell")
    button(test, "Keep this task").click().run()
    assert "class names must differ" in test.error[0].value


def test_too_few_labels_lead_back_to_the_images(place, disc_folder):
    workflow.create_study(place, "mine")
    workflow.import_files(place, "mine", [disc_folder / "images"])
    workflow.set_task(place, "mine", services.study(STUDY).task)
    test = shown("recommendation", study="mine")
    assert "A few more labels, please" in text(test)


def test_the_recommendation_tells_scores_limits_and_where_it_comes_from(place, monkeypatch):
    monkeypatch.setattr(services, "fingerprint_is_fresh", lambda _: True)
    monkeypatch.setattr(services, "recommend", lambda _: replace(recommendation(), notes=("Why.",)))
    started = []
    monkeypatch.setattr(
        services, "start_training", lambda *what: started.append(what) or "20260101-000000-0000"
    )
    test = shown("recommendation", study=STUDY)
    assert not test.exception
    told = text(test)
    assert "0.90" in told
    assert "reason 0" in told
    assert "12 finished trainings" in told
    assert "Why." in told
    # It was said that tests had been made of what images tell; there had been none.
    assert "did not beat" not in told
    assert not test.get("progress")
    second = recommendation().pipelines[1].pipeline.name
    test.button(key=f"choose-{second}").click().run()
    button(test, "Start training").click().run()
    assert started == [(STUDY, second)]


def test_the_recommendation_tells_how_much_of_it_is_learned(place, monkeypatch):
    monkeypatch.setattr(services, "fingerprint_is_fresh", lambda _: True)
    monkeypatch.setattr(services, "recommend", lambda _: replace(recommendation(), weight=0.4))
    test = shown("recommendation", study=STUDY)
    (bar,) = test.get("progress")
    assert "40 % learned" in str(bar.proto)
    assert "60 %" not in str(bar.proto)


def test_the_monitor_reads_files_only_and_shows_the_run_of_the_link(trained):
    test = shown("training", study=STUDY, run=RUN)
    assert not test.exception
    assert "finished" in text(test)
    button(test, "See the results")
    history = services.history(RUN)
    assert history.loss == [(1.0, 1.0), (2.0, 0.5)]
    assert history.scores == [(2.0, 0.9)]


def test_where_pictures_are_sorted_the_curve_is_not_called_a_score(trained, monkeypatch):
    assert "Score on the check images" in text(shown("training", study=STUDY, run=RUN))
    task = TaskSpec(kind=Kind.CLASSIFICATION, classes=("a", "b"))
    monkeypatch.setattr(services, "plan_task", lambda _: task)
    told = text(shown("training", study=STUDY, run=RUN))
    assert "How sure it is of the right class" in told
    assert "Score on the check images" not in told


def test_a_failed_run_tells_its_cause_and_can_be_resumed(trained, monkeypatch):
    write_status(trained, state="failed", cause="out_of_memory", message="12 GiB were asked for.")
    resumed = []
    monkeypatch.setattr(services, "resume", resumed.append)
    test = shown("training", study=STUDY, run=RUN)
    assert "memory of this computer did not suffice" in text(test)
    button(test, "Resume").click().run()
    assert resumed == [RUN]


def test_a_running_run_can_be_stopped(trained, monkeypatch):
    write_status(trained, state="queued")
    monkeypatch.setattr(services, "status", lambda _: workflow.listing(trained, STUDY, "train")[0])
    stopped = []
    monkeypatch.setattr(services, "cancel", stopped.append)
    write_status(trained, state="queued", heartbeat=4e9)
    test = shown("training", study=STUDY, run=RUN)
    button(test, "Stop training").click().run()
    assert stopped == [RUN]


def test_what_a_stopped_run_has_learned_can_be_scored(trained, monkeypatch):
    job_dir = trained.study(STUDY).job(RUN)
    job_dir.checkpoint.mkdir()
    (job_dir.checkpoint / "0.safetensors").touch()
    write_status(trained, state="cancelled")
    asked = []
    monkeypatch.setattr(services, "resume", lambda run, **how: asked.append((run, how)))
    test = shown("training", study=STUDY, run=RUN)
    button(test, "Score what it has learned").click().run()
    assert asked == [(RUN, {"report": True})]


def test_a_learning_run_can_be_finished_early_and_shows_its_answers(trained, monkeypatch):
    now = time.time()
    write_status(trained, state="running", stage="fitting", host="elsewhere", heartbeat=now, pid=1)
    first = trained.study(STUDY).job(RUN).previews / "disc-0" / "00000012.png"
    first.parent.mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(first)
    asked = []
    monkeypatch.setattr(services, "finish_early", asked.append)
    test = shown("training", study=STUDY, run=RUN)
    assert "Answers on check images" in text(test)
    button(test, "Finish now").click().run()
    assert asked == [RUN]


def test_images_labelled_since_a_training_can_be_added_to_it(trained, monkeypatch):
    monkeypatch.setattr(services, "added_since", lambda _: 3)
    monkeypatch.setattr(services, "continue_from", lambda run: asked.append(run) or RUN)
    asked = []
    test = shown("training", study=STUDY, run=RUN)
    button(test, "Continue with 3 images added since").click().run()
    assert asked == [RUN]


def test_the_results_stand_beside_the_simple_method(trained):
    test = shown("results", study=STUDY)
    assert not test.exception
    told = text(test)
    assert "0.900" in told
    assert "80 % fewer errors than the simple method, Otsu + watershed (0.500)" in told
    assert "simulated by AIxCell" in told
    assert "Too few groups for an interval" in told


def test_a_score_of_check_images_is_not_told_as_one_of_unseen_images(trained):
    """Where no image was left for a test, the page called them test images never seen."""
    folder = trained.study(STUDY).job(RUN).report
    known = workflow.report(trained, RUN)
    write(folder / "report.json", replace(known, test=None, baseline=None))
    shutil.rmtree(folder / "predictions")
    test = shown("results", study=STUDY, run=RUN)
    assert not test.exception
    told = text(test)
    assert "so this score is likely too good" in told
    assert f"{known.validation.images} check image" in told
    assert "the model has never seen" not in told
    test.segmented_control(key="results-view").set_value("Figures").run()
    assert not test.exception
    assert "All figures on the check images" in text(test)
    assert "test images" not in text(test)


def test_looking_at_results_leaves_the_running_training_open(trained):
    """The page kept the finished run it had to show: "Training runs, 40 %" opened that one."""
    newer = "20260102-120000-abcd"
    job = trained.study(STUDY).job(newer)
    write(job.plan, workflow.plan_of(trained, RUN))
    write(job.request, JobRequest(id=newer, kind="train", study=STUDY, created=2000.0))
    known = workflow.status(trained, RUN)
    write(job.status, replace(known, id=newer, created=2000.0, state="queued", heartbeat=4e9))
    test = shown("results", study=STUDY, run=newer)
    assert "0.900" in text(test)
    assert test.session_state["run"] == newer
    test.switch_page("../pages/training.py").run()
    assert not test.exception
    assert test.session_state["run"] == newer


def test_of_the_objects_in_test_images_only_those_shown_are_read(trained, lines_read):
    folder = trained.study(STUDY).job(RUN).report / "predictions"
    many = "image,object,class\n" + "a,1,disc\n" * 1000
    (folder / "objects.csv").write_text(many, encoding="utf-8")
    (folder / "images.csv").write_text("image,objects\na,1000\n", encoding="utf-8")
    test = shown("results", study=STUDY, run=RUN)
    lines_read.clear()
    test.segmented_control(key="results-view").set_value("Figures").run()
    assert not test.exception
    assert "**Objects found in the test images** (1,000)" in text(test)
    assert len(lines_read) < 210


@pytest.mark.parametrize("view", ["Figures", "Use on new images", "Files"])
def test_every_view_of_the_results_is_drawn(trained, view):
    test = shown("results", study=STUDY)
    test.segmented_control(key="results-view").set_value(view).run()
    assert not test.exception
    if view == "Files":
        assert any(RUN in each.value for each in test.code)


def test_the_library_shows_the_own_training(trained):
    test = shown("library", study=STUDY)
    assert not test.exception
    assert any(each.label == "finished trainings" for each in test.metric)
    assert pipeline().name.replace("_", " ") in list(test.dataframe[0].value["pipeline"])
    assert "1 training of this workspace among them" in text(test)


def test_the_library_tells_another_labs_trainings_from_the_own_ones(trained, tmp_path):
    """What was imported stood among the user's own trainings, and was counted as theirs."""
    theirs = RunRow(
        data_set="demo",
        pipeline=pipeline().name,
        kind=Kind.INSTANCE,
        split="s0",
        seed=0,
        hardware="two cores",
        state="finished",
        samples=80,
        validation=0.7,
        seconds=60,
        run="20260101-120000-ffff",
        made="2026-01-01",
    )
    other = Library(Workspace(tmp_path / "other"), tmp_path / "nothing")
    other.add([theirs])
    exchange.export_to(other, tmp_path / "lab.json")
    workflow.import_library(trained, tmp_path / "lab.json")
    test = shown("library", study=STUDY)
    assert not test.exception
    assert "1 training of this workspace and 1 from other labs among them" in text(test)
    own, brought = (list(each.value["study"]) for each in test.dataframe)
    assert own == [STUDY]
    assert len(brought) == 1
    assert brought[0].startswith("demo@")


def test_no_page_brings_torch(trained):
    """The dashboard starts in seconds and costs little memory: training lives elsewhere."""
    program = f"""
import sys
from streamlit.testing.v1 import AppTest
from app import places
test = AppTest.from_file({str(places.ROOT / "app" / "main.py")!r}, default_timeout=120)
test.query_params["study"] = {STUDY!r}
test.run()
assert not test.exception, test.exception
doors = ("torch", "duckdb", "lightgbm", "skimage", "sklearn")
heavy = [name for name in doors if name in sys.modules]
assert not heavy, heavy
for page in places.PAGES:
    if page != "recommendation":  # its fingerprint is a job, which is no page
        test.switch_page(f"../pages/{{page}}.py").run()
        assert not test.exception, (page, test.exception)
assert "torch" not in sys.modules
"""
    subprocess.run(
        [sys.executable, "-c", program], check=True, cwd=places.ROOT, env=dict(os.environ)
    )
