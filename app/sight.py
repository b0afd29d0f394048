"""The place of an image to look at: a finding of the label doctor."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.data.labels.model import MAIN, Labels
from core.data.regions import Region

if TYPE_CHECKING:
    from core.annotate.symptoms import Symptom

# Around an object its surroundings are needed to judge it.
_TIMES_THE_OBJECT = 3.5
# Below, single pixels fill the screen; above, a place is not pointed at any more.
_LEAST_PX, _LARGEST_SHARE = 48.0, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Where the painter turns to."""

    token: str
    """Names it to the browser, which turns to each once."""
    place_yx: tuple[int, int]
    span_px: float
    """How much of the image is shown around the place."""


def of(one: "Symptom", labels: Labels, token: str, *, part: str = "") -> Sight | None:
    """Return where to look for a finding; None: the whole image is meant.

    `labels` are those of the `part` of a large image, named as its region is, or of all of it.
    """
    if one.place_yx is None:
        return None
    row, column = one.place_yx
    if part:
        region = Region.named(part)
        row, column = row - region.top, column - region.left
    longest = max(labels.shape_yx)
    span = 0.0
    if one.object_id is not None:
        rows, columns = np.nonzero(labels.layers[MAIN] == one.object_id)
        if len(rows):
            span = _TIMES_THE_OBJECT * float(max(np.ptp(rows), np.ptp(columns)) + 1)
    span = min(max(span or longest / 8, _LEAST_PX), max(_LARGEST_SHARE * longest, _LEAST_PX))
    return Sight(token=token, place_yx=(row, column), span_px=span)
