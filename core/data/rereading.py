"""Another reading for files of a study: what becomes of their images, labels and masks.

Labels belong to the pixels they were drawn on. Where an image shows others than before, its labels
are set aside, and count again once it shows theirs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from filelock import FileLock

from core.data import attachment, labelling, merging, originals, readers, split, study
from core.data.found import Notice
from core.data.labels import journal, survey
from core.errors import ImageError, StudyError
from core.paths import StudyDir
from core.records import ImageRecord, Plan, Reading, StudyRecord, files

_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Reread:
    """What another reading changed."""

    images: tuple[str, ...] = ()
    """Ids of all images of the files now."""
    files: int = 0
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = ()
    """Images whose labels do not count any more: they were drawn on other pixels."""
    brought_back: tuple[str, ...] = ()
    """Images that show again what their earlier labels were drawn on."""
    notices: tuple[Notice, ...] = ()
    """Files that cannot be read so, and masks that do not fit."""

    def sentences(self) -> list[str]:
        """Return what a user should know."""
        said = []
        if self.set_aside:
            said.append(
                f"The labels of {_some(self.set_aside)} were drawn on another plane: they are set "
                "aside, and count again when that plane is shown again"
            )
        if self.brought_back:
            said.append(f"Earlier labels of {_some(self.brought_back)} count again")
        return [*said, *(notice.message for notice in self.notices)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """What becomes of one file."""

    before: list[ImageRecord]
    after: list[ImageRecord]

    @property
    def removed(self) -> list[str]:
        """Return the images that the file does not give any more."""
        kept = {image.id for image in self.after}
        return [image.id for image in self.before if image.id not in kept]

    def on(self, now: Mapping[str, ImageRecord]) -> list[ImageRecord]:
        """Return the file's images with what others told of them since they were loaded."""
        was = {image.id: image for image in self.before}
        found = []
        for image in self.after:
            source = was.get(image.id, self.before[0])
            found.append(merging.carried(source, image, now.get(source.id, source)))
        return found


def in_doubt(record: StudyRecord) -> dict[str, list[ImageRecord]]:
    """Return kind of stack -> the images of which nobody said how they are read."""
    return {
        kind: images
        for kind, images in kinds(record).items()
        if any(image.in_doubt for image in images)
    }


def kinds(record: StudyRecord) -> dict[str, list[ImageRecord]]:
    """Return kind of stack -> its images, in the study's order."""
    found: dict[str, list[ImageRecord]] = {}
    for image in record.images:
        if image.stack is not None:
            found.setdefault(image.stack.kind, []).append(image)
    return found


def looked_at(study_dir: StudyDir) -> StudyRecord:
    """Return the study; what files hold is looked up where an earlier version did not note it."""
    record = study.load(study_dir)
    if all(image.stack is not None or image.plane is None for image in record.images):
        return record
    found = {}
    for image in record.images:
        path = study_dir.images / image.file
        if image.stack is None and image.plane is not None:
            found[image.id] = readers.read(path).stack(readers.format_of(path))
    return study.update(
        study_dir,
        lambda now: replace(
            now,
            images=tuple(
                replace(image, stack=found[image.id]) if image.id in found else image
                for image in now.images
            ),
        ),
    )


def decide(
    study_dir: StudyDir, image_id: str, reading: Reading, *, alike: bool = True, author: str = ""
) -> Reread:
    """Say how an image's file is read, and with `alike` all files of its kind, now and later.

    Raises StudyError, changing nothing, where strokes are not saved yet or a training used images
    that would go; ImageError where the file cannot be read so. Of several files those that cannot
    be read so stay as they are and are told.
    """
    with FileLock(study_dir.base.root / ".import.lock"):
        record = study.load(study_dir)
        chosen = record.image(image_id)
        changes, notices = _changes(study_dir, record, chosen, reading, alike=alike)
        # What is marked in other layers lies on the same pictures.
        sheets = study_dir.sheets
        for sheet in sheets:
            _refuse_loss(sheet, changes)
        aside = {
            each
            for sheet in sheets
            for change in changes
            for each in attachment.set_aside(sheet, change.before, change.after, author)
        }
        study.update(
            study_dir,
            lambda now: _with(now, changes, reading if alike else None, chosen),
        )
        back = [
            image.id
            for sheet in sheets
            for change in changes
            for image in change.after
            if attachment.bring_back(sheet, image, author)
        ]
        told = [_read_masks(sheet, changes, author) for sheet in sheets]
    labelled = {image_id for each in told for image_id in each.labelled}
    before = {image.id for change in changes for image in change.before}
    after = [image.id for change in changes for image in change.after]
    return Reread(
        images=tuple(after),
        files=len(changes),
        added=tuple(each for each in after if each not in before),
        removed=tuple(each for change in changes for each in change.removed),
        set_aside=tuple(sorted(aside - labelled - set(back))),
        brought_back=tuple(dict.fromkeys(back)),
        notices=(*notices, *(notice for each in told for notice in each.refused)),
    )


def _read_masks(study_dir: StudyDir, changes: Sequence[_Change], author: str) -> labelling.Reading:
    """Read the masks again that belong to images of which the file gives others now."""
    masked = [i for c in changes for i in attachment.hand_masks(study_dir, c.before, c.after)]
    return labelling.read_masks(study_dir, masked, author=author)


def _changes(
    study_dir: StudyDir,
    record: StudyRecord,
    chosen: ImageRecord,
    reading: Reading,
    *,
    alike: bool,
) -> tuple[list[_Change], list[Notice]]:
    """Return what becomes of each file, and why some stay as they are."""
    by_file: dict[str, list[ImageRecord]] = {}
    for image in record.images:
        by_file.setdefault(image.file, []).append(image)
    kind = chosen.stack.kind if chosen.stack else None
    changes, notices = [], []
    taken = {image.id for image in record.images}
    for file, images in by_file.items():
        same = images[0].stack is not None and images[0].stack.kind == kind
        if file != chosen.file and not (alike and same):
            continue
        try:
            after = originals.read_as(study_dir.images / file, images, reading, taken)
        except ImageError as error:
            if file == chosen.file:
                raise
            notices.append(Notice(file=images[0].original_name, message=str(error)))
            continue
        taken |= {image.id for image in after}
        changes.append(_Change(before=images, after=after))
    return changes, notices


def _refuse_loss(study_dir: StudyDir, changes: Sequence[_Change]) -> None:
    """Raise StudyError where strokes would be lost, or a training's images would be gone."""
    drawn = [
        image.id
        for change in changes
        for image in change.before
        if survey.has_draft(study_dir, image.id) or journal.waiting(study_dir, image.id)
    ]
    if drawn:
        raise StudyError(
            f"there are strokes on {_some(drawn)} that are not saved yet; save or discard them "
            "first, then choose again"
        )
    removed = {image_id for change in changes for image_id in change.removed}
    for path in sorted(study_dir.jobs.glob("*/plan.json")) if removed else ():
        used = removed & set(files.read(path, Plan).image_hashes)
        if used:
            raise StudyError(
                f"the training {path.parent.name} used {_some(sorted(used))}, which would be gone; "
                "import the files into a new study to read them in another way"
            )


def _with(
    now: StudyRecord, changes: Sequence[_Change], remembered: Reading | None, chosen: ImageRecord
) -> StudyRecord:
    """Return the study with the files' new images in the old ones' place."""
    present = {image.id: image for image in now.images}
    first = {change.before[0].id: change.on(present) for change in changes}
    gone = {image.id for change in changes for image in change.before}
    images: list[ImageRecord] = []
    for image in now.images:
        images += first.get(image.id, () if image.id in gone else (image,))
    kept = {image.id for image in images}
    readings = now.readings
    if remembered is not None and changes:
        stack = next(i.stack for c in changes for i in c.after if i.file == chosen.file)
        if stack is not None:
            readings = {**readings, stack.kind: remembered}
    sides = now.split
    if sides is not None:
        sides, _ = split.carried(sides, images)
        sides = replace(
            sides,
            train=tuple(i for i in sides.train if i in kept),
            validation=tuple(i for i in sides.validation if i in kept),
            test=tuple(i for i in sides.test if i in kept),
        )
    return replace(
        now,
        images=tuple(images),
        readings=readings,
        split=sides,
        groups_known=any(image.group is not None for image in images),
    )


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    named = ", ".join(repr(name) for name in names[:_NAMED])
    return f"{named} and {more} more" if more > 0 else named
