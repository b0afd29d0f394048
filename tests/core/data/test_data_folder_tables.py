"""What lies beside masks belongs to those masks alone: classes of objects, names of values."""

import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from brought import cells, picture, regions

from core import workflow
from core.data import imports, samples, study, tasks, truth
from core.data.imports import ImportReport
from core.data.labels import store, survey
from core.paths import StudyDir, Workspace
from core.records import Kind, TaskSpec

OTHERS = ("background", "cell", "nucleus")
OWN = TaskSpec(
    kind=Kind.SEMANTIC, classes=("background", "nucleus", "cell"), background="background"
)


@pytest.fixture
def study_dir(workspace: Workspace) -> StudyDir:
    return study.create(workspace, "s")


def told(report: ImportReport) -> str:
    return " ".join(notice.message for notice in (*report.notices, *report.refused))


def classes_of(study_dir: StudyDir, image_id: str) -> list[str | None]:
    return [item.class_name for item in store.objects(study_dir, image_id)]


def plate(folder: Path, seed: int, objects: str = "") -> Path:
    picture(folder / "images/A01.png", seed)
    cells(folder / "masks/A01.tif", 2)
    if objects:
        (folder / "objects.csv").write_text(f"file,id,class\n{objects}")
    return folder


def zipped(folder: Path) -> Path:
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for each in sorted(folder.rglob("*.*")):
            archive.write(each, each.relative_to(folder))
    return path


def test_classes_of_objects_stay_on_their_plate(study_dir: StudyDir, tmp_path: Path) -> None:
    """A01 of the first plate got the classes of A01 of the second."""
    plate(tmp_path / "set/plate1", 1, "A01.png,1,mono\nA01.png,2,mono\n")
    plate(tmp_path / "set/plate2", 2, "A01.png,1,binuclear\n")
    imports.add(study_dir, [zipped(tmp_path / "set")])
    assert classes_of(study_dir, "A01") == ["mono", "mono"]
    assert classes_of(study_dir, "A01-2") == ["binuclear", None]


def test_a_plate_without_a_table_gets_no_classes_of_another(
    study_dir: StudyDir, tmp_path: Path
) -> None:
    plate(tmp_path / "set/plate1", 1)
    plate(tmp_path / "set/plate2", 2, "A01.png,1,mono\nA01.png,2,binuclear\n")
    imports.add(study_dir, [tmp_path / "set"])
    assert classes_of(study_dir, "A01") == [None, None]
    assert classes_of(study_dir, "A01-2") == ["mono", "binuclear"]


def test_one_table_above_several_plates_tells_them_apart_by_folder(
    study_dir: StudyDir, tmp_path: Path
) -> None:
    for number in (1, 2):
        plate(tmp_path / f"set/plate{number}", number)
    (tmp_path / "set/objects.csv").write_text(
        "file,id,class\nplate1/A01.png,1,mono\nplate2\\A01.png,1,binuclear\n"
    )
    imports.add(study_dir, [tmp_path / "set"])
    assert classes_of(study_dir, "A01") == ["mono", None]
    assert classes_of(study_dir, "A01-2") == ["binuclear", None]


def test_a_table_that_comes_beside_a_zip_counts(study_dir: StudyDir, tmp_path: Path) -> None:
    plate(tmp_path / "set", 1)
    (tmp_path / "files").mkdir()
    (tmp_path / "files/objects.csv").write_text(
        "file,id,class\nA01.png,2,mono\nA01.png,1,binuclear\n"
    )
    imports.add(study_dir, [tmp_path / "files", zipped(tmp_path / "set")])
    assert classes_of(study_dir, "A01") == ["binuclear", "mono"]


def test_a_new_mask_does_not_inherit_the_classes_of_the_one_before(
    study_dir: StudyDir, tmp_path: Path
) -> None:
    """The first mask's table stayed, and its classes went to other objects."""
    plate(tmp_path / "set", 1, "A01.png,1,mono\nA01.png,2,binuclear\n")
    imports.add(study_dir, [tmp_path / "set"])
    study.update(
        study_dir,
        lambda now: replace(now, task=TaskSpec(kind=Kind.INSTANCE, classes=("mono", "binuclear"))),
    )
    (tmp_path / "set/objects.csv").unlink()
    cells(tmp_path / "set/masks/A01.tif", 3)
    imports.add(study_dir, [tmp_path / "set"])
    assert tasks.object_classes_of(study_dir, "A01") == {}
    assert classes_of(study_dir, "A01") == [None, None, None]
    (tmp_path / "set/objects.csv").write_text("file,id,class\nA01.png,3,mono\n")
    imports.add(study_dir, [tmp_path / "set"])
    assert classes_of(study_dir, "A01") == [None, None, "mono"]


def tissue(
    folder: Path, seed: int, names: tuple[str, ...] = OTHERS, at: str = "classes.txt"
) -> Path:
    """Write a picture with a mask of regions, as another study exports them."""
    picture(folder / f"images/f{seed}.png", seed)
    regions(folder / f"masks/f{seed}.png")
    if at == "dataset.json":
        about = {"task": "semantic", "classes": names, "background": names[0]}
        (folder / at).write_text(json.dumps(about))
    elif at:
        (folder / at).write_text("\n".join(names) + "\n")
    return folder


def drawn(study_dir: StudyDir, image_id: str, task: TaskSpec) -> list[str]:
    """Return the classes of the three strips of `regions`, from left to right."""
    [sample] = samples.load(study_dir, [image_id])
    return [task.classes[at] for at in truth.of(sample, task).pixels_yx[0, [5, 15, 25]]]


def with_task(study_dir: StudyDir, task: TaskSpec = OWN) -> None:
    study.update(study_dir, lambda now: replace(now, task=task))


@pytest.mark.parametrize("at", ["classes.txt", "masks/classes.txt", "dataset.json"])
def test_values_mean_what_the_list_of_their_mask_says(
    study_dir: StudyDir, tmp_path: Path, at: str
) -> None:
    """Cells and nuclei of another study changed places where its classes had another order."""
    with_task(study_dir)
    report = imports.add(study_dir, [tissue(tmp_path / "set", 0, at=at)])
    assert (report.refused, report.labelled) == ((), ("f0",))
    assert drawn(study_dir, "f0", OWN) == ["background", "cell", "nucleus"]


def test_each_folder_has_a_list_of_its_own(study_dir: StudyDir, tmp_path: Path) -> None:
    tissue(tmp_path / "set/one", 0)
    tissue(tmp_path / "set/two", 1, OWN.classes, at="dataset.json")
    tissue(tmp_path / "set/three", 2, ("background", "vessel", "cell"))
    imports.add(study_dir, [tmp_path / "set"])
    task = tasks.suggest_task(study_dir)
    assert task == replace(OWN, classes=(*OWN.classes, "vessel"))
    assert drawn(study_dir, "f0", task) == ["background", "cell", "nucleus"]
    assert drawn(study_dir, "f1", task) == ["background", "nucleus", "cell"]
    assert drawn(study_dir, "f2", task) == ["background", "vessel", "cell"]


def test_masks_that_come_alone_bring_their_list(study_dir: StudyDir, tmp_path: Path) -> None:
    with_task(study_dir)
    tissue(tmp_path / "set", 0)
    imports.add(study_dir, [tmp_path / "set/images"])
    shutil.rmtree(tmp_path / "set/images")
    imports.add(study_dir, [zipped(tmp_path / "set")])
    assert drawn(study_dir, "f0", OWN) == ["background", "cell", "nucleus"]


def test_a_class_that_the_task_does_not_know_is_refused(
    study_dir: StudyDir, tmp_path: Path
) -> None:
    with_task(study_dir)
    names = ("background", "cell", "vessel", "never drawn")
    report = imports.add(study_dir, [tissue(tmp_path / "set", 0, names)])
    assert report.labelled == ()
    assert "f0.png: its value 2 is 'vessel' by the list that came with it" in told(report)
    assert "background, nucleus, cell; add it to the task" in told(report)
    wider = replace(OWN, classes=(*OWN.classes, "vessel"))
    assert imports.apply_task(study_dir, wider).labelled == ("f0",)
    assert drawn(study_dir, "f0", wider) == ["background", "cell", "vessel"]


def test_a_value_beyond_its_list_is_refused(study_dir: StudyDir, tmp_path: Path) -> None:
    with_task(study_dir)
    report = imports.add(study_dir, [tissue(tmp_path / "set", 0, ("background", "cell"))])
    assert "it holds the value 2, but the classes are 0 = background, 1 = cell" in told(report)
    assert "to the list that came with the mask" in told(report)


def test_masks_without_a_list_are_read_by_the_tasks_order(
    study_dir: StudyDir, tmp_path: Path
) -> None:
    with_task(study_dir)
    folder = tissue(tmp_path / "set", 0)
    imports.add(study_dir, [folder])
    (folder / "classes.txt").unlink()
    imports.add(study_dir, [folder])
    assert drawn(study_dir, "f0", OWN) == ["background", "nucleus", "cell"]


def test_another_name_in_the_task_keeps_the_regions(
    workspace: Workspace, study_dir: StudyDir, tmp_path: Path
) -> None:
    with_task(study_dir)
    imports.add(study_dir, [tissue(tmp_path / "set", 0)])
    german = TaskSpec(
        kind=Kind.SEMANTIC, classes=("Hintergrund", "Kern", "Zelle"), background="Hintergrund"
    )
    report = workflow.set_task(workspace, "s", german)
    assert (report.refused, report.labelled) == ((), ("f0",))
    assert drawn(study_dir, "f0", german) == ["Hintergrund", "Zelle", "Kern"]
    turned = replace(german, classes=("Hintergrund", "Zelle", "Kern"))
    workflow.set_task(workspace, "s", turned)
    assert drawn(study_dir, "f0", turned) == ["Hintergrund", "Zelle", "Kern"]


def test_a_list_says_nothing_of_masks_of_objects(study_dir: StudyDir, tmp_path: Path) -> None:
    with_task(study_dir, TaskSpec(kind=Kind.INSTANCE, classes=("cell",)))
    imports.add(study_dir, [tissue(tmp_path / "set", 0)])
    assert len(store.objects(study_dir, "f0")) == 2
    assert np.unique(samples.load(study_dir, ["f0"])[0].labels.flat_yx).tolist() == [0, 1, 2]


@pytest.mark.parametrize("name", ["classes.txt", "dataset.json"])
def test_a_list_that_windows_saved_in_ansi_is_named_and_the_rest_goes_on(
    study_dir: StudyDir, tmp_path: Path, name: str
) -> None:
    """The page ended with an exception."""
    folder = plate(tmp_path / "set", 1, "A01.png,1,mono\nA01.png,2,binuclear\n")
    (folder / name).write_bytes("Hintergrund\nGefäß\n".encode("cp1252"))
    report = imports.add(study_dir, [folder])
    assert f"{name}: it is n" in told(report)
    assert report.added == ("A01",)
    assert survey.labelled(study_dir) == ["A01"]
    assert classes_of(study_dir, "A01") == ["mono", "binuclear"]
