"""What lies on the canvas of one image: its labels from disk, and strokes not saved yet.

The label map on disk is the truth and the drawing a view of it: objects nobody touched keep their
pixels exactly, whatever their outline looks like. Strokes wait in `labels/IMAGE/draft.json` until
they are saved, so that neither a reload nor a restart loses them.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from app import look
from app.components import drawing
from app.components.drawing import Fabric
from core.data.labels import model, shapes
from core.data.labels.model import MAIN, Labels
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
    def is_only_shown(self) -> bool:
        """Return whether what is marked lies in the picture and not on the canvas."""
        return bool(self.labels.objects) and not self.outlines


def open_sheet(
    record: StudyRecord,
    image: ImageRecord,
    study_dir: StudyDir,
    loaded: tuple[Labels | None, str | None],
    scale: float,
) -> Sheet:
    """Return the sheet of an image, with the strokes of its draft where there is one."""
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
        draft=study_dir.labels / image.id / "draft.json",
    )
    outlines = _editable(sheet)
    initial = drawing.to_canvas(outlines, sheet.colors, scale)
    return _with_draft(replace(sheet, outlines=outlines, initial=initial))


def keep_draft(sheet: Sheet, drawn: Fabric | None) -> None:
    """Put what is on the canvas into the draft; without a difference there is no draft."""
    if drawn is None:
        return
    if not _strokes(sheet, drawn):
        drop_draft(sheet)
        return
    plain = {"parent": sheet.version, "scale": sheet.scale, "objects": drawn["objects"]}
    if _read_draft(sheet) != plain:
        write_json(sheet.draft, plain)


def has_draft(sheet: Sheet) -> bool:
    """Return whether there are strokes that are not saved."""
    return sheet.draft.exists()


def drop_draft(sheet: Sheet) -> None:
    """Forget strokes that are not saved, or that have been saved."""
    sheet.draft.unlink(missing_ok=True)


def finished(sheet: Sheet, *, complete: bool, author: str = "") -> Labels:
    """Return the labels with the draft's strokes painted in.

    `complete` tells that everything was marked: the rest is background. Otherwise the rest is
    not annotated, unless it was before.
    """
    draft = _read_draft(sheet)
    drawn = sheet.initial if draft is None else draft
    scale = sheet.scale if draft is None else draft["scale"]
    found = drawing.from_canvas(drawn, _classes_by_color(sheet), scale)
    changed = drawing.changed_ids(sheet.outlines, found)
    labels = _without(sheet.labels, changed)
    for shape in found:
        if shape.object_id is not None and shape.object_id not in changed:
            continue
        if shape.class_name in (ERASER, sheet.background) and shape.class_name is not None:
            labels = _erased(labels, shape, known=shape.class_name == sheet.background)
        else:
            labels = shapes.paint(
                labels, [shape], author=author, merge_classes=sheet.kind is Kind.SEMANTIC
            )
    return replace(labels, annotated_yx=_annotated(sheet, labels, complete))


def nothing_here(sheet: Sheet) -> Labels:
    """Return labels that say: looked at, and nothing of interest is in it."""
    return model.empty(sheet.labels.shape_yx, annotated=True)


def can_be_empty(sheet: Sheet) -> bool:
    """Return whether an image without anything is possible: where every class counts, it is not."""
    return sheet.kind is not Kind.SEMANTIC or sheet.background is not None


def is_complete(sheet: Sheet) -> bool:
    """Return whether everything in the image is marked; assumed of an image not labelled yet."""
    return sheet.version is None or bool(sheet.labels.annotated_yx.all())


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
    draft = _read_draft(sheet)
    if draft is None:
        return sheet
    if draft["parent"] == sheet.version and draft["scale"] == sheet.scale:
        return replace(sheet, initial={"objects": draft["objects"]}, recovered=True)
    # Drawn at another enlargement: the same shapes as polygons of this one.
    drawn = drawing.from_canvas(draft, _classes_by_color(sheet), draft["scale"])
    if draft["parent"] != sheet.version:
        # Somebody saved meanwhile: the new strokes go on top of the newer labels.
        new = [each for each in drawn if each.object_id is None]
        drawn = [*sheet.outlines, *new]
    initial = drawing.to_canvas(drawn, sheet.colors, sheet.scale)
    return replace(sheet, initial=initial, recovered=True)


def _read_draft(sheet: Sheet) -> dict[str, Any] | None:
    if not sheet.draft.exists():
        return None
    plain: dict[str, Any] = msgspec.json.decode(sheet.draft.read_bytes())
    return plain


def _strokes(sheet: Sheet, drawn: Fabric) -> bool:
    """Return whether the canvas holds anything else than the labels on disk."""
    found = drawing.from_canvas(drawn, _classes_by_color(sheet), sheet.scale)
    new = any(each.object_id is None for each in found)
    return new or bool(drawing.changed_ids(sheet.outlines, found))


def _without(labels: Labels, ids: set[int]) -> Labels:
    if not ids:
        return labels
    layer_yx = labels.layers[MAIN].copy()
    layer_yx[np.isin(layer_yx, sorted(ids))] = 0
    return shapes.with_layer(labels, layer_yx, labels.objects)


def _erased(labels: Labels, shape: Shape, *, known: bool) -> Labels:
    """Return labels without what lies inside the shape: background if `known`, else nobody's."""
    inside = shapes.fill(shape.points, labels.shape_yx)
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
