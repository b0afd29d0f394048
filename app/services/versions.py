"""Every version of an image's labels: who, when, made how; any of them may count again."""

from collections import Counter

from app.services.place import study_dir
from core import workflow
from core.data.labels import journal, store, survey
from core.data.labels.store import LabelVersion
from core.errors import LabelError

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


def restore_labels(study: str, image_id: str, version: str, tab: str) -> None:
    """Let an earlier version count again.

    Raises LabelError while there are strokes that are in no version yet.
    """
    folder = study_dir(study)
    mine = [who for who in journal.waiting(folder, image_id) if journal.editor(who) == tab]
    if mine or survey.has_draft(folder, image_id):
        raise LabelError(
            "what you have drawn on this image is not saved yet; save it first, so that it "
            "becomes a version as well"
        )
    store.choose(folder, image_id, version, author=workflow.author())


def _origin(source: str, author: str) -> str:
    if source == "model":
        return f"by a model, corrected by {author}" if author else "by a model"
    return _BY.get(source, source)
