from dataclasses import replace

import pytest

from core.data import study
from core.errors import ConflictError, StudyError
from core.paths import Workspace


def test_a_study_comes_back_as_it_was_saved(workspace: Workspace) -> None:
    study_dir = study.create(workspace, "Herz 1", description="hearts", simulated=True)
    record = study.load(study_dir)
    assert (record.name, record.description, record.simulated) == ("Herz 1", "hearts", True)
    saved = study.save(study_dir, replace(record, pixel_size_um=0.5))
    assert saved.revision == record.revision + 1
    assert study.load(study_dir) == saved
    with pytest.raises(StudyError, match="already"):
        study.create(workspace, "Herz 1")
    with pytest.raises(StudyError, match="cannot name a study"):
        study.create(workspace, "../out")
    with pytest.raises(StudyError, match="no study 'gone'"):
        study.load(workspace.study("gone"))


def test_who_saves_over_a_newer_revision_is_told(workspace: Workspace) -> None:
    study_dir = study.create(workspace, "a")
    mine = study.load(study_dir)
    study.update(study_dir, lambda record: replace(record, description="theirs"))
    with pytest.raises(ConflictError, match="reload"):
        study.save(study_dir, replace(mine, description="mine"))
    assert study.load(study_dir).description == "theirs"


def test_a_damaged_study_does_not_hide_the_others(workspace: Workspace) -> None:
    assert study.listing(workspace) == []
    for name in ("a", "b"):
        study.create(workspace, name)
    workspace.study("a").record.write_text("{")
    assert [record.name for record in study.listing(workspace)] == ["b"]
    assert "cannot be read" in study.damaged(workspace)["a"]
