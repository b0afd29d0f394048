"""A journal whose base.json is damaged: its strokes stay, on the labels they were drawn on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from strokes import SHAPE, square

from core.data import study
from core.data.labels import editors, history, journal, store
from core.data.labels.model import empty
from core.errors import ConflictError
from core.paths import StudyDir, Workspace


@pytest.fixture
def study_dir(workspace: Workspace) -> StudyDir:
    return study.create(workspace, "s")


def _open(study_dir: StudyDir, who: str = "ann-1") -> journal.Journal:
    return journal.open_(study_dir, "a", who, SHAPE, author=who)


def _save(study_dir: StudyDir, *places: int) -> str:
    """Save squares at these places on top of nothing."""
    labels = empty(SHAPE)
    for at in places:
        labels = square(labels, at)
    parent = store.head(study_dir, "a")
    return store.save(study_dir, "a", labels, author="bob", parent=parent)


def _tear(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _scramble(path: Path) -> None:
    path.write_bytes(bytes(range(200)))


def _remove(path: Path) -> None:
    path.unlink()


def _lose_the_token(path: Path) -> None:
    """Leave the version in, as a tear behind it does."""
    told = path.read_bytes()
    path.write_bytes(told[: told.index(b'"token"')])


def _garble(path: Path) -> None:
    """Put bytes that are no text into a name."""
    path.write_bytes(b'{"schema":1,"version":"\xff\xfe","token":"a"}')


FAULTS = (_tear, _empty, _scramble, _remove, _garble, _lose_the_token)


@pytest.mark.parametrize("spoil", FAULTS)
def test_strokes_are_gone_on_with_on_the_version_they_were_drawn_on(
    study_dir: StudyDir, spoil: Callable[[Path], None]
) -> None:
    """The tab could not open the image any more: base.json is no record, or the newest counted."""
    first = _save(study_dir, 40)
    mine = _open(study_dir)
    for at in (5, 120):
        mine.record(square(mine.labels, at), "brush")
    _save(study_dir, 40, 200)  # another version counts by now
    spoil(mine.folder / "base.json")
    again = _open(study_dir)
    assert again.base == first
    assert [each.what for each in again.entries] == ["brush"] * 2
    np.testing.assert_array_equal(again.labels.flat_yx, mine.labels.flat_yx)
    assert again.undo()
    assert again.undo()
    np.testing.assert_array_equal(again.labels.flat_yx > 0, square(empty(SHAPE), 40).flat_yx > 0)


def test_the_damaged_file_is_kept_and_told_with_cause_and_remedy(study_dir: StudyDir) -> None:
    mine = _open(study_dir)
    mine.record(square(mine.labels, 5), "brush")
    path = mine.folder / "base.json"
    _tear(path)
    torn = path.read_bytes()
    [told] = _open(study_dir).take_told()
    [kept] = (study_dir.labels / "a" / "torn").glob("*/base.json")
    assert kept.read_bytes() == torn
    assert str(path) in told
    assert str(kept) in told
    assert "no Basis record" in told
    assert "Save" in told
    again = _open(study_dir)  # it is whole again
    assert again.take_told() == []
    version = history.finish(again)
    assert store.head(study_dir, "a") == version


def test_a_session_that_is_at_work_goes_on(study_dir: StudyDir) -> None:
    mine = _open(study_dir)
    mine.record(square(mine.labels, 5), "brush")
    _scramble(mine.folder / "base.json")
    with mine.turn():
        mine.record(square(mine.labels, 60), "brush")
    assert len(mine.take_told()) == 1
    assert len(_open(study_dir).labels.objects) == 2


def test_strokes_that_no_version_fits_stand_alone_and_are_saved_beside(study_dir: StudyDir) -> None:
    first = _save(study_dir, 40)
    mine = _open(study_dir)
    mine.record(square(mine.labels, 5), "brush")
    _save(study_dir, 200)
    (study_dir.labels / "a" / f"{first}.tif").write_bytes(b"none")
    _empty(mine.folder / "base.json")
    again = _open(study_dir)
    assert again.labels.flat_yx[10, 10] > 0
    [told] = again.take_told()
    assert "a version of its own" in told
    with pytest.raises(ConflictError):
        history.finish(again)
    assert [each.conflict for each in store.history(study_dir, "a")] == [False, False, True]


def test_what_a_closed_tab_left_is_gone_on_with_although_its_base_is_damaged(
    study_dir: StudyDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waited for ever, seen by nobody."""
    theirs = _open(study_dir, "tab-gone")
    theirs.record(square(theirs.labels, 5), "brush")
    _scramble(theirs.folder / "base.json")
    monkeypatch.setattr(editors, "_AT_WORK_S", 0.0)
    mine = _open(study_dir)
    [left] = editors.take_over(mine, lambda tab: False)
    assert left.became == "here"
    assert len(mine.labels.objects) == 1
    assert len(mine.take_told()) == 1
