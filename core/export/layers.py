"""In which object of another layer an object lies: nuclei in their cells."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.data.labels import exchange, store
from core.data.labels.exchange import Page
from core.evaluate import matching
from core.paths import StudyDir

_COLUMNS = ("image", "id", "class", "layer", "within", "within_class", "share")


def write(study_dir: StudyDir, pages: Sequence[Page], folder: Path) -> list[Path]:
    """Write `within.csv` beside the labels of all pages; nothing where the study has no layers.

    One line an object and other layer: the object of that layer with which it shares most pixels,
    empty where that is none, and the share of its own pixels, in [0, 1].
    """
    others = [each for each in study_dir.sheets if each.name != study_dir.name]
    lines = [line for page in pages for other in others for line in _lines(page, other)]
    return [exchange.write_table(folder / "within.csv", _COLUMNS, lines)] if lines else []


def _lines(page: Page, other: StudyDir) -> Iterator[tuple[object, ...]]:
    around = store.load(other, page.name)
    if around is None:
        return
    classes = {item.id: item.class_name or "" for item in around.objects}
    found = holders(page.labels.flat_yx, around.flat_yx)
    for item in page.labels.objects:
        holder, share = found[item.id]
        shown = (holder, classes[holder], f"{share:.3f}") if holder else ("", "", "0.000")
        yield page.image, item.id, item.class_name or "", other.name, *shown


def holders(
    ids_yx: NDArray[np.int32], around_yx: NDArray[np.int32]
) -> dict[int, tuple[int, float]]:
    """Return id -> (the id around it that most of its pixels share, 0 for none; that share).

    Both are (rows, columns), 0 = nothing. Pixels outside of all objects count for the share only.
    """
    marked = ids_yx > 0
    own, other, counts = matching.contingency(ids_yx[marked], around_yx[marked])
    shares = counts / np.bincount(own, counts)[own]
    found = dict.fromkeys(own.tolist(), (0, 0.0))
    for each, holder, share in zip(own.tolist(), other.tolist(), shares.tolist(), strict=True):
        if holder and share > found[each][1]:
            found[each] = (holder, share)
    return found
