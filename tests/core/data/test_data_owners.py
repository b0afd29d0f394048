"""Whose the rows of a sheet are: nothing is given to an image on a guess."""

from pathlib import Path

import pytest
from brought import picture

from core.data import grouping, imports, owners, pairing, study
from core.data.owners import Named
from core.data.tables import Row
from core.errors import TableError
from core.paths import StudyDir, Workspace
from core.records import Grouping


@pytest.fixture
def study_dir(workspace: Workspace, tmp_path: Path) -> StudyDir:
    """Return a study of A01 (plate1/A01.png), A01-2 (plate2/A01.png) and B02."""
    made = study.create(workspace, "s")
    for seed, name in enumerate(("plate1/A01", "plate2/A01", "plate1/B02")):
        picture(tmp_path / "set" / f"{name}.png", seed)
    imports.add(made, [tmp_path / "set/plate1", tmp_path / "set/plate2"])
    assert [image.id for image in study.load(made).images] == ["A01", "B02", "A01-2"]
    return made


def sheet(folder: Path, text: str) -> Path:
    (folder / "sheet.csv").write_text(text)
    return folder / "sheet.csv"


def test_folders_that_tell_no_images_apart_are_told(study_dir: StudyDir, tmp_path: Path) -> None:
    """Both rows went to both images, and the second one won."""
    rows = "file,group\nplate1/A01.png,ctrl\nplate2/A01.png,drug\nplate1/B02.png,ctrl\n"
    told = grouping.by_sheet(study.load(study_dir), sheet(tmp_path, rows))
    assert {line.image_id: line.facts for line in told.lines} == {
        "A01": None, "B02": {"group": "ctrl"}, "A01-2": None,
    }  # fmt: skip
    said = grouping.apply(study_dir, told, Grouping(group=("group",)))
    assert (
        "what the sheet tells of plate1/A01.png, plate2/A01.png is left out: several images have "
        "this file name, and its folders tell none of them apart; write what the study calls each "
        "image"
    ) in said
    images = study.load(study_dir).images
    assert [image.group for image in images] == [None, "ctrl", None]
    with pytest.raises(TableError, match=r"sheet\.csv: what the sheet tells of plate1/A01\.png"):
        grouping.by_sheet(
            study.load(study_dir), sheet(tmp_path, "file,group\nplate1/A01.png,ctrl\n")
        )


def test_what_the_study_calls_them_tells_them_apart(study_dir: StudyDir, tmp_path: Path) -> None:
    rows = "file,group\nA01,ctrl\nA01-2,drug\n"
    told = grouping.by_sheet(study.load(study_dir), sheet(tmp_path, rows))
    assert {line.image_id: line.facts for line in told.lines} == {
        "A01": {"group": "ctrl"}, "B02": None, "A01-2": {"group": "drug"},
    }  # fmt: skip


def test_rows_that_contradict_each_other_are_told(study_dir: StudyDir, tmp_path: Path) -> None:
    rows = "file,group,dose\nB02.png,ctrl,1\nB02.png,drug,1\nA01-2,drug,1\n"
    told = grouping.by_sheet(study.load(study_dir), sheet(tmp_path, rows))
    assert told.lines[1].facts is None
    assert told.sentences()[-1] == (
        "what the sheet tells of B02.png is left out: rows tell different things of one image; "
        "keep the one that is right"
    )


def test_rows_that_add_to_each_other_are_used() -> None:
    rows = [Row(file="film", group="D1"), Row(file="film-2", condition="drug", group="D1")]
    images = [
        Named(names=("film.tif", "film", name), file="film.tif") for name in ("film", "film-2")
    ]
    assert owners.find(rows, images).pairs == ((0, rows[0]), (1, rows[0]), (1, rows[1]))


def test_all_parts_of_a_file_are_named_by_its_folder() -> None:
    row = Row(file="day 1/film.tif", group="D1")
    parts = [Named(names=("film.tif", f"film-{at}"), file="film.tif") for at in range(3)]
    assert owners.find([row], parts).pairs == ((0, row), (1, row), (2, row))


def test_a_row_of_folders_that_are_not_there_takes_nothing_away() -> None:
    images = [Named(names=(f"a/{plate}/x.tif", "x.tif"), file=plate) for plate in ("one", "two")]
    rows = [Row(file="a/one/x.tif", group="1"), Row(file="b/one/x.tif", group="2")]
    owned = owners.find(rows, images)
    assert (owned.pairs, owned.missing) == (((0, rows[0]),), ("b/one/x.tif",))


@pytest.mark.parametrize(
    ("file", "places"),
    [
        ("plate1/A01.tif", (0,)),
        ("plate2\\A01.tif", (1,)),
        ("s.zip/plate2/images/A01.tif", (1,)),
        ("plate2/A01", (1,)),
        ("images/A01.tif", ()),
        ("C:\\data\\plate1\\A01.tif", (0,)),
        ("plate3/A01.tif", ()),
        ("A01.tif", (0, 1)),
        ("elsewhere/B02.tif", (2,)),
    ],
)
def test_folders_tell_images_apart_where_they_are_known(file: str, places: tuple[int, ...]) -> None:
    names = ("s.zip/plate1/images/A01.tif", "s.zip/plate2/images/A01.tif", "B02.tif")
    images = [
        Named(names=(name, name[-7:], name[-7:-4]), file=str(at)) for at, name in enumerate(names)
    ]
    owned = owners.find([Row(file=file)], images)
    assert tuple(place for place, _ in owned.pairs) == places
    assert bool(owned.unclear) == (not places)


def test_the_more_exact_row_counts() -> None:
    """A row for the tif was overruled by one for a png of the same stem that is not there."""
    rows = [Row(file="a.tif", group="x"), Row(file="a.png", group="y")]
    owned = owners.find(rows, [Named(names=("a.tif", "a"), file="a.tif")])
    assert (owned.pairs, owned.missing, owned.unclear) == (((0, rows[0]),), ("a.png",), {})


def test_a_table_at_the_import_tells_plates_apart(workspace: Workspace, tmp_path: Path) -> None:
    for seed, name in enumerate(("plate1", "plate2")):
        picture(tmp_path / f"set/{name}/images/A01.png", seed)
    rows = "file,class,group\nplate1/A01.png,well,ctrl\nplate2/A01.png,ill,drug\n"
    study_dir = study.create(workspace, "s")
    report = imports.add(study_dir, [tmp_path / "set"], table=sheet(tmp_path, rows))
    assert report.refused == ()
    told = {image.id: (image.image_class, image.group) for image in study.load(study_dir).images}
    assert told == {"A01": ("well", "ctrl"), "A01-2": ("ill", "drug")}


def test_a_table_that_does_not_tell_them_apart_is_told(
    workspace: Workspace, tmp_path: Path
) -> None:
    for seed, name in enumerate(("one", "two")):
        picture(tmp_path / f"set/{name}/images/A01.png", seed)
    table = sheet(tmp_path, "file,class\nplate1/A01.png,well\nplate2/A01.png,ill\n")
    cause = "plate1/A01.png: several images have this file name"
    assert cause in pairing.preview([tmp_path / "set"], table=table).refused[0]
    study_dir = study.create(workspace, "s")
    report = imports.add(study_dir, [tmp_path / "set"], table=table)
    assert [notice.file for notice in report.refused] == ["plate1/A01.png", "plate2/A01.png"]
    assert cause in report.refused[0].message
    assert {image.image_class for image in study.load(study_dir).images} == {None}
    later = imports.add(study_dir, [], table=table)
    assert cause in later.refused[0].message
    assert {image.image_class for image in study.load(study_dir).images} == {None}
