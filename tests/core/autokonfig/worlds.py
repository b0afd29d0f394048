"""Made-up libraries whose truth is known."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from core.pipeline.catalogue import POOL
from core.records import DataSetCard, Fingerprint, Kind, Pipeline, RunRow, Snapshot

SAMPLES = 2000


# A pool of a few, so that what these worlds make true does not hang on how many there are.
MOST = 12


def pipelines(kind: Kind = Kind.INSTANCE) -> list[Pipeline]:
    return [one for one in POOL.values() if kind in one.kinds][:MOST]


def small_pool() -> dict[str, Pipeline]:
    return {one.name: one for kind in Kind for one in pipelines(kind)}


def fingerprint(name: str, kind: Kind = Kind.INSTANCE, **values: float) -> Fingerprint:
    usual = {
        "log_images": 1.5,
        "log_objects": 3.0,
        "classes": 1.0 if kind is Kind.INSTANCE else 2.0,
        "channels": 1.0,
        "colour": 0.0,
        "side_px": 512.0,
        "foreground": 0.2,
        "diameter_px": 25.0,
        "diameter_over_tile": 0.1,
        "density": 20.0,
        "touching": 0.3,
        "contrast_to_noise": 50.0,
        "boundary": 1.1,
    }
    return Fingerprint(data_set=name, kind=kind, values=usual | values)


def run(data_set: str, pipeline: str, validation: float | None, **changes) -> RunRow:
    kind = POOL[pipeline].kinds[0]
    batch = POOL[pipeline].training.batch
    plain = RunRow(
        data_set=data_set,
        pipeline=pipeline,
        kind=kind,
        split="s",
        seed=0,
        hardware="cpu 2 cores made-up",
        state="finished",
        samples=SAMPLES,
        validation=validation,
        test=validation,
        seconds=75.0,
        # Fifty seconds of learning, whatever the batch.
        cpu_seconds_per_step=50 / SAMPLES * batch,
        seconds_per_step=50 / SAMPLES * batch,
        peak_memory_gib=1.2,
        seconds_per_megapixel=0.5,
        batch=batch,
        tile_px=256,
        run=f"{data_set}/{pipeline}/0",
    )
    return replace(plain, **changes)


def world(
    score: Callable[[Fingerprint, int], float],
    *,
    data_sets: int = 8,
    kind: Kind = Kind.INSTANCE,
    noise: float = 0.005,
    seed: int = 0,
) -> Snapshot:
    """Return a complete block of `data_sets` whose scores are `score(fingerprint, position)`.

    Data sets differ in the size of objects and in how crowded they are; the first three pipelines
    ran with two seeds.
    """
    random = np.random.default_rng(seed)
    rows, prints, cards = [], [], []
    for index in range(data_sets):
        share = index / max(1, data_sets - 1)
        about = fingerprint(
            f"d{index}",
            kind,
            diameter_px=10 * 10**share,
            diameter_over_tile=0.04 * 10**share,
            density=60 / 10**share,
            touching=float(random.uniform(0, 0.8)),
            side_px=float(random.choice([256, 512, 600])),
            log_images=float(random.uniform(1.2, 2.0)),
            contrast_to_noise=float(np.exp(random.uniform(3, 5))),
        )
        prints.append(about)
        cards.append(DataSetCard(id=f"d{index}", title=f"Data set {index}", kind=kind))
        for position, one in enumerate(pipelines(kind)):
            for repeat in range(2 if position < 3 else 1):
                reached = score(about, position) + float(random.normal(0, noise))
                rows.append(
                    run(
                        f"d{index}",
                        one.name,
                        reached,
                        seed=repeat,
                        run=f"d{index}/{one.name}/{repeat}",
                        curve=((500, reached - 0.1), (1000, reached - 0.05), (2000, reached)),
                    )
                )
    return Snapshot(rows=tuple(rows), fingerprints=tuple(prints), cards=tuple(cards))


def falling(about: Fingerprint, position: int) -> float:
    """The order set by hand is right everywhere: each pipeline 0.02 behind the one before."""
    return 0.85 - 0.02 * position


def by_size(about: Fingerprint, position: int) -> float:
    """Which half of the pool is better depends on the size of the objects alone."""
    small = about.values["diameter_px"] < 30
    good_for_small = position % 2 == 0
    return 0.85 - 0.002 * position - (0.0 if small == good_for_small else 0.2)
