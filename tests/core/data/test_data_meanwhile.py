"""An import takes minutes: what another tab sets in that time is not overwritten."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from brought import picture

from core.data import attachment, imports, originals, readings, rereading, study
from core.paths import StudyDir, Workspace
from core.records import ImageRecord, StudyRecord


@pytest.fixture
def study_dir(workspace: Workspace) -> StudyDir:
    return study.create(workspace, "s")


def told_by_another_tab(study_dir: StudyDir, **told: Any) -> None:
    def change(now: StudyRecord) -> StudyRecord:
        return replace(now, images=tuple(replace(image, **told) for image in now.images))

    study.update(study_dir, change)


def test_what_is_set_during_an_import_stays(
    study_dir: StudyDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All images were written back as they had been when the import began."""
    imports.add(study_dir, [picture(tmp_path / "old.png", 1), picture(tmp_path / "other.png", 2)])
    keep = originals.keep

    def meanwhile(*args: Any) -> tuple[list[ImageRecord], list[str]]:
        told_by_another_tab(
            study_dir, image_class="ill", pixel_size_um=0.3, measured=True, facts={"dose": "3 nM"}
        )
        return keep(*args)

    monkeypatch.setattr(originals, "keep", meanwhile)
    table = tmp_path / "table.csv"
    table.write_text("file,group,donor\nold.png,mouse 1,D1\nnew.png,mouse 2,D2\n")
    report = imports.add(study_dir, [picture(tmp_path / "new.png", 3)], table=table)
    assert report.added == ("new",)
    record = study.load(study_dir)
    old, other, new = record.images
    assert (old.image_class, old.pixel_size_um, old.measured) == ("ill", 0.3, True)
    assert (old.group, old.facts) == ("mouse 1", {"dose": "3 nM", "donor": "D1"})
    assert (other.image_class, other.group, other.facts) == ("ill", None, {"dose": "3 nM"})
    assert (new.image_class, new.group) == (None, "mouse 2")
    assert record.pixel_size_um == 0.3


def test_what_both_set_stays_as_the_person_left_it(
    study_dir: StudyDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imports.add(study_dir, [picture(tmp_path / "old.png", 1)])
    keep = originals.keep

    def meanwhile(*args: Any) -> tuple[list[ImageRecord], list[str]]:
        told_by_another_tab(study_dir, group="by hand")
        return keep(*args)

    monkeypatch.setattr(originals, "keep", meanwhile)
    table = tmp_path / "table.csv"
    table.write_text("file,group,condition\nold.png,by table,drug\n")
    imports.add(study_dir, [picture(tmp_path / "new.png", 3)], table=table)
    old = study.load(study_dir).image("old")
    assert (old.group, old.condition) == ("by hand", "drug")


@pytest.mark.parametrize("name", ["times", "z-max"])
def test_what_is_set_while_files_are_read_in_another_way_stays(
    study_dir: StudyDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    pages = np.random.default_rng(0).integers(0, 999, (3, 24, 32), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", pages, photometric="minisblack")
    imports.add(study_dir, [tmp_path / "a.tif"])
    set_aside = attachment.set_aside

    def meanwhile(*args: Any) -> list[str]:
        told_by_another_tab(study_dir, group="mouse 1", condition="drug")
        return set_aside(*args)

    monkeypatch.setattr(attachment, "set_aside", meanwhile)
    [image] = study.load(study_dir).images
    assert image.stack is not None
    rereading.decide(study_dir, "a", readings.named(image.stack, name))
    images = study.load(study_dir).images
    assert len(images) == (3 if name == "times" else 1)
    assert {(each.group, each.condition) for each in images} == {("mouse 1", "drug")}
