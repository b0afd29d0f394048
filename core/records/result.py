"""What came out."""

from dataclasses import dataclass, field
from typing import Any

from core.records.pipeline import Pipeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The headline and what stands beside it, on one set of images."""

    headline: float
    """In [0, 1]; see `name`."""
    name: str
    """What the headline is: `AP at IoU 0.5`, `mean Dice`, `balanced accuracy`."""
    images: int
    interval: tuple[float, float] | None = None
    """95 %, bootstrap over groups; None below five groups."""
    others: dict[str, float] = field(default_factory=dict)
    """The other figures by name, e.g. `ap_75`, `f1`, `pq`, `class_accuracy`, `dice:vessel`."""
    per_image: dict[str, float] = field(default_factory=dict)
    """Image id -> headline of that image alone."""
    tables: dict[str, Any] = field(default_factory=dict)
    """Larger figures, e.g. `confusion`: {classes, rows}."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one candidate stood in the race."""

    pipeline: str
    score: float
    """On the validation images all were judged by."""
    prior: float | None
    """What was believed beforehand; see `Candidate.prior`."""
    steps: int
    samples: int
    seconds: float
    """Preparing the images, learning, and the look together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """What `result.json` in a run's folder tells."""

    run: str
    study: str
    pipeline: Pipeline
    """With the tuned postprocessing."""
    validation: Score
    seconds: float
    """All work, from the order to the end of the report."""
    steps: int
    samples: int
    """Training tiles seen: the fidelity the library compares at."""
    step_plan: tuple[tuple[int, int], ...]
    """(step, planned total) each time the schedule was fitted to the clock; repeats a run."""
    seconds_per_step: float
    cpu_seconds_per_step: float
    """Processor time over cores: what a step takes on an idle machine."""
    seconds_per_megapixel: float
    peak_memory_gib: float
    parameters: int
    device: str
    hardware: str
    converged: bool
    """Whether it stopped before its budget because nothing improved any more."""
    curve: tuple[tuple[int, float], ...]
    """(samples seen, figure on the check images): their score; where whole pictures are sorted, the
    geometric mean of the probability of their class."""
    race: tuple[Standing, ...] = ()
    """Empty where there was no time for one, or nothing to choose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What `report/report.json` tells: the scores on images the model never saw."""

    run: str
    study: str
    pipeline: str
    test: Score | None
    """None where no annotated image was left for a test."""
    validation: Score
    baseline: Score | None
    """The simple rival on the same test images."""
    baseline_name: str = ""
    simulated: bool = False
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    """What a reader must know, e.g. too few groups for an interval."""
