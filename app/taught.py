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
from core.errors import LabelError


@dataclass(slots=True, kw_only=True, eq=False)
class Taught:
    """Strokes for the learner, which are no labels, and what it made of them."""

    image_cyx: NDArray[np.generic]
    classes: tuple[str, ...] = ()
    """What objects can be; a stroke of the n-th is scribbles.INSIDE + n."""
    earlier: Callable[[tuple[str, ...]], list[Lesson]] | None = None
    """What images that are done teach of these classes; None: this image alone."""
    earlier_boxes: Callable[[], list[outlines.Examples]] | None = None
    """What their objects show in boxes; None: nothing."""
    strokes_yx: NDArray[np.int32] | None = None
    """The class of each pixel, BEHIND or UNKNOWN; None before the first stroke."""
    told_cyx: NDArray[np.float32] | None = None
    """How likely each pixel is of each class, BEHIND first; None where strokes came since."""
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

    def inside(self, class_name: str | None = None) -> NDArray[np.float32] | None:
        """Return how likely each pixel is an object's, or one's of a class; None: not learned."""
        if self.told_cyx is None:
            return None
        if class_name is None:
            return np.asarray(1 - self.told_cyx[scribbles.BEHIND], np.float32)
        value = self._value(class_name)
        known = scribbles.BEHIND < value < len(self.told_cyx)
        return self.told_cyx[value] if known else None

    def add(self, shown: Shown) -> None:
        """Take in a stroke; what was learned before counts no longer."""
        rows, columns = self.image_cyx.shape[1:]
        if self.strokes_yx is None:
            self.strokes_yx = np.full((rows, columns), scribbles.UNKNOWN, np.int32)
        is_object = shown.value == scribbles.INSIDE
        mask = edits.stroke((rows, columns), shown.points, shown.width_px, closes=is_object)
        self.strokes_yx[mask] = self._value(shown.class_name) if is_object else shown.value
        self.told_cyx = None

    def show(self, strokes: Sequence[Shown]) -> None:
        """Take in all strokes anew, as after a reload or when one was taken back."""
        if self.strokes_yx is not None:
            self.strokes_yx = np.full(self.strokes_yx.shape, scribbles.UNKNOWN, np.int32)
        self.told_cyx = None
        for each in strokes:
            self.add(each)

    def learn(self, labels: Labels, *, joined: bool) -> NDArray[np.float32]:
        """Return how likely each pixel is of each class, after strokes, marked objects and lessons.

        Raises LabelError before two classes are known, of which one has to be the background
        where objects are to be outlined (not `joined`).
        """
        # Lessons are drawn by the second core while the first one looks at this image.
        with ThreadPoolExecutor(1) as beside:
            waiting = (
                beside.submit(self.earlier, self.classes) if self.earlier is not None else None
            )
            if self._features is None:
                self._features = scribbles.features(self.image_cyx)
            earlier = waiting.result() if waiting is not None else []
        marked = lessons.known(labels, self.classes)
        # What is not marked yet is not known to be background while a hand is at work.
        known = np.where(labels.layers[MAIN] > 0, marked, scribbles.UNKNOWN)
        if self.strokes_yx is not None:
            known = np.where(self.strokes_yx >= 0, self.strokes_yx, known)
        every = [known, *(each.known for each in earlier)]
        if not joined and not any((each == scribbles.BEHIND).any() for each in every):
            raise LabelError(
                "draw a stroke on the background (G); without one, objects have no outline and "
                "there is no second class to tell them from"
            )
        learned = scribbles.learn([self._features, *(each.table for each in earlier)], every)
        self.told_cyx = learned.probabilities(self._features)
        return self.told_cyx

    def rest(
        self, labels: Labels, *, joined: bool, diameter_px: float | None
    ) -> tuple[NDArray[np.int32], dict[int, str | None]]:
        """Return the objects the strokes teach where nothing is marked yet: ids, and their classes.

        `joined` (regions): one region a class instead of objects. Raises LabelError as `learn`.
        """
        told = self.learn(labels, joined=joined)
        if joined:
            found = np.where(labels.layers[MAIN] > 0, scribbles.BEHIND, told.argmax(axis=0))
            values = {each: each for each in np.unique(found).tolist() if each}
        else:
            found = scribbles.objects(1 - told[scribbles.BEHIND], diameter_px=diameter_px)
            values = scribbles.likeliest(found, told)
        new = edits.unmarked(labels, found.astype(np.int32))
        found = np.where(np.isin(found, new), found, 0).astype(np.int32)
        return found, {each: self.classes[values[each] - scribbles.INSIDE] for each in new}

    def _value(self, class_name: str) -> int:
        """Return the number of a class; UNKNOWN where the study has none of that name any more."""
        if not class_name:  # before strokes told of their class
            return scribbles.INSIDE
        if class_name not in self.classes:
            return scribbles.UNKNOWN
        return scribbles.INSIDE + self.classes.index(class_name)
