"""What the labels of all other images say of each image's labels: cross-validation on pixels.

The labelled images are dealt into up to five parts, groups whole. For each part, the boosted trees
of `core.pipeline.boosted` learn from drawn pixels of the other parts and judge every n-th row and
column of its images; no label is judged by trees that saw its image. Told are

    objects whose inside those trees take for background (`unlike`), and objects they take for
    another class where classes differ by their pixels,
    places without a label that they take for an object of the usual size (`missed`),
    regions that they take for another class (`unlike`).

Nothing is told where pixels alone do not tell what is marked: then trees that find too little of
the labels of all images would doubt right ones. Whole images (classification) are not judged: that
takes the features of a network, and so only finished trainings tell (`core.annotate.opinions`).
No network takes part here. Source of the idea: confident learning, Northcutt et al., JAIR 2021.
"""

import math
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.annotate import verdicts
from core.annotate.symptoms import Symptom
from core.annotate.verdicts import Judged
from core.data import pyramid, samples, study, truth
from core.data.labels import store
from core.data.samples import Sample
from core.errors import DataError, StudyError
from core.paths import StudyDir
from core.pipeline import boosted, pixel_features
from core.records import ImageRecord, Kind, StudyRecord, TaskSpec

Tell = Callable[[float, str], None]
"""Hears the share that is done, in [0, 1], and what is done."""
PARTS = 5
"""More parts learn from a few images more each, and take as much longer."""
FEWEST = 3
"""Groups (or images, where no groups are known) below which nobody else's images are enough."""
MOST_IMAGES = 120
"""About a second each; of more, a draw is judged."""
# Pixels of an image that are asked: 256 x 256 of 512 x 512, where objects of 10 px have 20 left.
_ASKED = 65_536
# What all tables may take of the disk.
_TABLES_BYTES = 1_000_000_000
_ROUNDS, _LEARNED_PIXELS = 30, 20_000
# Reading and features take this share of the time.
_LOOKING = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubts:
    """What was found."""

    symptoms: tuple[Symptom, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    """Image id -> version of the labels that were judged."""
    notes: tuple[str, ...] = ()
    """What was left out, or why nothing can be told, in sentences."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Seen:
    """One labelled image on a grid of every n-th row and column."""

    image_id: str
    step: int
    table: Path
    """(rows, columns, features) as .npy: all tables at once would fill the memory."""
    known_yx: NDArray[np.int32]
    """Class of each pixel as the trees learn it; -1 = unknown."""
    ids_yx: NDArray[np.int32]
    """Objects; -1 = not annotated."""
    object_classes: dict[int, int]


def look(study_dir: StudyDir, tell: Tell = lambda share, message: None, *, seed: int = 0) -> Doubts:
    """Return what other images' labels speak against, the strongest doubts first.

    On two cores 30 images of 512 x 512 grey pixels took 20 s, 30 of 256 x 320 in colour 16 s.
    Images too large to be marked whole, and those with another number of channels than most, are
    left out.
    """
    record = study.load(study_dir)
    task = record.task or TaskSpec(kind=Kind.INSTANCE, classes=("object",))
    if task.kind is Kind.CLASSIFICATION:
        return Doubts(notes=("Classes of whole images are doubted by finished trainings alone.",))
    chosen, notes = _chosen(study_dir, record, seed)
    parts = _parts(chosen, seed)
    if len(parts) < FEWEST:
        few = f"It takes labels of {FEWEST} images or more, of {FEWEST} groups where groups are "
        return Doubts(notes=(*notes, few + "known, to judge one by the others."))
    versions = {each.id: store.head(study_dir, each.id) or "" for each in chosen}
    study_dir.cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="doubts-", dir=study_dir.cache) as scratch:
        seen = _looked_at(study_dir, task, chosen, versions, Path(scratch), tell)
        judged = list(_judged(parts, seen, tell, seed))
    found = verdicts.of_regions(judged, task) if _by_region(task) else verdicts.of(judged, task)
    return Doubts(
        symptoms=found.symptoms,
        versions=versions,
        notes=(*notes, *([found.note] if found.note else [])),
    )


def _chosen(
    study_dir: StudyDir, record: StudyRecord, seed: int
) -> tuple[list[ImageRecord], list[str]]:
    """Return the images to judge, and sentences on those that are left out."""
    labelled = set(samples.labelled_ids(study_dir, record))
    done = [image for image in record.images if image.id in labelled]
    notes = []
    alike = [image for image in done if not pyramid.is_large(image)]
    if len(alike) < len(done):
        notes.append(f"{len(done) - len(alike)} large images are left out.")
    channels = Counter(image.shape_cyx[0] for image in alike).most_common(1)
    usual = [image for image in alike if image.shape_cyx[0] == channels[0][0]]
    if len(usual) < len(alike):
        notes.append(f"{len(alike) - len(usual)} images with other channels are left out.")
    if len(usual) > MOST_IMAGES:
        notes.append(f"{MOST_IMAGES} of {len(usual)} labelled images were drawn.")
        drawn = np.random.default_rng(seed).permutation(len(usual))[:MOST_IMAGES]
        usual = [usual[at] for at in sorted(drawn)]
    return usual, notes


def _parts(images: Sequence[ImageRecord], seed: int) -> list[list[str]]:
    """Deal the images into parts of like size; a group stays together."""
    groups: dict[str, list[str]] = {}
    for image in images:
        groups.setdefault(image.group or f"image {image.id}", []).append(image.id)
    order = np.random.default_rng(seed).permutation(sorted(groups))
    parts: list[list[str]] = [[] for _ in range(min(PARTS, len(groups)))]
    for name in order:
        min(parts, key=len).extend(groups[str(name)])
    return parts


def _looked_at(
    study_dir: StudyDir,
    task: TaskSpec,
    images: Sequence[ImageRecord],
    versions: Mapping[str, str],
    scratch: Path,
    tell: Tell,
) -> dict[str, _Seen]:
    """Return image -> what the trees see of it; two are looked at side by side."""
    wide = pixel_features.width(images[0].shape_cyx[0]) * 4
    asked = min(_ASKED, _TABLES_BYTES // (wide * len(images)))

    def made(image: ImageRecord) -> _Seen | None:
        try:
            (sample,) = samples.load(study_dir, [image.id], versions)
        except (DataError, StudyError):  # the doctor tells of damaged files and labels
            return None
        return _seen(sample, task, scratch / f"{image.id}.npy", asked)

    found = {}
    with ThreadPoolExecutor(2) as pool:
        for done, one in enumerate(pool.map(made, images), start=1):
            tell(_LOOKING * done / len(images), f"Looking at image {done} of {len(images)}")
            if one is not None:
                found[one.image_id] = one
    return found


def _seen(sample: Sample, task: TaskSpec, table: Path, asked: int) -> _Seen:
    known = truth.of(sample, task)
    rows, columns = known.pixels_yx.shape
    step = max(1, math.ceil(math.sqrt(rows * columns / asked)))
    np.save(table, pixel_features.features(sample.image_cyx)[::step, ::step])
    ids_yx = np.ascontiguousarray(known.pixels_yx[::step, ::step])
    return _Seen(
        image_id=sample.id,
        step=step,
        table=table,
        known_yx=ids_yx if _by_region(task) else _object_pixels(ids_yx, known.object_classes),
        ids_yx=ids_yx,
        object_classes=known.object_classes,
    )


def _object_pixels(ids_yx: NDArray[np.int32], classes: dict[int, int]) -> NDArray[np.int32]:
    """Return 0 for background, 1 + class for objects, -1 for what nobody told."""
    told = np.full(int(ids_yx.max(initial=0)) + 1, truth.UNKNOWN, np.int32)
    told[0] = 0
    for each, index in classes.items():
        if each < len(told) and index >= 0:
            told[each] = 1 + index
    return np.where(ids_yx < 0, truth.UNKNOWN, told[np.maximum(ids_yx, 0)]).astype(np.int32)


def _judged(
    parts: Sequence[Sequence[str]], seen: dict[str, _Seen], tell: Tell, seed: int
) -> Iterator[Judged]:
    """Yield each image with what trees say that learned from the other parts alone."""
    for at, part in enumerate(parts):
        share = _LOOKING + (1 - _LOOKING) * at / len(parts)
        tell(share, f"Asking the other images, {at + 1} of {len(parts)}")
        others = [one for image_id, one in seen.items() if image_id not in part]
        if not any((one.known_yx >= 0).any() for one in others):
            continue
        model = boosted.fit_tables(
            [np.load(one.table, mmap_mode="r") for one in others],
            [one.known_yx for one in others],
            rounds=_ROUNDS,
            most_pixels=_LEARNED_PIXELS,
            seed=seed,
        )
        for image_id in part:
            if image_id in seen:
                one = seen[image_id]
                yield Judged(
                    image_id=image_id,
                    step=one.step,
                    ids_yx=one.ids_yx,
                    object_classes=one.object_classes,
                    classes=model.classes,
                    shares=boosted.judged(model, np.load(one.table)),
                )


def _by_region(task: TaskSpec) -> bool:
    return task.kind is Kind.SEMANTIC
