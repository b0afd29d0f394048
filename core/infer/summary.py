"""One row an image: how many objects were found in it, or how much of it belongs to a class."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core.records import Kind, TaskSpec

if TYPE_CHECKING:
    from core.infer.table import Regions

FILE = "images.csv"
FIGURES = ("objects", "mean area_px", "covered")
PER_CLASS = ("objects ", "area_px ", "share ")
"""What a class's column begins with."""
Row = tuple[Any, ...]
Counts = npt.NDArray[np.integer]


def is_figure(column: str) -> bool:
    """Return whether a column holds a figure of the image, not a fact of its origin."""
    return column in FIGURES or column.startswith(PER_CLASS)


def columns(task: TaskSpec) -> tuple[str, ...]:
    """Return the columns of the table; none for whole pictures, which have one row each already.

    Objects: how many, of each class where there are several, their mean area in pixels, and the
    share of the image that they cover. Regions: each class's pixels, and its share of the image.
    """
    if task.kind is Kind.INSTANCE:
        several = tuple(f"objects {name}" for name in task.classes) if _is_several(task) else ()
        return ("image", FIGURES[0], *several, *FIGURES[1:])
    if task.kind is Kind.SEMANTIC:
        pixels = (f"area_px {name}" for name in task.classes)
        return ("image", *pixels, *(f"share {name}" for name in task.classes))
    return ()


def of_objects(
    name: str, regions: "Regions", classes: Mapping[int, int], pixels: int, task: TaskSpec
) -> Row:
    """Return the row of an image of `pixels` pixels; an object of no known class is of the first.

    `regions` are those of the ids 0 (nothing) to N, without gaps.
    """
    area = regions.area[1:]
    counts = Counter(classes.get(index, 0) for index in range(1, len(area) + 1))
    several = (counts[index] for index in range(len(task.classes))) if _is_several(task) else ()
    mean = round(float(area.mean()), 2) if len(area) else ""
    return (name, len(area), *several, mean, round(float(area.sum()) / pixels, 6))


def of_pixels(name: str, counts: Counts, task: TaskSpec) -> Row:
    """Return the row of an image of which `counts` tells each class's pixels."""
    known = [int(each) for each in counts[: len(task.classes)]]
    known += [0] * (len(task.classes) - len(known))
    total = max(sum(known), 1)
    return (name, *known, *(round(each / total, 6) for each in known))


def _is_several(task: TaskSpec) -> bool:
    return len(task.classes) > 1
