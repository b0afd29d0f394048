"""Scores of one data set taken on different images, as they would be on those of its newest split.

With each image that is labelled a study learns from more and is judged on others. A score of before
and one of after tell two pipelines apart only where others ran on both sides.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from core.records import RunRow

Cell = tuple[str, str]
"""Data set, pipeline."""
Runs = Mapping[str, list[RunRow]]
"""By pipeline, of one data set."""


def brought(cells: Mapping[Cell, list[RunRow]]) -> tuple[dict[Cell, list[RunRow]], set[Cell]]:
    """Return the runs that compare with the newest split's, and the cells of earlier splits alone.

    Scores of an earlier split are shifted by what pipelines known on both sides reached more on the
    newer one; without any such pipeline its runs compare with nothing and are left out.
    """
    subjects: dict[str, dict[str, list[RunRow]]] = defaultdict(dict)
    for (subject, pipeline), rows in cells.items():
        subjects[subject][pipeline] = rows
    found: dict[Cell, list[RunRow]] = {}
    earlier: set[Cell] = set()
    for subject, ran in subjects.items():
        newest, *older = _newest_first(ran)
        kept = _on(ran, newest)
        now = set(kept)
        for split in older:
            kept |= _shifted(_on(ran, split), kept)
        found |= {(subject, pipeline): rows for pipeline, rows in kept.items()}
        earlier |= {(subject, pipeline) for pipeline in kept.keys() - now}
    return found, earlier


def _newest_first(ran: Runs) -> list[str]:
    made: dict[str, tuple[str, str]] = {}
    for row in (row for rows in ran.values() for row in rows):
        made[row.split] = max(made.get(row.split, ("", "")), (row.made, row.run))
    return sorted(made, key=made.__getitem__, reverse=True)


def _on(ran: Runs, split: str) -> dict[str, list[RunRow]]:
    found = {
        pipeline: [row for row in rows if row.split == split] for pipeline, rows in ran.items()
    }
    return {pipeline: rows for pipeline, rows in found.items() if rows}


def _shifted(then: Runs, now: Runs) -> dict[str, list[RunRow]]:
    """Return the runs of pipelines that are not known now, at the level of now."""
    both = sorted(then.keys() & now.keys())
    if not both:
        return {}
    shift = float(np.mean([_mean(now[one]) - _mean(then[one]) for one in both]))
    return {
        pipeline: [_moved(row, shift) for row in rows]
        for pipeline, rows in then.items()
        if pipeline not in now
    }


def _moved(row: RunRow, shift: float) -> RunRow:
    return replace(row, validation=min(1.0, max(0.0, (row.validation or 0.0) + shift)))


def _mean(rows: Sequence[RunRow]) -> float:
    return float(np.mean([row.validation for row in rows if row.validation is not None]))
