"""Every version of an image's labels: who, when, made how; any of them may count again."""

from collections import Counter

from app.services.place import study_dir
from core import workflow
from core.data import regions
from core.data.labels import journal, store, survey
from core.data.labels.store import LabelVersion
from core.errors import LabelError
from core.records import ImageRecord

_BY = {"hand": "drawn by hand", "import": "imported", "simulated": "simulated"}


def label_history(study: str, image_id: str) -> list[LabelVersion]:
    """Return every save of an image's labels, the newest first."""
    return store.history(study_dir(study), image_id)[::-1]


def made_of(study: str, image_id: str, version: str) -> str:
    """Return in words what a version's objects are and who made them."""
    if not version:
        return "not labelled"
    objects = store.objects(study_dir(study), image_id, version)
    if not objects:
        return "nothing marked"
    counts = Counter(_origin(each.source, each.author) for each in objects)
    return ", ".join(f"{count} {origin}" for origin, count in counts.most_common())


def has_strokes(study: str, image: ImageRecord, tab: str) -> bool:
    """Return whether the tab has drawn on the image, or on this part, and not saved it."""
    region = regions.of(image)
    mine = _journals(study, image.id, tab)
    return tab in mine if region is None else any(who.endswith(region.name) for who in mine)


def _journals(study: str, image_id: str, tab: str) -> list[str]:
    waiting = journal.waiting(study_dir(study), image_id)
    return [who for who in waiting if journal.editor(who) == tab]


def restore_labels(study: str, image_id: str, version: str, tab: str) -> None:
    """Let an earlier version count again.

    Raises LabelError while there are strokes that are in no version yet.
    """
    folder = study_dir(study)
    if _journals(study, image_id, tab) or survey.has_draft(folder, image_id, tab):
        raise LabelError(
            "what you have drawn on this image is not saved yet; save it first, so that it "
            "becomes a version as well"
        )
    store.choose(folder, image_id, version, author=workflow.author())


def _origin(source: str, author: str) -> str:
    if source == "model":
        return f"by a model, corrected by {author}" if author else "by a model"
    return _BY.get(source, source)
