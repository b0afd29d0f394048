"""What lies on the canvas of one image: its labels from disk, and strokes not saved yet.

The label map on disk is the truth and the drawing a view of it: objects nobody touched keep their
pixels exactly, whatever their outline looks like. Strokes wait in a draft of the tab (`drafts`)
until they are saved, so that neither a reload nor a restart loses them.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app import drafts, look
from app.components import drawing
from app.components.drawing import Fabric, Mark
from core.annotate import edits
from core.data import regions
from core.data.labels import model, placed, shapes
from core.data.labels.model import MAIN, Labels
from core.data.labels.placed import Place
from core.data.labels.shapes import Shape
from core.paths import StudyDir
from core.records import ImageRecord, Kind, StudyRecord, TaskSpec, write_json

ERASER = "(erase)"
"""Drawing with it makes pixels nobody's again."""
ERASER_COLOR = "#FF4D4D"
PLAIN_CLASS = "object"
"""What is marked as long as the study has no task."""
EDITABLE_SHAPES = 300
"""Each is sent to the browser with every stroke, about 1 kB; beyond, outlines are only shown."""
OUTLINE_TOLERANCE_PX = 0.4
"""Fewer corners to grab; objects nobody moves keep their pixels anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One mounted drawing; stands unchanged until the canvas is mounted anew."""

    study: str
    image: ImageRecord
    kind: Kind
    classes: tuple[str, ...]
    background: str | None
    scale: float
    """Screen pixels an image pixel."""
    version: str | None
    """Of the labels below; None: not labelled yet."""
    labels: Labels
    outlines: tuple[Shape, ...]
    """Objects that can be changed on the canvas; empty where they are only shown."""
    initial: Fabric
    draft: Path
    basis: str | None
    """What the draft's strokes are drawn on: the version, or a part's own content, which stays
    while other parts of the image are saved."""
    recovered: bool = False
    """Whether strokes were found that had not been saved."""

    @property
    def colors(self) -> dict[str | None, str]:
        """Return class -> colour, the eraser and `no class told` among them."""
        named: dict[str | None, str] = {
            name: look.class_color(self.classes, name, self.background) for name in self.classes
        }
        return {**named, ERASER: ERASER_COLOR, None: look.UNNAMED_COLOR}

    @property
    def place(self) -> Place | None:
        """Return where in a large image the work belongs; None: it is the whole image."""
        return placed.of(self.image, self.kind)

    @property
    def is_only_shown(self) -> bool:
        """Return whether what is marked lies in the picture and not on the canvas."""
        return bool(self.labels.objects) and not self.outlines


def open_sheet(
    record: StudyRecord,
    image: ImageRecord,
    study_dir: StudyDir,
    loaded: tuple[Labels | None, str | None],
    scale: float,
    *,
    tab: str,
) -> Sheet:
    """Return the sheet of an image, with the strokes of the tab's draft where there is one."""
    labels, version = loaded
    labels = labels or model.empty((image.shape_cyx[1], image.shape_cyx[2]))
    sheet = Sheet(
        study=record.name,
        image=image,
        kind=record.task.kind if record.task is not None else Kind.INSTANCE,
        classes=_classes(record.task, labels),
        background=record.task.background if record.task is not None else None,
        scale=scale,
        version=version,
        labels=labels,
        outlines=(),
        initial={"objects": []},
        draft=drafts.path_of(study_dir, image, tab),
        basis=version if regions.of(image) is None else model.content_hash(labels),
    )
    outlines = _editable(sheet)
    initial = drawing.to_canvas(outlines, sheet.colors, scale)
    return _with_draft(replace(sheet, outlines=outlines, initial=initial))


def keep_draft(sheet: Sheet, drawn: Fabric | None, *, author: str = "") -> None:
    """Put what is on the canvas into the tab's draft; without a difference there is none."""
    if drawn is None:
        return
    if not _strokes(sheet, drawn):
        sheet.draft.unlink(missing_ok=True)
        return
    plain = {
        "parent": sheet.basis,
        "version": sheet.version,
        "scale": sheet.scale,
        "author": author,
        "objects": drawn["objects"],
    }
    if drafts.drawn(sheet.draft) != plain:
        write_json(sheet.draft, plain)


def has_draft(sheet: Sheet) -> bool:
    """Return whether there are strokes that are not saved."""
    return sheet.draft.exists()


def drop_draft(sheet: Sheet) -> None:
    """Forget strokes that are not saved, or that have been saved, and what was told of them."""
    drafts.drop(sheet.draft)


def drawn_on(sheet: Sheet) -> str | None:
    """Return the older version whose outlines the draft may have changed; None: there is none.

    On the labels that count now, only the draft's new strokes are shown.
    """
    draft = drafts.drawn(sheet.draft)
    if draft is None or draft["parent"] == sheet.basis:
        return None
    version: str | None = draft.get("version", draft["parent"] if sheet.place is None else None)
    return version


def note_kept(sheet: Sheet) -> None:
    """Note that a version beside holds what the draft makes of its labels: once is enough."""
    draft = drafts.drawn(sheet.draft)
    if draft is not None:
        write_json(sheet.draft, {**draft, "version": None})


def changes_outlines(sheet: Sheet) -> bool:
    """Return whether the draft moves, reshapes, deletes or reclasses what was there before."""
    return bool(drawing.changed_ids(sheet.outlines, _marks(sheet)))


def finished(sheet: Sheet, *, complete: bool, author: str = "") -> Labels:
    """Return the labels with the draft's strokes painted in.

    `complete` tells that everything was marked: the rest is background. Otherwise the rest is
    not annotated, unless it was before.
    """
    found = _marks(sheet)
    changed = drawing.changed_ids(sheet.outlines, found)
    labels = _without(sheet.labels, changed)
    untouched_yx = labels.layers[MAIN] > 0
    for mark in found:
        name, object_id = mark[0].class_name, mark[0].object_id
        if object_id is not None and object_id not in changed:
            continue
        if name is not None and name in (ERASER, sheet.background):
            labels = _erased(labels, mark, known=name == sheet.background)
        elif object_id is not None:
            labels = _reshaped(labels, mark, sheet, untouched_yx)
        else:
            labels = _painted(labels, mark, sheet, author)
    labels = edits.signed(sheet.labels, labels, author)
    return replace(labels, annotated_yx=_annotated(sheet, labels, complete))


def nothing_here(sheet: Sheet) -> Labels:
    """Return labels that say: looked at, and nothing of interest is in it."""
    return model.empty(sheet.labels.shape_yx, annotated=True)


def can_be_empty(sheet: Sheet) -> bool:
    """Return whether an image without anything is possible: where every class counts, it is not."""
    return sheet.kind is not Kind.SEMANTIC or sheet.background is not None


def tell_complete(sheet: Sheet, complete: bool) -> None:
    """Keep whether everything in the image is marked, until a version tells it."""
    if complete != is_complete(sheet):
        drafts.tell_complete(sheet.draft, sheet.basis, complete)


def is_complete(sheet: Sheet) -> bool:
    """Return whether everything in the image is marked: as told of it, else as the labels are.

    Assumed of what is not labelled yet.
    """
    told = drafts.is_complete(sheet.draft, sheet.basis)
    if told is not None:
        return told
    annotated_yx = sheet.labels.annotated_yx
    is_new = sheet.version is None or (sheet.place is not None and not annotated_yx.any())
    return is_new or bool(annotated_yx.all())


def _classes(task: TaskSpec | None, labels: Labels) -> tuple[str, ...]:
    told = dict.fromkeys(each.class_name for each in labels.objects if each.class_name)
    wanted = task.classes if task is not None else () if told else (PLAIN_CLASS,)
    return (*wanted, *(name for name in told if name not in wanted))


def _classes_by_color(sheet: Sheet) -> dict[str, str | None]:
    return {color.lower(): name for name, color in sheet.colors.items()}


def _editable(sheet: Sheet) -> tuple[Shape, ...]:
    """Return the objects' outlines where they can be changed one by one."""
    if sheet.kind is Kind.SEMANTIC or len(sheet.labels.objects) > EDITABLE_SHAPES:
        return ()
    rings = shapes.outlines(sheet.labels, tolerance_px=OUTLINE_TOLERANCE_PX)
    outer = tuple(each for each in rings if not each.hole)
    return outer if len(outer) <= EDITABLE_SHAPES else ()


def _with_draft(sheet: Sheet) -> Sheet:
    draft = drafts.drawn(sheet.draft)
    if draft is None:
        return sheet
    drawn = drawing.rescaled(draft["objects"], sheet.scale / draft["scale"])
    if draft["parent"] != sheet.basis:
        # Somebody saved meanwhile: the new strokes go on top of the newer labels.
        new = [each for each in drawn if not each.get("strokeDashOffset")]
        drawn = [*sheet.initial["objects"], *new]
    return replace(sheet, initial={"objects": drawn}, recovered=True)


def _marks(sheet: Sheet) -> list[Mark]:
    """Return everything that was drawn, in the order it was.

    A draft of older labels is in `initial` already, as far as it goes with these: as it stands,
    whatever somebody else drew since would be missing in it, as if it had been deleted.
    """
    draft = drafts.drawn(sheet.draft)
    if draft is None or draft["parent"] != sheet.basis:
        return drawing.from_canvas(sheet.initial, _classes_by_color(sheet), sheet.scale)
    return drawing.from_canvas(draft, _classes_by_color(sheet), draft["scale"])


def _strokes(sheet: Sheet, drawn: Fabric) -> bool:
    """Return whether the canvas holds anything else than the labels on disk."""
    found = drawing.from_canvas(drawn, _classes_by_color(sheet), sheet.scale)
    new = any(mark[0].object_id is None for mark in found)
    return new or bool(drawing.changed_ids(sheet.outlines, found))


def _without(labels: Labels, ids: set[int]) -> Labels:
    if not ids:
        return labels
    layer_yx = labels.layers[MAIN].copy()
    layer_yx[np.isin(layer_yx, sorted(ids))] = 0
    return shapes.with_layer(labels, layer_yx, labels.objects)


def _reshaped(labels: Labels, mark: Mark, sheet: Sheet, untouched_yx: NDArray[np.bool_]) -> Labels:
    """Return labels with an object's new outline; its origin stays.

    The outline goes around what lies in the object's holes, and perhaps over a neighbour: objects
    nobody touched keep their pixels.
    """
    before = next(each for each in sheet.labels.objects if each.id == mark[0].object_id)
    painted = shapes.paint(labels, mark, sparing=untouched_yx)
    about = replace(before, class_name=mark[0].class_name)
    items = (about if each.id == before.id else each for each in painted.objects)
    return replace(painted, objects=tuple(items))


def _painted(labels: Labels, mark: Mark, sheet: Sheet, author: str) -> Labels:
    """Return labels with the mark painted over; the pieces of a stroke are one object."""
    if sheet.kind is Kind.SEMANTIC:
        return shapes.paint(labels, mark, author=author, merge_classes=True)
    # The number of an object that was deleted is not given to another.
    used = (each.id for each in (*sheet.labels.objects, *labels.objects))
    new = max(used, default=0) + 1
    return shapes.paint(labels, [replace(each, object_id=new) for each in mark], author=author)


def _erased(labels: Labels, mark: Mark, *, known: bool) -> Labels:
    """Return labels without what lies inside the mark: background if `known`, else nobody's."""
    inside = np.any([shapes.fill(each.points, labels.shape_yx) for each in mark], axis=0)
    layer_yx, annotated_yx = labels.layers[MAIN].copy(), labels.annotated_yx.copy()
    layer_yx[inside] = 0
    annotated_yx[inside] = known
    return shapes.with_layer(replace(labels, annotated_yx=annotated_yx), layer_yx, labels.objects)


def _annotated(sheet: Sheet, labels: Labels, complete: bool) -> Any:
    if complete and can_be_empty(sheet):
        return np.ones(labels.shape_yx, dtype=bool)
    if sheet.version is None or not sheet.labels.annotated_yx.all():
        return labels.annotated_yx
    # It was complete and is not any more: only what is marked counts.
    return labels.flat_yx > 0
