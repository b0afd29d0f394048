"""How much work a pipeline is on a data set and machine, from sizes alone."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.autokonfig.design import anatomy, tile_pixels, zoom
from core.autokonfig.table import Table
from core.records import Fingerprint, Pipeline, RunRow

# Without any run. Measured on two cores of a server: steps of a slim U-Net, a LinkNet and a
# classifier are told within a fifth by 7e10 products a second and core, where a value between
# layers (read, normalised, written) counts as 400 products. Other machines differ tenfold.
_PRODUCTS_A_SECOND = {"cpu": 7e10, "cuda": 7e12, "mps": 7e11}
_PRODUCTS_A_VALUE = 400
# A training step goes forward once and back at twice the cost.
_PASSES = 3

# Cores share memory: ten bring six to eight times the speed of one.
_CORES_POWER = 0.85

# Interpreter, torch and the images, in GiB, and what a value between layers takes: measured on
# the same three networks, within a twentieth.
_BASE_GIB = {"cpu": 1.0, "cuda": 0.1, "mps": 1.0}
_BYTES_A_VALUE = 7.6
# A parameter comes with gradient, two moments and an average.
_BYTES_A_PARAMETER = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One pipeline on one data set and machine."""

    pipeline: Pipeline
    fingerprint: Fingerprint | None
    batch: int
    device: str
    cores: int

    @property
    def pixels(self) -> float:
        """Return the pixels of one batch."""
        return self.batch * tile_pixels(self.pipeline, self.fingerprint)


def of_run(row: RunRow, table: Table) -> Case:
    """Return the case of a recorded run."""
    pipeline = table.pool[row.pipeline]
    cores = re.search(r"(\d+) cores", row.hardware)
    return Case(
        pipeline=pipeline,
        fingerprint=table.fingerprints.get(row.subject),
        batch=row.batch or pipeline.training.batch,
        device=(row.hardware.split() or ["cpu"])[0].rstrip("0123456789"),
        cores=int(cores.group(1)) if cores else 1,
    )


def sizes(cases: Sequence[Case]) -> NDArray[np.float64]:
    """Return what a cost can only grow with, on the log scale."""
    sizes = [(anatomy(case.pipeline), case.pixels) for case in cases]
    plain: NDArray[np.float64] = np.array(
        [
            (one.products_per_pixel, one.activations_per_pixel, one.parameters, pixels)
            for one, pixels in sizes
        ]
    )
    return np.log(plain)


def _step_guess(case: Case) -> float:
    return _PASSES * _work(case.pipeline) * case.pixels / _speed(case)


def _megapixel_guess(case: Case) -> float:
    seen = 1e6 * zoom(case.pipeline, case.fingerprint) ** 2
    return _work(case.pipeline) * seen / _speed(case)


def _work(pipeline: Pipeline) -> float:
    """Return the products that one pixel's way through the network is worth."""
    size = anatomy(pipeline)
    return size.products_per_pixel + _PRODUCTS_A_VALUE * size.activations_per_pixel


def _speed(case: Case) -> float:
    """Return products a second; a card's do not hang on the cores."""
    cores = case.cores**_CORES_POWER if case.device == "cpu" else 1.0
    return float(_PRODUCTS_A_SECOND.get(case.device, _PRODUCTS_A_SECOND["cpu"]) * cores)


def _memory_guess(case: Case) -> float:
    size = anatomy(case.pipeline)
    values = size.activations_per_pixel * case.pixels * _BYTES_A_VALUE
    return (
        _BASE_GIB.get(case.device, 0.75) + (values + size.parameters * _BYTES_A_PARAMETER) / 2**30
    )


GUESSES: dict[str, tuple[Callable[[Case], float], float]] = {
    "step": (_step_guess, 4.0),
    "memory": (_memory_guess, 1.5),
    "megapixel": (_megapixel_guess, 4.0),
}
"""Figure -> first guess, and the factor it may be off on a device nobody measured."""
