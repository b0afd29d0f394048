"""The pool of pipelines that AutoKonfig chooses from.

They differ on what depends on the data: the working size of objects, the head, normalisation,
strength of augmentation, loss, class balance, and how large a network the minutes allow. A name
tells architecture, encoder, head, and what departs from the plain one (`d32`: objects brought to a
diameter of 32 px; `s224`: the longer side brought to 224 px; `t512`: tiles of 512 px; `random`: no
pretrained weights).
"""

from core.errors import PlanError
from core.pipeline.catalogue import architectures, decoders, images, objects, pixels
from core.records import Kind, Pipeline


def for_kind(kind: Kind) -> dict[str, Pipeline]:
    """Return the pool's pipelines for a kind of task, by name."""
    return {name: pipeline for name, pipeline in POOL.items() if kind in pipeline.kinds}


def find(name: str) -> Pipeline:
    """Return the pipeline of this name; PlanError lists the choices."""
    if name not in POOL:
        raise PlanError(f"unknown pipeline {name!r}; choose from {', '.join(POOL)}")
    return POOL[name]


# The first of each kind is what a library without any run advises: it fits the widest range.
POOL: dict[str, Pipeline] = {
    pipeline.name: pipeline
    for pipeline in (
        *objects.PIPELINES,
        *decoders.OBJECTS,
        *architectures.OBJECTS,
        *pixels.PIPELINES,
        *decoders.PIXELS,
        *architectures.PIXELS,
        *images.PIPELINES,
    )
}
