"""Where objects lie and what outline they have: the exact truth of a varied picture."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.data.simulate import noise

Labels = NDArray[np.int32]

# Of an object less than this share in view, or left free by others, nothing is drawn.
LEAST_VISIBLE = 0.5
# Tries for one object: a crowded picture has no room for more.
TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """What the objects of one picture have in common."""

    diameter_px: float
    """Median equivalent diameter."""
    spread: float
    """Standard deviation of the diameter's logarithm."""
    aspect: tuple[float, float]
    """Least and largest length over width."""
    bumps: float
    """Largest relative departure of the outline from an ellipse."""
    bend: float
    """Largest curvature of long objects: departure over half their length."""
    coverage: float
    """Share of the picture that objects should cover."""
    gathered: float
    """Share of the objects that are put beside another one."""


def crowd(diameter_px: float, rng: np.random.Generator) -> Crowd:
    """Return objects of one kind: round, irregular, or rods; scattered or crowded."""
    kind = rng.choice(["round", "irregular", "rods"], p=[0.5, 0.35, 0.15])
    crowded = rng.random() < 0.5
    return Crowd(
        diameter_px=diameter_px,
        spread=rng.uniform(0.05, 0.4),
        aspect=(2.0, 5.0) if kind == "rods" else (1.0, rng.uniform(1.2, 2.2)),
        bumps=rng.uniform(0.1, 0.3) if kind == "irregular" else rng.uniform(0, 0.08),
        bend=rng.uniform(0, 0.35) if kind == "rods" else 0.0,
        coverage=rng.uniform(0.25, 0.6) if crowded else rng.uniform(0.03, 0.25),
        gathered=rng.uniform(0.4, 0.95) if crowded else rng.uniform(0, 0.4),
    )


def scattered(shape_yx: tuple[int, int], crowd: Crowd, rng: np.random.Generator) -> Labels:
    """Return object ids 1..N of objects put down one after the other; they touch, none overlap."""
    labels = np.zeros(shape_yx, np.int32)
    placed: list[tuple[float, float, float]] = []
    wanted = crowd.coverage * labels.size
    covered, number = 0, 0
    most = 1 + int(TRIES * wanted / (0.785 * crowd.diameter_px**2))
    for _ in range(most):
        if covered >= wanted:
            break
        radius = 0.5 * crowd.diameter_px * float(np.exp(rng.normal(0, crowd.spread)))
        y, x = _place(shape_yx, placed, radius, crowd, rng)
        window, inside = _outline(shape_yx, (y, x), radius, crowd, rng)
        free = inside & (labels[window] == 0)
        if free.sum() < max(LEAST_VISIBLE * inside.sum(), 6):
            continue
        number += 1
        labels[window][free] = number
        covered += int(free.sum())
        placed.append((y, x, radius))
    return labels


def tiled(shape_yx: tuple[int, int], diameter_px: float, rng: np.random.Generator) -> Labels:
    """Return object ids 1..N of cells that fill the plane like a tissue, some missing."""
    from scipy.spatial import cKDTree

    rows, columns = shape_yx
    count = max(2, round(1.3 * rows * columns / diameter_px**2))
    reach = diameter_px
    centres = rng.uniform((-reach, -reach), (rows + reach, columns + reach), (2 * count, 2))
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    waves = rng.uniform(0, 0.18) * diameter_px
    y += waves * noise.smooth(shape_yx, diameter_px / 2, rng)
    x += waves * noise.smooth(shape_yx, diameter_px / 2, rng)
    found = cKDTree(centres).query(np.stack([y, x], axis=-1).reshape(-1, 2), k=2)
    distances, owners = np.asarray(found[0]), np.asarray(found[1])
    nearest = owners[:, 0].reshape(shape_yx)
    gap = rng.uniform(0, 0.12) * diameter_px
    apart = (distances[:, 1] - distances[:, 0]).reshape(shape_yx)
    present = rng.random(len(centres)) < rng.uniform(0.4, 1)
    ids = np.where(present[nearest] & (apart > gap), nearest + 1, 0)
    _, labels = np.unique(ids, return_inverse=True)
    first = 0 if (ids == 0).any() else 1
    return np.asarray(labels.reshape(shape_yx) + first, np.int32)


def _place(
    shape_yx: tuple[int, int],
    placed: list[tuple[float, float, float]],
    radius: float,
    crowd: Crowd,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Return a centre: anywhere, or beside an object that is there already."""
    if placed and rng.random() < crowd.gathered:
        y, x, other = placed[int(rng.integers(len(placed)))]
        angle, far = rng.uniform(0, 2 * np.pi), (radius + other) * rng.uniform(0.85, 1.15)
        return y + far * float(np.sin(angle)), x + far * float(np.cos(angle))
    return float(rng.uniform(0, shape_yx[0])), float(rng.uniform(0, shape_yx[1]))


def _outline(
    shape_yx: tuple[int, int],
    centre_yx: tuple[float, float],
    radius: float,
    crowd: Crowd,
    rng: np.random.Generator,
) -> tuple[tuple[slice, slice], NDArray[np.bool_]]:
    """Return a window of the picture and which of its pixels lie inside one object."""
    aspect = rng.uniform(*crowd.aspect)
    half_length, half_width = radius * aspect**0.5, radius / aspect**0.5
    reach = int(np.ceil(1.3 * half_length)) + 1
    window = tuple(_window(centre_yx, shape_yx, reach))
    y, x = np.mgrid[window]
    y, x = y - centre_yx[0], x - centre_yx[1]
    angle = rng.uniform(0, 2 * np.pi)
    along = (x * np.cos(angle) + y * np.sin(angle)) / half_length
    across = (y * np.cos(angle) - x * np.sin(angle)) / half_width
    across = across + crowd.bend * rng.uniform(-1, 1) * aspect * (along**2 - 0.5)
    turn, far = np.arctan2(across, along), np.hypot(along, across)
    limit = np.ones_like(far)
    for order in range(2, 6):
        height = crowd.bumps * rng.uniform(-1, 1) / (order - 1)
        limit += height * np.cos(order * turn + rng.uniform(0, 2 * np.pi))
    return (window[0], window[1]), far <= limit


def _window(
    centre_yx: tuple[float, float], shape_yx: tuple[int, int], reach: int
) -> Iterator[slice]:
    for centre, side in zip(centre_yx, shape_yx, strict=True):
        first = min(max(int(centre) - reach, 0), side)
        yield slice(first, max(min(int(centre) + reach + 1, side), first))
