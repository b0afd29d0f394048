"""What is shown of a study's images; kept until image or labels change."""

import io
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from app import look, pictures, services, sheet, state, wording
from app.components import canvas
from app.components.canvas import View
from app.overlay import MOST_SIDE_PX
from app.sheet import Sheet
from core import workflow
from core.data import display, pyramid, regions, thumbnails
from core.data.display import Look
from core.data.labels.model import LabelObject
from core.data.regions import Region
from core.data.samples import content_name
from core.errors import AIxCellError
from core.paths import Workspace
from core.records import ImageRecord, StudyRecord

if TYPE_CHECKING:
    from app.services import ProposedClass
    from core.data.label_states import LabelState

COVER_IMAGES = 5
_TINT = 0.28
# Of the marks on a large image: where something is, not how it is shaped.
_MARKS_PX, _MARKS_ALPHA = 1024, 230
_VISITED = (255, 255, 255, 26)
"""Laid over what was annotated, be there something in it or not."""


def open_sheet(study: StudyRecord, image: ImageRecord, zoom: float, *, tab: str) -> Sheet:
    """Return the canvas's sheet of an image in a tab, read from disk."""
    loaded = services.load_labels(study.name, image.id, regions.of(image))
    scale = canvas.scale((image.shape_cyx[1], image.shape_cyx[2]), zoom)
    folder = services.study_dir(study.name)
    return sheet.open_sheet(study, image, folder, loaded, scale, tab=tab)


def canvas_view(mounted: Sheet) -> View:
    """Return the background of the canvas; what cannot be changed on it lies in the picture."""
    marked = mounted.version if mounted.is_only_shown else None
    rows, columns = mounted.image.shape_cyx[1:]
    shown = _shown(mounted.study, mounted.image)
    return View(
        picture=_picture(_root(), mounted.study, shown, marked),
        rows=rows,
        columns=columns,
        scale=mounted.scale,
    )


def picture(study: str, image: ImageRecord) -> bytes:
    """Return the image as PNG, as the study's images are to look; a large one made smaller."""
    return _picture(_root(), study, _shown(study, image), None)


def painter_picture(study: str, image: ImageRecord) -> bytes:
    """Return the image as a JPEG of at most 2048 pixels a side, for the painter."""
    return _jpeg_picture(_root(), study, _shown(study, image), MOST_SIDE_PX)


def detail(study: str, image: ImageRecord, region: Region, side: int) -> bytes:
    """Return a region of a large image as a JPEG, its longer side at most `side`."""
    return _jpeg_picture(_root(), study, _shown(study, image, region), side)


def sampled(study: str, image: ImageRecord) -> NDArray[np.generic]:
    """Return every n-th pixel of the whole image, from which levels are found."""
    return _sampled(_root(), study, _shown(study, image))


def marks(study: str, image: ImageRecord) -> bytes | None:
    """Return what is marked on a large image, transparent elsewhere; None: nothing is."""
    version = services.label_version(study, image.id)
    return _marks(_root(), study, image.id, version) if version is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """Everything that a picture of an image depends on but its labels."""

    image_id: str
    content: str
    region: Region | None
    """Of a large image, which is never in memory as a whole; None: the whole image."""
    look: Look
    colors: tuple[str, ...]
    ghosts: tuple[tuple[str, str], ...] = ()
    """Other layers of which the outlines are drawn in, each with the version of its labels."""


def _shown(study: str, image: ImageRecord, region: Region | None = None) -> _Shown:
    if region is None:
        region = regions.of(image) or (regions.whole(image) if pyramid.is_large(image) else None)
    return _Shown(
        image_id=image.id,
        content=content_name(image),
        region=region,
        look=services.look(study, image),
        colors=image.channel_colors,
        # A large image as a whole is too small for outlines.
        ghosts=() if region == regions.whole(image) else _ghosts(study, image),
    )


def _ghosts(study: str, image: ImageRecord) -> tuple[tuple[str, str], ...]:
    others = (each for each in services.sheets(study) if each != study and state.shows_ghosts())
    versions = ((each, services.label_version(each, image.id)) for each in others)
    return tuple((each, version) for each, version in versions if version is not None)


@st.cache_resource(show_spinner=False, max_entries=6)
def _values(
    root: str, study: str, image_id: str, content: str, region: Region | None, side: int
) -> NDArray[np.generic]:
    """Return the image's own numbers, not to be written to; of a region at least `side` wide."""
    place = Workspace.at(root)
    if region is None:
        return workflow.image_values(place, study, image_id)
    return workflow.seen_values(place, study, image_id, region, side)


def _sampled(root: str, study: str, shown: _Shown) -> NDArray[np.generic]:
    if shown.region is None:
        return display.sample(_values(root, study, shown.image_id, shown.content, None, 0))
    return _large_sample(root, study, shown.image_id, shown.content)


@st.cache_resource(show_spinner="Preparing this large image, once …", max_entries=8)
def _large_sample(root: str, study: str, image_id: str, content: str) -> NDArray[np.generic]:
    return workflow.sampled_values(Workspace.at(root), study, image_id)


def _rendered(root: str, study: str, shown: _Shown, side: int | None) -> NDArray[np.uint8]:
    within = display.levels(_sampled(root, study, shown), shown.look, shown.colors)
    least = 0 if shown.region is None else side or MOST_SIDE_PX
    image_cyx = _values(root, study, shown.image_id, shown.content, shown.region, least)
    pixels = display.render(image_cyx, shown.look, side=side, told=shown.colors, within=within)
    for layer, version in shown.ghosts:
        labels, _ = workflow.load_labels(
            Workspace.at(root), layer, shown.image_id, version, region=shown.region
        )
        if labels is not None:
            ids_yx = pictures.fitted(labels.flat_yx, pixels)
            pixels = pictures.outlined(pixels, ids_yx, look.GHOST_COLOR)
    return pixels


@st.cache_data(show_spinner=False, max_entries=48)
def _jpeg_picture(root: str, study: str, shown: _Shown, side: int) -> bytes:
    buffer = io.BytesIO()
    pixels = _rendered(root, study, shown, side)
    Image.fromarray(pixels).save(buffer, "JPEG", quality=92, subsampling=0)
    return buffer.getvalue()


@st.cache_data(show_spinner=False, max_entries=12)
def _marks(root: str, study: str, image_id: str, version: str) -> bytes:
    place = Workspace.at(root)
    record = workflow.load_study(place, study)
    every = max(1, -(-max(record.image(image_id).shape_cyx[1:]) // _MARKS_PX))
    seen = workflow.label_overview(place, study, image_id, version, every)
    painted = np.zeros((*seen.ids_yx.shape, 4), np.uint8)
    painted[seen.annotated_yx] = _VISITED
    table = np.zeros((int(seen.ids_yx.max(initial=0)) + 1, 4), np.uint8)
    for each, color in _colors(seen.objects, record).items():
        if each < len(table):
            table[each] = (*look.rgb(color), _MARKS_ALPHA)
    marked = table[seen.ids_yx]
    # A thin stroke on a large image is less than a pixel of the screen.
    below, beside = (np.roll(marked, 1, axis=axis) for axis in (0, 1))
    below[0], beside[:, 0] = 0, 0  # what is rolled beyond one edge comes in at the opposite one
    for wide in (below, beside, marked):
        painted = np.where(wide[..., 3:] > 0, wide, painted)
    return pictures.png(painted)


def thumbnail(study: str, image: ImageRecord, *, marked: bool) -> bytes:
    """Return the image's middle as a small PNG, with outlines where something is marked."""
    version = services.label_version(study, image.id) if marked else None
    return _thumbnail(_root(), study, image.id, image.seen_as, version)


def version_picture(study: str, image: ImageRecord, version: str) -> bytes:
    """Return the image's middle with what one version of its labels marks."""
    return _thumbnail(_root(), study, image.id, image.seen_as, version)


def cover(study: str) -> list[bytes]:
    """Return a few images of a study, spread over it; without those that cannot be shown."""
    record = services.study(study)
    step = max(1, len(record.images) // COVER_IMAGES)
    chosen = record.images[::step][:COVER_IMAGES]
    found = []
    for image in chosen:
        with suppress(AIxCellError):
            found.append(thumbnail(study, image, marked=True))
    return found


def card_title(image: ImageRecord, proposed: "ProposedClass | None" = None) -> str:
    """Return what stands below an image's card; what a model proposes has a question mark."""
    if image.image_class is None and proposed is not None:
        return f"{proposed.name}? {proposed.probability:.0%}"
    return image.image_class or image.title


def card_help(study: StudyRecord, image: ImageRecord, known: "LabelState") -> str:
    """Return what a card tells when the pointer rests on it."""
    channels, rows, columns = image.shape_cyx
    size = f"{columns} × {rows} pixels, {wording.plural(channels, 'channel')}"
    facts = [image.title, size, wording.label_state(known)]
    if image.class_source == "model":
        facts.append("the class was proposed by a model")
    if image.group:
        facts.append(f"group {image.group}")
    if study.split and study.split.side(image.id) == "test":
        facts.append("kept aside for the final score")
    return "  \n".join(facts)


@st.cache_data(show_spinner=False, max_entries=12)
def _picture(root: str, study: str, shown: _Shown, version: str | None) -> bytes:
    place = Workspace.at(root)
    pixels = _rendered(root, study, shown, None if shown.region is None else MOST_SIDE_PX)
    if version is None:
        return pictures.png(pixels)
    labels, _ = workflow.load_labels(place, study, shown.image_id, version, region=shown.region)
    large = pictures.enlarged(pixels)
    if labels is not None:
        colors = _colors(labels.objects, workflow.load_study(place, study))
        large = _marked(large, labels.flat_yx, colors, tint=_TINT)
    return pictures.png(large)


@st.cache_data(show_spinner=False, max_entries=2000)
def _thumbnail(root: str, study: str, image_id: str, seen_as: str, version: str | None) -> bytes:
    place = Workspace.at(root)
    record = services.study(study)
    path = thumbnails.cached(place.study(study), record.image(image_id))
    # Outlines are drawn at twice the size, so that they are smooth in the end.
    pixels = pictures.small(np.asarray(Image.open(path).convert("RGB")), 2 * pictures.THUMBNAIL_PX)
    if version is not None:
        about = record.image(image_id)
        every = max(about.shape_cyx[1:]) // _MARKS_PX if pyramid.is_large(about) else 1
        seen = workflow.label_overview(place, study, image_id, version, every)
        side = min(seen.ids_yx.shape)
        top, left = (each // 2 for each in np.subtract(seen.ids_yx.shape, side))
        middle_yx = seen.ids_yx[top : top + side, left : left + side]
        pixels = _marked(pixels, middle_yx, _colors(seen.objects, record))
    return pictures.png(pictures.small(pixels))


def _marked(
    pixels_yxc: NDArray[np.uint8],
    ids_yx: NDArray[np.int32],
    colors: dict[int, str],
    *,
    tint: float = 0.0,
) -> NDArray[np.uint8]:
    """Return the picture with what is marked; ids follow the picture's size."""
    return pictures.outlined(pixels_yxc, pictures.fitted(ids_yx, pixels_yxc), colors, tint=tint)


def _colors(objects: tuple[LabelObject, ...], record: StudyRecord) -> dict[int, str]:
    """Return id -> colour of its class; the declared background has none."""
    background = record.task.background if record.task else None
    classes = record.task.classes if record.task else ()
    told = tuple(dict.fromkeys(each.class_name for each in objects if each.class_name))
    names = (*classes, *(name for name in told if name not in classes))
    return {
        each.id: look.class_color(names, each.class_name, background)
        if each.class_name
        else look.CLASS_COLORS[0]
        for each in objects
        if each.class_name != background or background is None
    }


def _root() -> str:
    return str(services.workspace().root)
