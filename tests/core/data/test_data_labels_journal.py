"""Strokes on the disk: nothing that was drawn is lost, and everything can be taken back."""

import errno
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from strokes import SHAPE, square

from core.data import study
from core.data.labels import editors, entries, history, journal, store
from core.data.labels.model import MAIN
from core.errors import ConflictError, StudyError
from core.paths import StudyDir, Workspace
from core.records import files


@pytest.fixture
def study_dir(workspace: Workspace) -> StudyDir:
    return study.create(workspace, "s")


def _open(study_dir: StudyDir, who: str = "ann-1", author: str = "ann") -> journal.Journal:
    return journal.open_(study_dir, "a", who, SHAPE, author=author)


def test_every_stroke_is_there_after_a_crash(study_dir: StudyDir) -> None:
    mine = _open(study_dir)
    for at in (5, 60, 120, 200):
        mine.record(square(mine.labels, at), "brush")
    again = _open(study_dir)
    np.testing.assert_array_equal(again.labels.flat_yx, mine.labels.flat_yx)
    assert again.labels.objects == mine.labels.objects
    assert [entry.what for entry in again.entries] == ["brush"] * 4


def test_only_touched_tiles_are_written(study_dir: StudyDir) -> None:
    mine = _open(study_dir)
    entry = mine.record(square(mine.labels, 5), "brush")
    assert entry is not None
    assert entry.tiles == ((0, 0),)
    across = mine.record(square(mine.labels, 120), "brush")
    assert across is not None
    assert across.tiles == ((0, 0), (0, 1), (1, 0), (1, 1))
    assert sum(path.stat().st_size for path in mine.folder.glob("*.tiles")) < 4000
    assert mine.record(mine.labels, "nothing") is None


def test_a_crash_in_the_middle_of_a_stroke_loses_that_stroke_alone(study_dir: StudyDir) -> None:
    mine = _open(study_dir)
    mine.record(square(mine.labels, 5), "brush")
    whole = mine.labels
    mine.record(square(mine.labels, 60), "brush")
    lines = (mine.folder / "entries.jsonl").read_bytes()
    (mine.folder / "entries.jsonl").write_bytes(lines[:-30])  # torn
    again = _open(study_dir)
    np.testing.assert_array_equal(again.labels.flat_yx, whole.flat_yx)
    again.record(square(again.labels, 100), "brush")
    assert len(_open(study_dir).entries) == 2


def test_undo_and_redo_have_no_end_and_survive_a_reload(study_dir: StudyDir) -> None:
    mine = _open(study_dir)
    states = [mine.labels]
    for at in range(0, 200, 20):
        mine.record(square(mine.labels, at), "brush")
        states.append(mine.labels)
    for expected in reversed(states[:-1]):
        assert mine.undo()
        np.testing.assert_array_equal(mine.labels.flat_yx, expected.flat_yx)
        assert mine.labels.objects == expected.objects
    assert not mine.undo()
    again = _open(study_dir)
    for expected in states[1:]:
        assert again.redo()
        np.testing.assert_array_equal(again.labels.flat_yx, expected.flat_yx)
    again.undo()
    again.record(square(again.labels, 230), "brush")
    assert not again.redo()


def test_undo_goes_on_after_undo_and_new_strokes(study_dir: StudyDir) -> None:
    mine = _open(study_dir)
    mine.record(square(mine.labels, 0), "brush")
    mine.record(square(mine.labels, 40), "brush")
    mine.undo()
    mine.record(square(mine.labels, 80), "brush")
    for _ in range(2):
        mine.undo()
    assert not mine.labels.flat_yx.any()
    assert not mine.undo()


def test_two_people_are_told_and_both_versions_stay(study_dir: StudyDir) -> None:
    mine, other = _open(study_dir), _open(study_dir, "bob-1", "bob")
    mine.record(square(mine.labels, 5), "brush")
    assert editors.others_at_work(study_dir, "a", "bob-1") == ["ann"]
    other.record(square(other.labels, 100), "brush")
    first = history.finish(mine)
    with pytest.raises(ConflictError):
        history.finish(other)
    assert store.head(study_dir, "a") == first
    versions = [each.version for each in store.history(study_dir, "a")]
    assert len(versions) == 2
    kept = store.load(study_dir, "a", versions[1])
    assert kept is not None
    assert kept.flat_yx[110, 110] > 0
    assert journal.waiting(study_dir, "a") == []
    assert [entry.author for entry in entries.strokes(study_dir, "a")] == ["ann", "bob"]


def test_any_version_can_be_restored(study_dir: StudyDir) -> None:
    versions = []
    for at in (5, 60):
        mine = _open(study_dir)
        mine.record(square(mine.labels, at), "brush")
        versions.append(history.finish(mine))
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
    labels = square(_open(study_dir, "other").labels, 40)
    version = store.save(study_dir, "a", labels, author="bob")
    again = _open(study_dir)
    assert again.base == version
    np.testing.assert_array_equal(again.labels.flat_yx, labels.flat_yx)
    again.record(square(again.labels, 120), "brush")
    assert history.finish(again) != version


FAULTS = (
    MemoryError(),
    OSError(errno.EIO, "the disk fails"),
    OSError(errno.ENOSPC, "the disk is full"),
    StudyError("head.json cannot be read"),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda each: str(each) or "memory")
def test_strokes_stay_where_no_version_could_be_written(
    study_dir: StudyDir, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    """Whatever went wrong, the journal was thrown away, and confirmed strokes with it."""
    mine = _open(study_dir)
    mine.record(square(mine.labels, 5), "brush")

    def fail(*_: object, **__: object) -> str:
        raise fault

    with monkeypatch.context() as broken:
        broken.setattr(store, "save", fail)
        with pytest.raises(type(fault)):
            history.finish(mine)
    again = _open(study_dir)
    assert [entry.what for entry in again.entries] == ["brush"]
    version = history.finish(again)
    assert store.head(study_dir, "a") == version
    assert journal.waiting(study_dir, "a") == []


def test_strokes_stay_where_their_history_cannot_be_written_and_are_told_once(
    study_dir: StudyDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = _open(study_dir)
    for at in (5, 60):
        mine.record(square(mine.labels, at), "brush")
    append = files.append

    def fill_up(path: Path, *records: object) -> None:
        append(path, records[0])
        raise OSError(errno.ENOSPC, "the disk is full")

    with monkeypatch.context() as full:
        full.setattr(files, "append", fill_up)
        with pytest.raises(OSError, match="full"):
            history.finish(mine)
    assert history.finish(_open(study_dir)) == store.head(study_dir, "a")
    assert [each.number for each in entries.strokes(study_dir, "a")] == [0, 1]


def test_a_stale_copy_that_is_saved_holds_what_the_other_session_drew(study_dir: StudyDir) -> None:
    """A copied link has the same journal: whoever saved first threw the other's strokes away."""
    mine, other = _open(study_dir), _open(study_dir)
    other.record(square(other.labels, 100), "brush")
    history.finish(mine)
    kept = store.load(study_dir, "a")
    assert kept is not None
    assert kept.flat_yx[110, 110] > 0
    assert len(entries.strokes(study_dir, "a")) == 1


def test_a_session_goes_on_from_the_version_that_the_other_made(study_dir: StudyDir) -> None:
    """It knew the version of before, and the next save of the same tab met a conflict."""
    mine, other = _open(study_dir), _open(study_dir)
    other.record(square(other.labels, 100), "brush")
    history.finish(other)
    with mine.turn() as was_behind:
        assert was_behind
        mine.record(square(mine.labels, 5), "brush")
    history.finish(mine)
    kept = store.load(study_dir, "a")
    assert kept is not None
    assert len(kept.objects) == 2


def test_two_sessions_never_write_the_same_entry(study_dir: StudyDir) -> None:
    """Both wrote entry 0; at the next opening the second one and all behind it were unread."""
    mine, other = _open(study_dir), _open(study_dir)
    mine.record(square(mine.labels, 5), "brush")
    with pytest.raises(ConflictError, match="meanwhile"):
        other.record(square(other.labels, 60), "brush")
    with other.turn():
        other.record(square(other.labels, 60), "brush")
    assert [each.number for each in _open(study_dir).entries] == [0, 1]
    assert len(_open(study_dir).labels.objects) == 2


def _spoil_tiles(mine: journal.Journal) -> None:
    (mine.folder / "000001.tiles").write_bytes(b"none")


def _repeat_a_number(mine: journal.Journal) -> None:
    path = mine.folder / entries.LINES
    told = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([told[0], told[0], *told[1:]]))


def _undo_nothing(mine: journal.Journal) -> None:
    path = mine.folder / entries.LINES
    told = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(told[0] + told[1].replace(b'"undoes":null', b'"undoes":7') + told[2])


def _forget_an_object(mine: journal.Journal) -> None:
    path = mine.folder / entries.LINES
    told = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(told[0] + told[1].replace(b'"id":2', b'"id":9') + told[2])


SPOILERS = (_spoil_tiles, _repeat_a_number, _undo_nothing, _forget_an_object)


@pytest.mark.parametrize("spoil", SPOILERS)
def test_what_follows_a_bad_line_is_set_aside_and_strokes_go_on_before_it(
    study_dir: StudyDir, spoil: Callable[[journal.Journal], None]
) -> None:
    """Strokes were appended behind it, and each reopening left them unread; or none opened."""
    mine = _open(study_dir)
    for at in (5, 60, 120):
        mine.record(square(mine.labels, at), "brush")
    spoil(mine)
    again = _open(study_dir)
    assert again.is_torn
    assert len(again.entries) == 1
    again.record(square(again.labels, 200), "brush")
    last = _open(study_dir)
    assert not last.is_torn
    assert [each.number for each in last.entries] == [0, 1]
    assert last.labels.flat_yx[210, 210] > 0
    [kept] = (study_dir.labels / "a" / "torn").iterdir()
    assert len((kept / entries.LINES).read_bytes().splitlines()) >= 2
    assert (kept / "000002.tiles").is_file()


def test_what_cannot_be_read_stays_when_the_rest_is_saved(study_dir: StudyDir) -> None:
    mine = _open(study_dir)
    for at in (5, 60):
        mine.record(square(mine.labels, at), "brush")
    _spoil_tiles(mine)
    history.finish(_open(study_dir))
    assert journal.waiting(study_dir, "a") == []
    assert len(list((study_dir.labels / "a" / "torn").glob("*/*.jsonl"))) == 1


def test_only_what_is_marked_counts_when_not_all_is_marked_any_more(study_dir: StudyDir) -> None:
    """It stayed background for ever: the switch was heard when it was turned on alone."""
    mine = _open(study_dir)
    mine.record(square(mine.labels, 5), "brush")
    history.finish(mine, complete=True)
    again = _open(study_dir)
    assert again.labels.annotated_yx.all()
    history.finish(again, complete=False)
    kept = store.load(study_dir, "a")
    assert kept is not None
    np.testing.assert_array_equal(kept.annotated_yx, kept.flat_yx > 0)


def test_whether_all_is_marked_stays_with_the_strokes_until_a_version_tells_it(
    study_dir: StudyDir,
) -> None:
    """It was forgotten with the page, and what nobody had marked was saved as background."""
    mine = _open(study_dir)
    assert mine.complete is None
    mine.tell_complete(False)  # before the first stroke
    again = _open(study_dir)
    again.record(square(again.labels, 5), "brush")
    assert _open(study_dir).complete is False
    with mine.turn():
        assert mine.complete is False
        assert len(mine.entries) == 1
    history.finish(mine, complete=mine.complete)
    assert _open(study_dir).complete is None


def test_a_journal_of_before_nobody_told_whether_all_is_marked_is_gone_on_with(
    study_dir: StudyDir,
) -> None:
    mine = _open(study_dir)
    mine.record(square(mine.labels, 5), "brush")
    files.write_json(mine.folder / "base.json", {"schema": 1, "version": None, "token": "abc"})
    again = _open(study_dir)
    assert again.complete is None
    assert len(again.entries) == 1
    again.tell_complete(True)
    assert _open(study_dir).complete is True
    assert len(_open(study_dir).entries) == 1


def test_what_the_learner_was_shown_is_there_after_a_crash_and_makes_no_version(
    study_dir: StudyDir,
) -> None:
    """It lived in memory alone, while the page said that every stroke is on the disk."""
    mine = _open(study_dir)
    mine.cause = "tab 1"
    mine.teach(1, [(5.0, 5.0), (20.0, 5.0)], 3.0)
    again = _open(study_dir)
    assert [(each.value, each.width_px) for each in again.teaching.standing] == [(1, 3.0)]
    assert again.knows("tab 1")
    assert journal.waiting(study_dir, "a") == []
    assert history.finish(again) is None
    assert len(_open(study_dir).teaching.standing) == 1


def test_undo_and_redo_follow_the_order_in_which_things_were_done(study_dir: StudyDir) -> None:
    mine = _open(study_dir)
    mine.record(square(mine.labels, 5), "brush")
    mine.teach(1, [(50.0, 50.0)], 3.0)
    mine.record(square(mine.labels, 100), "brush")
    mine.teach(0, [(90.0, 50.0)], 3.0)

    def now() -> tuple[int, int]:
        with mine.turn():
            return len(mine.labels.objects), len(mine.teaching.standing)

    steps = [now()]
    while mine.undo():
        mine = _open(study_dir)
        steps.append(now())
    assert steps == [(2, 2), (2, 1), (1, 1), (1, 0), (0, 0)]
    again = [now()]
    while mine.redo():
        again.append(now())
    assert again == steps[::-1]
    mine.undo()
    mine.record(square(mine.labels, 200), "brush")
    assert not mine.redo()


@pytest.mark.parametrize("drawn_first", [True, False])
def test_what_was_taken_back_before_something_new_never_comes_again(
    study_dir: StudyDir, drawn_first: bool
) -> None:
    """Taken back, then something of the other kind was done and taken back: it came, not that."""
    mine = _open(study_dir)

    def draw() -> None:
        mine.record(square(mine.labels, 5), "brush")

    def teach() -> None:
        mine.teach(1, [(50.0, 50.0)], 3.0)

    first, then = (draw, teach) if drawn_first else (teach, draw)
    first()
    mine.undo()
    then()
    mine.undo()
    mine = _open(study_dir)
    assert mine.redo()
    counts = len(mine.labels.objects), len(mine.teaching.standing)
    assert counts == ((0, 1) if drawn_first else (1, 0))
    assert not mine.redo()


def test_the_history_of_strokes_does_not_grow_with_the_objects(study_dir: StudyDir) -> None:
    """A table of thousands of objects a stroke was read at each opening."""
    mine = _open(study_dir)
    for place in range(0, 120, 12):
        mine.cause = f"gesture {place:03d}"
        mine.record(square(mine.labels, place), "brush")
    history.finish(mine)
    told = (study_dir.labels / "a" / "strokes.jsonl").read_text().splitlines()
    assert len(told) == 10
    assert max(map(len, told)) < min(map(len, told)) + 20
    assert _open(study_dir).knows("gesture 012")


def test_what_the_learner_was_shown_goes_with_the_version_that_holds_its_work(
    study_dir: StudyDir,
) -> None:
    mine = _open(study_dir)
    mine.teach(1, [(50.0, 50.0)], 3.0)
    mine.record(square(mine.labels, 5), entries.LEARNED)
    mine.teach(0, [(90.0, 50.0)], 3.0)
    history.finish(mine)
    assert [each.value for each in _open(study_dir).teaching.standing] == [0]
