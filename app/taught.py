"""What strokes, and images that are done, have taught about one image: where objects are."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.annotate import edits, lessons, outlines, scribbles
from core.annotate.lessons import Lesson
from core.data.labels.model import MAIN, Labels
from core.data.labels.teaching import Shown


@dataclass(slots=True, kw_only=True, eq=False)
class Taught:
    """Strokes for the learner, which are no labels, and what it made of them."""

    image_cyx: NDArray[np.generic]
    earlier: Callable[[str | None], list[Lesson]] | None = None
    """What images that are done teach, of all objects or of one class; None: this image alone."""
    earlier_boxes: Callable[[], list[outlines.Examples]] | None = None
    """What their objects show in boxes; None: nothing."""
    strokes_yx: NDArray[np.int32] | None = None
    """scribbles.INSIDE, BEHIND or UNKNOWN a pixel; None before the first stroke."""
    inside_yx: NDArray[np.float32] | None = None
    """How likely each pixel is an object's; None where strokes came since."""
    outliner: outlines.Outliner | None = None
    """What objects of images that are done taught of boxes; None: nothing yet."""
    _features: NDArray[np.float32] | None = None
    _asked: bool = False
    """Whether those images were asked about boxes."""

    def learn_boxes(self) -> None:
        """Learn from images that are done how outlines lie in boxes, once an image.

        Takes a second or two at the first time: a page does so when all of it is drawn.
        """
        if self._asked or self.earlier_boxes is None:
            return
        self._asked = True
        self.outliner = outlines.learn(self.earlier_boxes())

    def add(self, mask_yx: NDArray[np.bool_], value: int) -> None:
        """Take in a stroke; what was learned before counts no longer."""
        if self.strokes_yx is None:
            self.strokes_yx = np.full(mask_yx.shape, scribbles.UNKNOWN, np.int32)
        self.strokes_yx[mask_yx] = value
        self.inside_yx = None

    def show(self, strokes: Sequence[Shown]) -> None:
        """Take in all strokes anew, as after a reload or when one was taken back."""
        if self.strokes_yx is not None:
            self.strokes_yx = np.full(self.strokes_yx.shape, scribbles.UNKNOWN, np.int32)
        self.inside_yx = None
        rows, columns = self.image_cyx.shape[1:]
        for each in strokes:
            mask = edits.stroke((rows, columns), each.points, each.width_px)
            self.add(mask, each.value)

    def learn(self, labels: Labels, class_name: str | None = None) -> NDArray[np.float32]:
        """Return how likely each pixel is an object's, after strokes, marked objects and lessons.

        With `class_name` the objects of other classes are none. Raises LabelError before two
        classes are known.
        """
        # Lessons are drawn by the second core while the first one looks at this image.
        with ThreadPoolExecutor(1) as beside:
            waiting = beside.submit(self.earlier, class_name) if self.earlier is not None else None
            if self._features is None:
                self._features = scribbles.features(self.image_cyx)
            earlier = waiting.result() if waiting is not None else []
        marked = lessons.known(labels, class_name)
        # What is not marked yet is not known to be background while a hand is at work.
        known = np.where(labels.layers[MAIN] > 0, marked, scribbles.UNKNOWN)
        if self.strokes_yx is not None:
            known = np.where(self.strokes_yx >= 0, self.strokes_yx, known)
        learned = scribbles.learn(
            [self._features, *(each.table for each in earlier)],
            [known, *(each.known for each in earlier)],
        )
        self.inside_yx = learned.probability(self._features, scribbles.INSIDE)
        return self.inside_yx

    def rest(
        self, labels: Labels, *, class_name: str, joined: bool, diameter_px: float | None
    ) -> tuple[NDArray[np.int32], dict[int, str | None]]:
        """Return the objects the strokes teach where nothing is marked yet: ids, and their classes.

        `joined` (regions): one region of the class instead of objects. Raises LabelError before
        two classes are known.
        """
        inside = self.learn(labels, class_name if joined else None)
        if joined:
            found = ((inside > 0.5) & (labels.layers[MAIN] == 0)).astype(np.int32)
        else:
            found = scribbles.objects(inside, diameter_px=diameter_px)
        new = edits.unmarked(labels, found)
        return np.where(np.isin(found, new), found, 0).astype(np.int32), dict.fromkeys(
            new, class_name
        )
