"""Labels and answers leave as a job, and what comes back is what was there."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile

from core import workflow
from core.cli.parser import FORMATS
from core.data import readers, study
from core.data.labels import exchange, pieces, store
from core.data.labels.model import MAIN, LabelObject, Labels
from core.errors import JobError, LabelError
from core.export import labels, layers
from core.paths import StudyDir, Workspace
from core.pipeline import catalogue
from core.progress import Progress, events
from core.records import Budget, Candidate, JobRequest, Kind, StudyRecord, TaskSpec, write

STUDY = "discs"


@pytest.fixture
def study_dir(workspace: Workspace, disc_files: Path) -> StudyDir:
    """Return a study of labelled discs."""
    workflow.create_study(workspace, STUDY)
    workflow.import_files(workspace, STUDY, [disc_files])
    workflow.set_task(workspace, STUDY, TaskSpec(kind=Kind.INSTANCE, classes=("disc",)))
    return workspace.study(STUDY)


def truth(workspace: Workspace) -> dict[str, np.ndarray]:
    return {
        name: workflow.load_labels(workspace, STUDY, name)[0].flat_yx
        for name in workflow.labelled_ids(workspace, STUDY)
    }


def test_a_studys_labels_leave_by_a_job_and_come_back_the_same(
    workspace: Workspace, study_dir: StudyDir, tmp_path: Path
) -> None:
    job = workflow.start_export(workspace, STUDY, "labels", tmp_path / "out")
    end = workflow.wait(workspace, job)
    assert (end.kind, end.state) == ("export", "finished"), end.message
    told = truth(workspace)
    assert told
    for name, ids_yx in told.items():
        assert np.array_equal(tifffile.imread(tmp_path / "out" / f"{name}.tif"), ids_yx)
    done = [one.values for one in workflow.events(workspace, job)[0] if one.name == "exported"]
    assert done[0]["images"] == len(told)


def test_a_format_nobody_knows_is_refused_before_a_job_is_made(
    workspace: Workspace, study_dir: StudyDir, tmp_path: Path
) -> None:
    with pytest.raises(LabelError, match="jpeg2000"):
        workflow.start_export(workspace, STUDY, "jpeg2000", tmp_path)
    assert workflow.listing(workspace, STUDY) == []


def test_the_command_knows_every_format() -> None:
    assert tuple(exchange.FORMATS) == FORMATS


def answered(
    workspace: Workspace, study_dir: StudyDir, task: TaskSpec, folder: Path, *, ends: bool = True
) -> str:
    """Play a training and a prediction of two images with its model; return the latter's id."""
    discs = workflow.load_study(workspace, STUDY).task
    assert discs is not None
    pipeline = next(iter(catalogue.for_kind(discs.kind).values()))
    plan = workflow.make_plan(workspace, STUDY, (Candidate(pipeline=pipeline),), Budget(seconds=9))
    plan = replace(plan, task=task)
    write(study_dir.job("run-1").plan, plan)
    job_dir = study_dir.job("predict-1")
    options = {"run": "run-1", "out": str(folder)}
    request = JobRequest(id="predict-1", kind="predict", study=STUDY, created=0.0, options=options)
    write(job_dir.request, request)
    (folder / "labels").mkdir(parents=True)
    with Progress(job_dir) as progress:
        for name in ("a", "b"):
            progress.event("predicted", file=f"{name}.png", image=name)
        progress.stage("predicting", "Predicting b.png", 0.5)
        if ends:
            progress.finish("finished")
    return job_dir.id


def exported(study_dir: StudyDir, source: str, format_name: str, out: Path) -> None:
    with Progress(study_dir.job("export-1")) as progress:
        labels.run(study_dir, source, format_name, out, progress)
    assert events(study_dir.job("export-1").events)[0][-1].name == "exported"


def test_a_models_answers_leave_with_their_classes(
    workspace: Workspace, study_dir: StudyDir, tmp_path: Path
) -> None:
    task = TaskSpec(kind=Kind.INSTANCE, classes=("disc", "dust"))
    job = answered(workspace, study_dir, task, tmp_path / "answers")
    ids_yx = np.zeros((20, 30), np.uint16)
    ids_yx[2:9, 3:11], ids_yx[12:18, 20:28] = 1, 2
    for name in ("a", "b"):
        tifffile.imwrite(tmp_path / "answers" / "labels" / f"{name}.tif", ids_yx)
    with (tmp_path / "answers" / "objects.csv").open("w", newline="") as file:
        rows = [(name, i, task.classes[i - 1]) for name in ("a", "b") for i in (1, 2)]
        csv.writer(file).writerows([("image", "object", "class"), *rows])
    exported(study_dir, job, "labels", tmp_path / "out")
    assert np.array_equal(tifffile.imread(tmp_path / "out" / "a.tif"), ids_yx)
    with (tmp_path / "out" / "objects.csv").open(newline="") as file:
        told = {(row["file"], row["id"]): row["class"] for row in csv.DictReader(file)}
    assert told == {(n, i): c for n in "ab" for i, c in (("1", "disc"), ("2", "dust"))}


def test_regions_leave_by_class_and_the_background_is_nothing(
    workspace: Workspace, study_dir: StudyDir, tmp_path: Path
) -> None:
    task = TaskSpec(kind=Kind.SEMANTIC, classes=("ground", "disc"), background="ground")
    job = answered(workspace, study_dir, task, tmp_path / "answers")
    index_yx = np.zeros((20, 30), np.uint16)
    index_yx[5:9, 5:9] = 1
    tifffile.imwrite(tmp_path / "answers" / "labels" / "a.tif", index_yx)
    exported(study_dir, job, "binary", tmp_path / "out")
    assert np.array_equal(
        readers.read(tmp_path / "out" / "a.png").image_cyx[0] > 0, index_yx.astype(bool)
    )
    assert not (tmp_path / "out" / "b.png").exists(), "what was moved away is left out"


def test_regions_of_a_stopped_prediction_leave_as_far_as_it_came(
    workspace: Workspace, study_dir: StudyDir, tmp_path: Path
) -> None:
    task = TaskSpec(kind=Kind.SEMANTIC, classes=("ground", "disc"), background="ground")
    job = answered(workspace, study_dir, task, tmp_path / "answers", ends=False)
    tifffile.imwrite(tmp_path / "answers" / "labels" / "a.tif", np.ones((20, 30), np.uint16))
    exported(study_dir, job, "binary", tmp_path / "out")
    assert (tmp_path / "out" / "a.png").exists()


def test_what_has_no_outlines_is_told(
    workspace: Workspace, study_dir: StudyDir, tmp_path: Path
) -> None:
    task = TaskSpec(kind=Kind.INSTANCE, classes=("disc",))
    job = answered(workspace, study_dir, task, tmp_path / "answers")
    with pytest.raises(JobError, match="no outlines"):
        exported(study_dir, job, "coco", tmp_path / "out")


@pytest.mark.parametrize(("ends", "told"), [(False, "has not ended"), (True, r"objects\.csv is")])
def test_answers_do_not_leave_without_their_classes(
    workspace: Workspace, study_dir: StudyDir, tmp_path: Path, ends: bool, told: str
) -> None:
    """A prediction that was killed has no tables yet: its outlines left, and no class with them."""
    task = TaskSpec(kind=Kind.INSTANCE, classes=("disc", "dust"))
    job = answered(workspace, study_dir, task, tmp_path / "answers", ends=ends)
    ids_yx = np.zeros((20, 30), np.uint16)
    ids_yx[2:9, 3:11] = 1
    tifffile.imwrite(tmp_path / "answers" / "labels" / "a.tif", ids_yx)
    with pytest.raises(JobError, match=told):
        exported(study_dir, job, "labels", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_object_is_told_with_the_one_around_it() -> None:
    cells, nuclei = np.zeros((2, 8, 8), np.int32)
    cells[:4], cells[4:7] = 5, 9
    nuclei[1, 1:3], nuclei[3:5, 5:8], nuclei[7, 7] = 1, 2, 3
    nuclei[4, 5:7] = 2
    nuclei[4, 7] = 0
    assert layers.holders(nuclei, cells) == {1: (5, 1.0), 2: (5, 0.6), 3: (0, 0.0)}
    assert layers.holders(np.zeros_like(cells), cells) == {}


def test_exported_labels_of_a_layer_tell_what_they_lie_in(
    workspace: Workspace, study_dir: StudyDir, tmp_path: Path
) -> None:
    workflow.create_study(workspace, f"{STUDY}@nuclei")
    layer = workspace.study(f"{STUDY}@nuclei")
    name = workflow.labelled_ids(workspace, STUDY)[0]
    whole, _ = workflow.load_labels(workspace, STUDY, name)
    assert whole is not None
    ids = np.where(whole.flat_yx == 1, 1, 0).astype(np.int32)
    marked = Labels(
        layers={MAIN: ids},
        annotated_yx=np.ones(ids.shape, bool),
        objects=(LabelObject(id=1, class_name="nucleus"),),
    )
    workflow.save_labels(workspace, layer.name, name, marked, parent=None)
    with Progress(layer.job("export-1")) as progress:
        written = labels.run(layer, None, "labels", tmp_path / "out", progress)
    assert tmp_path / "out" / "within.csv" in written
    with (tmp_path / "out" / "within.csv").open(newline="") as file:
        (line,) = csv.DictReader(file)
    assert (line["class"], line["within"], line["within_class"]) == ("nucleus", "1", "disc")
    assert line["layer"] == STUDY


def test_pictures_of_one_name_are_told_apart(
    workspace: Workspace, study_dir: StudyDir, tmp_path: Path
) -> None:
    """Two plates' A01.tif: other programs laid the outlines of both on one file."""

    def same(record: StudyRecord) -> StudyRecord:
        return replace(
            record, images=tuple(replace(one, original_name="A01.png") for one in record.images)
        )

    study.update(study_dir, same)
    with Progress(study_dir.job("export-1")) as progress:
        labels.run(study_dir, None, "coco", tmp_path / "out", progress)
    told = json.loads((tmp_path / "out" / "coco.json").read_text())["images"]
    assert len(told) > 1
    assert len({one["file_name"] for one in told}) == len(told)


def test_one_image_is_held_at_a_time(
    study_dir: StudyDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All label pictures of a large study do not fit into memory."""
    seen: list[str] = []
    load, write_png = store.load, pieces.write_png

    def loading(folder: StudyDir, image_id: str) -> Labels | None:
        seen.append("read")
        return load(folder, image_id)

    def writing(path: Path, pixels: np.ndarray) -> None:
        seen.append("written")
        write_png(path, pixels)

    monkeypatch.setattr(store, "load", loading)
    monkeypatch.setattr(pieces, "write_png", writing)
    with Progress(study_dir.job("export-1")) as progress:
        labels.run(study_dir, None, "binary", tmp_path / "out", progress)
    assert len(seen) > 4
    assert seen[:4] == ["read", "written", "read", "written"]


def test_class_masks_of_objects_tell_background_from_what_nobody_judged(tmp_path: Path) -> None:
    """Background was 255, as what nobody judged: imported again it became the objects."""
    ids = np.zeros((16, 16), np.int32)
    ids[2:6, 2:6], ids[9:12, 9:12] = 1, 2
    annotated = np.ones(ids.shape, bool)
    annotated[:, 14:] = False
    cell, unnamed = LabelObject(id=1, class_name="cell"), LabelObject(id=2)
    marked = Labels(layers={MAIN: ids}, annotated_yx=annotated, objects=(cell, unnamed))
    page = exchange.Page(name="a", image="a.png", labels=marked)
    classes = exchange.Classes(names=("cell",), things=True)
    path, names = exchange.write("classes", [page], tmp_path, classes)
    assert names.read_text().split() == ["background", "cell"]
    expected = np.where(annotated, (ids > 0).astype(np.uint8), exchange.IGNORED)
    np.testing.assert_array_equal(readers.read(path).image_cyx[0], expected)
