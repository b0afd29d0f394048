"""Classes of whole images: three seeds of five-fold grouped cross-validation, ours and rivals'.

    uv run python tests/benchmarks/peers/classify.py [DATA_SET ...] [--rivals linear,aixcell]
        [--budget 60s] [--seeds 0,1,2]

Train and test images together, divided by group and class. Every fold is a job as in `duel.py`,
kept in `results/classification_folds.jsonl` and never run twice; an interrupted run goes on where
it stopped. At the end: balanced accuracy over all folds' answers, ours minus each rival's, with a
95 % interval by bootstrap over groups (both answers of a group are drawn together).
"""

import argparse
import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import contest
import ledger
import machine
import numpy as np
import rivals
from contest import Contest
from dataset import Dataset
from duel import data_folder, seconds

DATA_SETS = ("wbc2_classification", "mhsma_sperm_head", "busi_breast_ultrasound")
FOLDS = 5
DRAWS = 2000
OURS = "aixcell"


@dataclass(frozen=True, slots=True)
class Answers:
    """One rival's answers to every image of a data set, one row a seed."""

    known: np.ndarray
    """(images,) class names."""
    groups: np.ndarray
    """(images,) group names."""
    right: np.ndarray
    """(seeds, images): whether the answer was right."""


def main() -> None:
    """Run what is missing, then print the table."""
    asked = _parser().parse_args()
    failed = 0
    for name in asked.data_sets:
        data = Dataset(data_folder() / name)
        for seed in asked.seeds:
            for fold, (train, test) in enumerate(folds(data, seed)):
                for rival in asked.rivals:
                    row = _row(data, rival, asked.budget, seed, fold)
                    if ledger.known(ledger.rows(ledger.FOLDS), row):
                        continue
                    fought = Contest(
                        data=data.folder,
                        train=train,
                        test=test,
                        budget_s=asked.budget,
                        seed=seed,
                    )
                    row |= contest.hold(rivals.find(rival), fought, _given)
                    ledger.append(ledger.FOLDS, row)
                    print(json.dumps(row), flush=True)
                    failed += row["state"] == "failed"
    print("\n".join(told(asked)))
    if failed:
        raise SystemExit(f"{failed} failed; they will be tried again next time")


def folds(data: Dataset, seed: int) -> list[tuple[list[str], list[str]]]:
    """Return (train, test) of each fold; no group is in both, classes are shared out evenly."""
    from sklearn.model_selection import StratifiedGroupKFold

    names = sorted(data.table)
    labels = [data.label(name) for name in names]
    groups = [data.group(name) for name in names]
    cut = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    return [
        ([names[index] for index in train], [names[index] for index in test])
        for train, test in cut.split(names, labels, groups)
    ]


def told(asked: argparse.Namespace) -> list[str]:
    """Return the lines of the table."""
    others = [name for name in asked.rivals if name != OURS]
    lines = [
        f"{len(asked.seeds)} seeds of {FOLDS} folds, {asked.budget:g} s a fold, "
        f"{machine.hardware()}.",
        "",
        f"| data set | {' | '.join(rivals.find(name).shown for name in asked.rivals)} | "
        f"{' | '.join(f'ours minus {rivals.find(name).shown}' for name in others)} |",
        f"|{'---|' * (1 + len(asked.rivals) + len(others))}",
    ]
    draws: dict[str, list[np.ndarray]] = {name: [] for name in others}
    points: dict[str, list[float]] = {name: [] for name in others}
    for name in asked.data_sets:
        data = Dataset(data_folder() / name)
        found = {rival: answers(data, rival, asked) for rival in asked.rivals}
        cells = ["" if one is None else f"{accuracy(one):.3f}" for one in found.values()]
        for other in others:
            ours, theirs = found.get(OURS), found[other]
            if ours is None or theirs is None:
                cells.append("")
                continue
            drawn = differences(ours, theirs)
            draws[other].append(drawn)
            points[other].append(accuracy(ours) - accuracy(theirs))
            cells.append(_interval(points[other][-1], drawn))
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    for other, drawn_sets in draws.items():
        if drawn_sets:
            text = _interval(float(np.mean(points[other])), np.mean(drawn_sets, axis=0))
            lines += ["", f"Ours minus {rivals.find(other).shown}, mean over data sets: {text}."]
    return lines


def answers(data: Dataset, rival: str, asked: argparse.Namespace) -> Answers | None:
    """Return the rival's answers; None where a fold is missing."""
    names = sorted(data.table)
    known = np.array([data.label(name) for name in names])
    right = []
    for seed in asked.seeds:
        keys = [ledger.key(_row(data, rival, asked.budget, seed, fold)) for fold in range(FOLDS)]
        rows = {ledger.key(row): row for row in ledger.rows(ledger.FOLDS)}
        if not all(key in rows for key in keys):
            return None
        given = {name: text for key in keys for name, text in rows[key]["answers"].items()}
        right.append([given.get(name) == truth for name, truth in zip(names, known, strict=True)])
    groups = np.array([data.group(name) for name in names])
    return Answers(known, groups, np.array(right))


def accuracy(found: Answers) -> float:
    """Return the balanced accuracy, mean over seeds."""
    return float(_accuracies(found, np.ones((1, len(found.known))))[0])


def differences(ours: Answers, theirs: Answers, draws: int = DRAWS) -> np.ndarray:
    """Return (draws,) differences of balanced accuracy when groups are drawn with replacement."""
    _, member = np.unique(ours.groups, return_inverse=True)
    count = int(member.max()) + 1
    drawn = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), size=draws)
    weights = drawn[:, member].astype(float)
    return _accuracies(ours, weights) - _accuracies(theirs, weights)


def _accuracies(found: Answers, weights: np.ndarray) -> np.ndarray:
    """Return (draws,): mean over classes and seeds of the weighted share of right answers."""
    recalls = []
    for name in np.unique(found.known):
        of_class = weights * (found.known == name)
        recalls.append(of_class @ found.right.mean(axis=0) / np.maximum(of_class.sum(axis=1), 1e-9))
    return np.mean(recalls, axis=0)


def _interval(value: float, drawn: np.ndarray) -> str:
    low, high = np.quantile(drawn, (0.025, 0.975))
    return f"{value:+.3f} ({low:+.3f} to {high:+.3f})"


def _row(data: Dataset, rival: str, budget_s: float, seed: int, fold: int) -> dict[str, Any]:
    return {
        "data_set": data.id,
        "rival": rival,
        "budget_s": budget_s,
        "seed": seed,
        "fold": fold,
        "hardware": machine.hardware(),
    }


def _given(folder: Path) -> dict[str, Any]:
    with (folder / "out" / "predictions.csv").open(newline="") as file:
        return {"answers": {row["image"]: row["class"] for row in csv.DictReader(file)}}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("data_sets", nargs="*", default=DATA_SETS, metavar="DATA_SET")
    parser.add_argument("--rivals", type=_words, default=[OURS, "linear"], metavar="A,B")
    parser.add_argument("--budget", type=seconds, default=seconds("60s"))
    parser.add_argument("--seeds", type=_numbers, default=[0, 1, 2], metavar="0,1,2")
    return parser


def _words(text: str) -> list[str]:
    return text.split(",")


def _numbers(text: str) -> Sequence[int]:
    return [int(word) for word in text.split(",")]


if __name__ == "__main__":
    main()
