"""What a study holds."""

from dataclasses import dataclass, field
from pathlib import PurePath

from core.errors import StudyError
from core.records.task import TaskSpec

LABEL_STATES = ("to do", "begun", "labelled", "checked")
"""How far the labels of an image can be; `begun`: strokes are not saved yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What a file holds that is more than one grey or colour picture."""

    format: str
    """A key of `core.data.readers.READERS`."""
    axes: str
    """As the file tells them; Q and I stand for axes of which it tells nothing."""
    shape: tuple[int, ...]
    """One length an axis."""
    scenes: int = 1
    """Pictures with axes of their own; axes and shape are the first one's."""
    depths: int = 0
    """Depths (z) of the deepest picture of several; 0: noted by an earlier version."""
    planes: int = 0
    """Planes of all pictures together; 0: noted by an earlier version."""

    @property
    def kind(self) -> str:
        """Return what files must share to be read alike, e.g. `TIFF Q4 Y X` or `ND2 T Z C3 Y X`.

        Depths and times that the file tells may differ in number; channels and axes of which it
        tells nothing may not.
        """
        counts = zip(self.axes, self.shape, strict=True)
        told = [axis if axis in "YXZTS" else f"{axis}{count}" for axis, count in counts]
        return " ".join([self.format, *told, *(["..."] if self.scenes > 1 else [])])


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How one file becomes one picture, or several; see `core.data.readings`."""

    axes: str = ""
    """What the axes are, e.g. `CYX`; empty: as the file tells."""
    projection: str = ""
    """How z becomes one plane: `max`, `mean`, `focus`, `one`; empty: z is no axis of its own."""
    depth: int = 0
    """The depth that is shown where the projection is `one`."""
    plane: int = 0
    """The one plane that is used."""
    each: bool = False
    """Whether every plane is an image of the study; `plane` means nothing then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRecord:
    """One picture of a study; its pixels are read as C,Y,X."""

    id: str
    """Unique in the study, safe as a file name."""
    file: str
    """Name below the study's `images/`."""
    original_name: str
    sha256: str
    shape_cyx: tuple[int, int, int]
    dtype: str
    axes: str = ""
    """How the file's own axes were read, e.g. `TCYX`; empty for plain pictures."""
    plane: int | None = None
    """Index along the axis that is no channel, where the file is a stack; None: no stack."""
    projection: str = ""
    """How z became one plane: `max`, `mean`, `focus`, `one`; empty: one plane was chosen."""
    depth: int = 0
    """The depth that is shown where the projection is `one`."""
    channel_names: tuple[str, ...] = ()
    channel_colors: tuple[str, ...] = ()
    """`#RRGGBB` for each channel, where the file tells them."""
    stack: Stack | None = None
    """What the file holds beside this picture; None: nothing."""
    decided: bool = False
    """Whether a person said how the stack is read."""
    part: str = ""
    """Which of its file's images this is, e.g. `time 3`; empty: the file gave one image."""
    pixel_size_um: float | None = None
    reduction: float = 1.0
    """How many times narrower it is than the file's finest level; 1: it is that level."""
    turned: bool = False
    """Whether a camera's note of which side is up is followed; earlier versions did not."""
    measured: bool = False
    """Whether a person told the pixel size, not the file."""
    group: str | None = None
    condition: str | None = None
    facts: dict[str, str] = field(default_factory=dict)
    """What file name or sheet tell of its origin: donor, treatment, dose ... -> value."""
    image_class: str | None = None
    """Classification: the class of the whole picture; None: not annotated."""
    class_source: str = ""
    """`model` where a model proposed the class and a person took it; empty: a person's own."""
    given_split: str | None = None
    """`test` where the user brought it as a test image, else None."""

    @property
    def origin(self) -> dict[str, str]:
        """Return where it comes from, as columns of tables: group, condition and each fact."""
        own = {"group": self.group, "condition": self.condition}
        return {name: value for name, value in own.items() if value} | self.facts

    @property
    def title(self) -> str:
        """Return what a user calls it: the file's name, and which part of the file."""
        return f"{self.original_name} · {self.part}" if self.part else self.original_name

    @property
    def own_name(self) -> str:
        """Return a file name for other programs; parts of a file have names of their own."""
        return f"{self.id}{PurePath(self.file).suffix}" if self.part else self.original_name

    @property
    def in_doubt(self) -> bool:
        """Return whether the file holds more than its picture shows, and nobody chose yet."""
        return self.plane is not None and not self.decided

    @property
    def of_z(self) -> str:
        """Return what is shown of z, in one word."""
        return f"{self.projection}-{self.depth}-" if self.depth else self.projection

    @property
    def seen_as(self) -> str:
        """Return what differs wherever other pixels are seen: another file or another reading."""
        if self.plane is None and not self.decided:
            return self.sha256
        return f"{self.sha256}-{self.axes}{self.of_z}{self.plane or 0}"

    @property
    def content(self) -> str:
        """Return the hash of its file, and which part of the file it is where there are several."""
        return f"{self.sha256}#{self.plane or 0}" if self.part else self.sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Who learns and who judges; made once, before anything is learned."""

    train: tuple[str, ...]
    """Image ids, sorted."""
    validation: tuple[str, ...]
    test: tuple[str, ...]
    seed: int
    by_group: bool
    """Whether whole groups stand on one side."""
    groups: dict[str, str] = field(default_factory=dict)
    """Group -> side (train, validation, test); sticky when images are added."""

    def __post_init__(self) -> None:
        """Refuse an image on two sides."""
        sides = [*self.train, *self.validation, *self.test]
        if len(set(sides)) != len(sides):
            raise StudyError("an image stands on two sides of the split")

    def side(self, image_id: str) -> str | None:
        """Return train, validation, test, or None for an image outside the split."""
        for name in ("train", "validation", "test"):
            if image_id in getattr(self, name):
                return name
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """Which facts of the images keep them together, and which are compared."""

    pattern: str = ""
    """How file names tell the facts, see `core.data.naming`; empty: a sheet told them."""
    group: tuple[str, ...] = ()
    """Facts that together name what must not be split, e.g. `("plate", "well")`."""
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRecord:
    """What `study.json` tells."""

    name: str
    revision: int = 0
    """Counts saves; who saves over a newer one is told."""
    simulated: bool = False
    """Whether the images were generated by this project."""
    description: str = ""
    task: TaskSpec | None = None
    images: tuple[ImageRecord, ...] = ()
    channel_names: tuple[str, ...] = ()
    pixel_size_um: float | None = None
    split: Split | None = None
    groups_known: bool = False
    readings: dict[str, Reading] = field(default_factory=dict)
    """Kind of stack -> how a person said it is read; files that come later are read so, too."""
    pixel_sizes_um: dict[str, float] = field(default_factory=dict)
    """Kind of picture (`core.data.scales`) -> pixel size a person measured."""
    grouping: Grouping | None = None
    """None: groups and conditions came with the import, or are not known."""

    def image(self, image_id: str) -> ImageRecord:
        """Return the image; StudyError where there is none of this id."""
        for record in self.images:
            if record.id == image_id:
                return record
        raise StudyError(f"study {self.name!r} has no image {image_id!r}")
