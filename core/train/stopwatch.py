"""How long a step of learning takes, whatever is done in between."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from core.pipeline import devices


@dataclass(slots=True)
class Stopwatch:
    """Time and processor time of the steps since it was started, but for what is done aside."""

    steps: int | None = None
    """Steps that were done when it was started; None: it was not."""
    since: float = 0.0
    """When it was started, in seconds since 1970; later by what was done aside."""
    processor_s: float = 0.0
    """What this process had used of the processor then, all threads together; likewise."""

    def start(self, steps: int) -> None:
        """Begin to measure, after so many steps."""
        self.steps, self.since, self.processor_s = steps, time.time(), time.process_time()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Count nothing of what is done meanwhile."""
        began, processor_s = time.time(), time.process_time()
        yield
        self.since += time.time() - began
        self.processor_s += time.process_time() - processor_s

    def pace(self, steps: int) -> tuple[float, float]:
        """Return seconds, and processor seconds over cores, a step after so many steps.

        0.0 where no step was measured yet.
        """
        if self.steps is None or steps <= self.steps:
            return 0.0, 0.0
        count, cores = steps - self.steps, devices.cores_available()
        processor_s = (time.process_time() - self.processor_s) / cores
        return (time.time() - self.since) / count, processor_s / count
