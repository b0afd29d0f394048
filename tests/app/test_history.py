"""Curves of a run: only what is new is taken in, and long ones are thinned out."""

import pytest

from app.history import KEPT_POINTS, History, thinned
from core.records import Event


def event(name, **values):
    return Event(time=0.0, name=name, values=values)


def test_events_are_taken_in_piece_by_piece():
    history = History()
    history.add([event("step", step=1, loss=2.0), event("stage", stage="fitting")], 10)
    history.add([event("step", step=5, loss=1.0), event("validation", score=0.5)], 20)
    assert history.offset == 20
    assert history.loss == [(1.0, 2.0), (5.0, 1.0)]
    assert history.scores == [(5.0, 0.5)]
    assert [each.name for each in history.told] == ["stage"]


def test_trials_stand_apart_from_the_run_that_goes_on():
    history = History()
    trial = event("standing", pipeline="a", score=0.4, samples=80, step=20)
    history.add(
        [event("probe_step", step=20, loss=1.0), trial, event("step", step=21, loss=0.9)], 5
    )
    assert history.standings == [("a", 0.4)]
    assert history.told == [trial]
    assert history.loss == [(21.0, 0.9)]
    assert history.scores == []


def test_what_was_learned_after_the_checkpoint_is_drawn_once():
    """A killed run learns some steps again; its curve must not run back and forth."""
    history = History()
    history.add([event("step", step=n, loss=1.0 / n) for n in (1, 2, 3, 4)], 1)
    history.add([event("resumed", step=2, message="Going on"), event("step", step=3, loss=9.0)], 2)
    assert history.loss == [(1.0, 1.0), (2.0, 0.5), (3.0, 9.0)]
    assert history.told[-1].name == "resumed"


def test_what_a_first_try_learned_is_forgotten_where_the_second_begins():
    """The curve ran backwards, and its star stood at weights that were thrown away."""
    history = History()
    history.add([event("step", step=n, loss=1.0 / n) for n in (1, 2, 4)], 1)
    calmed = event("calmed", step=2, samples=8, message="Trying once more")
    history.add([event("validation", step=4, score=0.9), calmed], 2)
    history.add([event("step", step=3, loss=9.0), event("validation", step=3, score=0.5)], 3)
    assert history.loss == [(1.0, 1.0), (2.0, 0.5), (3.0, 9.0)]
    assert history.scores == [(3.0, 0.5)]
    assert history.told == [calmed]


def test_of_a_first_try_that_was_of_no_use_nothing_is_drawn():
    """A last layer is fitted before the first step; in the second try anew."""
    history = History()
    history.add([event("validation", step=0, score=0.6), event("step", step=5, loss=1.0)], 1)
    history.add([event("calmed", step=0, samples=0), event("validation", step=0, score=0.4)], 2)
    assert history.loss == []
    assert history.scores == [(0.0, 0.4)]


def test_what_is_kept_of_a_long_run_does_not_grow_with_it():
    history = History()
    for start in range(0, 20_000, 500):
        steps = range(start, start + 500)
        history.add([event("step", step=n + 1, loss=1.0, memory_gib=2.0) for n in steps], start)
    assert len(history.loss) <= KEPT_POINTS
    assert history.loss[-1][0] == 20_000
    assert history.loss[0][0] < 100
    assert history.memory_gib == 2.0


def test_an_event_without_its_figure_draws_nothing():
    history = History()
    history.add([event("step", step=3), event("validation", score=None)], 1)
    assert history.loss == []
    assert history.scores == []


@pytest.mark.parametrize("count", [0, 1, 100])
def test_short_curves_stay_as_they_are(count):
    points = [(float(i), 1.0) for i in range(count)]
    assert thinned(points, most=100) == points


def test_a_long_curve_keeps_its_course():
    points = [(float(i), float(i % 2)) for i in range(10_000)]
    shown = thinned(points, most=100)
    assert len(shown) == 100
    assert all(y == pytest.approx(0.5) for _, y in shown)
    assert [x for x, _ in shown] == sorted(x for x, _ in shown)
