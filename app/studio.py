"""What one tab does to one image with brush, clicks and keys: gestures in, journal entries out.

The browser sends every gesture with a number until it is confirmed; each is done once, in order.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app import look, tools
from app.proposed import Proposed
from app.sight import Sight
from app.taught import Taught
from app.tools import Gesture
from app.wand import Wand
from core.annotate import edits, outlines, scribbles
from core.annotate.edits import Point
from core.annotate.lessons import Lesson
from core.data.labels.entries import LEARNED
from core.data.labels.journal import Journal
from core.data.labels.model import MAIN, Labels
from core.data.labels.teaching import Shown
from core.errors import LabelError
from core.records import Kind

Pixels = NDArray[np.generic]


@dataclass(slots=True, kw_only=True, eq=False)
class Studio:
    """One image under the brush; stands as long as the image is shown in this tab."""

    study: str
    image_id: str
    part: str = ""
    """The name of the region it is, of a large image; empty: the whole image."""
    image_cyx: Pixels
    journal: Journal
    kind: Kind
    classes: tuple[str, ...]
    background: str | None
    class_name: str
    """What the next object is."""
    earlier: Callable[[tuple[str, ...]], list[Lesson]] | None = None
    """What images that are done teach the learner, see `app.taught`."""
    earlier_boxes: Callable[[], list[outlines.Examples]] | None = None
    """What their objects show in boxes."""
    done: int = 0
    """The number of the last gesture that was taken."""
    selected: tuple[int, ...] = ()
    problem: str = ""
    """Why the last gesture did nothing."""
    news: list[str] = field(default_factory=list)
    """What happened to the strokes elsewhere, in sentences; shown as long as the image is."""
    others: list[str] = field(default_factory=list)
    """Who else draws on the image, as seen at `looked`."""
    looked: float = -math.inf
    """Seconds of the machine's clock."""
    draws_boxes: bool = False
    """Whether the hand drew a box here: then it pays to learn of boxes."""
    sight: Sight | None = None
    """Where the painter is turned to."""
    visited: str = ""
    """The finding that was turned to last."""
    taught: Taught = field(init=False)
    proposed: Proposed = field(default_factory=Proposed)
    wand: Wand = field(init=False)
    _learners: tuple[Shown, ...] = ()
    """The strokes that the learner was shown."""

    def __post_init__(self) -> None:
        """Lay out what helps the hand."""
        self.taught = Taught(
            image_cyx=self.image_cyx,
            classes=tuple(each for each in self.classes if each != self.background),
            earlier=self.earlier,
            earlier_boxes=self.earlier_boxes,
        )
        self.wand = Wand(image_cyx=self.image_cyx)
        self._show_learner()

    @property
    def labels(self) -> Labels:
        """Return the labels as they stand."""
        return self.journal.labels

    @property
    def is_regions(self) -> bool:
        """Return whether a class is one thing, whatever its pieces."""
        return self.kind is Kind.SEMANTIC

    def color(self, class_name: str | None) -> str:
        """Return the colour of a class, `#rrggbb`."""
        if class_name is None:
            return look.UNNAMED_COLOR
        return look.class_color(self.classes, class_name, self.background)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let nobody else write meanwhile: whatever changes the image stands within.

        It begins with what another session of this tab, or of a copied link, wrote.
        """
        had = len(self.journal.entries)
        with self.journal.turn() as was_behind:
            if was_behind:
                self._catch_up(had)
            self.journal.cause = ""
            yield

    def take(self, gestures: list[Gesture]) -> int:
        """Do what has not been done yet; return how many gestures that were."""
        new = [each for each in gestures if int(each["number"]) > self.done]
        with self.at_work():
            for each in sorted(new, key=lambda one: int(one["number"])):
                self.journal.cause = f"{self.journal.folder.name} {each['number']}"
                if not self.journal.knows(self.journal.cause):  # a reloaded browser tells it again
                    self._try(each)
                self.done = int(each["number"])
        return len(new)

    def press(self, what: str) -> None:
        """Do what a key does that needs no place in the image."""
        with self.at_work():
            self._try({"what": what})

    def _try(self, gesture: Gesture) -> None:
        self.problem = ""
        try:
            tools.act(self, gesture)
        except LabelError as error:
            self.problem = str(error)

    def propose_rest(self) -> int:
        """Propose the objects (or regions) the strokes teach; return how many.

        Images that are done teach as well. Raises LabelError before two classes are known.
        """
        with self.at_work():
            found_yx, classes = self.taught.rest(
                self.labels, joined=self.is_regions, diameter_px=self.diameter_px()
            )
            self.proposed.show(found_yx, classes)
            return len(classes)

    def accept_all(self) -> int:
        """Take all that is proposed where nothing is yet; return how many objects that were."""
        with self.at_work():
            before = len(self.labels.objects)
            self.take_over(list(self.proposed.classes))
            return len(self.labels.objects) - before

    def take_over(self, wanted: list[int]) -> None:
        """Make objects of what is proposed."""
        labels = self.proposed.accepted(self.labels, wanted, joined=self.is_regions)
        what = "proposed after strokes" if self.proposed.is_learned else "proposed by a model"
        if self.proposed.is_learned and set(wanted) >= set(self.proposed.classes):
            what = LEARNED  # the strokes have done their work: a version takes them along
        self.keep(labels, what)
        self.proposed.forget(wanted)

    def select(self, object_id: int | None) -> None:
        """Select an object, or nothing where it is gone."""
        self.selected = () if object_id is None else (object_id,)
        self._forget_gone()

    def diameter_px(self) -> float | None:
        """Return the middle diameter of what is marked; None before three objects."""
        areas = np.bincount(self.labels.layers[MAIN].ravel())[1:]
        areas = areas[areas > 0]
        return float(2 * np.sqrt(np.median(areas) / np.pi)) if len(areas) >= 3 else None

    def undo(self) -> None:
        """Take the last change back; LabelError where there is none."""
        if not self.journal.undo():
            raise LabelError("there is nothing to take back")
        self._show_learner()
        self._forget_gone()

    def redo(self) -> None:
        """Bring back what was taken back last; LabelError where there is nothing."""
        if not self.journal.redo():
            raise LabelError("there is nothing to bring back")
        self._show_learner()
        self._forget_gone()

    def tell_complete(self, complete: bool) -> None:
        """Keep whether all is marked, until a version tells it."""
        with self.at_work():
            self.journal.tell_complete(complete)

    def teach(self, value: int, points: Sequence[Point], width_px: float) -> None:
        """Show the learner an object of the class, or none; on the disk, though it is no label."""
        is_object = value == scribbles.INSIDE and self.class_name != self.background
        self.journal.teach(
            value if is_object else scribbles.BEHIND,
            points,
            width_px,
            self.class_name if is_object else "",
        )
        self._learners = tuple(self.journal.teaching.standing)
        self.taught.add(self._learners[-1])

    def add(self, mask: NDArray[np.bool_], what: str) -> None:
        """Make the mask a new object, or part of its class's region."""
        changed = edits.add(
            self.labels,
            mask,
            class_name=self.class_name,
            author=self.journal.author,
            joined=self.is_regions,
        )
        self.keep(changed, what)

    def keep(self, labels: Labels, what: str) -> None:
        """Put a change into the journal."""
        self.journal.record(edits.signed(self.labels, labels, self.journal.author), what)
        self._forget_gone()

    def _catch_up(self, had: int) -> None:
        """Go on from what another wrote; `had` is how many entries were known."""
        if len(self.journal.entries) < had:
            self.news.append(
                "What was drawn here was saved, or is gone on with, in another window; this goes "
                "on from what counts now."
            )
        self.news += self.journal.take_told()
        self.wand.put_down()
        self._show_learner()
        self._forget_gone()

    def _show_learner(self) -> None:
        standing = tuple(self.journal.teaching.standing)
        if standing != self._learners:
            self.taught.show(standing)
        self._learners = standing

    def _forget_gone(self) -> None:
        known = {item.id for item in self.labels.objects}
        self.selected = tuple(each for each in self.selected if each in known)
