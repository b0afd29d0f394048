"""Answers of a model, compared between conditions."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from app.services.place import workspace
from core import workflow

if TYPE_CHECKING:
    from core.measure.conditions import Compared

Line = Mapping[str, str]
"""One image: column -> text."""


def image_lines(job_id: str) -> list[dict[str, str]]:
    """Return one line an image: a training's test images, or a prediction's."""
    return workflow.image_lines(workspace(), job_id)


def compared_by(lines: Sequence[Line]) -> list[str]:
    """Return the columns by which the images differ; none where there are no figures."""
    return workflow.compared_by(lines)


def compared(lines: Sequence[Line], by: str) -> "list[Compared]":
    """Return every figure under every value of a column."""
    return workflow.compared(lines, by)


def compared_areas(lines: Sequence[Line]) -> str:
    """Return how areas are compared, in a sentence; empty: there is nothing to say of it."""
    return workflow.compared_areas(lines)
