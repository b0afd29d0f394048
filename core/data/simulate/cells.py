"""Where cells and nuclei lie: the exact truth of a simulated picture."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.data.simulate import noise, nuclei
from core.data.simulate.nuclei import Nucleus, Outline
from core.data.simulate.recipe import REFERENCE_SIDE_PX, Recipe

CLASSES = ("mononuclear", "binuclear")

# Placing stops after so many refused positions for each cell aimed at: the picture is full.
TRIES = 40
# Overlap is judged on every fourth pixel; the outlines are drawn on all.
COARSE_PX = 4
# A cell needs at least this share of its drawn size, else its neighbours have grown over it.
LEAST_SHARE = 0.45
# Three in four cells are put against a neighbour, as in a dense culture.
TOUCHING = 0.75


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


def scene(recipe: Recipe, treatment: str, side_px: int, rng: np.random.Generator) -> Scene:
    """Return a specimen: cells, their nuclei, and other cells' nuclei."""
    outlines = _place(recipe, treatment, side_px, rng)
    labels, kept = _draw(recipe, outlines, side_px, rng)
    cells = tuple(
        Cell(
            id=index,
            angle=outline.angle,
            nuclei=nuclei.of_cell(
                recipe, outline, labels == index, (labels > 0) & (labels != index), rng
            ),
        )
        for index, outline in enumerate(kept, start=1)
    )
    return Scene(
        labels_yx=labels,
        cells=cells,
        strangers=nuclei.strangers(recipe, labels, rng),
    )


def _place(recipe: Recipe, treatment: str, side_px: int, rng: np.random.Generator) -> list[Outline]:
    """Return outlines that overlap a little at most; the picture's cells mostly lie alike."""
    wanted = round(rng.uniform(*recipe.cells.count) * (side_px / REFERENCE_SIDE_PX) ** 2)
    main_angle = rng.uniform(0, np.pi)
    grid = np.mgrid[0:side_px:COARSE_PX, 0:side_px:COARSE_PX].astype(np.float32)
    taken = np.zeros(grid.shape[1:], bool)
    placed: list[Outline] = []
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
) -> Outline:
    cells = recipe.cells
    binuclear = bool(rng.random() < recipe.binuclear_share[treatment])
    spread = 0.4 if rng.random() < 0.75 else np.pi
    margin = min(cells.half_width_px[0], side_px / 4)  # cut cells keep room for their nuclei
    return Outline(
        y=rng.uniform(margin, side_px - margin),
        x=rng.uniform(margin, side_px - margin),
        half_length_px=rng.uniform(*cells.half_length_px)
        * (cells.binuclear_growth if binuclear else 1),
        half_width_px=rng.uniform(*cells.half_width_px),
        angle=main_angle + rng.normal(0, spread),
        binuclear=binuclear,
    )


def _level(
    y: NDArray[np.float32], x: NDArray[np.float32], outline: Outline, bluntness: float
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
    recipe: Recipe, outlines: list[Outline], side_px: int, rng: np.random.Generator
) -> tuple[NDArray[np.int32], list[Outline]]:
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
    kept: list[Outline] = []
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
