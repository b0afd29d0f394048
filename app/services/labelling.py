"""How far each image is: to do, begun, labelled, checked by a person."""

from typing import TYPE_CHECKING

import streamlit as st

from app.services.place import labels_changed, study_changed, study_dir, workspace
from core import workflow
from core.paths import Workspace

if TYPE_CHECKING:
    from core.data.label_states import LabelState


def label_states(name: str) -> "dict[str, LabelState]":
    """Return how far each image of a study is, in the study's order."""
    from core.data import label_states
    from core.data.labels import survey

    return label_states.with_begun(saved_label_states(name), survey.begun(study_dir(name)))


def saved_label_states(name: str) -> "dict[str, LabelState]":
    """Return the same without strokes that are not saved yet; quick enough for every stroke."""
    root = str(workspace().root)
    return _label_states(root, name, labels_changed(name), study_changed(name))


def labelled(name: str) -> list[str]:
    """Return the ids of the images that are annotated for the study's task."""
    return [image_id for image_id, one in saved_label_states(name).items() if one.is_labelled]


def check_labels(name: str, image_id: str) -> None:
    """Note that the labels of an image were found right; LabelError where it has none."""
    workflow.check_labels(workspace(), name, image_id)


def uncheck_labels(name: str, image_id: str) -> None:
    """Let an image wait for a second look again."""
    workflow.uncheck_labels(workspace(), name, image_id)


# Thousands of small files are read for it, and every stroke asks for the next image to do.
@st.cache_resource(show_spinner=False, max_entries=16)
def _label_states(root: str, name: str, *changes: int) -> "dict[str, LabelState]":
    from core.data import label_states

    place = Workspace.at(root)
    return label_states.saved(place.study(name), workflow.load_study(place, name))
