"""Damaged files end in a sentence that names them, and the rest goes on."""

import zipfile
from pathlib import Path

import pytest
from brought import cells, picture

from core.data import imports, pairing, study
from core.paths import StudyDir, Workspace
from core.records import Kind, TaskSpec

CELL = TaskSpec(kind=Kind.INSTANCE, classes=("cell",))
WAYS = (zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2)


@pytest.fixture
def study_dir(workspace: Workspace) -> StudyDir:
    return study.create(workspace, "s")


def broken_zip(path: Path, member: Path, way: int) -> Path:
    """Write a zip that tells its members, but what it packed of them is rubbish."""
    with zipfile.ZipFile(path, "w", way) as archive:
        archive.write(member, member.name)
        [info] = archive.infolist()
    data = bytearray(path.read_bytes())
    start = 30 + len(info.filename)
    data[start + 9 : start + info.compress_size] = b"\xff" * (info.compress_size - 9)
    if way == zipfile.ZIP_DEFLATED:
        data[start] = 0xFF  # a kind of block that does not exist
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("way", WAYS)
def test_a_zip_whose_members_cannot_be_unpacked_is_named(
    study_dir: StudyDir, tmp_path: Path, way: int
) -> None:
    """Errors of the packing method itself ended the page."""
    good, member = picture(tmp_path / "good.png", 1), picture(tmp_path / "member.png", 2)
    report = imports.add(study_dir, [broken_zip(tmp_path / "bad.zip", member, way), good])
    assert report.added == ("good",)
    [refused] = report.refused
    assert "bad.zip: this zip cannot be unpacked" in refused.message


def one_file_an_object(folder: Path, first: bytes) -> Path:
    """Write two pictures with one file an object; the first one's first is damaged."""
    for seed, name in enumerate(("f0", "f1")):
        picture(folder / f"images/{name}.png", seed)
        for number in (1, 2):
            cells(folder / f"masks/{name}/{number:05d}.tif", 1)
    (folder / "masks/f0/00001.tif").write_bytes(first)
    return folder


@pytest.mark.parametrize("first", [b"", b"no picture at all"])
def test_a_file_of_an_object_that_is_no_picture_is_named(
    study_dir: StudyDir, tmp_path: Path, first: bytes
) -> None:
    """Images and masks were kept, then every reading of the masks ended with an exception."""
    folder = one_file_an_object(tmp_path / "set", first)
    report = imports.add(study_dir, [folder])
    assert (report.added, report.labelled) == (("f0", "f1"), ("f1",))
    [refused] = report.refused
    assert refused.message.startswith("f0.zip: the mask 00001.tif of an object is empty or no pic")
    again = imports.apply_task(study_dir, CELL)
    assert (again.labelled, [each.file for each in again.refused]) == (("f1",), ["f0.zip"])
    [problem] = [each.problem for each in pairing.preview([folder]).pairs if each.problem]
    assert "00001.tif" in problem


def test_a_zip_of_masks_that_cannot_be_unpacked_is_named(
    study_dir: StudyDir, tmp_path: Path
) -> None:
    picture(tmp_path / "set/images/f0.png", 0)
    (tmp_path / "set/masks").mkdir()
    member = cells(tmp_path / "00001.tif", 1)
    broken_zip(tmp_path / "set/masks/f0.zip", member, zipfile.ZIP_DEFLATED)
    report = imports.add(study_dir, [tmp_path / "set"])
    assert report.added == ("f0",)
    assert "f0.zip: it is not written as pieces files are" in report.refused[0].message
    assert imports.apply_task(study_dir, CELL).labelled == ()
    [pair] = pairing.preview([tmp_path / "set"]).pairs
    assert "f0.zip: it is not written as pieces files are" in pair.problem
