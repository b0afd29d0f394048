"""A budget in seconds, turned into steps once the speed is known."""

import math
import time
from dataclasses import dataclass, field

LEAST_SHARE = 0.15
"""A resumed training gets at least this share of its budget: tuning and report need about that."""


@dataclass(slots=True)
class Clock:
    """When a run was ordered and when it must have ended, in seconds since 1970."""

    ordered: float
    deadline: float

    @property
    def budget_s(self) -> float:
        """Return the whole budget."""
        return self.deadline - self.ordered

    def used(self) -> float:
        """Return seconds since the order."""
        return time.time() - self.ordered

    def left(self) -> float:
        """Return seconds until the deadline; negative after it."""
        return self.deadline - time.time()

    def put_back(self, used_s: float) -> None:
        """Let `used_s` of the same budget be used now."""
        budget_s = self.budget_s
        self.ordered = time.time() - min(used_s, (1 - LEAST_SHARE) * budget_s)
        self.deadline = self.ordered + budget_s


# Networks settle within their first steps (memory is laid out, kernels are chosen); these are slow.
SETTLING_STEPS = 2
MEASURED_STEPS = 4
# Source: Smith, "Super-convergence", 2018, in its shortest useful form.
WARM_UP = 0.06
FLOOR = 0.01


@dataclass(slots=True)
class Schedule:
    """How far the training is, from 0 to 1, and the learning rate that belongs to it.

    The share done grows by what one step means at the latest estimate of the steps that still
    fit, so that the rate always reaches its floor at the deadline.
    """

    share: float = 0.0
    steps: int = 0
    plan: list[tuple[int, int]] = field(default_factory=list)
    """(step, planned total), each time the estimate was made."""

    def fit(self, steps_left: int) -> None:
        """Take `steps_left` as what still fits; at least one."""
        self.plan.append((self.steps, self.steps + max(1, steps_left)))

    def advance(self) -> None:
        """Count one step."""
        if self.plan:
            left = self.plan[-1][1] - self.steps
            self.share = min(1.0, self.share + (1.0 - self.share) / max(1, left))
        self.steps += 1

    @property
    def done(self) -> bool:
        """Return whether all planned steps are done."""
        return bool(self.plan) and self.steps >= self.plan[-1][1]

    @property
    def rate(self) -> float:
        """Return the factor of the learning rate: a short rise, then half a cosine."""
        if self.share < WARM_UP:
            return max(FLOOR, self.share / WARM_UP)
        fallen = (self.share - WARM_UP) / (1 - WARM_UP)
        return FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * fallen))
