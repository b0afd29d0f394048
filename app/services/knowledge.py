"""What the library knows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.services.place import workspace
from core import workflow
from core.records import Kind

if TYPE_CHECKING:
    from core.library.store import Stats


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryRow:
    """A training the library knows, as the page shows it."""

    data_set: str
    title: str
    pipeline: str
    kind: Kind
    state: str
    score: float | None
    """On validation images; None: it did not finish."""
    seconds: float
    samples: int
    hardware: str
    made: str
    own: bool
    """Whether it is of this workspace's studies."""
    brought: bool
    """Whether another lab's file brought it; what is neither came with the program."""


def library_stats() -> "Stats":
    """Return what the library holds, finished runs of this workspace among it."""
    workflow.collect(workspace())
    return workflow.library_stats(workspace())


def library_rows() -> list[LibraryRow]:
    """Return every training the library knows."""
    known = workflow.library_snapshot(workspace())
    titles = {card.id: card.title for card in known.cards}
    collected = workflow.library_snapshot(workspace(), collected_only=True)
    brought = workflow.brought_runs(workspace(), collected)
    own = {row.run for row in collected.rows} - brought
    return [
        LibraryRow(
            data_set=row.data_set,
            title=titles.get(row.data_set) or row.data_set.replace("_", " "),
            pipeline=row.pipeline,
            kind=row.kind,
            state=row.state,
            score=row.validation,
            seconds=row.seconds,
            samples=row.samples,
            hardware=row.hardware,
            made=row.made,
            own=row.run in own,
            brought=row.run in brought,
        )
        for row in known.rows
    ]
