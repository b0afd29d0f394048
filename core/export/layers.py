"""In which object of another layer an object lies: nuclei in their cells."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.data.labels import exchange, store
from core.data.labels.exchange import Page
from core.evaluate import matching
from core.paths import StudyDir

_COLUMNS = ("image", "id", "class", "layer", "within", "within_class", "share")


class Within:
    """The table of what lies in what, gathered while the labels of all images pass by.

    One line an object and other layer: the object of that layer with which it shares most pixels,
    empty where that is none, and the share of its own pixels, in [0, 1].
    """

    def __init__(self, study_dir: StudyDir) -> None:
        """Find the other layers of the study."""
        self._others = [each for each in study_dir.sheets if each.name != study_dir.name]
        self._lines: list[tuple[object, ...]] = []

    def passing(self, pages: Iterable[Page]) -> Iterator[Page]:
        """Yield the pages, each looked at."""
        for page in pages:
            self._lines += [line for other in self._others for line in _lines(page, other)]
            yield page

    def write(self, folder: Path) -> list[Path]:
        """Write `within.csv` and return it; nothing where there are no layers."""
        if not self._lines:
            return []
        return [exchange.write_table(folder / "within.csv", _COLUMNS, self._lines)]


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
