"""What is wanted, and what it may cost."""

from dataclasses import dataclass, field
from enum import StrEnum

from core.errors import TaskError


class Kind(StrEnum):
    """What a model answers."""

    SEMANTIC = "semantic"
    """A class for every pixel."""
    INSTANCE = "instance"
    """Every object by itself, each perhaps with a class."""
    CLASSIFICATION = "classification"
    """A class for the whole image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the user would like; the budget of a run is made from it."""

    seconds: float = 600.0
    """Wall clock a training may take."""
    memory_gib: float | None = None
    """None: what the machine has free."""
    wanted_score: float | None = None
    """Headline score in [0, 1]."""
    fast_prediction: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpec:
    """What is wanted."""

    kind: Kind
    classes: tuple[str, ...]
    """Semantic: every pixel class, the background among them where there is one. Instance: the
    objects' classes (one where they do not differ). Classification: the images' classes."""
    background: str | None = None
    """Semantic only: the class that does not count in the mean Dice."""
    wishes: Wishes = field(default_factory=Wishes)

    def __post_init__(self) -> None:
        """Refuse classes that contradict the kind."""
        if len(set(self.classes)) != len(self.classes):
            raise TaskError(f"class names must differ, got {', '.join(self.classes)}")
        if not self.classes or any(not name.strip() for name in self.classes):
            raise TaskError("a task needs at least one class, and every class a name")
        if self.kind is not Kind.INSTANCE and len(self.classes) < 2:
            raise TaskError(
                f"a {self.kind} task needs two classes or more, got {self.classes[0]!r}"
            )
        if self.background is not None and self.kind is not Kind.SEMANTIC:
            raise TaskError("only a semantic task declares a background class")
        if self.background is not None and self.background not in self.classes:
            raise TaskError(
                f"the background {self.background!r} is not among the classes "
                f"{', '.join(self.classes)}"
            )

    @property
    def counted(self) -> tuple[str, ...]:
        """Return the classes that count in the headline score."""
        return tuple(name for name in self.classes if name != self.background)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a run may use."""

    seconds: float
    """Wall clock for choice, race, training, tuning and report together."""
    memory_gib: float | None = None
    """None: what the machine has free when the run starts."""

    def __post_init__(self) -> None:
        """Refuse nothing and less."""
        if self.seconds <= 0:
            raise TaskError(f"a budget must be above 0 s, got {self.seconds}")
        if self.memory_gib is not None and self.memory_gib <= 0:
            raise TaskError(f"a memory limit must be above 0 GiB, got {self.memory_gib}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What a run would find on this computer."""

    free_memory_gib: float
    cores: int
    device: str = "cpu"
    """What networks run on: `cpu`, `cuda` or `mps`, perhaps with a number."""
