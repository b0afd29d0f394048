"""What the planes of files are, and how large a pixel is."""

from typing import TYPE_CHECKING

import streamlit as st

from app import pictures
from app.services.place import workspace
from core import workflow
from core.paths import Workspace
from core.records import ImageRecord, Reading

if TYPE_CHECKING:
    from core.data.rereading import Reread


def stacks(name: str) -> dict[str, list[ImageRecord]]:
    """Return kind of file -> its images, where files hold several planes; doubtful ones first."""
    return workflow.stacks(workspace(), name)


def readings(image: ImageRecord) -> list[tuple[str, Reading]]:
    """Return (sentence, reading) of each way an image's file can be read, one plane alone last."""
    return [(sentence, reading) for _, sentence, reading in workflow.readings(image)]


def planes_of(image: ImageRecord, reading: Reading) -> int:
    """Return how many planes of an image's file a reading leaves to choose from."""
    return workflow.planes_of(image, reading)


def depths_of(image: ImageRecord, reading: Reading) -> int:
    """Return of how many depths a reading shows one that may be chosen; 1: it shows no such."""
    return workflow.depths_of(image, reading)


def reading_now(image: ImageRecord) -> Reading:
    """Return how an image's file is read now."""
    return workflow.reading_now(image)


def reading_sentence(image: ImageRecord, reading: Reading) -> str:
    """Return what a reading makes of an image's file."""
    return workflow.reading_sentence(image, reading)


def reading_question(image: ImageRecord) -> str:
    """Return what is to be decided of an image's file."""
    return workflow.reading_question(image)


def reading_pictures(name: str, image: ImageRecord, chosen: tuple[Reading, ...]) -> list[bytes]:
    """Return a small PNG of what each reading shows of the image's file."""
    return _pictures(str(workspace().root), name, image.sha256, image, chosen)


@st.cache_data(show_spinner=False, max_entries=64)
def _pictures(
    root: str, name: str, sha256: str, _image: ImageRecord, chosen: tuple[Reading, ...]
) -> list[bytes]:
    shown = workflow.reading_pictures(Workspace.at(root), name, _image, chosen)
    return [pictures.png(each) for each in shown]


def read_as(name: str, image_id: str, reading: Reading, *, alike: bool) -> "Reread":
    """Say how a file is read, and with `alike` all files of its kind, now and later."""
    return workflow.read_as(workspace(), name, image_id, reading, alike=alike)


def pixel_size_along(line: list[float], length_um: float) -> float:
    """Return the pixel size by a line drawn over a known length."""
    return workflow.pixel_size_along(line, length_um)


def sized_alike(name: str, image_id: str) -> tuple[str, ...]:
    """Return the other images like it whose files tell no pixel size."""
    return workflow.sized_alike(workspace(), name, image_id)


def set_pixel_size(name: str, image_id: str, size_um: float, *, alike: bool) -> tuple[str, ...]:
    """Say how large a pixel is; return the ids of the images that have this size now."""
    return workflow.set_pixel_size(workspace(), name, image_id, size_um, alike=alike)
