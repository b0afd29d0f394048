"""Strokes on the disk: nothing that was drawn is lost, and everything can be taken back."""

from pathlib import Path

import numpy as np
import pytest

from core.data import study
from core.data.labels import journal, store
from core.data.labels.model import MAIN, Labels
from core.data.labels.shapes import Shape, paint
from core.errors import ConflictError
from core.paths import StudyDir, Workspace

SHAPE = (300, 260)


@pytest.fixture
def study_dir(workspace: Workspace) -> StudyDir:
    return study.create(workspace, "s")


def _square(labels: Labels, at: int) -> Labels:
    corners = ((at, at), (at + 20, at), (at + 20, at + 20), (at, at + 20))
    return paint(labels, [Shape(points=corners, class_name="cell")])


def _open(study_dir: StudyDir, who: str = "ann-1", author: str = "ann") -> journal.Journal:
    return journal.open_(study_dir, "a", who, SHAPE, author=author)


def test_every_stroke_is_there_after_a_crash(study_dir: StudyDir) -> None:
    mine = _open(study_dir)
    for at in (5, 60, 120, 200):
        mine.record(_square(mine.labels, at), "brush")
    again = _open(study_dir)
    np.testing.assert_array_equal(again.labels.flat_yx, mine.labels.flat_yx)
    assert again.labels.objects == mine.labels.objects
    assert [entry.what for entry in again.entries] == ["brush"] * 4


def test_only_touched_tiles_are_written(study_dir: StudyDir) -> None:
    mine = _open(study_dir)
    entry = mine.record(_square(mine.labels, 5), "brush")
    assert entry is not None
    assert entry.tiles == ((0, 0),)
    across = mine.record(_square(mine.labels, 120), "brush")
    assert across is not None
    assert across.tiles == ((0, 0), (0, 1), (1, 0), (1, 1))
    assert sum(path.stat().st_size for path in mine.folder.glob("*.tiles")) < 4000
    assert mine.record(mine.labels, "nothing") is None


def test_a_crash_in_the_middle_of_a_stroke_loses_that_stroke_alone(study_dir: StudyDir) -> None:
    mine = _open(study_dir)
    mine.record(_square(mine.labels, 5), "brush")
    whole = mine.labels
    mine.record(_square(mine.labels, 60), "brush")
    lines = (mine.folder / "entries.jsonl").read_bytes()
    (mine.folder / "entries.jsonl").write_bytes(lines[:-30])  # torn
    again = _open(study_dir)
    np.testing.assert_array_equal(again.labels.flat_yx, whole.flat_yx)
    again.record(_square(again.labels, 100), "brush")
    assert len(_open(study_dir).entries) == 2


def test_undo_and_redo_have_no_end_and_survive_a_reload(study_dir: StudyDir) -> None:
    mine = _open(study_dir)
    states = [mine.labels]
    for at in range(0, 200, 20):
        mine.record(_square(mine.labels, at), "brush")
        states.append(mine.labels)
    for expected in reversed(states[:-1]):
        assert mine.undo() is not None
        np.testing.assert_array_equal(mine.labels.flat_yx, expected.flat_yx)
        assert mine.labels.objects == expected.objects
    assert mine.undo() is None
    again = _open(study_dir)
    assert again.can_redo
    for expected in states[1:]:
        assert again.redo() is not None
        np.testing.assert_array_equal(again.labels.flat_yx, expected.flat_yx)
    again.undo()
    again.record(_square(again.labels, 230), "brush")
    assert not again.can_redo


def test_undo_goes_on_after_undo_and_new_strokes(study_dir: StudyDir) -> None:
    mine = _open(study_dir)
    mine.record(_square(mine.labels, 0), "brush")
    mine.record(_square(mine.labels, 40), "brush")
    mine.undo()
    mine.record(_square(mine.labels, 80), "brush")
    for _ in range(2):
        mine.undo()
    assert not mine.labels.flat_yx.any()
    assert not mine.can_undo


def test_two_people_are_told_and_both_versions_stay(study_dir: StudyDir) -> None:
    mine, other = _open(study_dir), _open(study_dir, "bob-1", "bob")
    mine.record(_square(mine.labels, 5), "brush")
    assert journal.others_at_work(study_dir, "a", "bob-1") == ["ann"]
    other.record(_square(other.labels, 100), "brush")
    first = journal.finish(study_dir, "a", mine, labels=mine.labels)
    with pytest.raises(ConflictError):
        journal.finish(study_dir, "a", other, labels=other.labels)
    assert store.head(study_dir, "a") == first
    versions = [each.version for each in store.history(study_dir, "a")]
    assert len(versions) == 2
    kept = store.load(study_dir, "a", versions[1])
    assert kept is not None
    assert kept.flat_yx[110, 110] > 0
    assert journal.waiting(study_dir, "a") == []
    assert [entry.author for entry in journal.strokes(study_dir, "a")] == ["ann", "bob"]


def test_any_version_can_be_restored(study_dir: StudyDir) -> None:
    versions = []
    for at in (5, 60):
        mine = _open(study_dir)
        mine.record(_square(mine.labels, at), "brush")
        versions.append(journal.finish(study_dir, "a", mine, labels=mine.labels))
    store.choose(study_dir, "a", str(versions[0]), author="ann")
    mine = _open(study_dir)
    assert mine.base == versions[0]
    assert (mine.labels.layers[MAIN] > 0).sum() == 20 * 20
    assert len(store.history(study_dir, "a")) == 3


def test_an_editor_cannot_lead_out_of_the_study(study_dir: StudyDir, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="cannot name"):
        _open(study_dir, "../../evil")


def test_an_editor_left_without_a_stroke_starts_from_what_counts_when_it_comes_back(
    study_dir: StudyDir,
) -> None:
    """It showed the labels of its first visit, and a save over them met a conflict."""
    _open(study_dir)
    labels = _square(_open(study_dir, "other").labels, 40)
    version = store.save(study_dir, "a", labels, author="bob")
    again = _open(study_dir)
    assert again.base == version
    np.testing.assert_array_equal(again.labels.flat_yx, labels.flat_yx)
    again.record(_square(again.labels, 120), "brush")
    assert journal.finish(study_dir, "a", again, labels=again.labels) != version
