"""Whose strokes wait on an image, and who goes on with what a closed tab left."""

import os
from pathlib import Path

import numpy as np
import pytest
from strokes import SHAPE, square

from core.data import study
from core.data.labels import editors, history, journal, store
from core.data.labels.placed import Place
from core.data.regions import Region
from core.paths import StudyDir, Workspace


@pytest.fixture
def study_dir(workspace: Workspace) -> StudyDir:
    return study.create(workspace, "s")


def _open(study_dir: StudyDir, who: str, place: Place | None = None) -> journal.Journal:
    shape = SHAPE if place is None else (place.region.rows, place.region.columns)
    return journal.open_(study_dir, "a", who, shape, author=who, place=place)


def _left(study_dir: StudyDir, who: str, at: int, place: Place | None = None) -> journal.Journal:
    """Draw, and close the tab long ago."""
    work = _open(study_dir, who, place)
    work.record(square(work.labels, at), "brush")
    _long_ago(work.folder / "entries.jsonl")
    return work


def _long_ago(path: Path) -> None:
    os.utime(path, (1e9, 1e9))


def _taken(mine: journal.Journal, *open_tabs: str) -> list[tuple[str, str]]:
    found = editors.take_over(mine, lambda tab: tab in open_tabs)
    return [(each.author, each.became) for each in found]


def test_strokes_of_a_closed_tab_are_gone_on_with(study_dir: StudyDir) -> None:
    """Nobody could reach them any more: the image was begun for ever, and its painter empty."""
    left = _left(study_dir, "ann", 5)
    mine = _open(study_dir, "bea")
    assert _taken(mine) == [("ann", "here")]
    np.testing.assert_array_equal(mine.labels.flat_yx, left.labels.flat_yx)
    assert journal.waiting(study_dir, "a") == ["bea"]
    assert editors.others_at_work(study_dir, "a", "cid") == ["ann"]  # somebody is at work on it
    assert mine.undo()
    assert mine.redo()
    history.finish(mine)
    assert journal.waiting(study_dir, "a") == []


def test_whether_all_is_marked_is_gone_on_with_as_well(study_dir: StudyDir) -> None:
    first = _open(study_dir, "ann")
    first.record(square(first.labels, 5), "brush")
    history.finish(first, complete=True)
    left = _left(study_dir, "ann", 100)
    left.tell_complete(False)
    mine = _open(study_dir, "bea")
    assert _taken(mine) == [("ann", "here")]
    assert mine.complete is False
    _long_ago(mine.folder / "entries.jsonl")
    newer = square(first.labels, 200)
    store.save(study_dir, "a", newer, author="cid", parent=store.head(study_dir, "a"))
    assert _taken(_open(study_dir, "dan")) == [("ann", "beside")]
    kept = store.load(study_dir, "a", store.history(study_dir, "a")[-1].version)
    assert kept is not None
    np.testing.assert_array_equal(kept.annotated_yx, kept.flat_yx > 0)


def test_the_tab_that_comes_back_starts_from_what_counts(study_dir: StudyDir) -> None:
    left = _left(study_dir, "ann", 5)
    mine = _open(study_dir, "bea")
    _taken(mine)
    with left.turn() as was_behind:
        assert was_behind
        assert left.labels.objects == ()
        left.record(square(left.labels, 60), "brush")
    assert len(_open(study_dir, "bea").entries) == 1
    assert len(_open(study_dir, "ann").entries) == 1


@pytest.mark.parametrize("reason", ["open", "at work"])
def test_a_tab_that_is_not_gone_keeps_its_strokes(study_dir: StudyDir, reason: str) -> None:
    left = _left(study_dir, "ann", 5)
    if reason == "at work":
        os.utime(left.folder / "entries.jsonl")
    mine = _open(study_dir, "bea")
    assert _taken(mine, *(["ann"] if reason == "open" else [])) == []
    assert journal.waiting(study_dir, "a") == ["ann"]
    assert mine.entries == []


def test_own_strokes_come_first_and_those_left_wait_until_these_are_saved(
    study_dir: StudyDir,
) -> None:
    _left(study_dir, "ann", 5)
    mine = _open(study_dir, "bea")
    mine.record(square(mine.labels, 100), "brush")
    assert _taken(mine) == []
    first = history.finish(mine)
    again = _open(study_dir, "bea")
    assert _taken(again) == [("ann", "beside")]
    assert again.base == first
    assert journal.waiting(study_dir, "a") == []
    versions = store.history(study_dir, "a")
    assert [(each.author, each.conflict) for each in versions] == [("bea", False), ("ann", True)]
    kept = store.load(study_dir, "a", versions[1].version)
    assert kept is not None
    assert kept.flat_yx[15, 15] > 0
    assert store.head(study_dir, "a") == first


def test_strokes_on_labels_that_count_no_more_are_a_version_beside(study_dir: StudyDir) -> None:
    _left(study_dir, "ann", 5)
    head = store.save(study_dir, "a", square(_open(study_dir, "x").labels, 200), author="cid")
    mine = _open(study_dir, "bea")
    assert _taken(mine) == [("ann", "beside")]
    assert mine.base == store.head(study_dir, "a") == head
    assert len(store.history(study_dir, "a")) == 2


def _part(left: int) -> Place:
    return Place(region=Region(top=0, left=left, rows=100, columns=100), whole_yx=SHAPE)


def test_strokes_on_a_part_of_a_large_image_are_gone_on_with_in_that_part(
    study_dir: StudyDir,
) -> None:
    _left(study_dir, "ann", 5, _part(0))
    other = _open(study_dir, "eve", _part(150))
    other.record(square(other.labels, 60), "brush")
    history.finish(other)
    assert _taken(_open(study_dir, "bea")) == []
    mine = _open(study_dir, "bea", _part(0))
    assert _taken(mine) == [("ann", "here")]  # another part was saved since: that is no conflict
    history.finish(mine)
    kept = store.load(study_dir, "a")
    assert kept is not None
    assert len(kept.objects) == 2


@pytest.mark.parametrize("who", ["ann", "bea"])
def test_strokes_on_another_part_are_saved_as_nobody_may_choose_that_part_again(
    study_dir: StudyDir, who: str
) -> None:
    _left(study_dir, who, 5, _part(150))
    mine = _open(study_dir, "bea", _part(0))
    assert _taken(mine) == [(who, "saved")]
    assert journal.waiting(study_dir, "a") == []
    assert mine.base == store.head(study_dir, "a")
    kept = store.load(study_dir, "a")
    assert kept is not None
    assert kept.flat_yx[15, 165] > 0


def test_strokes_on_another_part_wait_while_own_ones_are_not_saved(study_dir: StudyDir) -> None:
    mine = _open(study_dir, "bea", _part(0))
    mine.record(square(mine.labels, 60), "brush")
    _left(study_dir, "ann", 5, _part(50))
    assert _taken(mine) == []
    history.finish(mine)
    assert _taken(_open(study_dir, "bea", _part(0))) == [("ann", "beside")]


def test_what_a_closed_tab_showed_the_learner_is_gone_on_with(study_dir: StudyDir) -> None:
    left = _open(study_dir, "ann")
    left.teach(1, [(5.0, 5.0)], 3.0)
    _long_ago(study_dir.labels / "a" / "taught" / "ann.jsonl")
    mine = _open(study_dir, "bea")
    mine.teach(0, [(50.0, 5.0)], 3.0)
    assert _taken(mine) == []
    assert [each.value for each in mine.teaching.standing] == [1, 0]
    assert [each.value for each in _open(study_dir, "bea").teaching.standing] == [1, 0]
    assert _open(study_dir, "ann").teaching.standing == []


def test_strokes_on_a_version_that_is_damaged_close_the_image_for_nobody(
    study_dir: StudyDir,
) -> None:
    version = store.save(study_dir, "a", square(_open(study_dir, "x").labels, 5), author="x")
    _left(study_dir, "ann", 100)
    store.save(
        study_dir, "a", square(_open(study_dir, "x").labels, 200), author="x", parent=version
    )
    (study_dir.labels / "a" / f"{version}.tif").write_bytes(b"none")
    assert _taken(_open(study_dir, "bea")) == []
    assert journal.waiting(study_dir, "a") == ["ann"]
