"""The label doctor."""

from typing import TYPE_CHECKING

import streamlit as st

from app.services.place import labels_changed, workspace
from app.services.runs import runs
from core import workflow
from core.paths import Workspace

if TYPE_CHECKING:
    from core.annotate.doctor import Symptom


def symptoms(name: str) -> "list[Symptom]":
    """Return what stands out in the labels; kept until a label or a run changes."""
    finished = sum(run.state == "finished" for run in runs(name))
    revision = workflow.load_study(workspace(), name).revision
    return _symptoms(str(workspace().root), name, labels_changed(name), finished, revision)


@st.cache_data(show_spinner="Looking at all labels …", max_entries=8)
def _symptoms(root: str, name: str, *changes: int) -> "list[Symptom]":
    return workflow.symptoms(Workspace.at(root), name)


def symptom_titles() -> dict[str, str]:
    """Return kind of symptom -> what it is, gravest first."""
    from core.annotate.doctor import KINDS

    return KINDS
