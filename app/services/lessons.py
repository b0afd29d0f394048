"""What images of the study that are done teach the one under the brush."""

from contextlib import suppress
from typing import TYPE_CHECKING

import streamlit as st

from app.services.labelling import labelled
from app.services.place import study_dir, workspace
from app.services.studies import study
from core import workflow
from core.errors import DataError, StudyError
from core.paths import Workspace

if TYPE_CHECKING:
    from core.annotate.lessons import Lesson


def lessons(name: str, image_id: str, class_name: str | None) -> "list[Lesson]":
    """Return what the images that were labelled last teach, of all objects or of one class."""
    from core.annotate import lessons as pixels
    from core.data import pyramid
    from core.data.labels import store

    folder, about = study_dir(name), study(name).image(image_id)
    found = []
    for each in pixels.newest(folder, labelled(name), image_id):
        other, version = study(name).image(each), store.head(folder, each)
        alike = other.shape_cyx[0] == about.shape_cyx[0] and not pyramid.is_large(other)
        if version is not None and alike:
            held = (str(workspace().root), name, each, other.seen_as, version)
            with suppress(DataError, StudyError):  # a damaged file is told where it is opened
                found.append(_lesson(*held, class_name))
    return [each for each in found if each is not None]


# One holds 10,000 pixels: a megabyte a channel.
@st.cache_resource(show_spinner=False, max_entries=16)
def _lesson(
    root: str, name: str, image_id: str, seen_as: str, version: str, class_name: str | None
) -> "Lesson | None":
    from core.annotate import lessons as pixels
    from core.data.labels.model import MAIN

    place = Workspace.at(root)
    labels, _ = workflow.load_labels(place, name, image_id, version)
    if labels is None:
        return None
    image_cyx = workflow.image_values(place, name, image_id)
    # The class is named where regions are marked, which lie in no box.
    ids_yx = labels.layers[MAIN] if class_name is None else None
    return pixels.draw(image_cyx, pixels.known(labels, class_name), ids_yx)
