"""What a model says about one image."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to one image, in the image's own size; unused parts stay empty."""

    labels_yx: NDArray[np.int32] | None = None
    """Instance: object ids 1..N, 0 = nothing. Semantic: class index. Classification: None."""
    object_classes: dict[int, int] = field(default_factory=dict)
    """Instance: object id -> class index; empty where the objects have one class only."""
    object_scores: dict[int, float] = field(default_factory=dict)
    """Instance: object id -> probability of the object, in [0, 1]."""
    probabilities: tuple[float, ...] = ()
    """Classification: one a class, adding up to 1."""

    @property
    def image_class(self) -> int | None:
        """Return the most probable class of the whole image; None without probabilities."""
        return int(np.argmax(self.probabilities)) if self.probabilities else None
