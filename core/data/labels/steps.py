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
    gone: list[tuple[float, Step]] = list(zip(taught.taken[-1:], taught.gone[-1:], strict=True))
    for number in numbers[-1:]:
        gone.append((max(each.time for each in told if each.undoes == number), told[number]))
    # Whatever is done is the end of what was taken back before, also once it is taken back itself.
    new = _newest(told, taught)
    left = [(taken, step) for taken, step in gone if taken > new]
    return max(left, key=lambda each: each[0])[1] if left else None


def next_time(told: list[Entry], taught: Teaching) -> float:
    """Return the time, later than that of all before."""
    done: tuple[Step, ...] = (*told[-1:], *taught.standing[-1:], *taught.gone[-1:])
    times = (*(each.time for each in done), *taught.taken[-1:])
    return max([clock.time(), *(time + _TICK_S for time in times)])


def _newest(told: list[Entry], taught: Teaching) -> float:
    """Return when something was done last that takes nothing back and brings nothing again."""
    drawn = (each.time for each in told if each.undoes is None and each.redoes is None)
    return max([0.0, *drawn, *(each.time for each in (*taught.standing, *taught.gone))])
