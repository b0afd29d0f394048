"""What may be said of labels that are probably not meant so."""

from dataclasses import dataclass

KINDS = {
    "damaged": "Labels that cannot be read",
    "disagreement": "Labelled twice, and not alike",
    "doubted": "A model that never saw the image disagrees",
    "unlike": "Marked, but other images speak against it",
    "missed": "Not marked, but the like is marked elsewhere",
    "missing": "A class without an example",
    "pieces": "One number on things that do not touch",
    "neck": "Perhaps two that touch, marked as one",
    "speck": "Tiny specks",
    "crumbs": "Crumbs beside an object",
    "hole": "Holes in objects",
    "rare": "Classes that are rarely marked",
    "agreement": "Labelled twice, and alike",
    "cut": "Cut by the border",
}
"""Kind -> what it is, gravest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """One thing about the labels that may not be meant."""

    kind: str
    """A key of `KINDS`."""
    image_id: str
    message: str
    object_id: int | None = None
    """None: the whole image."""
    place_yx: tuple[int, int] | None = None
    """A pixel of it (row, column), or its middle; None: the whole image."""
