"""In what order things were done: strokes of a journal and those for the learner, in one line."""

import time as clock

from core.data.labels.entries import Entry, standing
from core.data.labels.teaching import Shown, Teaching

Step = Entry | Shown
# What one hand did in order is never told to be of the same moment.
_TICK_S = 1e-5


def last_done(told: list[Entry], taught: Teaching) -> Step | None:
    """Return what can be taken back next; None: nothing."""
    numbers, _ = standing(told)
    last: list[Step] = [*(told[each] for each in numbers[-1:]), *taught.standing[-1:]]
    return max(last, key=lambda each: each.time, default=None)


def last_undone(told: list[Entry], taught: Teaching) -> Step | None:
    """Return what can be brought back next; None: nothing, or more was done since."""
    _, numbers = standing(told)
    gone: list[Step] = [*(told[each] for each in numbers[-1:]), *taught.gone[-1:]]
    done = last_done(told, taught)
    # Whatever is done is the end of what was taken back before.
    left = [each for each in gone if done is None or each.time > done.time]
    return min(left, key=lambda each: each.time, default=None)


def next_time(told: list[Entry], taught: Teaching) -> float:
    """Return the time, later than that of all before."""
    done: tuple[Step, ...] = (*told[-1:], *taught.standing[-1:], *taught.gone[-1:])
    return max([clock.time(), *(each.time + _TICK_S for each in done)])
