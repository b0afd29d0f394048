"""What strokes have taught about one image: where an object is, and where none is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.annotate import edits, scribbles
from core.data.labels.model import MAIN, Labels


@dataclass(slots=True, kw_only=True, eq=False)
class Taught:
    """Strokes for the learner, which are no labels, and what it made of them."""

    image_cyx: NDArray[np.generic]
    strokes_yx: NDArray[np.int32] | None = None
    """scribbles.INSIDE, BEHIND or UNKNOWN a pixel; None before the first stroke."""
    inside_yx: NDArray[np.float32] | None = None
    """How likely each pixel is an object's; None where strokes came since."""
    _features: NDArray[np.float32] | None = None

    def add(self, mask_yx: NDArray[np.bool_], value: int) -> None:
        """Take in a stroke; what was learned before counts no longer."""
        if self.strokes_yx is None:
            self.strokes_yx = np.full(mask_yx.shape, scribbles.UNKNOWN, np.int32)
        self.strokes_yx[mask_yx] = value
        self.inside_yx = None

    def learn(self, labels: Labels) -> NDArray[np.float32]:
        """Return how likely each pixel is an object's, after strokes and marked objects.

        Raises LabelError before two classes have a stroke.
        """
        if self._features is None:
            self._features = scribbles.features(self.image_cyx)
        known = np.full(labels.shape_yx, scribbles.UNKNOWN, np.int32)
        known[labels.layers[MAIN] > 0] = scribbles.INSIDE
        if self.strokes_yx is not None:
            known = np.where(self.strokes_yx >= 0, self.strokes_yx, known)
        learned = scribbles.learn([self._features], [known])
        self.inside_yx = learned.probability(self._features, scribbles.INSIDE)
        return self.inside_yx

    def rest(
        self, labels: Labels, *, class_name: str, joined: bool, diameter_px: float | None
    ) -> Labels:
        """Return the labels with the objects the strokes teach, where nothing is yet.

        `joined` (regions): one region of the class instead of objects. Raises LabelError before
        two classes have a stroke.
        """
        inside = self.learn(labels)
        if joined:
            mask = (inside > 0.5) & (labels.layers[MAIN] == 0)
            return edits.add(labels, mask, class_name=class_name, joined=True, source="model")
        found = scribbles.objects(inside, diameter_px=diameter_px)
        for each in range(1, int(found.max()) + 1):
            mask = found == each
            if (labels.layers[MAIN][mask] == 0).mean() > 0.5:
                labels = edits.add(labels, mask, class_name=class_name, source="model")
        return labels
