"""Files on their way into a study: new pictures, those it has already, and masks for both."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.data import folder_tables, grouping, originals, owners, tables
from core.data.found import Findings, Found, Mask, Notice
from core.data.originals import Known
from core.errors import DataError
from core.paths import StudyDir
from core.records import ImageRecord, StudyRecord


@dataclass(slots=True)
class Intake:
    """What one import has done so far."""

    before: dict[str, ImageRecord]
    """The study's images as they were when it began."""
    images: dict[str, ImageRecord]
    """The study's images and those that were added."""
    by_hash: dict[str, list[str]]
    """Images of each file; a stack may give several."""
    known: Known
    taken: set[str]
    """Ids that had an owner once: nobody inherits their labels."""
    added: list[str] = field(default_factory=list)
    masks: dict[str, Mask] = field(default_factory=dict)
    classed: list[str] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    refused: list[Notice] = field(default_factory=list)


def begin(study_dir: StudyDir, record: StudyRecord, found: Findings) -> Intake:
    """Return the study as it stands and what was told of the files until now."""
    by_hash: dict[str, list[str]] = {}
    for image in record.images:
        by_hash.setdefault(image.sha256, []).append(image.id)
    before = {image.id: image for image in record.images}
    return Intake(
        before=before,
        images=dict(before),
        by_hash=by_hash,
        known=Known(readings=record.readings, pixel_sizes_um=record.pixel_sizes_um),
        taken={path.name for each in study_dir.sheets for path in each.labels.glob("*")},
        notices=found.notices,
        refused=found.refused,
    )


def take(study_dir: StudyDir, picture: Found, found: Findings, intake: Intake) -> None:
    """Take one picture; a file that cannot be read is reported."""
    try:
        sha256 = originals.hash_of(picture.path)
        if sha256 in intake.by_hash:
            images = _again(
                [intake.images[known] for known in intake.by_hash[sha256]], picture, intake
            )
        else:
            taken = intake.taken | set(intake.images)
            images, notices = originals.keep(study_dir, picture, sha256, taken, intake.known)
            intake.added += [about.id for about in images]
            intake.notices += [Notice(file=picture.name, message=text) for text in notices]
    except DataError as error:
        intake.refused.append(Notice(file=picture.name, message=str(error)))
        return
    intake.by_hash[sha256] = [about.id for about in images]
    for about in images:
        intake.images[about.id] = about
        if picture.image_class is not None and about.image_class == picture.image_class:
            intake.classed.append(about.id)
        if picture.mask is not None:
            intake.masks[about.id] = Mask(
                path=picture.mask,
                object_classes=picture.object_classes,
                value_names=found.value_names.get(picture.mask, ()),
            )


def tell_known(rows: Iterable[tables.Row], intake: Intake) -> None:
    """Use rows that belong to images of earlier imports; tell of rows nobody has."""
    images = list(intake.before)
    owned = owners.find(rows, [grouping.names_of(intake.images[image_id]) for image_id in images])
    for place, row in owned.pairs:
        image = intake.images[images[place]]
        intake.images[image.id] = replace(
            image,
            image_class=row.image_class or image.image_class,
            group=row.group or image.group,
            condition=row.condition or image.condition,
            facts={**image.facts, **row.facts},
            given_split="test" if (row.split or "").lower() == "test" else image.given_split,
        )
        if row.image_class is not None:
            intake.classed.append(image.id)
    intake.refused += [
        *(
            Notice(file=file, message=f"{file}: the table names it, but there is no such picture")
            for file in owned.missing
        ),
        *folder_tables.unclear(owned),
    ]


def take_lone_masks(found: Findings, intake: Intake) -> None:
    """Give masks that came without pictures to images of the study of the same name."""
    stems: dict[str, list[str]] = {}
    for image in intake.images.values():
        stems.setdefault(Path(image.original_name).stem, []).append(image.id)
        if image.part:
            stems.setdefault(image.id, []).append(image.id)
    for mask, stem in found.lone_masks:
        ids = stems.get(stem, [])
        if len({intake.images[image_id].file for image_id in ids}) == 1:
            told = Mask(
                path=mask,
                object_classes=found.object_classes.get(stem, {}),
                value_names=found.value_names.get(mask, ()),
            )
            intake.masks |= dict.fromkeys(ids, told)
            continue
        cause = "several pictures have" if ids else "no picture has"
        intake.refused.append(
            Notice(file=mask.name, message=f"{mask.name}: {cause} the name {stem!r}; rename it")
        )


def tell_unlabelled(found: Findings, intake: Intake) -> None:
    """Name pictures without a mask where others have one: a name may be mistyped."""
    bare = [picture for picture in found.pictures if picture.mask is None]
    if len(bare) < len(found.pictures):
        intake.notices += [
            Notice(file=each.name, message=f"{each.name}: no mask has its name; it has no labels")
            for each in bare
            if each.path.stem not in {mask_stem for _, mask_stem in found.lone_masks}
        ]


def _again(images: list[ImageRecord], picture: Found, intake: Intake) -> list[ImageRecord]:
    """Return the images that are there already, with what the second copy tells."""
    known = images[0]
    message = f"{picture.name}: it is the same picture as {known.original_name}; one is kept"
    given = known.given_split
    if picture.test and given != "test":
        given, message = "test", f"{message}, as a test image"
    elif given == "test" and not picture.test:
        message = f"{message}, as a test image: it must not be learned from"
    image_class = known.image_class or picture.image_class
    if picture.image_class is not None and picture.image_class != image_class:
        intake.refused.append(
            Notice(
                file=picture.name,
                message=f"{picture.name}: it is called {picture.image_class!r} here, but "
                f"{image_class!r} as {known.original_name}; the first is kept",
            )
        )
    intake.notices.append(Notice(file=picture.name, message=message))
    return [
        replace(
            image,
            given_split=given,
            image_class=image_class,
            group=image.group or picture.group,
            condition=image.condition or picture.condition,
            facts={**picture.facts, **image.facts},
        )
        for image in images
    ]
