"""What lies on the canvas of one image: its labels from disk, and strokes not saved yet.

The label map on disk is the truth and the drawing a view of it: objects nobody touched keep their
pixels exactly, whatever their outline looks like. Strokes wait in a draft of the tab (`drafts`)
until they are saved (`painted`), so that neither a reload nor a restart loses them.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from app import drafts, look
from app.components import drawing
from app.components.drawing import Fabric, Mark
from core.data import regions
from core.data.labels import model, placed, shapes
from core.data.labels.model import Labels
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
    return bool(drawing.changed_ids(sheet.outlines, marks(sheet)))


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


def marks(sheet: Sheet) -> list[Mark]:
    """Return everything that was drawn, in the order it was.

    A draft of older labels is in `initial` already, as far as it goes with these: as it stands,
    whatever somebody else drew since would be missing in it, as if it had been deleted.
    """
    draft = drafts.drawn(sheet.draft)
    if draft is None or draft["parent"] != sheet.basis:
        return drawing.from_canvas(sheet.initial, _classes_by_color(sheet), sheet.scale)
    return drawing.from_canvas(draft, _classes_by_color(sheet), draft["scale"])


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


def _strokes(sheet: Sheet, drawn: Fabric) -> bool:
    """Return whether the canvas holds anything else than the labels on disk."""
    found = drawing.from_canvas(drawn, _classes_by_color(sheet), sheet.scale)
    new = any(mark[0].object_id is None for mark in found)
    return new or bool(drawing.changed_ids(sheet.outlines, found))
