"""What is shown of a study's images; kept until image or labels change."""

import io
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from app import look, pictures, services, sheet, wording
from app.components.canvas import SIDE_PX, View
from app.overlay import MOST_SIDE_PX
from app.sheet import Sheet
from core import workflow
from core.data import thumbnails
from core.data.labels.model import Labels
from core.paths import Workspace
from core.records import ImageRecord, StudyRecord

if TYPE_CHECKING:
    from core.data.label_states import LabelState

COVER_IMAGES = 5
_TINT = 0.28


def open_sheet(study: StudyRecord, image: ImageRecord, zoom: float) -> Sheet:
    """Return the canvas's sheet of an image, read from disk."""
    loaded = services.load_labels(study.name, image.id)
    scale = zoom * SIDE_PX / max(image.shape_cyx[1:])
    return sheet.open_sheet(study, image, services.study_dir(study.name), loaded, scale)


def canvas_view(mounted: Sheet) -> View:
    """Return the background of the canvas; what cannot be changed on it lies in the picture."""
    marked = mounted.version if mounted.is_only_shown else None
    rows, columns = mounted.image.shape_cyx[1:]
    return View(
        picture=_picture(_root(), mounted.study, mounted.image.id, mounted.image.sha256, marked),
        rows=rows,
        columns=columns,
        scale=mounted.scale,
    )


def picture(study: str, image: ImageRecord) -> bytes:
    """Return the image as PNG."""
    return _picture(_root(), study, image.id, image.sha256, None)


def painter_picture(study: str, image: ImageRecord) -> bytes:
    """Return the image as a JPEG of at most 2048 pixels a side, for the painter."""
    return _painter_picture(_root(), study, image.id, image.sha256)


@st.cache_data(show_spinner=False, max_entries=12)
def _painter_picture(root: str, study: str, image_id: str, sha256: str) -> bytes:
    pixels = workflow.image_pixels(Workspace.at(root), study, image_id, side=MOST_SIDE_PX)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=92, subsampling=0)
    return buffer.getvalue()


def thumbnail(study: str, image: ImageRecord, *, marked: bool) -> bytes:
    """Return the image's middle as a small PNG, with outlines where something is marked."""
    version = services.label_version(study, image.id) if marked else None
    return _thumbnail(_root(), study, image.id, image.sha256, version)


def version_picture(study: str, image: ImageRecord, version: str) -> bytes:
    """Return the image's middle with what one version of its labels marks."""
    return _thumbnail(_root(), study, image.id, image.sha256, version)


def cover(study: str) -> list[bytes]:
    """Return a few images of a study, spread over it."""
    record = services.study(study)
    step = max(1, len(record.images) // COVER_IMAGES)
    chosen = record.images[::step][:COVER_IMAGES]
    return [thumbnail(study, image, marked=True) for image in chosen]


def card_title(image: ImageRecord) -> str:
    """Return what stands below an image's card."""
    return image.image_class or image.original_name


def card_help(study: StudyRecord, image: ImageRecord, state: "LabelState") -> str:
    """Return what a card tells when the pointer rests on it."""
    channels, rows, columns = image.shape_cyx
    size = f"{columns} × {rows} pixels, {wording.plural(channels, 'channel')}"
    facts = [image.original_name, size, wording.label_state(state)]
    if image.group:
        facts.append(f"group {image.group}")
    if study.split and study.split.side(image.id) == "test":
        facts.append("kept aside for the final score")
    return "  \n".join(facts)


@st.cache_data(show_spinner=False, max_entries=12)
def _picture(root: str, study: str, image_id: str, sha256: str, version: str | None) -> bytes:
    place = Workspace.at(root)
    pixels = workflow.image_pixels(place, study, image_id)
    if version is None:
        return pictures.png(pixels)
    labels, _ = workflow.load_labels(place, study, image_id)
    large = pictures.enlarged(pixels)
    return pictures.png(_marked(large, labels, workflow.load_study(place, study), tint=_TINT))


@st.cache_data(show_spinner=False, max_entries=2000)
def _thumbnail(root: str, study: str, image_id: str, sha256: str, version: str | None) -> bytes:
    place = Workspace.at(root)
    record = services.study(study)
    path = thumbnails.cached(place.study(study), record.image(image_id))
    # Outlines are drawn at twice the size, so that they are smooth in the end.
    pixels = pictures.small(np.asarray(Image.open(path).convert("RGB")), 2 * pictures.THUMBNAIL_PX)
    if version is not None:
        labels, _ = workflow.load_labels(place, study, image_id, version)
        pixels = _marked(pixels, labels, record, crop=True)
    return pictures.png(pictures.small(pixels))


def _marked(
    pixels_yxc: NDArray[np.uint8],
    labels: Labels | None,
    record: StudyRecord,
    *,
    tint: float = 0.0,
    crop: bool = False,
) -> NDArray[np.uint8]:
    """Return the picture with what is marked; ids follow the picture's size."""
    if labels is None:
        return pixels_yxc
    ids_yx = labels.flat_yx
    if crop:
        side = min(ids_yx.shape)
        top, left = (ids_yx.shape[0] - side) // 2, (ids_yx.shape[1] - side) // 2
        ids_yx = ids_yx[top : top + side, left : left + side]
    rows = np.arange(pixels_yxc.shape[0]) * ids_yx.shape[0] // pixels_yxc.shape[0]
    columns = np.arange(pixels_yxc.shape[1]) * ids_yx.shape[1] // pixels_yxc.shape[1]
    background = record.task.background if record.task else None
    classes = record.task.classes if record.task else ()
    told = tuple(dict.fromkeys(each.class_name for each in labels.objects if each.class_name))
    names = (*classes, *(name for name in told if name not in classes))
    colors = {
        each.id: look.class_color(names, each.class_name, background)
        if each.class_name
        else look.CLASS_COLORS[0]
        for each in labels.objects
        if each.class_name != background or background is None
    }
    return pictures.outlined(pixels_yxc, ids_yx[np.ix_(rows, columns)], colors, tint=tint)


def _root() -> str:
    return str(services.workspace().root)
