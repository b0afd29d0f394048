"""Figures of images, compared between conditions.

Images of one group (animal, donor, well) tell of one sample, so a group's mean counts once; else
many images of one animal would pass for many animals. Source: Lazic, "The problem of
pseudoreplication in neuroscientific studies", BMC Neuroscience 2010.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev

from core.infer import summary, table
from core.records import Kind, TaskSpec, write_bytes

FILE = "by_condition.csv"
GROUP = "group"
Line = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One figure under one condition."""

    by: str
    """What is compared, e.g. `condition`, `dose`."""
    value: str
    """One of its values; empty: nothing is told of these images."""
    figure: str
    images: int
    groups: int
    """Independent samples behind the mean; images where no group is told."""
    mean: float
    spread: float | None
    """Standard deviation between samples; None: there is one sample only."""


def of_folder(folder: Path, task: TaskSpec) -> list[dict[str, str]]:
    """Return one line an image of the answers in a folder, each with its figures."""
    if task.kind is not Kind.CLASSIFICATION:
        return list(table.read(folder / summary.FILE))
    return [
        line | {f"share {name}": str(int(line["class"] == name)) for name in task.classes}
        for line in table.read(folder / "predictions.csv")
    ]


def choices(lines: Sequence[Line]) -> list[str]:
    """Return the columns by which the images differ, in the table's order."""
    if not figures(lines):
        return []
    own = {"image", "class", "probability", GROUP, summary.PIXEL_SIZE}
    told = [name for name in lines[0] if name not in own and not summary.is_figure(name)]
    return [name for name in told if len({line[name] for line in lines}) > 1]


def figures(lines: Sequence[Line]) -> list[str]:
    """Return the columns of numbers that each image has of its answer, as far as they compare.

    Areas in pixels do not where pixels differ in size, nor areas in µm² where one is not known.
    """
    if not lines:
        return []
    in_um2, sizes = summary.in_um2(lines[0]), set(_sizes(lines))
    left_out = {*in_um2} if len(sizes) > 1 else set()
    left_out |= {*in_um2.values()} if "" in sizes else set()
    return [name for name in lines[0] if summary.is_figure(name) and name not in left_out]


def of_areas(lines: Sequence[Line]) -> str:
    """Return how areas are compared, in a sentence; empty: there are none, or pixels are alike."""
    sizes = _sizes(lines)
    if len(set(sizes)) < 2 or not summary.in_um2(lines[0]):
        return ""
    unknown = sizes.count("")
    if not unknown:
        return "Areas are compared in µm² alone: the images' pixels differ in size."
    return (
        f"Areas are not compared: the size of a pixel is known of {len(sizes) - unknown} of "
        f"{len(sizes)} images only. Tell it of the others on the page of images or by `aixcell "
        "scale`, and predict new images once more."
    )


def compare(lines: Sequence[Line], by: str) -> list[Compared]:
    """Return every figure under every value of a column, values in alphabetical order.

    A group that lies in two conditions counts once in each. Images of which a figure is not told
    (a mean area without objects) do not count for it.
    """
    found = []
    compared = figures(lines)
    for value in sorted({line[by] for line in lines}):
        of_value = [line for line in lines if line[by] == value]
        for figure in compared:
            samples: dict[str, list[float]] = {}
            for at, line in enumerate(of_value):
                if line[figure]:
                    name = line.get(GROUP) or f"image {at}"
                    samples.setdefault(name, []).append(float(line[figure]))
            if not samples:
                continue
            means = [mean(each) for each in samples.values()]
            found.append(
                Compared(
                    by=by,
                    value=value,
                    figure=figure,
                    images=sum(map(len, samples.values())),
                    groups=len(means),
                    mean=mean(means),
                    spread=stdev(means) if len(means) > 1 else None,
                )
            )
    return found


def _sizes(lines: Sequence[Line]) -> list[str]:
    """Return each image's pixel size as text; empty where it is not known."""
    return [line.get(summary.PIXEL_SIZE, "") for line in lines]


def write(lines: Sequence[Line], folder: Path) -> Path | None:
    """Write `by_condition.csv` and return it; None where the images do not differ in anything."""
    columns = choices(lines)
    if not columns:
        return None
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("by", "value", "figure", "images", "groups", "mean", "standard deviation"))
    for by in columns:
        for one in compare(lines, by):
            spread = "" if one.spread is None else f"{one.spread:.6g}"
            writer.writerow(
                (one.by, one.value, one.figure, one.images, one.groups, f"{one.mean:.6g}", spread)
            )
    write_bytes(folder / FILE, text.getvalue().encode())
    return folder / FILE
