"""This project and its rivals on the same images, in the same seconds, on the same machine.

    uv run python tests/benchmarks/peers/duel.py DATA_SET... [--rivals a,b] [--budget 5m]
        [--seeds 0,1] [--images 5] [--again] [--keep FOLDER]

`AIXCELL_DATA` names the folder of the data sets. Every rival runs alone, in its own environment,
with the clock outside; installing the environment is not counted. `score.py` judges all of them.
A result is kept in `results/duels.jsonl` and never measured twice, unless `--again`. Let nothing
else run on the machine: how busy it was before each start is recorded. `table.py` shows what is
there.

`--images 5` learns from five fixed images, evenly spaced in the sorted train split.
"""

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import contest
import environment
import ledger
import machine
import rivals
from contest import Contest
from dataset import Dataset
from rivals import Rival

UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class Match:
    """One measurement: the data, who, and the row that will tell of it."""

    data: Dataset
    rival: Rival
    row: dict[str, Any]


def main() -> None:
    """Measure what is asked for and not yet known."""
    asked = _parser().parse_args()
    failed = []
    for match in list(_matches(asked)):
        if not asked.again and ledger.known(ledger.rows(ledger.DUELS), match.row):
            continue
        row = measured(match, asked.keep)
        ledger.append(ledger.DUELS, row)
        print(json.dumps(row), flush=True)
        failed += [row] if row["state"] == "failed" else []
    if failed:
        raise SystemExit(f"{len(failed)} failed; they will be tried again next time")


def measured(match: Match, keep: Path | None = None) -> dict[str, Any]:
    """Return the row with its scores."""
    about, name = match.data.about, match.data.id
    split = about["split"]
    train = sorted(split["train"])
    asked = Contest(
        data=match.data.folder,
        train=few(train, match.row["images"]) if match.row["images"] else train,
        test=sorted(split["test"]),
        budget_s=match.row["budget_s"],
        seed=match.row["seed"],
    )
    place = keep / name / match.rival.name if keep else None
    if place:
        place.mkdir(parents=True, exist_ok=True)
    return match.row | contest.hold(match.rival, asked, _scores, place)


def few(names: Sequence[str], count: int) -> list[str]:
    """Return so many names, evenly spaced."""
    return [names[index * len(names) // count] for index in range(count)]


def seconds(text: str) -> float:
    """Return what `90s`, `5m`, `1h` mean."""
    if text[-1:] not in UNITS_S:
        raise argparse.ArgumentTypeError(f"write a time like 90s, 5m or 1h, not {text!r}")
    return float(text[:-1]) * UNITS_S[text[-1]]


def data_folder() -> Path:
    """Return where the data sets lie."""
    if "AIXCELL_DATA" not in os.environ:
        raise SystemExit("AIXCELL_DATA must name the folder of the data sets")
    return Path(os.environ["AIXCELL_DATA"])


def _scores(folder: Path) -> dict[str, Any]:
    return {"scores": json.loads(environment.judge(folder))}


def _matches(asked: argparse.Namespace) -> Iterator[Match]:
    wanted = [rivals.find(name) for name in asked.rivals]
    for name in asked.data_sets:
        data = Dataset(data_folder() / name)
        for rival in wanted:
            if data.task not in rival.tasks:
                continue
            for seed in asked.seeds:
                row = {
                    "data_set": data.id,
                    "task": data.task,
                    "rival": rival.name,
                    "budget_s": asked.budget,
                    "seed": seed,
                    "images": asked.images,
                    "hardware": machine.hardware(),
                }
                yield Match(data, rival, row)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("data_sets", nargs="+", metavar="DATA_SET")
    parser.add_argument("--rivals", type=_names, default=list(rivals.RIVALS), metavar="A,B")
    parser.add_argument("--budget", type=seconds, default=seconds("5m"))
    parser.add_argument("--seeds", type=_numbers, default=[0], metavar="0,1")
    parser.add_argument("--images", type=int, help="learn from so many images only")
    parser.add_argument("--again", action="store_true", help="measure even what is known")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="copy answers and logs here")
    return parser


def _names(text: str) -> list[str]:
    return text.split(",")


def _numbers(text: str) -> list[int]:
    return [int(word) for word in text.split(",")]


if __name__ == "__main__":
    main()
