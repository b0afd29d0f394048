"""What one tab does to one image with brush, clicks and keys: gestures in, journal entries out.

The browser sends every gesture with a number until it is confirmed; each is done once, in order.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app import look
from app.proposed import Proposed
from app.taught import Taught
from app.wand import Known, Wand
from core.annotate import clicks, edits, scribbles
from core.data.labels.journal import Journal
from core.data.labels.model import MAIN, Labels
from core.errors import LabelError
from core.records import Kind

Gesture = dict[str, Any]
Pixels = NDArray[np.generic]


@dataclass(slots=True, kw_only=True, eq=False)
class Studio:
    """One image under the brush; stands as long as the image is shown in this tab."""

    study: str
    image_id: str
    image_cyx: Pixels
    journal: Journal
    kind: Kind
    classes: tuple[str, ...]
    background: str | None
    class_name: str
    """What the next object is."""
    reopen: Callable[[], Journal] | None = None
    """Reads the journal again where another wrote in it."""
    before: frozenset[str] = frozenset()
    """The gestures that are in versions of the image already."""
    done: int = 0
    """The number of the last gesture that was taken."""
    selected: tuple[int, ...] = ()
    problem: str = ""
    """Why the last gesture did nothing."""
    taught: Taught = field(init=False)
    proposed: Proposed = field(default_factory=Proposed)
    _wand: Wand = field(init=False)
    _ways: dict[str, Callable[[Gesture], None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Name what each gesture does."""
        self.taught = Taught(image_cyx=self.image_cyx)
        self._wand = Wand(image_cyx=self.image_cyx)
        self._ways = {
            "brush": self._brush,
            "eraser": self._erase,
            "click": self._click,
            "box": self._box,
            "select": self._select,
            "cut": lambda each: self._keep(edits.split(self.labels, _points(each)), "cut"),
            "teach": lambda each: self.taught.add(self._stroke(each), scribbles.INSIDE),
            "ground": lambda each: self.taught.add(self._stroke(each), scribbles.BEHIND),
            "accept": self._accept,
            "class": self._class,
            "undo": lambda each: self._undo(),
            "redo": lambda each: self._redo(),
            "grow": lambda each: self._step(1),
            "shrink": lambda each: self._step(-1),
            "merge": lambda each: self._change(edits.merge, "merge"),
            "delete": lambda each: self._change(edits.delete, "delete"),
            "fill_holes": lambda each: self._change(edits.fill_holes, "fill holes"),
            "smooth": lambda each: self._change(edits.smooth, "smooth"),
        }

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

    def take(self, gestures: list[Gesture]) -> int:
        """Do what has not been done yet; return how many gestures that were."""
        new = [each for each in gestures if int(each["number"]) > self.done]
        with self.journal.turn():
            if self.reopen is not None and self.journal.is_behind:
                self.journal = self.reopen()
            causes = {each.cause for each in self.journal.entries} | self.before
            for each in sorted(new, key=lambda one: int(one["number"])):
                self.journal.cause = f"{self.journal.folder.name} {each['number']}"
                if self.journal.cause not in causes:  # a browser that was reloaded tells it again
                    self._try(each)
                self.done = int(each["number"])
        return len(new)

    def _try(self, gesture: Gesture) -> None:
        self.problem = ""
        try:
            self.act(gesture)
        except LabelError as error:
            self.problem = str(error)

    def act(self, gesture: Gesture) -> None:
        """Do one gesture; LabelError where it means nothing here."""
        what = str(gesture.get("what"))
        if what not in self._ways:
            raise LabelError(f"there is no tool {what!r}")
        if what not in ("grow", "shrink"):
            self._wand.put_down()
        chosen, told = self.class_name, gesture.get("class")
        # The class that was chosen when the hand moved; another may have been chosen since.
        self.class_name = told if told in self.classes else chosen
        try:
            self._ways[what](gesture)
        finally:
            self.class_name = self.class_name if what == "class" else chosen

    def label_rest(self) -> int:
        """Add the objects (or regions) the strokes teach, where nothing is yet; return how many.

        Raises LabelError before two classes have a stroke.
        """
        before = len(self.labels.objects)
        labels = self.taught.rest(
            self.labels,
            class_name=self.class_name,
            joined=self.is_regions,
            diameter_px=self.diameter_px(),
        )
        self._keep(labels, "rest of the image")
        return len(self.labels.objects) - before

    def accept_all(self) -> int:
        """Take all that is proposed where nothing is yet; return how many objects that were."""
        before = len(self.labels.objects)
        self._take_over(list(self.proposed.classes))
        return len(self.labels.objects) - before

    def _accept(self, gesture: Gesture) -> None:
        line = edits.stroke(self.labels.shape_yx, _points(gesture), 1.0)
        self._take_over(self.proposed.under(line))

    def _take_over(self, wanted: list[int]) -> None:
        labels = self.proposed.accepted(self.labels, wanted, joined=self.is_regions)
        self._keep(labels, "proposed by a model")
        self.proposed.forget(wanted)

    def diameter_px(self) -> float | None:
        """Return the middle diameter of what is marked; None before three objects."""
        areas = np.bincount(self.labels.layers[MAIN].ravel())[1:]
        areas = areas[areas > 0]
        return float(2 * np.sqrt(np.median(areas) / np.pi)) if len(areas) >= 3 else None

    def _brush(self, gesture: Gesture) -> None:
        mask = self._stroke(gesture)
        under = edits.at(self.labels, _points(gesture)[0])
        if self.class_name == self.background:
            self._keep(edits.erase(self.labels, mask), "background")
        elif under is not None and not self.is_regions:
            self._keep(edits.extend(self.labels, under, mask), "brush")
            self.selected = (under,)
        else:
            self._add(mask, "brush")

    def _erase(self, gesture: Gesture) -> None:
        known = self.background is not None or not self.is_regions
        self._keep(edits.erase(self.labels, self._stroke(gesture), known=known), "eraser")

    def _click(self, gesture: Gesture) -> None:
        found = self._wand.click(_points(gesture)[0], self._known())
        if found is not None:
            self._offer(found, "click")

    def _box(self, gesture: Gesture) -> None:
        points = _points(gesture)
        self._offer(self._wand.box(points[0], points[-1], self._known()), "box")

    def _known(self) -> Known:
        return Known(
            inside_yx=self.taught.inside_yx,
            taken_yx=None if self.is_regions else self.labels.layers[MAIN] > 0,
            diameter_px=self.diameter_px(),
        )

    def _offer(self, found: clicks.Proposals, what: str) -> None:
        known = {item.id for item in self.labels.objects}
        self._add(found.placed(self.labels.shape_yx), what)
        new = [item.id for item in self.labels.objects if item.id not in known]
        if new:
            self._wand.hold(found, new[0])

    def _step(self, step: int) -> None:
        object_id, mask = self._wand.stepped(step)
        self._keep(edits.redraw(self.labels, object_id, mask), "grow" if step > 0 else "shrink")

    def _select(self, gesture: Gesture) -> None:
        under = edits.at(self.labels, _points(gesture)[0])
        if under is None:
            self.selected = ()
        elif gesture.get("shift"):
            kept = tuple(each for each in self.selected if each != under)
            self.selected = kept if under in self.selected else (*kept, under)
        else:
            self.selected = (under,)

    def _class(self, gesture: Gesture) -> None:
        at = int(gesture["at"])
        if at >= len(self.classes):
            raise LabelError(f"there are {len(self.classes)} classes")
        self.class_name = self.classes[at]
        if self.selected and not self.is_regions:
            self._keep(edits.reclass(self.labels, self.selected, self.class_name), "class")

    def _undo(self) -> None:
        if self.journal.undo() is None:
            raise LabelError("there is nothing to take back")
        self._forget_gone()

    def _redo(self) -> None:
        if self.journal.redo() is None:
            raise LabelError("there is nothing to bring back")
        self._forget_gone()

    def _change(self, change: Callable[[Labels, tuple[int, ...]], Labels], what: str) -> None:
        if not self.selected:
            raise LabelError("select an object first (V, then click on it)")
        self._keep(change(self.labels, self.selected), what)

    def _add(self, mask: NDArray[np.bool_], what: str) -> None:
        changed = edits.add(
            self.labels,
            mask,
            class_name=self.class_name,
            author=self.journal.author,
            joined=self.is_regions,
        )
        self._keep(changed, what)

    def _stroke(self, gesture: Gesture) -> NDArray[np.bool_]:
        width = float(gesture.get("width") or 1)
        return edits.stroke(self.labels.shape_yx, _points(gesture), width)

    def _keep(self, labels: Labels, what: str) -> None:
        self.journal.record(edits.signed(self.labels, labels, self.journal.author), what)
        self._forget_gone()

    def _forget_gone(self) -> None:
        known = {item.id for item in self.labels.objects}
        self.selected = tuple(each for each in self.selected if each in known)


def _points(gesture: Gesture) -> list[tuple[float, float]]:
    points = [(float(x), float(y)) for x, y in gesture.get("points") or ()]
    if not points:
        raise LabelError("this tool needs a place in the image")
    return points
