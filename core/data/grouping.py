"""Where each image comes from, told by its file name or by a sheet: groups and conditions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.data import naming, owners, split, study, tables
from core.errors import TableError
from core.paths import StudyDir
from core.records import Grouping, ImageRecord, StudyRecord

# More names fill a message without telling more.
_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One image and what is told of it."""

    image_id: str
    file: str
    facts: dict[str, str] | None
    """Column -> value; None: the pattern does not fit, or no row names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a pattern or a sheet tells of every image of a study; nothing is kept yet."""

    fields: tuple[str, ...]
    lines: tuple[Line, ...]
    unknown: tuple[str, ...] = ()
    """Files that the sheet names and the study does not have."""
    unclear: dict[str, str] = field(default_factory=dict)
    """Files that the sheet names -> why nothing is used of what it tells of them."""
    pattern: str = ""

    @property
    def untold(self) -> tuple[str, ...]:
        """Return the files of which nothing is told."""
        return tuple(line.file for line in self.lines if line.facts is None)

    def sentences(self) -> list[str]:
        """Return what does not fit, by name."""
        said = []
        cause = "the pattern does not fit" if self.pattern else "no row names"
        if self.untold:
            named = _some(self.untold)
            said.append(f"{len(self.untold)} of {len(self.lines)} files {cause}: {named}")
        if self.unknown:
            named = _some(self.unknown)
            said.append(f"{len(self.unknown)} rows name no image of the study: {named}")
        return said + _left_out(self.unclear)


def suggested(record: StudyRecord) -> str:
    """Return the pattern in use, else one the file names suggest; empty where none is seen."""
    if record.grouping is not None and record.grouping.pattern:
        return record.grouping.pattern
    return naming.suggest([_stem(image) for image in record.images])


def by_pattern(record: StudyRecord, text: str) -> Told:
    """Return what the file names tell; TableError where the pattern is none."""
    read = naming.pattern(text)
    return Told(
        fields=read.fields,
        lines=tuple(
            Line(image_id=image.id, file=image.original_name, facts=read.told_by(_stem(image)))
            for image in record.images
        ),
        pattern=read.text,
    )


def by_sheet(record: StudyRecord, path: Path) -> Told:
    """Return what a sheet (CSV, Excel) tells; TableError where it cannot be read.

    Its column `file` names the images by file name, with or without suffix, or by their id; the
    columns `class` and `split` are left to the import.
    """
    owned = owners.find(tables.read(path), [names_of(image) for image in record.images])
    facts: dict[int, dict[str, str]] = {}
    for place, row in owned.pairs:
        own = {"group": row.group, "condition": row.condition}
        told = {name: value for name, value in own.items() if value} | row.facts
        facts[place] = facts.get(place, {}) | told
    fields = tuple(dict.fromkeys(name for told in facts.values() for name in told))
    if not fields and owned.unclear:
        raise TableError(f"{path.name}: {'; '.join(_left_out(owned.unclear))}")
    if not fields:
        raise TableError(
            f"{path.name}: no row tells anything of an image of this study; its column `file` "
            "must hold file names, and a further column such as donor or treatment is needed"
        )
    return Told(
        fields=fields,
        lines=tuple(
            Line(image_id=image.id, file=image.original_name, facts=facts.get(place))
            for place, image in enumerate(record.images)
        ),
        unknown=owned.missing,
        unclear=owned.unclear,
    )


def names_of(image: ImageRecord) -> owners.Named:
    """Return how a table may call an image of a study."""
    return owners.Named(names=(image.original_name, _stem(image), image.id), file=image.file)


def suggested_columns(told: Told) -> Grouping:
    """Return which columns look like groups and conditions."""
    return Grouping(
        pattern=told.pattern,
        group=("group",) if "group" in told.fields else naming.likely_groups(told.fields),
        conditions=naming.likely_conditions(told.fields),
    )


def apply(study_dir: StudyDir, told: Told, chosen: Grouping) -> list[str]:
    """Keep the facts, groups and conditions; return what a user should know.

    Images of which nothing is told stay as they are, and so do the import's groups (conditions)
    where no column is chosen for them. Sides of the split are kept for every group whose images
    stood on one side. Raises TableError where a chosen column is not told.
    """
    for name in (*chosen.group, *chosen.conditions):
        if name not in told.fields:
            raise TableError(
                f"there is no column {name!r}; choose among {', '.join(told.fields) or 'none'}"
            )
    said = told.sentences()
    facts = {line.image_id: line.facts for line in told.lines}

    def change(record: StudyRecord) -> StudyRecord:
        images = tuple(
            _with_facts(image, facts.get(image.id), chosen, record.grouping)
            for image in record.images
        )
        if record.split is None or _groups(images) == _groups(record.images):
            kept = record.split
        else:
            kept, torn = split.carried(record.split, images)
            said.extend(_torn_sentence(torn))
        return replace(
            record,
            images=images,
            split=kept,
            grouping=replace(chosen, pattern=told.pattern),
            groups_known=any(image.group is not None for image in images),
        )

    study.update(study_dir, change)
    return said


def told_by_names(
    images: Sequence[ImageRecord], chosen: Grouping | None
) -> tuple[ImageRecord, ...]:
    """Return the images, those that came later with what the study's pattern tells of them."""
    if chosen is None or not chosen.pattern:
        return tuple(images)
    read = naming.pattern(chosen.pattern)
    return tuple(
        image
        if set(read.fields) <= set(image.facts)
        else _with_facts(image, read.told_by(_stem(image)), chosen, chosen)
        for image in images
    )


def origin_of(file_name: str, chosen: Grouping | None) -> dict[str, str]:
    """Return what the study's pattern tells of a file that is none of its images, as columns.

    Empty where there is no pattern or it does not fit.
    """
    if chosen is None or not chosen.pattern:
        return {}
    facts = naming.pattern(chosen.pattern).told_by(tables.stem_of(file_name))
    if facts is None:
        return {}
    own = {
        "group": _joined(facts, chosen.group, " "),
        "condition": _joined(facts, chosen.conditions, ", "),
    }
    return {name: value for name, value in own.items() if value} | facts


def _with_facts(
    image: ImageRecord, facts: dict[str, str] | None, chosen: Grouping, before: Grouping | None
) -> ImageRecord:
    if facts is None:
        return image
    stale = naming.pattern(before.pattern).fields if before and before.pattern else ()
    known = {name: value for name, value in image.facts.items() if name not in stale} | facts
    group = None if before and before.group else image.group
    condition = None if before and before.conditions else image.condition
    return replace(
        image,
        facts=known,
        group=_joined(known, chosen.group, " ") if chosen.group else group,
        condition=_joined(known, chosen.conditions, ", ") if chosen.conditions else condition,
    )


def _joined(facts: dict[str, str], names: tuple[str, ...], between: str) -> str | None:
    """Return the values of all the names; None where one is not told."""
    return between.join(facts[name] for name in names) if set(names) <= set(facts) else None


def _groups(images: Sequence[ImageRecord]) -> list[str | None]:
    return [image.group for image in images]


def _torn_sentence(torn: tuple[str, ...]) -> list[str]:
    if not torn:
        return []
    named = ", ".join(key.removeprefix("image:") for key in torn[:_NAMED])
    return [
        f"{len(torn)} groups ({named}{' …' if len(torn) > _NAMED else ''}) had images both to "
        "learn from and to judge with; they are divided anew, and scores of earlier trainings "
        "cannot be compared with later ones"
    ]


def _left_out(unclear: Mapping[str, str]) -> list[str]:
    """Return why rows of a sheet are not used, a sentence a cause."""
    by_cause: dict[str, list[str]] = {}
    for file, cause in unclear.items():
        by_cause.setdefault(cause, []).append(file)
    return [
        f"what the sheet tells of {_some(files)} is left out: {cause}"
        for cause, files in by_cause.items()
    ]


def _some(files: Sequence[str]) -> str:
    return ", ".join(files[:_NAMED]) + (" …" if len(files) > _NAMED else "")


def _stem(image: ImageRecord) -> str:
    return tables.stem_of(image.original_name)
