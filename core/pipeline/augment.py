"""Random tiles: cut, turned, scaled and bent in one sampling step, on the training device."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """How far a tile may depart from its picture."""

    turn: bool
    """Any angle; else quarter turns only."""
    scale: float
    """Largest factor of magnification, and of its inverse."""
    bend_px: float
    """Largest elastic displacement."""
    gain: float
    """Largest relative change of each channel's contrast."""
    offset: float
    """Largest shift of each channel's brightness (the input spans about [-1, 1])."""
    noise: float
    """Largest standard deviation of added noise."""
    blur: float
    """Share of tiles that are smoothed."""


def identity_grid(shape_yx: tuple[int, int], device: torch.device) -> Tensor:
    """Return pixel offsets from a tile's centre, (Y, X, 2) as (x, y)."""
    rows = torch.arange(shape_yx[0], device=device) - (shape_yx[0] - 1) / 2
    columns = torch.arange(shape_yx[1], device=device) - (shape_yx[1] - 1) / 2
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    return torch.stack([x, y], dim=-1)


def warp_grid(offsets: Tensor, strength: Strength, rng: np.random.Generator) -> Tensor:
    """Return the tile's offsets turned, mirrored, scaled and bent at random."""
    angle = rng.uniform(0, 2 * math.pi) if strength.turn else rng.integers(4) * math.pi / 2
    factor = strength.scale ** rng.uniform(-1, 1)
    mirror = 1.0 if rng.random() < 0.5 else -1.0
    cosine, sine = math.cos(angle) / factor, math.sin(angle) / factor
    matrix = torch.tensor(
        [[cosine * mirror, -sine], [sine * mirror, cosine]], device=offsets.device
    )
    warped = offsets @ matrix.T.to(offsets.dtype)
    if strength.bend_px > 0:
        warped = warped + _bend(offsets.shape[:2], strength.bend_px, rng).to(offsets.device)
    return warped


def _bend(shape_yx: torch.Size, reach_px: float, rng: np.random.Generator) -> Tensor:
    """Return a smooth random displacement (Y, X, 2) from a coarse 6 x 6 field."""
    coarse = torch.from_numpy(rng.uniform(-reach_px, reach_px, (1, 2, 6, 6)).astype(np.float32))
    field = functional.interpolate(coarse, shape_yx, mode="bicubic", align_corners=True)
    return field[0].permute(1, 2, 0)


def cut(maps: Tensor, grid_px: Tensor, centre_yx: tuple[float, float], mode: str) -> Tensor:
    """Return the tile of `maps` (k, Y, X) at `centre_yx` along `grid_px`, mirrored at the edges."""
    height, width = maps.shape[1:]
    x = (grid_px[..., 0] + centre_yx[1] + 0.5) * (2 / width) - 1
    y = (grid_px[..., 1] + centre_yx[0] + 0.5) * (2 / height) - 1
    grid = torch.stack([x, y], dim=-1)[None]
    return functional.grid_sample(
        maps[None], grid, mode=mode, padding_mode="reflection", align_corners=False
    )[0]


def cut_directions(flow_2yx: Tensor, grid_px: Tensor, centre_yx: tuple[float, float]) -> Tensor:
    """Return the tile of directions (2, Y, X) as (y, x), each pointing as it does in the tile.

    The nearest pixel's, of its length: interpolation would cancel neighbours' opposite ones.
    """
    found = cut(flow_2yx, grid_px, centre_yx, "nearest")
    y, x = found[0], found[1]
    # Beyond the edges the picture is its own mirror, once back and once forth.
    y = y * (1 - 2 * (((grid_px[..., 1] + centre_yx[0] + 0.5) // flow_2yx.shape[1]) % 2))
    x = x * (1 - 2 * (((grid_px[..., 0] + centre_yx[1] + 0.5) // flow_2yx.shape[2]) % 2))
    # How the picture's place moves with the tile's: solved for the tile's, up to the length.
    (x_down, x_right), (y_down, y_right) = (
        torch.gradient(grid_px[..., axis], dim=(0, 1)) for axis in (0, 1)
    )
    facing = torch.sign(x_right * y_down - x_down * y_right)
    turned = facing * torch.stack([x_right * y - y_right * x, y_down * x - x_down * y])
    return turned * (torch.hypot(y, x) / torch.hypot(turned[0], turned[1]).clamp_min(1e-6))


def recolour(tiles: Tensor, strength: Strength, rng: np.random.Generator) -> Tensor:
    """Return tiles (batch, C, Y, X) with contrast, brightness, noise and blur changed."""
    batch, channels = tiles.shape[:2]
    shape = (batch, channels, 1, 1)

    def draw(reach: float, size: tuple[int, ...] = shape) -> Tensor:
        return torch.from_numpy(rng.uniform(-reach, reach, size).astype(np.float32)).to(
            tiles.device
        )

    # One change common to all channels, one smaller of each: hues shift, but not wildly.
    gain = 1 + draw(strength.gain, (batch, 1, 1, 1)) + 0.4 * draw(strength.gain)
    offset = draw(strength.offset, (batch, 1, 1, 1)) + 0.4 * draw(strength.offset)
    changed = tiles * gain + offset
    if strength.noise > 0:
        generator = torch.Generator(device=tiles.device).manual_seed(int(rng.integers(2**31)))
        noise = torch.randn(tiles.shape, generator=generator, device=tiles.device)
        changed = changed + noise * draw(strength.noise, (batch, 1, 1, 1)).abs()
    chosen = torch.from_numpy(rng.random(batch) < strength.blur).to(tiles.device)
    if bool(chosen.any()):
        smooth = functional.avg_pool2d(
            functional.pad(changed[chosen], (1, 1, 1, 1), mode="replicate"), 3, stride=1
        )
        changed = changed.clone()
        changed[chosen] = smooth
    return changed


STRENGTHS: dict[str, Strength] = {
    "light": Strength(
        turn=False, scale=1.1, bend_px=0, gain=0.1, offset=0.05, noise=0.02, blur=0.0
    ),
    "medium": Strength(
        turn=True, scale=1.25, bend_px=0, gain=0.25, offset=0.15, noise=0.06, blur=0.1
    ),
    "strong": Strength(
        turn=True, scale=1.5, bend_px=6, gain=0.4, offset=0.25, noise=0.12, blur=0.25
    ),
}
