"""What a checkpoint tells of a run, beside its tensors."""

from dataclasses import dataclass, field

from core.records import Candidate, Pipeline, Score, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedLearner:
    """A network in the middle of learning; its tensors bear the role's name."""

    candidate: Candidate
    """As the plan has it."""
    pipeline: Pipeline
    """As it learns: perhaps in smaller parts, or at a lower rate."""
    steps: int
    samples: int
    headed: bool
    best: float
    draws: str
    """State of the generator that draws its tiles, as JSON: its integers have 128 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedStretch:
    """How far a stretch of training is."""

    share: float
    steps: int
    plan: tuple[tuple[int, int], ...]
    elapsed_s: float
    next_glance: float
    curve: tuple[tuple[int, float], ...]
    perfect: int
    images: int | None = None
    """At how many validation images all looks from now on look; None: not settled yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRace:
    """How the race stands."""

    entries: tuple[Candidate, ...]
    tried: tuple[Candidate, ...]
    """Those whose trial is over, or that were left out."""
    standings: tuple[Standing, ...]
    ends_s: float
    """Seconds after the run's order."""
    images: int
    learning_s: float
    probe_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedFit:
    """What the learning came to, for the run's result."""

    pipeline: Pipeline
    steps: int
    samples: int
    step_plan: tuple[tuple[int, int], ...]
    seconds_per_step: float
    cpu_seconds_per_step: float
    converged: bool
    curve: tuple[tuple[int, float], ...]
    after_s: float
    """What is kept for test and report."""
    flips: bool
    """Whether mirrored views are affordable."""
    peak_memory_gib: float = 0.0
    """What the learning held at most; 0.0: an older file, which does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The simple rival on the test images."""

    name: str
    score: Score


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRun:
    """How far a run has come; grows from stage to stage."""

    number: int = 0
    """Counts the checkpoints of the run."""
    companion: bool | None = None
    """Whether a companion stands beside the network; None: not settled yet."""
    compared: bool = False
    """Whether the simple rival was tried; it is never tried twice."""
    baseline: Baseline | None = None
    race: SavedRace | None = None
    """None where there was none."""
    raced: bool = False
    """Whether it is known who goes on: `runner`."""
    leader: SavedLearner | None = None
    """The best of the race so far."""
    runner: SavedLearner | None = None
    stretch: SavedStretch | None = None
    """Of the runner; None before its first step."""
    calmed: bool = False
    """Whether it did not settle once, and learns at a lower rate now."""
    fit: SavedFit | None = None
    """Where the learning is over; the network lies under `network`."""
    validation: Score | None = None
    """Where the tuning is over, too; `fit.pipeline` has the tuned postprocessing."""
    used_s: float = 0.0
    """Of the budget, when this was written."""
    chance: dict[str, str] = field(default_factory=dict)
    """State of every other generator of random numbers, as JSON."""
