"""All meta-features of a study, with status and cost of each."""

import math
import threading
import time
from collections.abc import Sequence

from core.data.samples import Sample
from core.errors import DataError
from core.fingerprint import embedding
from core.fingerprint.features import FEATURES
from core.fingerprint.material import Material, prepare
from core.records import Fingerprint, TaskSpec

# What two cores prepare and measure in a second, with half of it left for the embedding.
_MEGAPIXELS_A_SECOND = 0.6

LONGEST_S = 10.0
"""What a fingerprint may take where nobody asks for less."""
# What the network of the embedding takes to be imported and asked, on two cores.
EMBEDDING_S = 6.0

OK = "ok"
SHORT = "left out: the time is too short for it, as the training is short"
_LATE = "left out: the time for the fingerprint was used up"


def run(
    samples: Sequence[Sample],
    task: TaskSpec,
    *,
    data_set: str,
    seed: int = 0,
    seconds: float = LONGEST_S,
    versions: str = "",
) -> Fingerprint:
    """Return the fingerprint of train and validation samples; test samples never come here.

    Nothing is started once `seconds` are used up: what is missing then says so in its status. With
    less than `EMBEDDING_S` there is no embedding, and torch is not imported.
    """
    started = time.monotonic()
    if seconds >= EMBEDDING_S:
        # Beside the features, which are computed outside of Python most of the time.
        threading.Thread(target=embedding.load, daemon=True).start()
    material = prepare(samples, task, seed=seed, megapixels=_MEGAPIXELS_A_SECOND * seconds)
    cost = {"sample": time.monotonic() - started}
    values: dict[str, float] = {}
    status: dict[str, str] = {}
    for name in FEATURES:
        begun = time.monotonic()
        if begun - started > seconds:
            status[name] = _LATE
            continue
        status[name] = _measure(name, material, values)
        cost[name] = time.monotonic() - begun
    embedded: tuple[float, ...] = ()
    if seconds < EMBEDDING_S:
        status["embedding"] = SHORT
    elif time.monotonic() - started > seconds / 2:
        status["embedding"] = _LATE
    else:
        begun = time.monotonic()
        embedded = _embed(material, seed)
        status["embedding"] = OK if embedded else "there is no image to learn from"
        cost["embedding"] = time.monotonic() - begun
    return Fingerprint(
        data_set=data_set,
        kind=task.kind,
        values=values,
        embedding=embedded,
        status=status,
        seconds={name: round(spent, 4) for name, spent in cost.items()},
        seed=seed,
        images=tuple(view.id for view in material.views),
        versions=versions,
    )


def _measure(name: str, material: Material, values: dict[str, float]) -> str:
    """Put the feature among the values where it can be had; return its status."""
    try:
        value = FEATURES[name](material)
    except DataError as error:
        return f"absent: {error}"
    if not math.isfinite(value):
        return "absent: it is not a finite number for these images"
    values[name] = value
    return OK


def _embed(material: Material, seed: int) -> tuple[float, ...]:
    found = embedding.of([view.image_cyx for view in material.views], seed)
    if len(found) == 0:
        return ()
    # Six digits tell more than two runs on different machines agree on.
    return tuple(round(float(value), 6) for value in found.mean(axis=0))
