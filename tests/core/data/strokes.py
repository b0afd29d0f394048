"""Strokes on a small image, for the tests of journals."""

from core.data.labels.model import Labels
from core.data.labels.shapes import Shape, paint

SHAPE = (300, 260)


def square(labels: Labels, at: int) -> Labels:
    """Return the labels with a square of 20 pixels, its corner so far down and right."""
    corners = ((at, at), (at + 20, at), (at + 20, at + 20), (at, at + 20))
    return paint(labels, [Shape(points=corners, class_name="cell")])
