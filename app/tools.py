"""What each gesture of the painter does to the image under the brush."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.wand import Known
from core.annotate import clicks, edits, retouch, scribbles
from core.annotate.edits import Point
from core.data.labels.model import MAIN, Labels
from core.data.labels.shapes import fill
from core.errors import LabelError

if TYPE_CHECKING:
    from app.studio import Studio

Gesture = dict[str, Any]


def act(studio: "Studio", gesture: Gesture) -> None:
    """Do one gesture; LabelError where it means nothing here."""
    what = str(gesture.get("what"))
    if what not in WAYS:
        raise LabelError(f"there is no tool {what!r}")
    if what not in ("grow", "shrink"):
        studio.wand.put_down()
    if what in DRAWS:
        # A digit that follows is meant for what is drawn next, not for what was selected before.
        studio.selected = ()
    chosen, told = studio.class_name, gesture.get("class")
    # The class that was chosen when the hand moved; another may have been chosen since.
    studio.class_name = told if told in studio.classes else chosen
    try:
        WAYS[what](studio, gesture)
    finally:
        studio.class_name = studio.class_name if what == "class" else chosen


def brush(studio: "Studio", gesture: Gesture) -> None:
    """Paint a new object, or more of the one the stroke began on."""
    mask = _stroke(studio, gesture, closes=True)
    under = edits.at(studio.labels, _points(gesture)[0])
    if studio.class_name == studio.background:
        studio.keep(edits.erase(studio.labels, mask), "background")
    elif under is not None and not studio.is_regions:
        studio.keep(edits.extend(studio.labels, under, mask), "brush")
    else:
        studio.add(mask, "brush")


def polygon(studio: "Studio", gesture: Gesture) -> None:
    """Fill an outline that was set corner by corner; what is marked inside stays."""
    mask = fill(tuple(_points(gesture)), studio.labels.shape_yx)
    if not mask.any():
        raise LabelError("no pixel of the image lies inside this outline")
    if studio.class_name == studio.background:
        studio.keep(edits.erase(studio.labels, mask), "background")
    elif not studio.is_regions and (studio.labels.layers[MAIN][mask] > 0).all():
        raise LabelError("all inside this outline is marked already; erase or delete that first")
    else:
        studio.add(mask, "polygon")


def erase(studio: "Studio", gesture: Gesture) -> None:
    """Take away what lies under the stroke."""
    known = studio.background is not None or not studio.is_regions
    mask = _stroke(studio, gesture)
    studio.keep(edits.erase(studio.labels, mask, known=known), "eraser")


def click(studio: "Studio", gesture: Gesture) -> None:
    """Outline what lies around a point."""
    found = studio.wand.click(_points(gesture)[0], _known(studio))
    if found is not None:
        _offer(studio, found, "click")


def box(studio: "Studio", gesture: Gesture) -> None:
    """Outline what lies in a box."""
    points = _points(gesture)
    studio.draws_boxes = True
    _offer(studio, studio.wand.box(points[0], points[-1], _known(studio)), "box")


def step(studio: "Studio", direction: int) -> None:
    """Let what is selected grow (1) or shrink (-1), else the last outline."""
    what = "grow" if direction > 0 else "shrink"
    if studio.selected:
        change(studio, retouch.grow if direction > 0 else retouch.shrink, what)
        return
    object_id, mask = studio.wand.stepped(direction)
    studio.keep(edits.redraw(studio.labels, object_id, mask), what)


def select(studio: "Studio", gesture: Gesture) -> None:
    """Select the object under a point, with Shift beside the others."""
    under = edits.at(studio.labels, _points(gesture)[0])
    if under is None or not gesture.get("shift"):
        studio.select(under)
        return
    kept = tuple(each for each in studio.selected if each != under)
    studio.selected = kept if under in studio.selected else (*kept, under)


def change(studio: "Studio", edit: Callable[[Labels, tuple[int, ...]], Labels], what: str) -> None:
    """Change the selected objects."""
    if not studio.selected:
        raise LabelError("select an object first (V, then click on it)")
    studio.keep(edit(studio.labels, studio.selected), what)


def choose_class(studio: "Studio", gesture: Gesture) -> None:
    """Choose what the next object is; what is selected becomes that as well."""
    at = int(gesture["at"])
    if at >= len(studio.classes):
        raise LabelError(f"there are {len(studio.classes)} classes")
    studio.class_name = studio.classes[at]
    if studio.selected and not studio.is_regions:
        studio.keep(edits.reclass(studio.labels, studio.selected, studio.class_name), "class")


def accept(studio: "Studio", gesture: Gesture) -> None:
    """Make labels of the proposed objects under a click or a stroke; the others stay proposed."""
    studio.take_over(_proposed_under(studio, gesture))


def reject(studio: "Studio", gesture: Gesture) -> None:
    """Propose the objects under a click or a stroke no more."""
    studio.proposed.reject(_proposed_under(studio, gesture))


def cut(studio: "Studio", gesture: Gesture) -> None:
    """Part the objects that a line crosses."""
    studio.keep(edits.split(studio.labels, _points(gesture)), "cut")


def teach(studio: "Studio", gesture: Gesture, value: int) -> None:
    """Show the learner what is an object of the class, or none."""
    studio.teach(value, _points(gesture), _width(gesture))


def _proposed_under(studio: "Studio", gesture: Gesture) -> list[int]:
    line = edits.stroke(studio.labels.shape_yx, _points(gesture), 1.0)
    return studio.proposed.under(line)


def _known(studio: "Studio") -> Known:
    return Known(
        inside_yx=studio.taught.inside(studio.class_name if studio.is_regions else None),
        taken_yx=None if studio.is_regions else studio.labels.layers[MAIN] > 0,
        diameter_px=studio.diameter_px(),
        outliner=studio.taught.outliner,
    )


def _offer(studio: "Studio", found: clicks.Proposals, what: str) -> None:
    known = {item.id for item in studio.labels.objects}
    studio.add(found.placed(studio.labels.shape_yx), what)
    new = [item.id for item in studio.labels.objects if item.id not in known]
    if new:
        studio.wand.hold(found, new[0])


def _stroke(studio: "Studio", gesture: Gesture, *, closes: bool = False) -> NDArray[np.bool_]:
    points, width = _points(gesture), _width(gesture)
    return edits.stroke(studio.labels.shape_yx, points, width, closes=closes)


def _width(gesture: Gesture) -> float:
    return float(gesture.get("width") or 1)


def _points(gesture: Gesture) -> list[Point]:
    points = [(float(x), float(y)) for x, y in gesture.get("points") or ()]
    if not points:
        raise LabelError("this tool needs a place in the image")
    return points


DRAWS = ("brush", "polygon", "click", "box")
"""What makes objects."""
WAYS: dict[str, Callable[["Studio", Gesture], None]] = {
    "brush": brush,
    "eraser": erase,
    "polygon": polygon,
    "click": click,
    "box": box,
    "select": select,
    "cut": cut,
    "teach": lambda studio, each: teach(studio, each, scribbles.INSIDE),
    "ground": lambda studio, each: teach(studio, each, scribbles.BEHIND),
    "accept": accept,
    "reject": reject,
    "class": choose_class,
    "undo": lambda studio, each: studio.undo(),
    "redo": lambda studio, each: studio.redo(),
    "grow": lambda studio, each: step(studio, 1),
    "shrink": lambda studio, each: step(studio, -1),
    "merge": lambda studio, each: change(studio, edits.merge, "merge"),
    "delete": lambda studio, each: change(studio, edits.delete, "delete"),
    "fill_holes": lambda studio, each: change(studio, retouch.fill_holes, "fill holes"),
    "smooth": lambda studio, each: change(studio, retouch.smooth, "smooth"),
}
