"""What varied objects look like: brightness, texture, rims, surroundings, colour, camera."""

import numpy as np
from numpy.typing import NDArray

from core.data.simulate import noise
from core.data.simulate.varied import shapes

Plane = NDArray[np.float32]
Labels = NDArray[np.int32]

# Of pictures in colour, so many are stained like a tissue section, dark on bright.
STAINED = 0.55
# Light that passes each of two stains, red, green, blue, as in H&E; varied for each picture.
NUCLEAR_STAIN = (0.65, 0.70, 0.29)
TISSUE_STAIN = (0.07, 0.99, 0.11)


def grey(labels_yx: Labels, diameter_px: float, rng: np.random.Generator) -> Plane:
    """Return a picture of one channel in [0, 1]: objects brighter or darker than what is around."""
    bodies = _bodies(labels_yx, diameter_px, rng)
    contrast = float(np.exp(rng.uniform(np.log(0.15), np.log(1.2))))
    ground = _ground(labels_yx.shape, diameter_px, contrast, rng)
    sign = 1.0 if rng.random() < 0.65 else -1.0
    return camera(ground + sign * contrast * bodies, contrast, rng)


def coloured(labels_yx: Labels, diameter_px: float, rng: np.random.Generator) -> Plane:
    """Return a picture in colour (3,Y,X) in [0, 1]: stained, or of any two colours."""
    bodies = _bodies(labels_yx, diameter_px, rng)
    ground = _ground(labels_yx.shape, diameter_px, 0.6, rng)
    if rng.random() < STAINED:
        seen = _stained(bodies, ground, diameter_px, rng)
    else:
        colours = rng.uniform(0, 1, (2, 3, 1, 1)).astype(np.float32)
        mixed = np.clip(bodies * rng.uniform(0.4, 1), 0, 1)
        seen = colours[0] * (0.6 + ground) * (1 - mixed) + colours[1] * mixed
    return camera(seen.astype(np.float32), 0.5, rng)


def camera(seen: Plane, contrast: float, rng: np.random.Generator) -> Plane:
    """Return what a camera makes of it: blurred, unevenly lit, noisy; scaled to [0, 1].

    Objects that differ by `contrast` from what is around them stay visible.
    """
    from scipy.ndimage import gaussian_filter

    blur = float(rng.choice([0.0, rng.uniform(0.4, 1.2), rng.uniform(1.0, 2.5)], p=[0.3, 0.5, 0.2]))
    if blur:
        seen = gaussian_filter(seen, (0,) * (seen.ndim - 2) + (blur, blur))
    shape_yx = (seen.shape[-2], seen.shape[-1])
    shade = rng.uniform(0, 0.3) * contrast
    lit = seen + shade * noise.smooth(shape_yx, 0.6 * shape_yx[0], rng)
    grain = rng.uniform(0, 0.25) * contrast if rng.random() < 0.7 else 0.0
    noisy = lit + grain * rng.standard_normal(seen.shape)
    low, high = np.percentile(noisy, (0.1, 99.9))
    bright = np.clip((noisy - low) / max(float(high - low), 1e-6), 0, 1)
    return np.asarray(bright ** rng.uniform(0.6, 1.6), np.float32)


def _bodies(labels_yx: Labels, diameter_px: float, rng: np.random.Generator) -> Plane:
    """Return the objects' own light, about 1 inside and 0 outside."""
    depth = _depth(labels_yx)
    count = int(labels_yx.max(initial=0)) + 1
    own = np.exp(rng.normal(0, rng.uniform(0.02, 0.45), count)).astype(np.float32)
    own[0] = 0.0
    profile = rng.choice(["flat", "dome", "ring", "rim"], p=[0.4, 0.25, 0.15, 0.2])
    radius = diameter_px / 2
    light: Plane = np.ones(labels_yx.shape, np.float32)
    if profile == "dome":
        light = (np.clip(depth / radius, 0, 1) ** rng.uniform(0.3, 1.0)).astype(np.float32)
    elif profile == "ring":
        width = rng.uniform(0.08, 0.3) * diameter_px + 1
        light = (rng.uniform(-0.2, 0.4) + np.exp(-depth / width)).astype(np.float32)
    elif profile == "rim":
        light = (
            1 - rng.uniform(-0.8, 1.2) * np.exp(-((depth / (0.06 * diameter_px + 1)) ** 2))
        ).astype(np.float32)
    texture = rng.uniform(0, 0.3) * noise.smooth(
        labels_yx.shape, max(2.0, rng.uniform(0.08, 0.5) * diameter_px), rng
    )
    bodies = own[labels_yx] * light * (1 + texture)
    if rng.random() < 0.2:
        # A halo around, or a shadow, as in phase contrast.
        bodies = bodies + rng.uniform(-0.5, 0.5) * _halo(labels_yx, diameter_px)
    return np.asarray(bodies, np.float32)


def _depth(labels_yx: Labels) -> Plane:
    """Return each object pixel's distance to what is not its object, in pixels; 0 outside."""
    from scipy.ndimage import distance_transform_edt

    padded = np.pad(labels_yx, 1, mode="edge")
    inside = labels_yx > 0
    for rows, columns in ((slice(0, -2), slice(1, -1)), (slice(1, -1), slice(0, -2))):
        inside &= padded[rows, columns] == labels_yx
    return np.asarray(distance_transform_edt(inside) + (labels_yx > 0), np.float32)


def _halo(labels_yx: Labels, diameter_px: float) -> Plane:
    from scipy.ndimage import distance_transform_edt

    outside = distance_transform_edt(labels_yx == 0)
    halo = np.exp(-outside / max(1.0, 0.1 * diameter_px)) * (labels_yx == 0)
    return np.asarray(halo, np.float32)


def _ground(
    shape_yx: tuple[int, ...], diameter_px: float, contrast: float, rng: np.random.Generator
) -> Plane:
    """Return what lies around and below: texture of two sizes, and things that are no objects."""
    rows, columns = shape_yx[0], shape_yx[1]
    ground = np.full((rows, columns), rng.uniform(0.0, 0.5), np.float32)
    for period in (rng.uniform(2, 10), rng.uniform(0.5, 4) * diameter_px):
        if rng.random() < 0.6:
            strength = rng.uniform(0, 0.25) * contrast
            ground += strength * noise.smooth((rows, columns), max(2.0, period), rng)
    if rng.random() < 0.3:
        fine = shapes.crowd(max(3.0, 0.25 * diameter_px), rng)
        litter = shapes.scattered((rows, columns), fine, rng) > 0
        ground += rng.uniform(-0.5, 0.5) * contrast * litter
    if rng.random() < 0.3:
        # Fibres: where a smooth field crosses zero.
        field = noise.smooth((rows, columns), 2 * diameter_px, rng)
        fibres = np.exp(-((field / rng.uniform(0.05, 0.3)) ** 2))
        ground += rng.uniform(-0.5, 0.5) * contrast * fibres
    return ground


def _stained(bodies: Plane, ground: Plane, diameter_px: float, rng: np.random.Generator) -> Plane:
    """Return light that passed two stains: Beer and Lambert's law for three colours."""
    nuclear = np.array(NUCLEAR_STAIN) + rng.normal(0, 0.12, 3)
    tissue = np.array(TISSUE_STAIN) + rng.normal(0, 0.12, 3)
    amount = rng.uniform(0.3, 1.5) * np.clip(bodies, 0, None)
    around = rng.uniform(0.1, 0.6) + rng.uniform(0.2, 1.0) * (ground - ground.mean())
    holes = noise.smooth(ground.shape, rng.uniform(1, 4) * diameter_px, rng)
    around = np.clip(around, 0.02, None) * (holes > rng.uniform(-3, -0.5))
    passed = [np.exp(-amount * one - around * other)
              for one, other in zip(np.abs(nuclear), np.abs(tissue), strict=True)]  # fmt: skip
    return np.stack(passed).astype(np.float32)
