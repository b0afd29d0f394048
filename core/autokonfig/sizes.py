"""How well the size at which a pipeline shows objects suits its network.

What depends on the data is not the architecture but the tile against the objects; a handful of
recorded data sets, all with objects of a similar size, cannot tell that for others. So it is set
by hand until enough sizes are recorded, like the order of the pool.
"""

import math
from collections.abc import Iterable

from core.pipeline.preprocess import fit
from core.records import Fingerprint, Kind, Pipeline

# Source: Cellpose rescales to 30 px, and its users' complaints about scale (cellpose #140,
# stardist #118) are about objects beyond half and twice that.
SUITED_PX = 32.0
# Within this many doublings nothing is lost.
TOLERANCE = 0.7
# Targets lost with each doubling beyond (1 is the best of a field over its middle): more than what
# pipelines differ by on data sets of one size, which is all that is recorded so far.
LOSS = 2.5
MOST = 2.5


def loss(pipeline: Pipeline, fingerprint: Fingerprint) -> float:
    """Return the target lost to objects that are too large or too small for the network, >= 0.

    0 where the task has no objects, or where their diameter is not known.
    """
    shown = shown_px(pipeline, fingerprint)
    if shown is None:
        return 0.0
    doublings = abs(math.log2(shown / SUITED_PX))
    return min(MOST, LOSS * max(0.0, doublings - TOLERANCE))


def is_recorded(diameters_px: Iterable[float | None], fingerprint: Fingerprint) -> bool:
    """Return whether objects within a doubling of the study's stand among the recorded ones.

    Then the recorded runs speak for themselves, and nothing set by hand is needed.
    """
    ours = fingerprint.values.get("diameter_px")
    if not ours or ours <= 0:
        return False
    return any(theirs and abs(math.log2(theirs / ours)) <= 1 for theirs in diameters_px)


def shown_px(pipeline: Pipeline, fingerprint: Fingerprint) -> float | None:
    """Return the diameter in pixels at which the network sees the median object."""
    diameter_px = fingerprint.values.get("diameter_px")
    if fingerprint.kind is not Kind.INSTANCE or not diameter_px or diameter_px <= 0:
        return None
    return diameter_px * fit(pipeline.preprocess, 1, [diameter_px]).scale
