"""What is remembered of data sets and runs, and what is advised from it."""

from dataclasses import dataclass, field

from core.errors import LibraryError
from core.records.job import CAUSES, STATES
from core.records.pipeline import Pipeline
from core.records.task import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSetCard:
    """A data set of the library."""

    id: str
    title: str
    kind: Kind
    modality: str = ""
    licence: str = ""
    source: str = ""
    """Where it comes from; data sets of one source stand on one side of a leave-one-out."""
    core: str = ""
    """The data set this one is a smaller variant of; empty for a core data set."""
    images: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """The meta-features of a study's train and validation images and labels."""

    data_set: str
    kind: Kind
    values: dict[str, float]
    """Feature -> value; a feature that could not be computed is absent."""
    embedding: tuple[float, ...] = ()
    """Mean frozen EfficientNet-Lite0 features of the sampled images, 1,280 long."""
    status: dict[str, str] = field(default_factory=dict)
    """Feature -> `ok`, or why it is absent."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Feature -> cost."""
    seed: int = 0
    images: tuple[str, ...] = ()
    """Image ids that were sampled; never a test image."""
    versions: str = ""
    """Hash over the images and labels it was computed from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One run as the library keeps it."""

    data_set: str
    variant: str = ""
    pipeline: str
    kind: Kind
    split: str
    """Hash of the split."""
    seed: int
    hardware: str
    state: str
    cause: str | None = None
    samples: int = 0
    """Fidelity: training tiles seen."""
    validation: float | None = None
    validation_se: float | None = None
    test: float | None = None
    """Kept beside; never steers a choice for the user's own studies."""
    test_se: float | None = None
    seconds: float = 0.0
    seconds_per_step: float | None = None
    cpu_seconds_per_step: float | None = None
    peak_memory_gib: float | None = None
    seconds_per_megapixel: float | None = None
    batch: int | None = None
    tile_px: int | None = None
    curve: tuple[tuple[int, float], ...] = ()
    run: str = ""
    """Unique: collecting the same run twice changes nothing."""
    made: str = ""
    """ISO date."""

    @property
    def subject(self) -> str:
        """Return what was learned from: the data set, or `DATA_SET+VARIANT`.

        Fingerprints and cards of a variant go by this name.
        """
        return f"{self.data_set}+{self.variant}" if self.variant else self.data_set

    def __post_init__(self) -> None:
        """Refuse states and causes nobody knows."""
        if self.state not in STATES:
            raise LibraryError(f"run {self.run!r}: unknown state {self.state!r}")
        if self.cause is not None and self.cause not in CAUSES:
            raise LibraryError(f"run {self.run!r}: unknown cause {self.cause!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All the library knew at one moment."""

    rows: tuple[RunRow, ...] = ()
    fingerprints: tuple[Fingerprint, ...] = ()
    """At most one a data set: the latest."""
    cards: tuple[DataSetCard, ...] = ()
    cache: str = ""
    """Folder for what is computed from it, e.g. the fitted learner; empty: nothing is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommended:
    """One ranked pipeline."""

    pipeline: Pipeline
    score: float
    """Predicted headline at the samples this machine can afford."""
    score_low: float
    score_high: float
    """90 % interval."""
    seconds: float
    memory_gib: float
    samples: int
    """Training tiles that fit into the budget."""
    seconds_per_megapixel: float | None = None
    reasons: tuple[str, ...] = ()
    rank_value: float = 0.0
    feasible: bool = True
    """False where a limit excludes it; the reason says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A data set of the library that resembles the study."""

    data_set: str
    title: str
    distance: float
    best_pipeline: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """Ranked pipelines, best first, and where the ranking comes from."""

    study: str
    pipelines: tuple[Recommended, ...]
    neighbours: tuple[Neighbour, ...] = ()
    weight: float = 0.0
    """w: share of the learner against the prior; 0 is a legal answer."""
    runs: int = 0
    """Finished runs the advice rests on."""
    data_sets: int = 0
    notes: tuple[str, ...] = ()
