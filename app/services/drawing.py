"""Images under the brush: their journals on the disk."""

from app import sheet
from app.services.lessons import lessons
from app.services.place import study_dir, workspace
from app.studio import Studio
from core import workflow
from core.data import regions
from core.data.labels import journal, placed
from core.data.labels.model import Labels
from core.records import ImageRecord, Kind, StudyRecord


def open_studio(study: StudyRecord, image: ImageRecord, tab: str) -> Studio:
    """Return the image with everything that was drawn on it, saved or not."""
    folder, shape_yx = study_dir(study.name), (image.shape_cyx[1], image.shape_cyx[2])
    task, region = study.task, regions.of(image)
    kind = task.kind if task is not None else Kind.INSTANCE
    place = placed.of(image, kind)

    def reopen() -> journal.Journal:
        return journal.open_(folder, image.id, tab, shape_yx, author=workflow.author(), place=place)

    work = reopen()
    told = dict.fromkeys(o.class_name for o in work.labels.objects if o.class_name)
    classes = task.classes if task is not None else tuple(told) or (sheet.PLAIN_CLASS,)
    background = task.background if task is not None else None
    return Studio(
        study=study.name,
        image_id=image.id,
        part="" if region is None else region.name,
        image_cyx=workflow.image_values(workspace(), study.name, image.id, region),
        journal=work,
        reopen=reopen,
        earlier=lambda class_name: lessons(study.name, image.id, class_name),
        before=frozenset(each.cause for each in journal.strokes(folder, image.id) if each.cause),
        kind=kind,
        classes=classes,
        background=background,
        class_name=next((name for name in classes if name != background), classes[0]),
    )


def finish_studio(studio: Studio, labels: Labels) -> str | None:
    """Make one version of the strokes; ConflictError where somebody saved meanwhile."""
    folder = study_dir(studio.study)
    return journal.finish(folder, studio.image_id, studio.journal, labels=labels)


def others_at_work(name: str, image_id: str, tab: str) -> list[str]:
    """Return who drew on the image elsewhere in the last two minutes."""
    return journal.others_at_work(study_dir(name), image_id, tab)
