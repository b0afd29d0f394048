"""Labels and the pixels they were drawn on: set aside and brought back as an image shows others."""

import hashlib
import shutil
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.data import labelling, samples, tasks
from core.data.labels import store
from core.paths import StudyDir
from core.records import ImageRecord

SET_ASIDE = "set aside: "
"""The note of labels that wait until their image shows the pixels they were drawn on."""


def set_aside(
    study_dir: StudyDir, before: Sequence[ImageRecord], after: Sequence[ImageRecord], author: str
) -> list[str]:
    """Let labels count no more whose image goes, or shows other pixels; return the images' ids.

    They stay where every channel they were drawn on is still seen. Those of imported masks are
    left to `hand_masks`.
    """
    now = {image.id: image for image in after}
    aside = []
    for image in before:
        if store.head(study_dir, image.id) is None:
            continue
        if labelling.is_imported(study_dir, image.id):  # its mask file is read again
            if image.id not in now:
                store.withdraw(study_dir, image.id, author=author, note=labelling.IMPORTED)
            continue
        was_cyx = samples.read_image(study_dir, image)
        if image.id in now and _is_among(was_cyx, samples.read_image(study_dir, now[image.id])):
            continue
        note = f"{SET_ASIDE}{_key(was_cyx)}"
        store.withdraw(study_dir, image.id, author=author, note=note)
        aside.append(image.id)
    return aside


def bring_back(study_dir: StudyDir, image: ImageRecord, author: str) -> bool:
    """Let labels count again that were set aside and fit what is shown; return whether any do."""
    if store.head(study_dir, image.id) is not None:
        return False
    waiting = [
        each for each in store.history(study_dir, image.id) if each.note.startswith(SET_ASIDE)
    ]
    if not waiting:
        return False
    key = _key(samples.read_image(study_dir, image))
    fitting = [each.parent for each in waiting if each.note == f"{SET_ASIDE}{key}"]
    if not fitting or fitting[-1] is None:
        return False
    store.choose(study_dir, image.id, fitting[-1], author=author)
    return True


def hand_masks(
    study_dir: StudyDir, before: Sequence[ImageRecord], after: Sequence[ImageRecord]
) -> list[str]:
    """Give a file's imported mask to its images as they are now; return those that have one.

    A mask with a page for each image goes to all of them, any other to the first.
    """
    known = tasks.mask_files_of(study_dir)
    owner = next((image.id for image in before if image.id in known), None)
    if owner is None:
        return []
    source = known[owner].parent
    pages = labelling.pages_of(known[owner])
    first = after[0].id
    wanted = [image.id for image in after] if pages == len(after) else [first]
    for image_id in wanted:
        if image_id not in known:
            shutil.copytree(source, study_dir.masks / image_id)
    for image in before:
        if image.id not in wanted and image.id in known:
            shutil.rmtree(study_dir.masks / image.id)
    return wanted


def _is_among(was_cyx: NDArray[np.generic], now_cyx: NDArray[np.generic]) -> bool:
    """Return whether every channel that was seen is still seen."""
    return was_cyx.shape[1:] == now_cyx.shape[1:] and all(
        any(np.array_equal(was, now) for now in now_cyx) for was in was_cyx
    )


def _key(image_cyx: NDArray[np.generic]) -> str:
    return hashlib.sha256(np.ascontiguousarray(image_cyx).tobytes()).hexdigest()[:16]
