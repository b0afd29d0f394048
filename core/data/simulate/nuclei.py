"""The nuclei: of the cells, and of what else lies between them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.data.simulate.recipe import REFERENCE_SIDE_PX, Nuclei, Recipe

# Distances of the two nuclei of a cell, from centre to centre: nuclei are 20 to 24 px long.
TOUCHING_PX = (19.0, 23.0)
APART_PX = (25.0, 42.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nucleus:
    """An ellipse of stained DNA."""

    y: float
    x: float
    half_length_px: float
    half_width_px: float
    angle: float
    """Of the long axis against the rows, in radians."""
    brightness: float
    spotted: bool = True
    """Whether it shows chromocentres; nuclei of other cell types here do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A cell as it is drawn before its neighbours press on it."""

    y: float
    x: float
    half_length_px: float
    half_width_px: float
    angle: float
    binuclear: bool


def of_cell(
    recipe: Recipe,
    outline: Outline,
    cell: NDArray[np.bool_],
    others: NDArray[np.bool_],
    rng: np.random.Generator,
) -> tuple[Nucleus, ...]:
    """Return one nucleus or two, wholly inside the visible part of the cell."""
    nuclei = recipe.nuclei
    places = _inside(cell, max(nuclei.half_width_px) + 1)
    if outline.binuclear:
        pair = _two_places(nuclei, outline, places, rng)
        if pair is not None:
            return tuple(_nucleus(nuclei, place, outline.angle, rng) for place in pair)
    large = 2**0.5 if rng.random() < nuclei.large_share else 1.0
    if rng.random() < nuclei.near_neighbour_share and others.any():
        place = _nearest_to(others, places)
    else:
        place = _central(places, outline, rng)
    return (_nucleus(nuclei, place, outline.angle, rng, large),)


def _inside(cell: NDArray[np.bool_], depth_px: float) -> NDArray[np.float64]:
    """Return (n, 2) pixels at least so deep inside the cell, or its deepest pixels."""
    from scipy.ndimage import distance_transform_edt

    rows, columns = np.flatnonzero(cell.any(axis=1)), np.flatnonzero(cell.any(axis=0))
    top, left = rows[0], columns[0]
    window = np.pad(cell[top : rows[-1] + 1, left : columns[-1] + 1], 1)
    depth = distance_transform_edt(window)
    places = np.argwhere(depth >= min(depth_px, 0.9 * depth.max()))
    return np.asarray(places + np.array([top - 1, left - 1]), np.float64)


def _two_places(
    nuclei: Nuclei, outline: Outline, places: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64] | None:
    """Return two places side by side along the cell; None where it is too short for two."""
    pairs = places[rng.integers(0, len(places), (400, 2))]
    apart = np.hypot(*(pairs[:, 0] - pairs[:, 1]).T)
    along = np.abs((pairs[:, 0] - pairs[:, 1]) @ (np.sin(outline.angle), np.cos(outline.angle)))
    touching = rng.random() < nuclei.touching_share
    nearest, farthest = TOUCHING_PX if touching else APART_PX
    fitting = pairs[(apart >= nearest) & (apart <= farthest) & (along >= 0.8 * apart)]
    return fitting[0] if len(fitting) else None


def _nearest_to(others: NDArray[np.bool_], places: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.ndimage import distance_transform_edt

    distance = distance_transform_edt(~others)[tuple(places.astype(int).T)]
    nearest: NDArray[np.float64] = places[distance.argmin()]
    return nearest


def _central(
    places: NDArray[np.float64], outline: Outline, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return a place near a point that scatters around the cell's middle."""
    target = places.mean(axis=0) + rng.normal(0, outline.half_length_px / 5, 2)
    nearest: NDArray[np.float64] = places[np.hypot(*(places - target).T).argmin()]
    return nearest


def _nucleus(
    nuclei: Nuclei,
    place: NDArray[np.float64],
    angle: float,
    rng: np.random.Generator,
    growth: float = 1.0,
) -> Nucleus:
    dim = rng.random() < nuclei.dim_share
    return Nucleus(
        y=float(place[0]),
        x=float(place[1]),
        half_length_px=growth * rng.uniform(*nuclei.half_length_px),
        half_width_px=growth * rng.uniform(*nuclei.half_width_px),
        angle=angle + rng.normal(0, 0.2),
        brightness=rng.uniform(*(nuclei.dim_brightness if dim else nuclei.brightness)),
    )


def strangers(
    recipe: Recipe, labels: NDArray[np.int32], rng: np.random.Generator
) -> tuple[Nucleus, ...]:
    """Return nuclei of other cell types: some on top of cells, some between them."""
    share = labels.size / REFERENCE_SIDE_PX**2
    found = recipe.distractors
    on_cells = round(rng.uniform(*found.on_cells) * share)
    between = round(rng.uniform(*found.between_cells) * share)
    places = [
        *rng.permutation(np.argwhere(labels > 0))[:on_cells],
        *rng.permutation(np.argwhere(labels == 0))[:between],
    ]
    return tuple(
        Nucleus(
            y=float(y),
            x=float(x),
            half_length_px=rng.uniform(*found.half_length_px),
            half_width_px=rng.uniform(*found.half_width_px),
            angle=rng.uniform(0, np.pi),
            brightness=rng.uniform(*found.brightness),
            spotted=False,
        )
        for y, x in places
    )
