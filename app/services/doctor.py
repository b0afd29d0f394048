"""The label doctor."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from app.services.place import labels_changed, study_dir, workspace
from app.services.runs import runs
from core import workflow
from core.paths import Workspace

if TYPE_CHECKING:
    from core.annotate.doubts import Doubts
    from core.annotate.symptoms import Symptom


def symptoms(name: str) -> "list[Symptom]":
    """Return what stands out in the labels; kept until a label or a run changes."""
    finished = sum(run.state == "finished" for run in runs(name))
    revision = workflow.load_study(workspace(), name).revision
    return _symptoms(str(workspace().root), name, labels_changed(name), finished, revision)


@st.cache_data(show_spinner="Looking at all labels …", max_entries=8)
def _symptoms(root: str, name: str, *changes: int) -> "list[Symptom]":
    return workflow.symptoms(Workspace.at(root), name)


def look_for_doubts(name: str, tell: Callable[[float, str], None]) -> "Doubts":
    """Return what the labels of other images speak against; `tell` hears how far it is."""
    return workflow.doubts(workspace(), name, tell)


def standing(name: str, found: "Doubts") -> "list[Symptom]":
    """Return the doubts of images whose labels are still those that were judged."""
    from core.data.labels import store

    folder = study_dir(name)
    about = {one.image_id for one in found.symptoms}
    same = {each for each in about if store.head(folder, each) == found.versions[each]}
    return [one for one in found.symptoms if one.image_id in same]


def symptom_titles() -> dict[str, str]:
    """Return kind of symptom -> what it is, gravest first."""
    from core.annotate.symptoms import KINDS

    return KINDS
