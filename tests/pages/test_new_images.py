"""A model on new images: what is uploaded, and which answer stands beside which picture."""

import io
import json
import zipfile

import numpy as np
import pytest
import tifffile
from small_study import RUN, shown, text

from app import answers, services
from core import workflow
from core.records import JobRequest, JobStatus, write

STUDY = workflow.SAMPLE
JOB = "20260102-120000-aaaa"


@pytest.fixture
def ordered(trained, monkeypatch):
    """Return the files of predictions that were ordered; the answers are made up."""
    found = []

    def order(place, run_id, files, out):
        job = place.study(STUDY).job(JOB)
        options = {"run": run_id, "files": [str(each) for each in files], "out": str(out)}
        write(
            job.request,
            JobRequest(id=JOB, kind="predict", study=STUDY, created=2000.0, options=options),
        )
        write(job.status, JobStatus(id=JOB, kind="predict", study=STUDY, state="finished"))
        events, names = [], []
        (out / "labels").mkdir()
        for path in files:
            name = path.stem if path.stem not in names else f"{path.stem}-2"
            names.append(name)
            values = {"file": path.name, "path": str(path), "image": name}
            events.append(json.dumps({"time": 2000.0, "name": "predicted", "values": values}))
            # What was found is as large as the picture is bright.
            size = int(tifffile.imread(path)[0, 0])
            ids = np.zeros((64, 64), np.uint16)
            ids[:size, :size] = 1
            tifffile.imwrite(out / "labels" / f"{name}.tif", ids)
        job.events.write_text("\n".join(events) + "\n", encoding="utf-8")
        found.extend(files)
        return JOB

    monkeypatch.setattr(workflow, "start_prediction", order)
    return found


def upload(name, value):
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, np.full((64, 64), value, np.uint8))
    file = io.BytesIO(buffer.getvalue())
    file.name = name
    return file


def test_two_pictures_of_one_name_have_an_answer_each(ordered, monkeypatch):
    """The second one replaced the first: two rows of the table were of the same pixels."""
    job_id = answers.predict(STUDY, RUN, [upload("A01.tif", 10), upload("A01.tif", 30)])
    assert [int(tifffile.imread(each)[0, 0]) for each in ordered] == [10, 30]
    beside = {}

    def picture(pixels, labels, task):
        beside[labels.stem] = int(tifffile.imread(labels).sum() ** 0.5)
        return b""

    monkeypatch.setattr(answers, "_predicted_picture", picture)
    shown = answers.predicted_pictures(job_id, services.study(STUDY).task, 6)
    assert sorted(name for name, _ in shown) == ["A01-2", "A01.tif"]
    assert beside == {"A01": 10, "A01-2": 30}


def used(test):
    """Return the page of results where new images are answered."""
    test.segmented_control(key="results-view").set_value("Use on new images").run()
    assert not test.exception
    return test


def test_of_many_objects_only_those_shown_are_read(ordered, lines_read):
    """Every rerun read all lines: a million objects took a gigabyte."""
    answer = answers.predicted(answers.predict(STUDY, RUN, [upload("A01.tif", 10)]))
    answer.objects.write_text("image,object,class\n" + "A01,1,disc\n" * 1000, encoding="utf-8")
    (answer.out / "images.csv").write_text("image,objects\nA01,1000\n", encoding="utf-8")
    test = shown("results", study=STUDY, run=RUN)
    lines_read.clear()
    used(test)
    assert "**1,000 objects** found" in text(test)
    assert len(test.dataframe[0].value) == 200
    assert len(lines_read) < 210


def test_objects_are_counted_where_no_table_of_images_tells(ordered):
    answer = answers.predicted(answers.predict(STUDY, RUN, [upload("A01.tif", 10)]))
    answer.objects.write_text("image,object,class\n" + "A01,1,disc\n" * 300, encoding="utf-8")
    assert "**300 objects** found" in text(used(shown("results", study=STUDY, run=RUN)))
    # A model that colours regions has written into the same folder since.
    (answer.out / "images.csv").write_text("image,share disc\nA01,0.5\n", encoding="utf-8")
    assert "**300 objects** found" in text(used(shown("results", study=STUDY, run=RUN)))


def test_only_what_the_model_wrote_is_packed(ordered):
    """`aixcell predict RUN new --out ~/project` put the whole project into the zip."""
    job_id = answers.predict(STUDY, RUN, [upload("A01.tif", 10)])
    out = answers.predicted(job_id).out
    (out / "thesis").mkdir()
    own = ("objects.csv", "images.csv", "by_condition.csv")
    for name in (*own, "addresses.csv", "thesis/draft.txt", "labels/older.tif"):
        (out / name).write_text("x", encoding="utf-8")
    with zipfile.ZipFile(io.BytesIO(answers.zipped_answers(job_id))) as archive:
        assert sorted(archive.namelist()) == sorted([*own, "labels/A01.tif"])


def test_answers_of_another_run_are_not_shown_as_those_of_this_one(ordered):
    """The page kept the last prediction without whose it was."""
    out = answers.predicted(answers.predict(STUDY, RUN, [upload("A01.tif", 10)])).out
    test = shown("results", study=STUDY, run=RUN)
    test.session_state["prediction"] = ("20260103-120000-abcd", "20260103-130000-bbbb")
    assert f"`{out}`" in text(used(test))
