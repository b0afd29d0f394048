"""The figures: of objects, of pixels, of whole images.

Each comes from counts that may be summed over images first, so that a figure of many images is
pooled and not a mean of means.
"""

import numpy as np
from numpy.typing import NDArray

from core.evaluate import matching

Counts = NDArray[np.float64]
"""Whole numbers that add up over images. Objects: true positives, false positives, false
negatives. Pixels and images: a table, rows true, columns predicted."""

# Guo et al., ICML 2017, take 15 bins for thousands of images; ten keep a bin filled with fewer.
CALIBRATION_BINS = 10
# Csurka et al., BMVC 2013: a boundary is met within 0.75 % of the image's diagonal.
BOUNDARY_TOLERANCE = 0.0075


def average_precision(
    true_yx: NDArray[np.int32], predicted_yx: NDArray[np.int32], iou: float = 0.5
) -> float:
    """Return TP / (TP + FP + FN) of one image at an IoU threshold.

    In [0, 1]; 1.0 when neither map has an object.
    Source: Schmidt et al., MICCAI 2018, section 3.
    """
    return precision_of(object_counts(matching.match(true_yx, predicted_yx, iou)))


def object_counts(matches: matching.Matches) -> Counts:
    """Return (true positives, false positives, false negatives)."""
    return np.array(
        [matches.true_positives, matches.false_positives, matches.false_negatives], np.float64
    )


def precision_of(counts: Counts) -> float:
    """Return TP / (TP + FP + FN) of summed counts; 1.0 without any object."""
    total = float(counts.sum())
    return float(counts[0]) / total if total else 1.0


def f1_of(counts: Counts) -> float:
    """Return 2 TP / (2 TP + FP + FN) of summed counts; 1.0 without any object."""
    total = float(2 * counts[0] + counts[1] + counts[2])
    return 2 * float(counts[0]) / total if total else 1.0


def panoptic_quality(counts: Counts, iou_sum: float) -> float:
    """Return the matched pairs' summed IoU over TP + FP/2 + FN/2; 1.0 without any object.

    Source: Kirillov et al., CVPR 2019.
    """
    total = float(counts[0] + (counts[1] + counts[2]) / 2)
    return iou_sum / total if total else 1.0


def confusion(true_yx: NDArray[np.int32], predicted_yx: NDArray[np.int32], classes: int) -> Counts:
    """Return (classes, classes) pixel counts, rows true; pixels of -1 in either are left out."""
    known = (true_yx >= 0) & (predicted_yx >= 0)
    keys = true_yx[known].astype(np.int64) * classes + predicted_yx[known]
    return np.bincount(keys, minlength=classes * classes).reshape(classes, classes).astype(float)


def dice(table: Counts) -> NDArray[np.float64]:
    """Return 2 TP / (2 TP + FP + FN) for each class; NaN where a class is in neither map."""
    return _share(2 * np.diag(table), table.sum(axis=0) + table.sum(axis=1))


def jaccard(table: Counts) -> NDArray[np.float64]:
    """Return TP / (TP + FP + FN) for each class; NaN where a class is in neither map."""
    found = np.diag(table)
    return _share(found, table.sum(axis=0) + table.sum(axis=1) - found)


def mean_known(values: NDArray[np.float64]) -> float:
    """Return the mean without NaN; 1.0 where nothing is left: nothing to find, nothing found."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else 1.0


def recalls(table: Counts) -> NDArray[np.float64]:
    """Return the share of each true class that was recognised; NaN for a class without members."""
    return _share(np.diag(table), table.sum(axis=1))


def calibration_error(probabilities: NDArray[np.float64], true_classes: NDArray[np.int64]) -> float:
    """Return the mean gap between confidence and accuracy over ten bins, weighted by members.

    `probabilities` is (images, classes). In [0, 1]; 0 is perfectly calibrated.
    Source: Guo et al., ICML 2017, expected calibration error.
    """
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == true_classes
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    error = 0.0
    for place in np.unique(bins):
        inside = bins == place
        error += inside.mean() * abs(confidence[inside].mean() - correct[inside].mean())
    return float(error)


def boundary_hits(
    true_yx: NDArray[np.int32], predicted_yx: NDArray[np.int32], class_index: int
) -> NDArray[np.int64]:
    """Return (predicted boundary pixels near a true one, predicted, true near predicted, true).

    Near is within 0.75 % of the diagonal, at least one pixel. Edges of the image and of the
    annotated region are no boundaries.
    """
    annotated = true_yx >= 0
    tolerance = max(1.0, BOUNDARY_TOLERANCE * float(np.hypot(*true_yx.shape)))
    true = _boundary(true_yx == class_index, annotated)
    predicted = _boundary(predicted_yx == class_index, annotated)
    return np.array(
        [
            _near(predicted, true, tolerance),
            np.count_nonzero(predicted),
            _near(true, predicted, tolerance),
            np.count_nonzero(true),
        ]
    )


def boundary_f1(hits: NDArray[np.int64]) -> float:
    """Return the harmonic mean of boundary precision and recall of summed `boundary_hits`.

    NaN where neither map has a boundary, 0 where only one has.
    """
    met_predicted, predicted, met_true, true = (float(value) for value in hits)
    if not predicted and not true:
        return float("nan")
    if not met_predicted or not met_true:
        return 0.0
    precision, recall = met_predicted / predicted, met_true / true
    return 2 * precision * recall / (precision + recall)


def _share(part: Counts, whole: Counts) -> NDArray[np.float64]:
    shares = np.full(len(part), np.nan)
    np.divide(part, whole, out=shares, where=whole > 0)
    return shares


def _boundary(mask: NDArray[np.bool_], annotated: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the mask's pixels that touch an annotated pixel outside it."""
    edge = np.zeros_like(mask)
    outside, inside = annotated & ~mask, annotated & mask
    edge[1:] |= inside[1:] & outside[:-1]
    edge[:-1] |= inside[:-1] & outside[1:]
    edge[:, 1:] |= inside[:, 1:] & outside[:, :-1]
    edge[:, :-1] |= inside[:, :-1] & outside[:, 1:]
    return edge


def _near(some: NDArray[np.bool_], others: NDArray[np.bool_], tolerance: float) -> int:
    """Return how many pixels of `some` lie within `tolerance` of one of `others`."""
    from scipy.ndimage import distance_transform_edt

    if not others.any():
        return 0
    return int(np.count_nonzero(distance_transform_edt(~others)[some] <= tolerance))
