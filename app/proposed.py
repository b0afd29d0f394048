"""What is proposed for one image, by a trained model or after strokes: no label until accepted."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.annotate import edits
from core.data.labels.model import MAIN, Labels
from core.errors import LabelError


@dataclass(slots=True, eq=False)
class Proposed:
    """Objects that nobody accepted or rejected yet."""

    job: str | None = None
    """The job of a trained model whose answer is shown; None: strokes taught it, or nothing is."""
    ids_yx: NDArray[np.int32] | None = None
    """Another array is another proposal; None: nothing is proposed."""
    classes: dict[int, str | None] = field(default_factory=dict)
    """Id -> class of what can still be accepted; None: the study has none for it."""
    note: str = ""
    """What is to be known of the classes, in a sentence; empty: nothing."""
    rejected: set[int] = field(default_factory=set)
    """Ids that somebody sent away one by one."""

    @property
    def is_learned(self) -> bool:
        """Return whether strokes taught what is proposed."""
        return self.job is None and bool(self.classes)

    def show(
        self,
        found_yx: NDArray[np.int32],
        classes: Mapping[int, str | None],
        note: str = "",
        *,
        job: str | None = None,
    ) -> None:
        """Show objects beside the labels: ids, and the class of each; `job` is the model's."""
        self.ids_yx, self.classes, self.note, self.job = found_yx, dict(classes), note, job
        self.rejected = set()

    def leave_out_marked(self, labels: Labels, *, joined: bool) -> None:
        """Propose no more what is marked already, be it by a hand or accepted before.

        `joined` (regions): of a class, what is still free can be accepted.
        """
        if self.ids_yx is None:
            return
        if joined:
            free = set(np.unique(self.ids_yx[labels.layers[MAIN] == 0]).tolist())
        else:
            free = set(edits.unmarked(labels, self.ids_yx))
        self.forget([each for each in self.classes if each not in free])

    def drop(self) -> None:
        """Propose nothing any more."""
        self.ids_yx, self.classes, self.job, self.note = None, {}, None, ""
        self.rejected = set()

    def under(self, mask_yx: NDArray[np.bool_]) -> list[int]:
        """Return what is proposed under the mask; LabelError where that is nothing."""
        if self.ids_yx is None:
            raise LabelError("nothing is proposed for this image; press Label the rest first")
        under = np.unique(self.ids_yx[mask_yx]).tolist()
        wanted = [each for each in under if each in self.classes]
        if not wanted:
            raise LabelError("nothing is proposed here; click inside an orange outline")
        return wanted

    def accepted(self, labels: Labels, wanted: list[int], *, joined: bool) -> Labels:
        """Return the labels with what is wanted of the proposal, where nothing is yet.

        What lies mostly on something marked is left out: its rest would be a rim around an object
        that is done. `joined` (regions): the pixels go to the class's one object.
        """
        if self.ids_yx is None:
            return labels
        classes = {each: self.classes[each] for each in wanted}
        if not joined:
            new = set(edits.unmarked(labels, self.ids_yx))
            named = {each: name for each, name in classes.items() if each in new}
            return edits.add_all(labels, self.ids_yx, named, source="model")
        for each, name in classes.items():
            mask = (self.ids_yx == each) & (labels.layers[MAIN] == 0)
            if mask.any():
                labels = edits.add(labels, mask, class_name=name, source="model", joined=True)
        return labels

    def reject(self, ids: Collection[int]) -> None:
        """Propose these no more, because they are wrong."""
        self.rejected |= set(ids)
        self.forget(ids)

    def forget(self, ids: Collection[int]) -> None:
        """Propose these no more."""
        for each in ids:
            self.classes.pop(each, None)
        if self.ids_yx is not None:
            left = np.isin(self.ids_yx, list(self.classes))
            self.ids_yx = np.where(left, self.ids_yx, 0).astype(np.int32)
        if self.job is None and not self.classes:
            self.drop()  # a model that waits can be shown again
