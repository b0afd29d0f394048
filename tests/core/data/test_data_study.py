import shutil
from dataclasses import replace

import pytest

from core.data import study
from core.errors import ConflictError, StudyError
from core.paths import Workspace
from core.records import ImageRecord, Kind, TaskSpec

IMAGE = ImageRecord(
    id="a", file="a.png", original_name="a.png", sha256="0", shape_cyx=(1, 4, 4), dtype="uint8"
)


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


def test_a_study_is_called_like_its_folder(workspace: Workspace) -> None:
    """A copied folder gave two studies of one name; a renamed one could not be opened."""
    whole = study.create(workspace, "heart")
    study.create(workspace, "heart@nuclei")
    shutil.copytree(whole.root, workspace.studies / "heart - Copy")
    whole.root.rename(workspace.studies / "liver")
    names = ["heart - Copy", "heart - Copy@nuclei", "liver", "liver@nuclei"]
    assert [record.name for record in study.listing(workspace)] == names
    for name in names:
        study_dir = workspace.study(name)
        study.update(study_dir, lambda record: replace(record, description="mine"))
        assert study.load(study_dir).name == name
    assert study.damaged(workspace) == {}


def test_folders_under_names_that_nobody_could_ask_for_are_told(workspace: Workspace) -> None:
    whole = study.create(workspace, "heart")
    layer = study.create(workspace, "heart@nuclei")
    shutil.copytree(whole.root, whole.root.with_name("heart (2)"))
    shutil.copytree(layer.root, layer.root.with_name("nuclei (2)"))
    assert [record.name for record in study.listing(workspace)] == ["heart", "heart@nuclei"]
    assert [each.name for each in whole.sheets] == ["heart", "heart@nuclei"]
    told = study.damaged(workspace)
    assert set(told) == {"heart (2)", "heart@nuclei (2)"}
    assert "'heart (2)' cannot name a study" in told["heart (2)"]
    assert "'nuclei (2)' cannot name a layer" in told["heart@nuclei (2)"]
    assert all(sentence.endswith("Rename the folder.") for sentence in told.values())


def test_a_layer_has_the_pictures_of_its_study_and_a_task_of_its_own(workspace: Workspace) -> None:
    whole = study.create(workspace, "heart", simulated=True)
    study.update(whole, lambda record: replace(record, images=(IMAGE,)))
    layer = study.create(workspace, "heart@nuclei")
    assert (layer.name, layer.layer, layer.base) == ("heart@nuclei", "nuclei", whole)
    assert layer.images == whole.images
    assert layer.labels != whole.labels
    task = TaskSpec(kind=Kind.INSTANCE, classes=("nucleus",))
    study.update(layer, lambda record: replace(record, task=task))
    found = study.load(layer)
    assert (found.images, found.task, found.simulated) == ((IMAGE,), task, True)
    assert study.load(whole).task is None
    assert [each.name for each in workspace.study_dirs()] == ["heart", "heart@nuclei"]
    assert [each.name for each in study.listing(workspace)] == ["heart", "heart@nuclei"]


def test_what_a_layer_says_of_pictures_its_study_knows(workspace: Workspace) -> None:
    whole = study.create(workspace, "heart")
    layer = study.create(workspace, "heart@nuclei")
    before = study.load(layer)
    study.update(layer, lambda record: replace(record, images=(IMAGE,), pixel_size_um=0.5))
    known = study.load(whole)
    assert (known.images, known.pixel_size_um) == ((IMAGE,), 0.5)
    with pytest.raises(ConflictError):  # the pictures are others by now
        study.save(layer, replace(before, description="mine"))
    mine = study.load(layer)
    study.update(whole, lambda record: replace(record, images=()))
    with pytest.raises(ConflictError):
        study.save(layer, mine)
    assert study.load(layer).images == ()


def test_a_layer_needs_its_study_and_a_name(workspace: Workspace) -> None:
    with pytest.raises(StudyError, match="no study 'heart'"):
        study.create(workspace, "heart@nuclei")
    study.create(workspace, "heart")
    for name in ("heart@", "heart@../x", "heart@a@b"):
        with pytest.raises(StudyError, match="cannot name a layer"):
            study.create(workspace, name)
    study.create(workspace, "heart@nuclei")
    with pytest.raises(StudyError, match="already"):
        study.create(workspace, "heart@nuclei")
