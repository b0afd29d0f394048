"""What a user should know before training, in plain words."""

from collections import Counter
from dataclasses import dataclass

from core.data import samples, split, study
from core.data.labels import survey
from core.errors import DataError, StudyError
from core.paths import StudyDir
from core.records import ImageRecord, Kind, StudyRecord

# Reading more pictures than this would keep the user waiting.
_LOOKED_AT = 200
# Below, a score says little; from the anchors of small published benchmarks.
_FEW_IMAGES = 10
_FEWEST_FOR_INTERVAL = 5
RARE_SHARE = 0.05
"""Of the most frequent class's examples; below, few of a class are left to judge it by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing a user should know."""

    level: str
    """problem: training is not possible; warning: results may suffer; note: good to know."""
    message: str
    images: tuple[str, ...] = ()
    """Ids it is about; empty: the whole study."""


def inspect(study_dir: StudyDir, *, pixels: bool = True) -> list[Finding]:
    """Return all findings, problems first. Nothing is changed.

    Without `pixels` no picture is opened, which takes seconds in a large study.
    """
    record = study.load(study_dir)
    if not record.images:
        return [Finding(level="problem", message="There are no images yet; import some.")]
    labelled = samples.labelled_ids(study_dir, record)
    findings = [
        *_task(record),
        *_amount(record, labelled),
        *_kinds(record),
        *_groups(record),
        *_classes(study_dir, record, labelled),
        *(_pixels(study_dir, record) if pixels else ()),
    ]
    order = ("problem", "warning", "note")
    return sorted(findings, key=lambda finding: order.index(finding.level))


def _task(record: StudyRecord) -> list[Finding]:
    if record.task is not None:
        return []
    return [Finding(level="problem", message="It is not said yet what is wanted; set the task.")]


def _amount(record: StudyRecord, labelled: list[str]) -> list[Finding]:
    try:
        split.make(record, labelled)
    except StudyError as error:
        return [Finding(level="problem", message=f"{error}.")]
    if len(labelled) < _FEW_IMAGES:
        return [
            Finding(
                level="warning",
                message=f"Only {len(labelled)} images are annotated; with fewer than "
                f"{_FEW_IMAGES}, the score depends on chance.",
            )
        ]
    return []


def _kinds(record: StudyRecord) -> list[Finding]:
    """Tell of images that differ in what should be the same everywhere."""
    findings = []
    channels = Counter(image.shape_cyx[0] for image in record.images)
    if len(channels) > 1:
        usual = channels.most_common(1)[0][0]
        odd = [image.id for image in record.images if image.shape_cyx[0] != usual]
        findings.append(
            Finding(
                level="problem",
                message=f"{len(odd)} images do not have {usual} channel{'s' * (usual > 1)} as the "
                f"others; the first is {odd[0]!r}. Export them alike, or keep two studies.",
                images=tuple(odd),
            )
        )
    depths = Counter(image.dtype for image in record.images)
    if len(depths) > 1:
        told = ", ".join(f"{count} of {dtype}" for dtype, count in depths.most_common())
        findings.append(
            Finding(
                level="warning",
                message=f"The images differ in their numbers ({told}); were they exported alike?",
            )
        )
    doubtful = [image.id for image in record.images if image.in_doubt]
    if doubtful:
        findings.append(
            Finding(
                level="warning",
                message=f"{len(doubtful)} images show one plane of several, and nobody said yet "
                "what these are: channels, depths, times? Say so before you label them.",
                images=tuple(doubtful),
            )
        )
    stacks = [i.id for i in record.images if i.plane is not None and i.decided and not i.part]
    if stacks:
        findings.append(
            Finding(
                level="note",
                message=f"{len(stacks)} images are stacks; of each, one plane is used.",
                images=tuple(stacks),
            )
        )
    return findings


def _groups(record: StudyRecord) -> list[Finding]:
    if not record.groups_known:
        return [
            Finding(
                level="note",
                message="No groups are known. Where several images come from one well, animal or "
                "slide, say so under Groups and conditions, else the score flatters.",
            )
        ]
    findings = []
    groups = {image.group for image in record.images if image.group is not None}
    if len(groups) < _FEWEST_FOR_INTERVAL:
        single = " Images are split singly, so the score may flatter." if len(groups) < 3 else ""
        there = "is only 1 group" if len(groups) == 1 else f"are only {len(groups)} groups"
        message = f"There {there}: too few for an interval.{single}"
        findings.append(Finding(level="warning", message=message))
    outside = _outside(record)
    if outside:
        findings.append(
            Finding(
                level="warning",
                message=f"{len(outside)} images share a group with test images and stay outside "
                "of training.",
                images=tuple(image.id for image in outside),
            )
        )
    return findings


def _outside(record: StudyRecord) -> list[ImageRecord]:
    tested = {image.group for image in record.images if image.given_split == "test"} - {None}
    return [i for i in record.images if i.given_split != "test" and i.group in tested]


def _classes(study_dir: StudyDir, record: StudyRecord, labelled: list[str]) -> list[Finding]:
    """Tell of classes without examples, and of examples without a class."""
    if record.task is None:
        return []
    by_image = record.task.kind is Kind.CLASSIFICATION
    if by_image:
        classes = {image.id: image.image_class for image in record.images}
        counts = Counter(classes[image_id] for image_id in labelled)
    else:
        counts = survey.class_counts(study_dir, set(labelled))
    missing = [name for name in record.task.counted if not counts[name]]
    findings = []
    if missing and (len(record.task.classes) > 1 or not counts):
        findings.append(
            Finding(
                level="problem" if by_image else "warning",
                message=f"There is no example of {', '.join(missing)}; annotate some, or take the "
                "class out of the task.",
            )
        )
    least = {name: counts[name] for name in record.task.counted if counts[name]}
    rare = [name for name, n in least.items() if n < RARE_SHARE * max(least.values())]
    if rare and len(record.task.classes) > 1 and record.task.kind is not Kind.SEMANTIC:
        told = ", ".join(f"{name} ({counts[name]})" for name in rare)
        findings.append(
            Finding(
                level="note",
                message=f"Rare among what is annotated: {told}; what is rarely shown is badly "
                "learned.",
            )
        )
    nameless = sum(n for name, n in counts.items() if name not in record.task.classes)
    if nameless and len(record.task.classes) > 1:
        findings.append(
            Finding(
                level="warning",
                message=f"{nameless} marked objects have no class of the task; they do not count "
                "where classes are learned.",
            )
        )
    return findings


def _pixels(study_dir: StudyDir, record: StudyRecord) -> list[Finding]:
    """Tell of pictures that are gone, damaged or empty."""
    flat, unreadable = [], []
    for image in record.images[:_LOOKED_AT]:
        try:
            image_cyx = samples.read_image(study_dir, image)
        except DataError:
            unreadable.append(image.id)
            continue
        if (image_cyx == image_cyx[:, :1, :1]).all():
            flat.append(image.id)
    findings = []
    if unreadable:
        findings.append(
            Finding(
                level="problem",
                message=f"{len(unreadable)} images cannot be read any more; the first is "
                f"{unreadable[0]!r}. Import them again.",
                images=tuple(unreadable),
            )
        )
    if flat:
        findings.append(
            Finding(
                level="warning",
                message=f"{len(flat)} images show nothing (all pixels alike); the first is "
                f"{flat[0]!r}.",
                images=tuple(flat),
            )
        )
    return findings
