"""Where cells and nuclei lie: the exact truth of a simulated picture."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.data.simulate import noise
from core.data.simulate.recipe import Nuclei, Recipe

CLASSES = ("mononuclear", "binuclear")

# A picture of this side holds the recipe's number of cells; others in proportion to their area.
REFERENCE_SIDE_PX = 512
# Placing stops after so many refused positions for each cell aimed at: the picture is full.
TRIES = 40
# Overlap is judged on every fourth pixel; the outlines are drawn on all.
COARSE_PX = 4
# A cell needs at least this share of its drawn size, else its neighbours have grown over it.
LEAST_SHARE = 0.45
# Three in four cells are put against a neighbour, as in a dense culture.
TOUCHING = 0.75
# Distances of the two nuclei of a cell, from centre to centre: nuclei are 18 to 23 px long.
TOUCHING_PX = (15.0, 19.0)
APART_PX = (24.0, 46.0)


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
class Cell:
    """One cardiomyocyte."""

    id: int
    angle: float
    nuclei: tuple[Nucleus, ...]

    @property
    def class_name(self) -> str:
        """Return the class that follows from the number of nuclei."""
        return CLASSES[len(self.nuclei) - 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A specimen before any light falls on it."""

    labels_yx: NDArray[np.int32]
    cells: tuple[Cell, ...]
    strangers: tuple[Nucleus, ...] = field(default_factory=tuple)
    """Nuclei that belong to no cardiomyocyte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outline:
    y: float
    x: float
    half_length_px: float
    half_width_px: float
    angle: float
    binuclear: bool


def scene(recipe: Recipe, treatment: str, side_px: int, rng: np.random.Generator) -> Scene:
    """Return a specimen: cells, their nuclei, and other cells' nuclei."""
    outlines = _place(recipe, treatment, side_px, rng)
    labels, kept = _draw(recipe, outlines, side_px, rng)
    cells = tuple(
        Cell(
            id=index,
            angle=outline.angle,
            nuclei=_nuclei(recipe, outline, labels == index, (labels > 0) & (labels != index), rng),
        )
        for index, outline in enumerate(kept, start=1)
    )
    return Scene(
        labels_yx=labels,
        cells=cells,
        strangers=_strangers(recipe, labels, rng),
    )


def _place(
    recipe: Recipe, treatment: str, side_px: int, rng: np.random.Generator
) -> list[_Outline]:
    """Return outlines that overlap a little at most; the picture's cells mostly lie alike."""
    wanted = round(rng.uniform(*recipe.cells.count) * (side_px / REFERENCE_SIDE_PX) ** 2)
    main_angle = rng.uniform(0, np.pi)
    grid = np.mgrid[0:side_px:COARSE_PX, 0:side_px:COARSE_PX].astype(np.float32)
    taken = np.zeros(grid.shape[1:], bool)
    placed: list[_Outline] = []
    for _ in range(TRIES * max(wanted, 1)):
        if len(placed) >= max(wanted, 1):
            break
        outline = _random_outline(recipe, treatment, side_px, main_angle, rng)
        inside = _level(grid[0], grid[1], outline, recipe.cells.bluntness) < 1
        share = (inside & taken).sum() / max(inside.sum(), 1)
        lonely = share == 0 and bool(placed) and rng.random() < TOUCHING
        if share <= recipe.cells.overlap and not lonely:
            placed.append(outline)
            taken |= inside
    return placed


def _random_outline(
    recipe: Recipe,
    treatment: str,
    side_px: int,
    main_angle: float,
    rng: np.random.Generator,
) -> _Outline:
    cells = recipe.cells
    binuclear = bool(rng.random() < recipe.binuclear_share[treatment])
    spread = 0.4 if rng.random() < 0.75 else np.pi
    margin = min(cells.half_width_px[0], side_px / 4)  # cut cells keep room for their nuclei
    return _Outline(
        y=rng.uniform(margin, side_px - margin),
        x=rng.uniform(margin, side_px - margin),
        half_length_px=rng.uniform(*cells.half_length_px)
        * (cells.binuclear_growth if binuclear else 1),
        half_width_px=rng.uniform(*cells.half_width_px),
        angle=main_angle + rng.normal(0, spread),
        binuclear=binuclear,
    )


def _level(
    y: NDArray[np.float32], x: NDArray[np.float32], outline: _Outline, bluntness: float
) -> NDArray[np.float32]:
    """Return below 1 inside the outline, growing outwards: the norm of a superellipse."""
    along, across = _turned(y - outline.y, x - outline.x, outline.angle)
    level: NDArray[np.float32] = (
        np.abs(along / outline.half_length_px) ** bluntness
        + np.abs(across / outline.half_width_px) ** bluntness
    )
    return level


def _turned(
    y: NDArray[np.float32], x: NDArray[np.float32], angle: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the coordinates along and across a direction."""
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return x * cosine + y * sine, y * cosine - x * sine


def _draw(
    recipe: Recipe, outlines: list[_Outline], side_px: int, rng: np.random.Generator
) -> tuple[NDArray[np.int32], list[_Outline]]:
    """Return the label map, ids 1..n, and the outlines that are left; contact lines are shared."""
    from scipy.ndimage import label

    shape = (side_px, side_px)
    y, x = np.mgrid[0:side_px, 0:side_px].astype(np.float32)
    y += recipe.cells.wobble_px * noise.smooth(shape, 28, rng)
    x += recipe.cells.wobble_px * noise.smooth(shape, 28, rng)
    best = np.ones(shape, np.float32)
    owner = np.zeros(shape, np.int32)
    for index, outline in enumerate(outlines, start=1):
        window = _window(outline.y, outline.x, 1.5 * outline.half_length_px, side_px)
        level = _level(y[window], x[window], outline, recipe.cells.bluntness)
        nearer = level < best[window]
        best[window][nearer] = level[nearer]
        owner[window][nearer] = index
    labels = np.zeros(shape, np.int32)
    kept: list[_Outline] = []
    for index, outline in enumerate(outlines, start=1):
        window = _window(outline.y, outline.x, 1.5 * outline.half_length_px, side_px)
        parts, _ = label(owner[window] == index)
        area = np.bincount(parts.ravel())
        if len(area) < 2:
            continue
        largest = int(area[1:].argmax()) + 1
        if area[largest] >= LEAST_SHARE * np.pi * outline.half_length_px * outline.half_width_px:
            kept.append(outline)
            labels[window][parts == largest] = len(kept)
    return labels, kept


def _window(y: float, x: float, reach_px: float, side_px: int) -> tuple[slice, slice]:
    top, left = max(int(y - reach_px), 0), max(int(x - reach_px), 0)
    return (
        slice(top, min(int(y + reach_px) + 1, side_px)),
        slice(left, min(int(x + reach_px) + 1, side_px)),
    )


def _nuclei(
    recipe: Recipe,
    outline: _Outline,
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
    nuclei: Nuclei, outline: _Outline, places: NDArray[np.float64], rng: np.random.Generator
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
    places: NDArray[np.float64], outline: _Outline, rng: np.random.Generator
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


def _strangers(
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
