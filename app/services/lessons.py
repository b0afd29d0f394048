"""What images of the study that are done teach the one under the brush."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import streamlit as st

from app import side_by_side
from app.services.labelling import labelled
from app.services.place import study_dir, workspace
from app.services.studies import study
from core import workflow
from core.errors import DataError, StudyError
from core.paths import Workspace

if TYPE_CHECKING:
    from core.annotate.lessons import Lesson
    from core.annotate.outlines import Examples

T = TypeVar("T")


def lessons(name: str, image_id: str, classes: tuple[str, ...]) -> "list[Lesson]":
    """Return what the images that were labelled last teach of these classes."""
    return _of_newest(name, image_id, partial(_lesson, classes=classes))


def box_examples(name: str, image_id: str) -> "list[Examples]":
    """Return what the objects of these images show in boxes."""
    return _of_newest(name, image_id, _boxes)


def _of_newest(name: str, image_id: str, made: Callable[..., T | None]) -> list[T]:
    """Return what is made of each image that was labelled last and has as many channels."""
    from core.annotate import lessons as pixels
    from core.data import pyramid
    from core.data.labels import store

    folder, about = study_dir(name), study(name).image(image_id)
    asked = []
    for each in pixels.newest(folder, labelled(name), image_id):
        other, version = study(name).image(each), store.head(folder, each)
        alike = other.shape_cyx[0] == about.shape_cyx[0] and not pyramid.is_large(other)
        if version is not None and alike:
            asked.append((str(workspace().root), name, each, other.seen_as, version))

    def told(held: tuple[str, ...]) -> T | None:
        with suppress(DataError, StudyError):  # a damaged file is told where it is opened
            return made(*held)
        return None

    return [each for each in side_by_side.mapped(told, asked) if each is not None]


# One holds 10,000 pixels: a megabyte a channel.
@st.cache_resource(show_spinner=False, max_entries=16)
def _lesson(
    root: str, name: str, image_id: str, seen_as: str, version: str, classes: tuple[str, ...]
) -> "Lesson | None":
    from core.annotate import lessons as pixels

    place = Workspace.at(root)
    labels, _ = workflow.load_labels(place, name, image_id, version)
    if labels is None:
        return None
    image_cyx = workflow.image_values(place, name, image_id)
    return pixels.draw(image_cyx, pixels.known(labels, classes))


# One holds 13,000 pixels.
@st.cache_resource(show_spinner=False, max_entries=16)
def _boxes(root: str, name: str, image_id: str, seen_as: str, version: str) -> "Examples | None":
    from core.annotate import lessons as pixels
    from core.data.labels.model import MAIN

    place = Workspace.at(root)
    labels, _ = workflow.load_labels(place, name, image_id, version)
    if labels is None:
        return None
    image_cyx = workflow.image_values(place, name, image_id)
    return pixels.boxes(image_cyx, pixels.known(labels), labels.layers[MAIN])
