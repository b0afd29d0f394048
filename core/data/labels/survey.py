"""The labels of all images of a study at a glance: no label map is read.

Thousands of small files: names are listed and asked for, which is quicker than a glob.
"""

import os
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from core.data.labels import entries, store
from core.data.labels.store import Head
from core.paths import StudyDir
from core.records import files


def heads(study_dir: StudyDir) -> dict[str, Head]:
    """Return image id -> what counts of its labels, for all that ever had some, by id."""
    found = {}
    labels = str(study_dir.labels)
    for image_id in sorted(_names_in(study_dir.labels)):
        path = f"{labels}/{image_id}/head.json"
        with suppress(FileNotFoundError, NotADirectoryError):
            seen = os.stat(path)
            # A save replaces the file: two in one tick of the clock still differ by their number.
            found[image_id] = _head(path, seen.st_mtime_ns, seen.st_ino)
    return found


def labelled(study_dir: StudyDir) -> list[str]:
    """Return the ids of all images that have labels, sorted."""
    return [image_id for image_id, head in heads(study_dir).items() if head.version]


def class_counts(
    study_dir: StudyDir, image_ids: Collection[str] | None = None
) -> Counter[str | None]:
    """Return class -> marked objects in the labels that count, of some images or of all."""
    counts: Counter[str | None] = Counter()
    for image_id, head in heads(study_dir).items():
        if head.version and (image_ids is None or image_id in image_ids):
            counts.update(_class_counts(study_dir, image_id, head.version))
    return counts


def begun(study_dir: StudyDir) -> set[str]:
    """Return the images with strokes that are in no version of their labels yet."""
    found = set()
    labels = study_dir.labels
    for image_id in _names_in(labels):
        names = _names_in(labels / image_id)
        place = labels / image_id / entries.FOLDER
        journals = _names_in(place) if entries.FOLDER in names else []
        if _drafts(names) or any(os.path.isfile(place / who / entries.LINES) for who in journals):
            found.add(image_id)
    return found


def has_draft(study_dir: StudyDir, image_id: str, editor: str | None = None) -> bool:
    """Return whether shapes drawn on the image wait to be saved, by one editor or by any.

    Each editor (a browser tab) has a draft of its own for each part of a large image.
    """
    names = _names_in(study_dir.labels / image_id)
    if editor is None:
        return bool(_drafts(names))
    own = f"draft.{editor}"
    return any(name == f"{own}.json" or name.startswith(f"{own}.") for name in names)


@lru_cache(maxsize=20_000)
def _head(path: str, *changed: int) -> Head:
    return files.read(Path(path), Head)


# A version never changes: what was counted once need not be read again.
@lru_cache(maxsize=10_000)
def _class_counts(study_dir: StudyDir, image_id: str, version: str) -> Counter[str | None]:
    return Counter(store.class_names(study_dir, image_id, version))


def _drafts(names: list[str]) -> list[str]:
    return [name for name in names if name.startswith("draft") and name.endswith(".json")]


def _names_in(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
