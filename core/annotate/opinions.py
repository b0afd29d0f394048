"""What others say of the labels: a second person who labelled the image, a model that never saw it.

Only predictions of test images are used: the model learned nothing from them and nothing was
tuned by them. Validation images steered its thresholds, and training images it knows by heart.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from core.annotate.symptoms import Symptom
from core.data import study, truth
from core.data.labels import store
from core.data.labels.model import Labels
from core.data.labels.store import LabelVersion
from core.data.samples import Sample
from core.errors import DataError, StudyError
from core.evaluate import matching, metrics
from core.infer import table
from core.paths import StudyDir
from core.records import Kind, StudyRecord, TaskSpec

# Two who agree less than this on the objects of one image do not mean the same.
ALIKE = 0.8
# An object of which not even this much is shared with any other was seen by one side alone.
APART_IOU = 0.1
# What a model is less sure of than this is no reason to doubt a person's label.
SURE = 0.8
# Regions: an image whose Dice is so far below the middle one is worth a look.
FAR_BELOW = 0.75

Ids = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """A finished run's answers on its test images."""

    run: str
    folder: Path
    """`labels/ID.tif`, `objects.csv`; or `predictions.csv` for whole images."""
    test: tuple[str, ...]
    versions: Mapping[str, str]
    """Image id -> version of the labels it was judged by."""
    per_image: Mapping[str, float]
    """Image id -> headline score of that image alone."""


def of_people(study_dir: StudyDir) -> list[Symptom]:
    """Return how well those agree who labelled the same image, from the last version of each."""
    record = study.load(study_dir)
    task = record.task or TaskSpec(kind=Kind.INSTANCE, classes=("object",))
    if task.kind is Kind.CLASSIFICATION:
        return []
    found = []
    for image in record.images:
        for one, other in combinations(_last_of_each(study_dir, image.id), 2):
            first = _readable(study_dir, image.id, one.version)
            second = _readable(study_dir, image.id, other.version)
            if first is None or second is None:
                continue
            found.append(_compared(image.id, task, (one.author, first), (other.author, second)))
    return found


def of_models(study_dir: StudyDir, runs: Sequence[Predicted]) -> list[Symptom]:
    """Return where runs, the newest first, speak against the labels of their test images.

    Each image is judged by the newest run that kept it aside and was scored by the labels that
    count now: a later run may have learned from an image that an earlier one had not seen.
    """
    record = study.load(study_dir)
    by_class = record.task is not None and record.task.kind is Kind.CLASSIFICATION
    found: list[Symptom] = []
    heard: set[str] = set()
    for predicted in runs:
        test = tuple(
            each
            for each in predicted.test
            if each not in heard
            and (by_class or predicted.versions.get(each) == store.head(study_dir, each))
        )
        found += of_model(study_dir, replace(predicted, test=test))
        heard.update(test)
    return found


def of_model(study_dir: StudyDir, predicted: Predicted) -> list[Symptom]:
    """Return where a run's answers on its test images speak against the labels.

    Images labelled anew since the run are left out: it was not judged by what counts now.
    """
    record = study.load(study_dir)
    if record.task is None:
        return []
    known = {image.id for image in record.images}
    test = [image_id for image_id in predicted.test if image_id in known]
    if record.task.kind is Kind.CLASSIFICATION:
        return _classes_doubted(record, predicted, test)
    same = [i for i in test if predicted.versions.get(i) == store.head(study_dir, i)]
    if record.task.kind is Kind.SEMANTIC:
        return _regions_doubted(predicted, same)
    scores = _scores(predicted.folder / "objects.csv")
    found: list[Symptom] = []
    for image_id in same:
        labels, path = (
            _readable(study_dir, image_id),
            predicted.folder / "labels" / f"{image_id}.tif",
        )
        if labels is not None and path.is_file():
            given = tifffile.imread(path).astype(np.int32)
            found += _objects_doubted(image_id, labels, given, scores.get(image_id, {}))
    return found


def _readable(study_dir: StudyDir, image_id: str, version: str | None = None) -> Labels | None:
    """Return a version's labels; None: there are none, or they are damaged, see `doctor`."""
    with suppress(DataError, StudyError):
        return store.load(study_dir, image_id, version)
    return None


def _last_of_each(study_dir: StudyDir, image_id: str) -> list[LabelVersion]:
    """Return the last version each author drew; taking up another's version is no drawing."""
    last: dict[str, LabelVersion] = {}
    seen: set[str] = set()
    for save in store.history(study_dir, image_id):
        if save.version and save.version not in seen:
            last[save.author] = save
        seen.add(save.version)
    return list(last.values())


def _compared(
    image_id: str, task: TaskSpec, one: tuple[str, Labels], other: tuple[str, Labels]
) -> Symptom:
    first, second = (_pixels(image_id, labels, task) for _, labels in (one, other))
    both = (first >= 0) & (second >= 0)
    first, second = np.where(both, first, -1), np.where(both, second, -1)
    named = f"labelled by {one[0] or 'somebody'} and by {other[0] or 'somebody else'}"
    if task.kind is Kind.SEMANTIC:
        shares = metrics.dice(metrics.confusion(first, second, len(task.classes)))
        counted = [task.classes.index(name) for name in task.counted]
        agreement = metrics.mean_known(shares[counted])
        said = f"their areas overlap by a Dice of {agreement:.2f}"
        place = None
    else:
        overlaps = matching.overlaps(first, np.maximum(second, 0))
        matches = matching.assign(overlaps, 0.5)
        agreement = metrics.precision_of(metrics.object_counts(matches))
        table_2 = metrics.confusion(
            np.where(both, first > 0, -1).astype(np.int32),
            np.where(both, second > 0, -1).astype(np.int32), 2,
        )  # fmt: skip
        dice = metrics.dice(table_2)[1]
        area = "" if np.isnan(dice) else f", the areas overlap by a Dice of {dice:.2f}"
        said = (
            f"{agreement:.2f} of the objects agree (AP at IoU 0.5){area}; "
            f"{matches.false_negatives} only in the first, {matches.false_positives} only in the "
            "second"
        )
        place = _first_apart(first, matches)
    return Symptom(
        kind="agreement" if agreement >= ALIKE else "disagreement",
        image_id=image_id,
        place_yx=place,
        message=f"{named}: {said}",
    )


def _pixels(image_id: str, labels: Labels, task: TaskSpec) -> Ids:
    nothing = np.zeros((1, *labels.shape_yx), np.uint8)
    return truth.of(Sample(id=image_id, image_cyx=nothing, labels=labels), task).pixels_yx


def _first_apart(first: Ids, matches: matching.Matches) -> tuple[int, int] | None:
    alone = np.setdiff1d(matches.true_ids, matches.pairs[:, 0])
    return _place(first, int(alone[0])) if len(alone) else None


def _objects_doubted(
    image_id: str, labels: Labels, given: Ids, scores: Mapping[int, float]
) -> list[Symptom]:
    """Return labelled objects nobody else sees, and predicted ones nobody labelled."""
    true = labels.flat_yx
    true[(true == 0) & ~labels.annotated_yx] = -1
    met = matching.overlaps(true, given)
    best_true, best_given = np.zeros(len(met.true_ids)), np.zeros(len(met.predicted_ids))
    np.maximum.at(best_true, met.true_index, met.iou)
    np.maximum.at(best_given, met.predicted_index, met.iou)
    found = [
        Symptom(
            kind="doubted",
            image_id=image_id,
            object_id=int(each),
            place_yx=_place(true, int(each)),
            message="the model sees nothing where this is marked",
        )
        for each in met.true_ids[best_true < APART_IOU]
    ]
    for each in met.predicted_ids[best_given < APART_IOU]:
        sure = scores.get(int(each), 0.0)
        if sure >= SURE:
            found.append(
                Symptom(
                    kind="doubted",
                    image_id=image_id,
                    place_yx=_place(given, int(each)),
                    message=f"the model sees an object here ({100 * sure:.0f} % sure), nothing is "
                    "marked",
                )
            )
    return found


def _regions_doubted(predicted: Predicted, test: list[str]) -> list[Symptom]:
    known = [predicted.per_image[i] for i in test if i in predicted.per_image]
    middle = float(np.median(known)) if known else 0.0
    return [
        Symptom(
            kind="doubted",
            image_id=image_id,
            message=f"model and labels overlap by a Dice of {score:.2f} here, by {middle:.2f} on "
            "the middle image",
        )
        for image_id in test
        if (score := predicted.per_image.get(image_id, 1.0)) < FAR_BELOW * middle
    ]


def _classes_doubted(record: StudyRecord, predicted: Predicted, test: list[str]) -> list[Symptom]:
    found = []
    for row in table.read(predicted.folder / "predictions.csv"):
        if row["image"] not in test:
            continue
        told, sure = record.image(row["image"]).image_class, float(row["probability"])
        if told is not None and row["class"] != told and sure >= SURE:
            found.append(
                Symptom(
                    kind="doubted",
                    image_id=row["image"],
                    message=f"it is called {told}, the model says {row['class']} "
                    f"({100 * sure:.0f} % sure)",
                )
            )
    return found


def _scores(path: Path) -> dict[str, dict[int, float]]:
    """Return image id -> object id -> how sure the model is, as far as it is told."""
    found: dict[str, dict[int, float]] = {}
    for row in table.read(path):
        if row.get("probability") and row.get("object"):
            found.setdefault(row["image"], {})[int(row["object"])] = float(row["probability"])
    return found


def _place(ids_yx: Ids, object_id: int) -> tuple[int, int]:
    return table.measure((ids_yx == object_id).astype(np.int32), 1, (0, 0)).middle(1)
