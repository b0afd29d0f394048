"""Pictures for the screen: the image itself, and what is marked on it."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from app import look

Kind = TypeVar("Kind", np.uint8, np.int32)
SHARP_PX = 1024
"""Smaller pictures are enlarged before outlines are drawn, so that these stay thin."""
THUMBNAIL_PX = 256
LARGEST_PX = 2048
"""Larger images are made smaller where nothing is drawn on them."""


def png(pixels_yxc: NDArray[np.uint8]) -> bytes:
    """Return (rows, columns, 3 or 4) as PNG; lightly compressed, as it stays on this machine."""
    buffer = io.BytesIO()
    Image.fromarray(pixels_yxc).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def small(pixels_yxc: NDArray[np.uint8], side_px: int = THUMBNAIL_PX) -> NDArray[np.uint8]:
    """Return the middle square of the picture, `side_px` wide."""
    rows, columns = pixels_yxc.shape[0], pixels_yxc.shape[1]
    side = min(rows, columns)
    top, left = (rows - side) // 2, (columns - side) // 2
    square = Image.fromarray(pixels_yxc[top : top + side, left : left + side])
    return np.asarray(square.resize((side_px, side_px), Image.Resampling.BILINEAR))


def enlarged(array: NDArray[Kind], least_px: int = SHARP_PX) -> NDArray[Kind]:
    """Return rows and columns repeated until the longer side has `least_px`; ids stay ids."""
    factor = max(1, round(least_px / max(array.shape[:2])))
    return array.repeat(factor, axis=0).repeat(factor, axis=1)


def fitted(ids_yx: NDArray[np.int32], pixels_yxc: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Return the ids at the picture's size: a large image's picture is smaller than it."""
    rows, columns = _seen(ids_yx.shape, pixels_yxc)
    fitted_yx: NDArray[np.int32] = ids_yx[np.ix_(rows, columns)]
    return fitted_yx


def fitted_file(path: Path, pixels_yxc: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Return a label picture's ids at the picture's size.

    It is unpacked piece by piece, and only what is seen is kept: a slide's ids are gigabytes.
    """
    fitted_yx = np.zeros(pixels_yxc.shape[:2], np.int32)
    with tifffile.TiffFile(path) as file:
        page = file.pages.first
        rows, columns = _seen(page.shape, pixels_yxc)
        for piece, (_, _, top, left, _), (_, high, wide, _) in page.segments(maxworkers=1):
            if piece is not None:
                down = slice(*np.searchsorted(rows, (top, top + high)))
                across = slice(*np.searchsorted(columns, (left, left + wide)))
                seen_yx = piece[0, rows[down] - top, :, 0]
                fitted_yx[down, across] = seen_yx[:, columns[across] - left]
    return fitted_yx


def _seen(
    shape_yx: tuple[int, ...], pixels_yxc: NDArray[np.uint8]
) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """Return the rows and columns of a large map that a smaller picture of it shows."""
    high, wide = pixels_yxc.shape[:2]
    return np.arange(high) * shape_yx[0] // high, np.arange(wide) * shape_yx[1] // wide


def outlined(
    pixels_yxc: NDArray[np.uint8],
    labels_yx: NDArray[np.int32],
    colors: Mapping[int, str] | str,
    *,
    tint: float = 0.0,
    bold: bool = False,
) -> NDArray[np.uint8]:
    """Return the picture with each id's border in its colour (or all in one), perhaps tinted.

    0 and ids without a colour stay bare. `tint` in [0, 1] is how strongly the inside is coloured;
    `bold` borders are wide enough for pictures that are shown at half their size.
    """
    table = _table(labels_yx, colors)
    named = np.clip(labels_yx, 0, len(table) - 1)
    has_color = table[:, 0] >= 0
    painted = pixels_yxc.astype(np.float32)
    inside = has_color[named]
    if tint:
        painted[inside] = (1 - tint) * painted[inside] + tint * table[named[inside]]
    edge = inside & edges(labels_yx)
    if bold:
        edge = inside & _widened(edge)
    painted[edge] = table[named[edge]]
    return painted.astype(np.uint8)


def compared(
    pixels_yxc: NDArray[np.uint8], true_yx: NDArray[np.int32], given_yx: NDArray[np.int32]
) -> NDArray[np.uint8]:
    """Return the picture with true and predicted outlines, enlarged to be told apart."""
    picture = enlarged(pixels_yxc)
    true, given = (enlarged(each) for each in (true_yx, given_yx))
    shown = outlined(picture, np.maximum(true, 0), look.TRUE_COLOR, bold=True)
    return outlined(shown, np.maximum(given, 0), look.PREDICTED_COLOR)


def edges(labels_yx: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return the pixels of an id that touch another id: above, below, left or right."""
    edge = np.zeros(labels_yx.shape, dtype=bool)
    down = labels_yx[1:] != labels_yx[:-1]
    side = labels_yx[:, 1:] != labels_yx[:, :-1]
    edge[1:] |= down
    edge[:-1] |= down
    edge[:, 1:] |= side
    edge[:, :-1] |= side
    return edge


def _widened(edge_yx: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the edge with one more pixel on every side."""
    wide = edge_yx.copy()
    wide[1:] |= edge_yx[:-1]
    wide[:-1] |= edge_yx[1:]
    wide[:, 1:] |= edge_yx[:, :-1]
    wide[:, :-1] |= edge_yx[:, 1:]
    return wide


def _table(labels_yx: NDArray[np.int32], colors: Mapping[int, str] | str) -> NDArray[np.float32]:
    """Return one colour an id; -1 where there is none."""
    highest = int(labels_yx.max(initial=0))
    table = np.full((highest + 1, 3), -1.0, dtype=np.float32)
    if isinstance(colors, str):
        table[1:] = look.rgb(colors)
        return table
    for each, color in colors.items():
        if 0 <= each <= highest:
            table[each] = look.rgb(color)
    return table
