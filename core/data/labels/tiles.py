"""The squares of an image that a stroke changed: kept before and after it, and put back."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.data.labels.model import MAIN, LabelObject, Labels, ids_in
from core.errors import LabelError, StudyError
from core.records import files

TILE_PX = 128
"""A stroke touches a few; each is some hundred bytes once it is packed."""
Tile = tuple[int, int]
"""Row and column, counted in tiles."""


def changed(before: Labels, after: Labels) -> tuple[Tile, ...]:
    """Return the tiles in which ids or annotated area differ."""
    differs = (before.layers[MAIN] != after.layers[MAIN]) | (
        before.annotated_yx != after.annotated_yx
    )
    starts = [np.arange(0, side, TILE_PX) for side in differs.shape]
    touched = np.logical_or.reduceat(np.logical_or.reduceat(differs, starts[0], 0), starts[1], 1)
    return tuple((int(row), int(column)) for row, column in np.argwhere(touched))


def write(path: Path, before: Labels, after: Labels, tiles: Sequence[Tile]) -> None:
    """Put the tiles as they were and as they are into the file, packed."""
    coded = (_coded(labels, tile).tobytes() for labels in (before, after) for tile in tiles)
    files.write_bytes(path, zlib.compress(b"".join(coded), 1))


def read(path: Path) -> tuple[bytes, bytes]:
    """Return the tiles before and after.

    Raises LabelError where the file is damaged or gone, StudyError where it cannot be read now.
    """
    try:
        packed = zlib.decompress(path.read_bytes())
    except (zlib.error, FileNotFoundError) as error:
        raise LabelError(f"{path} is damaged: {error}; earlier strokes are whole") from error
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error}; try again in a moment") from error
    return packed[: len(packed) // 2], packed[len(packed) // 2 :]


def put(
    labels: Labels, tiles: Sequence[Tile], data: bytes, objects: tuple[LabelObject, ...]
) -> Labels:
    """Return labels with the tiles as `data` has them; LabelError where the two do not fit."""
    layer, annotated = labels.layers[MAIN].copy(), labels.annotated_yx.copy()
    for tile, coded in _pieces(labels, tiles, data):
        place = _place(tile)
        layer[place], annotated[place] = coded >> 1, (coded & 1).astype(bool)
    drawn = set(ids_in(layer))
    kept = tuple(item for item in objects if item.layer != MAIN or item.id in drawn)
    return replace(
        labels, layers={**labels.layers, MAIN: layer}, annotated_yx=annotated, objects=kept
    )


def differing(labels: Labels, tiles: Sequence[Tile], data: bytes) -> set[Tile]:
    """Return the tiles in which labels are not as `data` has them; LabelError as in `put`."""
    pieces = _pieces(labels, tiles, data)
    return {tile for tile, coded in pieces if (coded != _coded(labels, tile)).any()}


def _pieces(
    labels: Labels, tiles: Sequence[Tile], data: bytes
) -> Iterator[tuple[Tile, NDArray[np.int32]]]:
    """Give each tile of `data` with its ids and annotated area in one number each."""
    at = 0
    for tile in tiles:
        shape = labels.annotated_yx[_place(tile)].shape
        count = shape[0] * shape[1]
        if len(data) < at + 4 * count:
            raise LabelError("the tiles of a stroke are shorter than the image tells")
        yield tile, np.frombuffer(data, dtype="<i4", count=count, offset=at).reshape(shape)
        at += 4 * count
    if at != len(data):
        raise LabelError("the tiles of a stroke are longer than the image tells")


def _place(tile: Tile) -> tuple[slice, slice]:
    return (
        slice(tile[0] * TILE_PX, (tile[0] + 1) * TILE_PX),
        slice(tile[1] * TILE_PX, (tile[1] + 1) * TILE_PX),
    )


def _coded(labels: Labels, tile: Tile) -> NDArray[np.int32]:
    """Return ids and annotated area of a tile in one number each."""
    place = _place(tile)
    return np.ascontiguousarray(
        labels.layers[MAIN][place] * 2 + labels.annotated_yx[place], dtype="<i4"
    )
