"""How long a simple rival takes: one that would eat the budget of the model is given up."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock

from core.data.samples import Sample
from core.errors import AIxCellError

# A little late does no harm; what would take longer than so many times the time allowed, does.
LATEST = 2.0
# The first import of what a rival needs takes seconds on a busy machine.
LEAST_S = 10.0


class NoTimeError(AIxCellError):
    """The simple way would take far longer than it may."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__(
            "the images are too large, or too many, for the simple way in its time; allow more time"
        )


@dataclass(slots=True)
class Pace:
    """How many pixels of the test images are answered, and how long they took."""

    end: float
    """Latest on the monotonic clock."""
    pixels: int
    """Of all test images."""
    abreast: int
    """How many images are answered at a time."""
    answered: int = 0
    """Pixels."""
    spent_s: float = 0.0
    """What their answers took at the least, one after the other."""
    given_up: bool = False
    _lock: Lock = field(default_factory=Lock)

    def check(self) -> None:
        """Raise NoTimeError where it is too late already, or given up."""
        if self.given_up or time.monotonic() > self.end:
            raise NoTimeError

    def tell(self, pixels: int, seconds: float) -> None:
        """Count pixels that are answered; NoTimeError where the others would come too late."""
        with self._lock:
            self.answered += pixels
            self.spent_s += seconds
            left = self.pixels - self.answered
            left_s = self.spent_s / self.answered * left / self.abreast
        if left and time.monotonic() + left_s > self.end:
            self.given_up = True
            raise NoTimeError


def begun(test: Sequence[Sample], seconds: float, *, abreast: int = 1) -> Pace:
    """Return the pace of a rival that begins now, and may take `seconds` in all."""
    return Pace(
        end=time.monotonic() + max(LATEST * seconds, LEAST_S),
        pixels=sum(sample.image_cyx[0].size for sample in test),
        abreast=max(1, min(abreast, len(test))),
    )
