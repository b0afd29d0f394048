"""The wand: a click or a rough box becomes an outline, which can still grow and shrink."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.annotate import clicks, outlines
from core.annotate.edits import Point
from core.errors import LabelError

# A box of fewer pixels was no box: the hand only clicked.
_LEAST_BOX_PX = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Known:
    """What is known of the image besides its pixels."""

    inside_yx: NDArray[np.float32] | None
    """How likely each pixel is an object's, where strokes taught it."""
    taken_yx: NDArray[np.bool_] | None
    """What is marked already; None: it may be painted over."""
    diameter_px: float | None
    """What objects have here; None: too few are marked."""
    outliner: outlines.Outliner | None = None
    """What objects that are done taught of boxes; None: nothing."""


@dataclass(slots=True, kw_only=True, eq=False)
class Wand:
    """One image under the wand, and the outline that was made last."""

    image_cyx: NDArray[np.generic]
    _found: clicks.Proposals | None = None
    _object_id: int | None = None
    """The object that the outline became."""

    def click(self, point: Point, known: Known) -> clicks.Proposals | None:
        """Return outlines around a point; None outside of the image."""
        column, row = round(point[0]), round(point[1])
        rows, columns = self.image_cyx.shape[1:]
        if not (0 <= row < rows and 0 <= column < columns):
            return None
        return clicks.at_point(
            self.image_cyx,
            row,
            column,
            diameter_px=known.diameter_px,
            inside_yx=known.inside_yx,
            taken_yx=known.taken_yx,
        )

    def box(self, corner: Point, opposite: Point, known: Known) -> clicks.Proposals:
        """Return outlines of what a box holds; LabelError where the box is a point."""
        (x, y), (x2, y2) = corner, opposite
        if abs(x2 - x) < _LEAST_BOX_PX or abs(y2 - y) < _LEAST_BOX_PX:
            raise LabelError("drag a box from one corner of the object to the opposite one")
        # Corners of the box lie at pixel edges, half a pixel before the centres.
        sides = (min(y, y2) + 0.5, min(x, x2) + 0.5, max(y, y2) + 0.5, max(x, x2) + 0.5)
        return outlines.in_box(
            self.image_cyx,
            sides,
            outliner=known.outliner,
            inside_yx=known.inside_yx,
            taken_yx=known.taken_yx,
        )

    def hold(self, found: clicks.Proposals, object_id: int) -> None:
        """Remember which object an outline became, so that it can grow and shrink."""
        self._found, self._object_id = found, object_id

    @property
    def holds(self) -> bool:
        """Return whether there is a last outline, which can still grow and shrink."""
        return self._found is not None

    def put_down(self) -> None:
        """Forget the last outline: something else is done now."""
        self._found = None

    def stepped(self, step: int) -> tuple[int, NDArray[np.bool_]]:
        """Return the last object and its next larger (1) or smaller (-1) outline, as a mask.

        Raises LabelError where the last gesture was no outline.
        """
        if self._found is None or self._object_id is None:
            raise LabelError("select an object (V), or click on one with the wand (W), first")
        self._found = self._found.stepped(step)
        rows, columns = self.image_cyx.shape[1:]
        return self._object_id, self._found.placed((rows, columns))
