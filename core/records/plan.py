"""What a training executes; frozen before it starts."""

from dataclasses import dataclass, field

from core.errors import LeakError, PlanError
from core.records.images import Split
from core.records.pipeline import Pipeline
from core.records.task import Budget, TaskSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One pipeline of a plan with what was expected of it."""

    pipeline: Pipeline
    prior: float | None = None
    """How good it is believed to be among the others; higher is better, no unit."""
    expected_score: float | None = None
    expected_samples: int | None = None
    """Training tiles this machine affords within the budget."""
    expected_seconds: float | None = None
    expected_memory_gib: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Task, ordered candidates, budget, split, seed and the versions everything refers to."""

    study: str
    task: TaskSpec
    candidates: tuple[Candidate, ...]
    """Best first."""
    budget: Budget
    split: Split
    seed: int
    image_hashes: dict[str, str]
    """Image id -> SHA-256 of its file, for every image of the split."""
    label_versions: dict[str, str]
    """Image id -> content hash of its labels, for every annotated image of the split."""
    pixels: dict[str, str] = field(default_factory=dict)
    """Image id -> a name of its pixels (`core.data.samples.content_name`), another one where its
    file is read in another way; empty: the plan of an earlier version."""
    image_classes: dict[str, str] = field(default_factory=dict)
    """Classification: image id -> class."""
    baselines: bool = True
    """Whether the report also scores the simple rivals."""
    start_from: str = ""
    """Folder of the trained model whose weights it goes on from; empty: from the pipeline's."""
    chosen_by: str = "autokonfig"
    """`autokonfig`, or `user` where a pipeline was named."""

    def __post_init__(self) -> None:
        """Refuse an empty plan, and one whose test images are learned from."""
        if not self.candidates:
            raise PlanError("a plan needs at least one pipeline")
        learned = {self.image_hashes.get(i, i) for i in (*self.split.train, *self.split.validation)}
        for image_id in self.split.test:
            if self.image_hashes.get(image_id, image_id) in learned:
                raise LeakError(
                    f"test image {image_id!r} is also among the images to learn from; "
                    "remove one of the two copies"
                )
