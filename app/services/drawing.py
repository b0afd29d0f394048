"""Images under the brush: their journals on the disk."""

from collections.abc import Callable

from app import sheet, wording
from app.services.lessons import box_examples, lessons
from app.services.place import study_dir, workspace
from app.studio import Studio
from core import workflow
from core.data import regions
from core.data.labels import editors, history, journal, placed
from core.data.labels.editors import Left
from core.data.labels.journal import Journal
from core.records import ImageRecord, Kind, StudyRecord


def open_studio(
    study: StudyRecord,
    image: ImageRecord,
    tab: str,
    is_open: Callable[[str], bool] | None = None,
) -> Studio:
    """Return the image with everything that was drawn on it, saved or not.

    `is_open` tells of another tab whether a browser shows it: what closed ones left is gone on
    with, and told. None: only what this tab has drawn.
    """
    folder, shape_yx = study_dir(study.name), (image.shape_cyx[1], image.shape_cyx[2])
    task, region = study.task, regions.of(image)
    kind = task.kind if task is not None else Kind.INSTANCE
    place = placed.of(image, kind)
    author = workflow.author()
    work = journal.open_(folder, image.id, tab, shape_yx, author=author, place=place)
    news = _news(work, editors.take_over(work, is_open) if is_open is not None else [])
    told = dict.fromkeys(o.class_name for o in work.labels.objects if o.class_name)
    classes = task.classes if task is not None else tuple(told) or (sheet.PLAIN_CLASS,)
    background = task.background if task is not None else None
    return Studio(
        study=study.name,
        image_id=image.id,
        part="" if region is None else region.name,
        image_cyx=workflow.image_values(workspace(), study.name, image.id, region),
        journal=work,
        earlier=lambda classes: lessons(study.name, image.id, classes),
        earlier_boxes=lambda: box_examples(study.name, image.id),
        kind=kind,
        classes=classes,
        background=background,
        class_name=next((name for name in classes if name != background), classes[0]),
        news=news,
    )


def finish_studio(studio: Studio, *, complete: bool | None) -> str | None:
    """Make one version of the strokes; ConflictError where somebody saved meanwhile.

    `complete`: whether all is marked, or only what is marked counts; None: as it was drawn.
    """
    return history.finish(studio.journal, complete=complete)


def others_at_work(name: str, image_id: str, tab: str) -> list[str]:
    """Return who drew on the image elsewhere in the last two minutes."""
    return editors.others_at_work(study_dir(name), image_id, tab)


def _news(work: Journal, left: list[Left]) -> list[str]:
    """Return what became of strokes that were not saved, in sentences."""
    told = [_of_closed(each) for each in left]
    if not left and work.entries:
        told.append("What was drawn before and not saved yet is there again.")
    if work.is_torn:
        told.append(
            "Some strokes that were not saved cannot be read any more. They are not shown; their "
            f"lines stay in the study's folder, in labels/{work.image_id}."
        )
    return told + work.take_told()


def _of_closed(left: Left) -> str:
    who, until = left.author or "somebody", wording.moment(left.time)
    if left.became == "saved":
        return (
            f"What {who} drew in another part of this image until {until} was not saved; it is now."
        )
    whose = f"What {who} drew here until {until} was not saved, and its window is closed"
    if left.became == "beside":
        return (
            f"{whose}. The labels were changed since: it is kept as a version of its own, see the "
            "versions below."
        )
    return f"{whose}: it is here again. Save keeps it."
