"""What microscope and camera make of a specimen."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from core.data.simulate import noise
from core.data.simulate.cells import Scene
from core.data.simulate.nuclei import Nucleus
from core.data.simulate.recipe import REFERENCE_SIDE_PX, Recipe

CHANNELS = ("nuclei", "cell body")

# Rims of nuclei fade over about a pixel: the slice is thicker than the pixel is wide.
NUCLEUS_RIM_PX = 1.0
# Share of the body stain seen through the nuclei's filter.
BLEED_THROUGH = 0.05
# A patch of the picture lies out of focus; there the blur is this much wider.
DEFOCUS = 2.2


def photograph(
    recipe: Recipe, specimen: Scene, photons: float, rng: np.random.Generator
) -> NDArray[np.uint16]:
    """Return `image_cyx` (nuclei, cell body) in camera numbers.

    `photons` is what a cell of brightness 1 sends to one pixel.
    """
    shape = specimen.labels_yx.shape
    own = [nucleus for cell in specimen.cells for nucleus in cell.nuclei]
    body = _body(recipe, specimen, rng)
    body *= 1 - recipe.light.nucleus_shadow * np.minimum(_stain(shape, own, rng, flat=True), 1)
    nuclei = _stain(shape, [*own, *specimen.strangers], rng)
    _litter(recipe, nuclei, body, rng)
    nuclei += BLEED_THROUGH * body
    return np.stack([_camera(recipe, plane, photons, rng) for plane in (nuclei, body)])


def _body(recipe: Recipe, specimen: Scene, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the body stain: striated along each cell, uneven, darker at every rim."""
    light, labels = recipe.light, specimen.labels_yx
    count = len(specimen.cells) + 1
    brightness = np.exp(rng.normal(0, light.cell_brightness, count)).astype(np.float32)
    brightness[0] = 0.0
    angles = np.array([0.0, *(cell.angle for cell in specimen.cells)]) + rng.normal(0, 0.1, count)
    y, x = np.mgrid[0 : labels.shape[0], 0 : labels.shape[1]].astype(np.float32)
    along = (
        x * np.cos(angles, dtype=np.float32)[labels] + y * np.sin(angles, dtype=np.float32)[labels]
    )
    along += 1.5 * noise.smooth(labels.shape, 24, rng)
    period_px = light.striation_um / recipe.pixel_size_um
    bands = np.cos(along * np.float32(2 * np.pi / period_px))
    visible = np.clip(0.6 + 0.5 * noise.smooth(labels.shape, 40, rng), 0, 1)
    texture = (
        1 + 0.16 * noise.smooth(labels.shape, 18, rng) + 0.12 * noise.smooth(labels.shape, 5, rng)
    )
    body = brightness[labels] * texture * (1 + light.striation_contrast * visible * bands)
    return np.asarray(np.maximum(body * _rim(recipe, labels, rng), 0), np.float32)


def _rim(
    recipe: Recipe, labels: NDArray[np.int32], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return the share of light left near the cells' rims, in (0, 1]."""
    from scipy.ndimage import distance_transform_edt

    differs = np.zeros(labels.shape, bool)
    differs[1:] |= labels[1:] != labels[:-1]
    differs[:-1] |= labels[1:] != labels[:-1]
    differs[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    differs[:, :-1] |= labels[:, 1:] != labels[:, :-1]
    distance = distance_transform_edt(~differs).astype(np.float32)
    least, most = recipe.light.gap_depth
    varied = np.clip(0.5 + 0.4 * noise.smooth(labels.shape, 30, rng), 0, 1)
    depth = least + (most - least) * varied
    return np.asarray(1 - depth * np.exp(-((distance / recipe.light.gap_px) ** 2)), np.float32)


def _stain(
    shape_yx: tuple[int, ...],
    nuclei: Iterable[Nucleus],
    rng: np.random.Generator,
    flat: bool = False,
) -> NDArray[np.float32]:
    """Return the DNA stain of nuclei; `flat` gives their outlines alone, 1 inside."""
    plane = np.zeros(shape_yx, np.float32)
    for nucleus in nuclei:
        reach = int(nucleus.half_length_px + 4)
        top, left = max(int(nucleus.y) - reach, 0), max(int(nucleus.x) - reach, 0)
        window = (slice(top, int(nucleus.y) + reach + 1), slice(left, int(nucleus.x) + reach + 1))
        rows, columns = plane[window].shape
        y, x = np.mgrid[top : top + rows, left : left + columns] - np.reshape(
            (nucleus.y, nucleus.x), (2, 1, 1)
        )
        cosine, sine = np.cos(nucleus.angle), np.sin(nucleus.angle)
        along, across = x * cosine + y * sine, y * cosine - x * sine
        radius = np.hypot(along / nucleus.half_length_px, across / nucleus.half_width_px)
        outline = 1 / (1 + np.exp((radius - 1) * nucleus.half_width_px / (NUCLEUS_RIM_PX / 2)))
        if flat:
            plane[window] += outline
        else:
            plane[window] += nucleus.brightness * outline * _chromatin(nucleus, along, across, rng)
    return plane


def _chromatin(
    nucleus: Nucleus,
    along: NDArray[np.float64],
    across: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Return the texture inside a nucleus: uneven, with a few bright chromocentres."""
    texture = 0.85 + 0.1 * noise.smooth(along.shape, 5, rng).astype(np.float64)
    if nucleus.spotted:
        for _ in range(rng.integers(4, 8)):
            turn, radius = rng.uniform(0, 2 * np.pi), np.sqrt(rng.uniform(0, 0.6))
            far = (along - radius * nucleus.half_length_px * np.cos(turn)) ** 2 + (
                across - radius * nucleus.half_width_px * np.sin(turn)
            ) ** 2
            texture += rng.uniform(0.25, 0.6) * np.exp(-far / (2 * 1.3**2))
    return texture


def _litter(
    recipe: Recipe,
    nuclei: NDArray[np.float32],
    body: NDArray[np.float32],
    rng: np.random.Generator,
) -> None:
    """Add debris to both planes, and nuclei of other depths as faint clouds."""
    share = nuclei.size / REFERENCE_SIDE_PX**2
    for _ in range(round(rng.uniform(*recipe.distractors.specks) * share)):
        place, size = rng.uniform(0, nuclei.shape), rng.uniform(0.9, 2.2)
        _add_spot(nuclei, place, size, rng.uniform(0.8, 2.5))
        if rng.random() < 0.5:
            _add_spot(body, place + rng.normal(0, 1, 2), 1.5 * size, rng.uniform(0.8, 2.5))
    for _ in range(round(rng.uniform(*recipe.distractors.out_of_focus) * share)):
        place = rng.uniform(0, nuclei.shape)
        _add_spot(nuclei, place, rng.uniform(8, 14), rng.uniform(0.15, 0.4))
        _add_spot(body, place, rng.uniform(14, 22), rng.uniform(0.1, 0.3))


def _add_spot(
    plane: NDArray[np.float32], place: NDArray[np.float64], size_px: float, brightness: float
) -> None:
    reach = int(4 * size_px) + 1
    top, left = (max(int(value) - reach, 0) for value in place)
    window = (slice(top, int(place[0]) + reach + 1), slice(left, int(place[1]) + reach + 1))
    rows, columns = plane[window].shape
    y = np.arange(top, top + rows) - place[0]
    x = np.arange(left, left + columns) - place[1]
    plane[window] += brightness * np.outer(
        np.exp(-(y**2) / (2 * size_px**2)), np.exp(-(x**2) / (2 * size_px**2))
    )


def _camera(
    recipe: Recipe, plane: NDArray[np.float32], photons: float, rng: np.random.Generator
) -> NDArray[np.uint16]:
    """Return the plane blurred, hazy, unevenly lit and noisy."""
    from scipy.ndimage import gaussian_filter

    light = recipe.light
    blur = rng.uniform(*light.blur_px)
    sharp = gaussian_filter(plane, blur)
    focus = np.clip(0.7 + noise.smooth(plane.shape, plane.shape[0] / 2, rng), 0, 1)
    seen = focus * sharp + (1 - focus) * gaussian_filter(plane, DEFOCUS * blur)
    seen += light.haze * _wide_blur(plane)
    seen += 0.04  # stray light and autofluorescence everywhere
    y, x = np.mgrid[0 : plane.shape[0], 0 : plane.shape[1]].astype(np.float32) / plane.shape[0]
    bright_y, bright_x = rng.uniform(0.2, 0.8, 2)
    far = (y - bright_y) ** 2 + (x - bright_x) ** 2
    seen *= 1 - light.shading * far / far.max()
    counted = light.gain * rng.poisson(seen * photons) + light.offset
    counted += rng.normal(0, light.read_noise, plane.shape)
    return np.asarray(np.clip(np.rint(counted), 0, np.iinfo(np.uint16).max), np.uint16)


def _wide_blur(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the light of other planes; so smooth that every eighth pixel tells enough."""
    from scipy.ndimage import gaussian_filter, zoom

    few = gaussian_filter(gaussian_filter(plane, 4)[::8, ::8], 2.5)
    factor = [side / small for side, small in zip(plane.shape, few.shape, strict=True)]
    return np.asarray(zoom(few, factor, order=1), np.float32)
