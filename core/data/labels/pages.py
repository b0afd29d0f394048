"""The pixels of labels on disk: read and written strip by strip."""

import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from core.data.labels.model import Labels
from core.data.regions import Region
from core.records import files

# A part of a large image is read without the rest; each strip is packed by itself.
_STRIP_BYTES = 256 * 1024


def write(path: Path, labels: Labels) -> None:
    """Write one page a layer, then the annotated area (0, 1), whole or not at all."""
    rows = max(1, _STRIP_BYTES // (4 * labels.shape_yx[1]))
    with files.drafted(path) as draft:
        tifffile.imwrite(
            draft,
            _packed(labels, rows),
            byteorder="<",
            shape=(len(labels.layers) + 1, *labels.shape_yx),
            dtype=np.int32,
            rowsperstrip=rows,
            compression="zlib",
            photometric="minisblack",
            metadata={"axes": "QYX"},
        )


def read(path: Path, region: Region | None = None, every: int = 1) -> Iterator[NDArray[np.int32]]:
    """Yield each page, or every n-th pixel of it, or its pixels in the region.

    Strips that hold none of the region stay unread.
    """
    with tifffile.TiffFile(path) as file:
        for page in file.pages:
            if not isinstance(page, tifffile.TiffPage):
                page = page.aspage()  # noqa: PLW2901 - the same page, with its strips
            rows, columns = page.shape
            place = region or Region(top=0, left=0, rows=rows, columns=columns)
            yield _pixels(page, place, every)


def _pixels(page: tifffile.TiffPage, place: Region, every: int) -> NDArray[np.int32]:
    wanted, columns = place.place
    # Filled strip by strip: for a large image, memory that is touched twice costs seconds.
    found = np.zeros((-(-place.rows // every), -(-place.columns // every)), np.int32)
    high = page.rowsperstrip
    for strip in range(wanted.start // high, -(-min(wanted.stop, page.shape[0]) // high)):
        page.parent.filehandle.seek(page.dataoffsets[strip])
        packed = page.parent.filehandle.read(page.databytecounts[strip])
        decoded, _, shape = page.decode(packed, strip)
        if decoded is None:
            raise ValueError(f"strip {strip} is empty")
        first = strip * high
        # The first row of the strip that is wanted, and where it goes.
        skipped = max(wanted.start - first, 0)
        skipped += -(first + skipped - wanted.start) % every
        taken = decoded[0, skipped : min(shape[1], wanted.stop - first) : every, columns, 0]
        at = (first + skipped - wanted.start) // every
        if taken.any():  # what stays untouched takes no memory at all
            found[at : at + len(taken)] = taken[:, ::every]
    return found


def _packed(labels: Labels, rows: int) -> Iterator[bytes]:
    """Yield the packed strips of all pages.

    Most strips of a large image hold one number only, mostly 0; each such strip is packed once.
    """
    known: dict[tuple[int, int], bytes] = {}
    for page_yx in (*labels.layers.values(), labels.annotated_yx):
        for first in range(0, len(page_yx), rows):
            strip = np.ascontiguousarray(page_yx[first : first + rows], dtype="<i4")
            if (strip == strip[0, 0]).all():
                key = (int(strip[0, 0]), len(strip))
                if key not in known:
                    known[key] = zlib.compress(strip.tobytes())
                yield known[key]
            else:
                yield zlib.compress(strip.tobytes())
