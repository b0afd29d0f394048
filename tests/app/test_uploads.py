"""Uploads on disk: zips by themselves, one table beside, nothing outside of the folder."""

import io

import pytest

from app import uploads


def upload(name, data=b"data"):
    file = io.BytesIO(data)
    file.name = name
    return file


def test_a_zip_is_a_folder_of_its_own_and_one_table_stands_beside(tmp_path):
    files = [upload("a.png"), upload("b.png"), upload("more.ZIP"), upload("plate.csv")]
    with uploads.received(files, tmp_path) as found:
        folder, archive = found.paths
        assert sorted(each.name for each in folder.iterdir()) == ["a.png", "b.png"]
        assert archive.name == "more.ZIP"
        assert found.table.name == "plate.csv"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("names", [["labels.csv"], ["one.csv", "two.csv"]])
def test_tables_of_folders_and_several_tables_stay_with_their_files(tmp_path, names):
    with uploads.received([upload(name) for name in names], tmp_path) as found:
        assert found.table is None
        assert sorted(each.name for each in found.paths[0].iterdir()) == sorted(names)


def test_what_was_written_is_removed_also_after_an_error(tmp_path):
    with pytest.raises(RuntimeError), uploads.received([upload("a.png")], tmp_path):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../../evil.png", "/etc/evil.png", "images/../../evil.png"])
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    path = uploads.keep(upload(name), tmp_path / "in")
    assert path.resolve().is_relative_to(tmp_path / "in")
    assert path.read_bytes() == b"data"


def test_folders_of_an_upload_are_kept(tmp_path):
    path = uploads.keep(upload("images/a.png"), tmp_path)
    assert path == tmp_path / "images" / "a.png"
