"""A budget becomes steps, and the rate reaches its floor when they are done."""

import pytest

from core.train.clock import FLOOR, Schedule


def test_the_rate_rises_then_falls_to_its_floor() -> None:
    schedule = Schedule()
    schedule.fit(100)
    rates = []
    while not schedule.done:
        rates.append(schedule.rate)
        schedule.advance()
    assert len(rates) == 100
    assert max(rates) == pytest.approx(1.0, abs=0.01)
    assert rates.index(max(rates)) < 12
    assert schedule.rate == pytest.approx(FLOOR)


def test_a_new_estimate_changes_the_end_but_not_the_way() -> None:
    schedule = Schedule()
    schedule.fit(1000)
    for _ in range(50):
        schedule.advance()
    before = schedule.share
    schedule.fit(20)
    assert schedule.share == before
    for _ in range(20):
        schedule.advance()
    assert schedule.done
    assert schedule.share == pytest.approx(1.0)
    assert schedule.plan == [(0, 1000), (50, 70)]
