"""LightGBM's text, read and applied without LightGBM.

Importing LightGBM takes longer than a recommendation may (it brings pandas and scikit-learn along),
and applying a few hundred small trees to a dozen rows does not need it.
Source of the format: LightGBM's `Tree::ToString`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import LibraryError

# Bits of `decision_type`: a category, where missing values go, and what counts as missing.
_CATEGORY, _MISSING_LEFT, _MISSING_NAN = 1, 2, 8

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tree:
    """One tree; children below 0 are leaves, ~child their number."""

    feature: NDArray[np.int64]
    threshold: Floats
    missing_left: NDArray[np.bool_]
    missing_nan: NDArray[np.bool_]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    node_value: Floats
    leaf_value: Floats


def parse(text: str) -> list[Tree]:
    """Return the trees of a model; LibraryError where it uses what is not known here."""
    found = []
    for part in text.split("\nTree=")[1:]:
        fields = dict(line.split("=", 1) for line in part.splitlines() if "=" in line)
        kinds = _numbers(fields, "decision_type").astype(int)
        if (kinds & _CATEGORY).any() or fields.get("is_linear", "0") != "0":
            raise LibraryError("the learner's file holds trees of another make; delete it")
        found.append(
            Tree(
                feature=_numbers(fields, "split_feature").astype(int),
                threshold=_numbers(fields, "threshold"),
                missing_left=(kinds & _MISSING_LEFT) > 0,
                missing_nan=(kinds & _MISSING_NAN) > 0,
                left=_numbers(fields, "left_child").astype(int),
                right=_numbers(fields, "right_child").astype(int),
                node_value=_numbers(fields, "internal_value"),
                leaf_value=_numbers(fields, "leaf_value"),
            )
        )
    return found


def predict(trees: Sequence[Tree], rows: Floats) -> Floats:
    """Return the sum of the trees for each row, as LightGBM's raw prediction."""
    total: Floats = contributions(trees, rows).sum(axis=1)
    return total


def contributions(trees: Sequence[Tree], rows: Floats) -> Floats:
    """Return what each column adds, (rows, columns + 1); the last column is where trees start.

    A split adds by how much it moves the expected value on a row's way; rows sum to the prediction.
    Source: Saabas 2014, "Interpreting random forests".
    """
    count, columns = rows.shape
    found = np.zeros((count, columns + 1))
    everyone = np.arange(count)
    for tree in trees:
        if len(tree.feature) == 0:
            found[:, -1] += tree.leaf_value[0]
            continue
        found[:, -1] += tree.node_value[0]
        node = np.zeros(count, dtype=int)
        on_the_way = everyone
        while len(on_the_way):
            here = node[on_the_way]
            feature = tree.feature[here]
            goes_left = _goes_left(tree, here, rows[on_the_way, feature])
            there = np.where(goes_left, tree.left[here], tree.right[here])
            leaf = there < 0
            value = np.where(
                leaf, tree.leaf_value[~np.minimum(there, -1)], tree.node_value[np.maximum(there, 0)]
            )
            # One row has one feature at a time, so no pair is met twice.
            found[on_the_way, feature] += value - tree.node_value[here]
            node[on_the_way] = there
            on_the_way = on_the_way[~leaf]
    return found


def _goes_left(tree: Tree, node: NDArray[np.int64], values: Floats) -> NDArray[np.bool_]:
    missing = np.isnan(values)
    # Where training met no missing value, one counts as 0.
    known = np.where(missing, 0.0, values) <= tree.threshold[node]
    return np.asarray(
        np.where(missing & tree.missing_nan[node], tree.missing_left[node], known), dtype=bool
    )


def _numbers(fields: dict[str, str], name: str) -> Floats:
    return np.array([float(word) for word in fields.get(name, "").split()])
