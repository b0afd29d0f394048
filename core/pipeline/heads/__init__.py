"""What the network predicts, and how answers come back from it."""

from core.errors import PlanError
from core.pipeline.heads import boundary, distance, flow, image, semantic
from core.pipeline.heads.base import Batch, Head, Judging, Targets

__all__ = ["HEADS", "Batch", "Head", "Judging", "Targets", "find"]


def find(name: str) -> Head:
    """Return the head of this name; PlanError lists the choices."""
    if name not in HEADS:
        raise PlanError(f"unknown head {name!r}; choose from {', '.join(HEADS)}")
    return HEADS[name]


HEADS: dict[str, Head] = {
    head.name: head for head in (semantic.HEAD, boundary.HEAD, distance.HEAD, flow.HEAD, image.HEAD)
}
