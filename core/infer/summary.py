"""One row an image: how many objects were found in it, or how much of it belongs to a class."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core.records import Kind, TaskSpec

if TYPE_CHECKING:
    from core.infer.table import Regions

FILE = "images.csv"
FIGURES = ("objects", "mean area_px", "covered")
PER_CLASS = ("objects ", "area_px ", "area_um2 ", "share ")
"""What a class's column begins with."""
PIXEL_SIZE = "pixel_size_um"
"""Column: the width of an image's pixel; empty where it is not known."""
Row = tuple[Any, ...]
Counts = npt.NDArray[np.integer]


def is_figure(column: str) -> bool:
    """Return whether a column holds a figure of the image, not a fact of its origin."""
    return column in (*FIGURES, *in_um2(FIGURES).values()) or column.startswith(PER_CLASS)


def in_um2(columns: Iterable[str]) -> dict[str, str]:
    """Return each column of areas in pixels -> the column of the same areas in µm²."""
    return {
        name: name.replace("area_px", "area_um2", 1)
        for name in columns
        if name in ("area_px", "mean area_px") or name.startswith("area_px ")
    }


def area_um2(area_px: float | str, pixel_size_um: float | None) -> float | str:
    """Return an area in µm², pixels taken to be square; empty where it or their size is not known.

    The size is that of the picture as it was read: a level of a slide has larger ones.
    """
    if pixel_size_um is None or area_px == "":
        return ""
    return rounded(float(area_px) * pixel_size_um**2)


def rounded(value: float | None) -> float | str:
    """Return a physical figure with six digits, more than any ruler has; empty for None."""
    return "" if value is None else float(f"{value:.6g}")


def sized(line: Mapping[str, str], pixel_size_um: float | None) -> dict[str, str]:
    """Return a line of a table as if it had been written for pixels of this size."""
    areas = in_um2(line)
    told = {areas[name]: str(area_um2(line[name], pixel_size_um)) for name in areas}
    if areas and any(map(is_figure, line)):  # a row an image
        told[PIXEL_SIZE] = str(rounded(pixel_size_um))
    return {**line, **told}


def columns(task: TaskSpec) -> tuple[str, ...]:
    """Return the columns of the table; none for whole pictures, which have one row each already.

    Objects: how many, of each class where there are several, their mean area in pixels, and the
    share of the image that they cover. Regions: each class's pixels, and its share of the image.
    What is told in µm² is added by whoever knows the size of a pixel.
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
