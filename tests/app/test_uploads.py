"""Uploads on disk: zips by themselves, one table beside, nothing outside of the folder."""

import io
import os

import pytest

from app import uploads
from core.errors import DataError


def upload(name, data=b"data"):
    file = io.BytesIO(data)
    file.name = name
    return file


def test_a_zip_is_a_folder_of_its_own_and_one_table_stands_beside(tmp_path):
    files = [upload("a.png"), upload("b.png"), upload("more.ZIP"), upload("plate.csv")]
    folder = uploads.stage(files, tmp_path)
    found = uploads.staged(folder)
    plain, archive = found.paths
    assert sorted(each.name for each in plain.iterdir()) == ["a.png", "b.png"]
    assert archive.name == "more.ZIP"
    assert found.table.name == "plate.csv"
    uploads.drop(folder)
    assert list(tmp_path.iterdir()) == []


def test_the_one_sheet_and_the_zip_of_an_uploaded_folder_are_found(tmp_path):
    """A folder upload names its files `root/...`: the folder `root` was taken for the sheet."""
    files = [upload("root/images/a.png"), upload("root/plate.csv"), upload("root/more.zip")]
    found = uploads.staged(uploads.stage(files, tmp_path))
    assert found.table is not None
    assert found.table.name == "plate.csv"
    assert found.table.read_bytes() == b"data"
    assert [each.name for each in found.paths] == ["files", "more.zip"]
    assert all(each.is_file() for each in found.paths[1:])


@pytest.mark.parametrize("names", [["labels.csv"], ["one.csv", "two.csv"], ["Colors.csv"]])
def test_tables_of_folders_and_several_tables_stay_with_their_files(tmp_path, names):
    found = uploads.staged(uploads.stage([upload(name) for name in names], tmp_path))
    assert found.table is None
    assert sorted(each.name for each in found.paths[0].iterdir()) == sorted(names)


def test_what_nobody_imported_is_removed_after_a_day(tmp_path):
    old = uploads.stage([upload("a.png")], tmp_path)
    os.utime(old, (0, 0))
    new = uploads.stage([upload("b.png")], tmp_path)
    assert list(tmp_path.iterdir()) == [new]


@pytest.mark.parametrize(
    "name",
    [
        "../../evil.png",
        "/etc/evil.png",
        "images/../../evil.png",
        "//etc/evil.png",
        "C:\\evil.png",
        "C:evil.png",
    ],
)
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    """`//etc` is a root by itself: such an upload was written wherever it said."""
    path = uploads.keep(upload(name), tmp_path / "in")
    assert path.resolve().is_relative_to(tmp_path / "in")
    assert path.read_bytes() == b"data"


@pytest.mark.parametrize("name", ["..", "//"])
def test_what_names_nothing_is_refused(tmp_path, name):
    with pytest.raises(DataError, match="rename it"):
        uploads.keep(upload(name), tmp_path)


def test_folders_of_an_upload_are_kept(tmp_path):
    path = uploads.keep(upload("images/a.png"), tmp_path)
    assert path == tmp_path / "images" / "a.png"


def test_two_of_one_name_are_told_and_nothing_is_kept(tmp_path):
    """Files of a browser come without folders: the last A01.tif replaced those before it."""
    files = [upload("A01.tif", b"one"), upload("b.tif"), upload("A01.tif", b"two")]
    with pytest.raises(DataError, match=r"A01\.tif came twice.*zip.*A folder from this browser"):
        uploads.stage(files, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_same_file_twice_is_kept_once(tmp_path):
    found = uploads.staged(uploads.stage([upload("a.tif"), upload("a.tif")], tmp_path))
    assert [each.name for each in found.paths[0].iterdir()] == ["a.tif"]


def test_of_one_name_all_that_differ_are_kept_for_a_model(tmp_path):
    """Two rows of the table were of the same pixels, and one picture was gone."""
    files = [upload("A01.tif", data) for data in (b"one", b"two", b"one", b"six", b"two")]
    found = uploads.keep_all([*files, upload("b.tif")], tmp_path)
    assert [each.relative_to(tmp_path).as_posix() for each in found] == [
        "A01.tif",
        "2/A01.tif",
        "3/A01.tif",
        "b.tif",
    ]
    assert [each.read_bytes() for each in found] == [b"one", b"two", b"six", b"data"]
