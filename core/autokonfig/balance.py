"""Whether a pipeline heeds rare classes, where there are some.

Like `sizes`: recorded data sets with such classes are too few to tell it for others, so that it is
set by hand until more are recorded.
"""

from collections.abc import Iterable

from core.records import Fingerprint, Kind, Pipeline

# 1 - entropy of the class shares over its maximum. Five classes of which one has three quarters of
# the pixels and one less than a hundredth have 0.48; four of like size 0.03.
UNEQUAL = 0.3
# One threshold serves two classes; of more, a rare one is lost before any threshold is fitted.
FEWEST_CLASSES = 3
FEWEST_FAMILIES = 2
# Targets lost without any balance (1 is the best of a field over its middle). With nine in ten
# pixels of other classes a rare one adds nothing to the plain loss; weights are what the field
# takes: Sudre et al., "Generalised Dice overlap", DLMIA 2017.
LOSS = 1.0


def loss(pipeline: Pipeline, fingerprint: Fingerprint) -> float:
    """Return the target lost to rare classes that the pipeline does not heed, >= 0."""
    if not is_met(fingerprint) or pipeline.training.class_balance != "none":
        return 0.0
    return LOSS


def is_met(fingerprint: Fingerprint) -> bool:
    """Return whether some classes of pixels are rare."""
    unequal = fingerprint.values.get("class_imbalance", 0.0)
    classes = fingerprint.values.get("classes", 0.0)
    many = classes >= FEWEST_CLASSES
    return fingerprint.kind is Kind.SEMANTIC and many and unequal >= UNEQUAL


def is_recorded(others: Iterable[tuple[str, Fingerprint]]) -> bool:
    """Return whether data sets with rare classes are recorded, which then speak for themselves.

    `others` are families with their data sets: one family alone tells of itself.
    """
    return len({family for family, each in others if is_met(each)}) >= FEWEST_FAMILIES
