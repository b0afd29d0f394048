"""Small pictures of the ways to read a file, so that a person sees which is right."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from core.data import display, readers, thumbnails
from core.data.axes import ONE_DEPTH, detail, project
from core.data.reading_roles import MOST_CHANNELS
from core.data.readings import asked, offered, paged
from core.records import Reading, Stack

Pixels = NDArray[np.generic]
Thing = TypeVar("Thing")
# No more planes and pixels are looked at: a time series may have thousands.
_MOST_PLANES = 64
_MOST_PIXELS = 200_000_000
_FRAMES = 4
# A gap of a fiftieth of a frame is seen, and takes no room.
_GAP = 1 / 50


def pictures(
    path: Path, stack: Stack, chosen: Sequence[Reading], *, side: int = 256
) -> list[NDArray[np.uint8]]:
    """Return a small picture (rows, columns, 3) of each reading; each plane is opened once.

    Readings that give several images show up to four of them side by side. Of long stacks some
    planes are looked at, evenly spaced. Raises ImageError where the file cannot be read.
    """
    if stack.scenes > 1:
        return [_mounted(_scenes(path, reading), side) for reading in chosen]
    seen = _Planes(path, stack, side)
    return [
        _mounted([seen.page(reading.plane)], side)
        if reading == replace(offered(stack)[-1], plane=reading.plane)
        else _mounted(list(seen.frames(reading)), side)
        for reading in chosen
    ]


class _Planes:
    """Some planes of a stack, made small."""

    def __init__(self, path: Path, stack: Stack, side: int) -> None:
        self._path, self._stack, self._side = path, stack, side
        self._axes = paged(stack)
        told = self._axes or stack.axes
        sides = dict(zip(told, stack.shape, strict=True))
        kept = "YXSC"
        self._lengths = [n for a, n in zip(told, stack.shape, strict=True) if a not in kept]
        self._at = [at for at, a in enumerate(told) if a not in kept]
        budget = min(_MOST_PLANES, max(_FRAMES, _MOST_PIXELS // (sides["Y"] * sides["X"])))
        self._looked_at = _spread(self._lengths, budget)
        self._small: dict[tuple[int, ...], tuple[Pixels, float]] = {}

    def page(self, plane: int) -> Pixels:
        """Return one plane as small (channels, rows, columns)."""
        image_cyx = readers.read(self._path, plane=plane, axes=self._axes).image_cyx
        return _small(image_cyx, self._side)

    def frames(self, reading: Reading) -> Iterator[Pixels]:
        """Yield up to four of the images that the reading gives."""
        letters = [(reading.axes or self._stack.axes)[at] for at in self._at]
        merged = "C" + "Z" * bool(reading.projection)
        own = [place for place, letter in enumerate(letters) if letter not in merged]
        images = list(product(*(self._looked_at[place] for place in own)))
        for image in _evenly(images, _FRAMES):
            fixed = dict(zip(own, image, strict=True))
            yield self._frame(letters, fixed, reading)

    def _frame(self, letters: list[str], fixed: dict[int, int], reading: Reading) -> Pixels:
        channels = [at for at, letter in enumerate(letters) if letter == "C" and at not in fixed]
        if not channels:
            return self._flat(letters, fixed, reading)
        chosen = self._looked_at[channels[0]]
        return np.concatenate(
            [self._flat(letters, {**fixed, channels[0]: channel}, reading) for channel in chosen]
        )

    def _flat(self, letters: list[str], fixed: dict[int, int], reading: Reading) -> Pixels:
        """Return one plane, made of all depths where one axis is left over."""
        depths = [at for at in range(len(letters)) if at not in fixed]
        if not depths:
            return self._plane(fixed)[0]
        if reading.projection == ONE_DEPTH:
            return self._plane({**fixed, depths[0]: reading.depth})[0]
        looks = [self._plane({**fixed, depths[0]: at}) for at in self._looked_at[depths[0]]]
        if reading.projection == "focus":
            return max(looks, key=lambda look: look[1])[0]
        return project((pixels for pixels, _ in looks), reading.projection)

    def _plane(self, place: dict[int, int]) -> tuple[Pixels, float]:
        """Return a plane and how sharp it is."""
        index = tuple(place[at] for at in range(len(self._lengths)))
        if index not in self._small:
            number = int(np.ravel_multi_index(index, self._lengths)) if index else None
            image_cyx = readers.read(self._path, plane=number, axes=self._axes).image_cyx
            self._small[index] = _small(image_cyx, self._side), detail(image_cyx)
        return self._small[index]


def _scenes(path: Path, reading: Reading) -> list[Pixels]:
    """Return up to four of the pictures of a file of several, at their own size."""
    if not reading.each:
        return [readers.read(path, plane=reading.plane).image_cyx]
    count = readers.ask(path, asked(reading, None)).planes
    chosen = _evenly(range(count), _FRAMES)
    return [readers.ask(path, asked(reading, plane)).image_cyx for plane in chosen]


def _mounted(frames: list[Pixels], side: int) -> NDArray[np.uint8]:
    """Return the frames in one picture: one alone, two side by side, four in a square.

    All have the same levels, so that what grows brighter is seen to.
    """
    if len(frames) == 1:
        return thumbnails.preview(frames[0], side=side)
    alike = len({frame.shape for frame in frames}) == 1
    levels = display.levels(np.concatenate(frames, axis=1)) if alike else None
    tiles = [thumbnails.preview(each, side=side // 2, shown=levels) for each in frames]
    rows, columns = (max(tile.shape[at] for tile in tiles) for at in (0, 1))
    lines, gap = -(-len(tiles) // 2), max(1, round(_GAP * max(rows, columns)))
    sheet = np.full((lines * (rows + gap) - gap, 2 * columns + gap, 3), 255, dtype=np.uint8)
    for number, tile in enumerate(tiles):
        top = number // 2 * (rows + gap)
        left = number % 2 * (columns + gap)
        sheet[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
    return sheet


def _small(image_cyx: Pixels, side: int) -> Pixels:
    """Return the channels averaged down, in their own dtype."""
    planes = np.stack([display.small(channel_yx, side) for channel_yx in image_cyx])
    return (np.rint(planes) if image_cyx.dtype.kind in "ui" else planes).astype(image_cyx.dtype)


def _spread(lengths: list[int], budget: int) -> list[list[int]]:
    """Return places on each axis, all together at most about `budget` planes."""
    found: dict[int, list[int]] = {}
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    for done, at in enumerate(order):
        most = max(_FRAMES, int(budget ** (1 / (len(order) - done))))
        if lengths[at] <= MOST_CHANNELS:
            most = max(most, lengths[at])  # a channel that is left out would be missed
        found[at] = _evenly(range(lengths[at]), most)
        budget = max(1, budget // len(found[at]))
    return [found[at] for at in range(len(lengths))]


def _evenly(things: Sequence[Thing], most: int) -> list[Thing]:
    """Return at most so many of the things, the first and the last among them."""
    if len(things) <= most:
        return list(things)
    return [things[round(at)] for at in np.linspace(0, len(things) - 1, most)]
