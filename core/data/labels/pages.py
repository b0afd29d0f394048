"""The pixels of labels on disk: read and written strip by strip."""

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
    with files.drafted(path) as draft:
        tifffile.imwrite(
            draft,
            _pages(labels),
            shape=(len(labels.layers) + 1, *labels.shape_yx),
            dtype=np.int32,
            rowsperstrip=max(1, _STRIP_BYTES // (4 * labels.shape_yx[1])),
            compression="zlib",
            photometric="minisblack",
            metadata={"axes": "QYX"},
        )


def read(path: Path, region: Region | None = None, every: int = 1) -> Iterator[NDArray[np.int32]]:
    """Yield each page, or its pixels in the region; strips that hold none of them stay unread."""
    with tifffile.TiffFile(path) as file:
        for page in file.pages:
            if not isinstance(page, tifffile.TiffPage):
                page = page.aspage()  # noqa: PLW2901 - the same page, with its strips
            rows, columns = page.shape
            place = region or Region(top=0, left=0, rows=rows, columns=columns)
            wanted_rows, wanted_columns = place.place
            pieces = []
            for strip in range(wanted_rows.start // page.rowsperstrip, len(page.dataoffsets)):
                first = strip * page.rowsperstrip
                if first >= wanted_rows.stop:
                    break
                file.filehandle.seek(page.dataoffsets[strip])
                packed = file.filehandle.read(page.databytecounts[strip])
                decoded, _, shape = page.decode(packed, strip)
                if decoded is None:
                    raise ValueError(f"strip {strip} is empty")
                start = max(wanted_rows.start - first, -first % every)
                taken = decoded[0, start : min(shape[1], wanted_rows.stop - first) : every]
                pieces.append(taken[:, wanted_columns, 0][:, ::every])
            yield np.concatenate(pieces)


def _pages(labels: Labels) -> Iterator[NDArray[np.int32]]:
    """Yield all pages one by one: those of a large image are never stacked in memory."""
    yield from labels.layers.values()
    yield labels.annotated_yx.astype(np.int32)
