"""The headline score of a task, the same in the library, the report and the monitor."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from core.data.truth import UNKNOWN, Truth
from core.errors import StudyError
from core.evaluate import intervals, matching, metrics
from core.evaluate.metrics import Counts
from core.pipeline.answers import Answer
from core.records import Kind, Score, TaskSpec

HEADLINES = {
    Kind.INSTANCE: "AP at IoU 0.5",
    Kind.SEMANTIC: "mean Dice",
    Kind.CLASSIFICATION: "balanced accuracy",
}
# The thresholds of the report, the headline's first.
THRESHOLDS = (0.5, 0.75, 0.9)


def of(
    task: TaskSpec,
    truths: Sequence[Truth],
    answers: Sequence[Answer],
    *,
    ids: Sequence[str],
    groups: Sequence[str | None] | None = None,
    interval: bool = True,
) -> Score:
    """Return the score of answers to images whose truth is known.

    `truths`, `answers`, `ids` and `groups` name the same images in the same order; an image
    without a group is a group of its own. What is not annotated counts in nothing. Without
    `interval` the slow figures for a report are left out: interval and boundary F1.
    Raises StudyError where there is no annotated image.
    """
    if not len(truths) == len(answers) == len(ids):
        raise ValueError(f"{len(truths)} truths, {len(answers)} answers and {len(ids)} ids")
    known = [index for index, truth in enumerate(truths) if is_annotated(task, truth)]
    if not known:
        raise StudyError("there is no annotated image to score; annotate one and try again")
    units = [(groups[index] if groups else None) or f"image {ids[index]}" for index in known]
    return _SCORES[task.kind](
        task,
        [truths[index] for index in known],
        [answers[index] for index in known],
        [ids[index] for index in known],
        units if interval else [],
    )


def is_annotated(task: TaskSpec, truth: Truth) -> bool:
    """Return whether anything is known of the image, so that it counts in a score."""
    if task.kind is Kind.CLASSIFICATION:
        return truth.image_class != UNKNOWN
    return bool((truth.pixels_yx != UNKNOWN).any())


def _of_objects(
    task: TaskSpec,
    truths: Sequence[Truth],
    answers: Sequence[Answer],
    ids: Sequence[str],
    units: Sequence[str],
) -> Score:
    """Return AP at IoU 0.5 with its companions."""
    found = [
        matching.overlaps(truth.pixels_yx, _labels(answer))
        for truth, answer in zip(truths, answers, strict=True)
    ]
    matched = {limit: [matching.assign(one, limit) for one in found] for limit in THRESHOLDS}
    tallies = {
        limit: np.stack([metrics.object_counts(one) for one in matched[limit]])
        for limit in THRESHOLDS
    }
    half = tallies[THRESHOLDS[0]]
    total = half.sum(axis=0)
    iou_sum = float(sum(one.iou.sum() for one in matched[THRESHOLDS[0]]))
    # TP + FN is what is there, TP + FP what was found.
    off, there = np.abs(half[:, 1] - half[:, 2]).sum(), total[0] + total[2]
    others = {
        "ap_75": metrics.precision_of(tallies[0.75].sum(axis=0)),
        "ap_90": metrics.precision_of(tallies[0.9].sum(axis=0)),
        "f1": metrics.f1_of(total),
        "pq": metrics.panoptic_quality(total, iou_sum),
        "count_error": float(off / max(there, 1)),
    }
    tables = {}
    if len(task.classes) > 1:
        table, missing = _class_table(task, truths, answers, matched[THRESHOLDS[0]])
        if table.sum() + missing:
            others["class_accuracy"] = float(np.trace(table) / (table.sum() + missing))
        tables["confusion"] = {"classes": list(task.classes), "rows": table.tolist()}
    return Score(
        headline=metrics.precision_of(total),
        name=HEADLINES[task.kind],
        images=len(ids),
        interval=_interval(half, units, metrics.precision_of),
        others=others,
        per_image={
            name: metrics.precision_of(counts) for name, counts in zip(ids, half, strict=True)
        },
        tables=tables,
    )


def _class_table(
    task: TaskSpec,
    truths: Sequence[Truth],
    answers: Sequence[Answer],
    matched: Sequence[matching.Matches],
) -> tuple[Counts, int]:
    """Return matched objects by (true, predicted) class, and how many got no class at all."""
    table = np.zeros((len(task.classes), len(task.classes)))
    missing = 0
    for truth, answer, matches in zip(truths, answers, matched, strict=True):
        for true_id, predicted_id in matches.pairs.tolist():
            true_class = truth.object_classes.get(true_id, UNKNOWN)
            if true_class == UNKNOWN:
                continue
            predicted_class = answer.object_classes.get(predicted_id, UNKNOWN)
            if predicted_class == UNKNOWN:
                missing += 1
            else:
                table[true_class, predicted_class] += 1
    return table, missing


def _of_pixels(
    task: TaskSpec,
    truths: Sequence[Truth],
    answers: Sequence[Answer],
    ids: Sequence[str],
    units: Sequence[str],
) -> Score:
    """Return the mean Dice with its companions."""
    counted = [task.classes.index(name) for name in task.counted]

    def mean_dice(table: Counts) -> float:
        return metrics.mean_known(metrics.dice(table)[counted])

    tables = np.stack(
        [
            metrics.confusion(truth.pixels_yx, _labels(answer), len(task.classes))
            for truth, answer in zip(truths, answers, strict=True)
        ]
    )
    pooled = tables.sum(axis=0)
    dice, iou = metrics.dice(pooled), metrics.jaccard(pooled)
    others = {"mean_iou": metrics.mean_known(iou[counted])}
    for index in counted:
        if not np.isnan(dice[index]):
            others[f"dice:{task.classes[index]}"] = float(dice[index])
            others[f"iou:{task.classes[index]}"] = float(iou[index])
    if units:  # the boundaries cost more than all else and belong to a report, not to tuning
        others["boundary_f1"] = _boundary_f1(truths, answers, counted)
    return Score(
        headline=mean_dice(pooled),
        name=HEADLINES[task.kind],
        images=len(ids),
        interval=_interval(tables, units, mean_dice),
        others=others,
        per_image={name: mean_dice(table) for name, table in zip(ids, tables, strict=True)},
        tables={"confusion": {"classes": list(task.classes), "rows": pooled.tolist()}},
    )


def _boundary_f1(
    truths: Sequence[Truth], answers: Sequence[Answer], counted: Sequence[int]
) -> float:
    """Return the mean over classes of the boundary F1 pooled over images."""
    figures = [
        metrics.boundary_f1(
            np.sum(
                [
                    metrics.boundary_hits(truth.pixels_yx, _labels(answer), index)
                    for truth, answer in zip(truths, answers, strict=True)
                ],
                axis=0,
            )
        )
        for index in counted
    ]
    return metrics.mean_known(np.array(figures))


def _of_images(
    task: TaskSpec,
    truths: Sequence[Truth],
    answers: Sequence[Answer],
    ids: Sequence[str],
    units: Sequence[str],
) -> Score:
    """Return the balanced accuracy with its companions."""

    def balanced_accuracy(table: Counts) -> float:
        return metrics.mean_known(metrics.recalls(table))

    size = len(task.classes)
    probabilities = np.array([answer.probabilities for answer in answers], np.float64)
    true = np.array([truth.image_class for truth in truths], np.int64)
    predicted = probabilities.argmax(axis=1)
    tables = np.zeros((len(ids), size, size))
    tables[np.arange(len(ids)), true, predicted] = 1
    pooled = tables.sum(axis=0)
    others = {
        "accuracy": float((true == predicted).mean()),
        "ece": metrics.calibration_error(probabilities, true),
    }
    for name, recall in zip(task.classes, metrics.recalls(pooled), strict=True):
        if not np.isnan(recall):
            others[f"recall:{name}"] = float(recall)
    return Score(
        headline=balanced_accuracy(pooled),
        name=HEADLINES[task.kind],
        images=len(ids),
        interval=_interval(tables, units, balanced_accuracy),
        others=others,
        per_image={
            name: float(one == other) for name, one, other in zip(ids, true, predicted, strict=True)
        },
        tables={"confusion": {"classes": list(task.classes), "rows": pooled.tolist()}},
    )


def _interval(
    tallies: Counts,
    units: Sequence[str],
    figure: Callable[[Counts], float],
) -> tuple[float, float] | None:
    return intervals.bootstrap(tallies, units, figure) if units else None


def _labels(answer: Answer) -> NDArray[np.int32]:
    if answer.labels_yx is None:
        raise ValueError("an answer without a label map cannot be scored by pixels")
    return answer.labels_yx


_SCORES = {
    Kind.INSTANCE: _of_objects,
    Kind.SEMANTIC: _of_pixels,
    Kind.CLASSIFICATION: _of_images,
}
