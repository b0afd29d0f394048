"""Results that were once measured: one JSON object a line, never changed."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent.parent / "results"
DUELS = RESULTS / "duels.jsonl"
FOLDS = RESULTS / "classification_folds.jsonl"

Row = dict[str, Any]


def rows(path: Path) -> list[Row]:
    """Return the finished rows, in the order they were measured; of repeats the last one."""
    if not path.exists():
        return []
    found = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    latest = {key(row): row for row in found if row["state"] == "finished"}
    return list(latest.values())


def append(path: Path, row: Row) -> None:
    """Add one row."""
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as file:
        file.write(json.dumps(row) + "\n")


def known(found: Sequence[Row], wanted: Mapping[str, Any]) -> bool:
    """Return whether a row with the wanted key stands there."""
    return key(wanted) in {key(row) for row in found}


def key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what makes two rows the same measurement."""
    names = ("data_set", "rival", "budget_s", "seed", "fold", "images", "hardware")
    return tuple(row.get(name) for name in names)
