"""Images too large to be shown or marked whole: the same pixels at 1, 1/2, 1/4 ..., made once.

cache/NAME.pyramid/0.npy, 1.npy, ...   levels, (channel, row, column) in the image's own dtype
cache/NAME.pyramid/sample.npy          every n-th pixel, from which levels of brightness are found

Only what is asked for comes into memory. The folder may be deleted at any time.
"""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from core.data import display
from core.data.regions import Region
from core.data.samples import content_name, read_image
from core.errors import ImageError
from core.paths import StudyDir
from core.records import ImageRecord

LARGE_PX = 3072
"""A longer side above: no camera's single picture any more, but one stitched of many."""
# The smallest level is shown whole, at most this wide.
_SMALLEST_PX = 2048
# Rows that are worked on at a time: 40 MB of an image 10,000 pixels wide.
_BAND_PX = 1024
# The newest stay; each is a third larger than its image.
_KEPT = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Pyramid:
    """One image's levels on disk."""

    folder: Path
    shape_cyx: tuple[int, int, int]

    def levels(self) -> int:
        """Return how many there are; level n is 2**n times smaller than the image."""
        return len(list(self.folder.glob("[0-9]*.npy")))

    def sample(self) -> NDArray[np.generic]:
        """Return every n-th pixel of the image, see `display.sample`."""
        return np.asarray(np.load(self.folder / "sample.npy"))

    def read(self, region: Region, *, level: int = 0) -> NDArray[np.generic]:
        """Return the region (given in pixels of the image) from a level, as C,Y,X."""
        # Opened anew each time: its pages leave memory with it.
        stored = np.load(self.folder / f"{level}.npy", mmap_mode="r")
        every = 2**level
        rows = slice(region.top // every, -(-(region.top + region.rows) // every))
        columns = slice(region.left // every, -(-(region.left + region.columns) // every))
        return np.array(stored[:, rows, columns])

    def seen(self, region: Region, side: int) -> NDArray[np.generic]:
        """Return the region from the smallest level that gives its longer side `side` pixels."""
        level = 0
        longer = max(region.rows, region.columns)
        while level + 1 < self.levels() and longer // 2 ** (level + 1) >= side:
            level += 1
        return self.read(region, level=level)


def is_large(about: ImageRecord) -> bool:
    """Return whether the image is shown and marked in parts."""
    return max(about.shape_cyx[1:]) > LARGE_PX


def opened(study_dir: StudyDir, about: ImageRecord) -> Pyramid:
    """Return the image's levels; made at the first call, which reads the whole image.

    Raises ImageError where the image cannot be read or the disk has no room.
    """
    folder = study_dir.cache / f"{content_name(about)}.pyramid"
    found = Pyramid(folder=folder, shape_cyx=about.shape_cyx)
    if not folder.is_dir():
        study_dir.cache.mkdir(parents=True, exist_ok=True)
        with FileLock(study_dir.cache / ".pyramid.lock"):
            if not folder.is_dir():
                _make(study_dir, about, folder)
                _forget_oldest(study_dir)
    return found


def _make(study_dir: StudyDir, about: ImageRecord, folder: Path) -> None:
    image_cyx = read_image(study_dir, about)
    needed, free = 1.4 * image_cyx.nbytes, shutil.disk_usage(study_dir.cache).free
    if free < needed:
        raise ImageError(
            f"{about.original_name} is shown in parts, which needs {needed / 1e9:.1f} GB in "
            f"{study_dir.cache}; {free / 1e9:.1f} GB are free: make room there"
        )
    draft = Path(tempfile.mkdtemp(dir=study_dir.cache, prefix=f".{folder.name}."))
    try:
        np.save(draft / "sample.npy", display.sample(image_cyx))
        np.save(draft / "0.npy", image_cyx)
        level = 0
        while max(image_cyx.shape[1:]) > _SMALLEST_PX:
            level += 1
            image_cyx = _halved(image_cyx)
            np.save(draft / f"{level}.npy", image_cyx)
        os.replace(draft, folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _halved(image_cyx: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return the mean of each two by two pixels, in the same dtype; a last odd one stands alone."""
    channels, rows, columns = image_cyx.shape
    half = np.empty((channels, -(-rows // 2), -(-columns // 2)), image_cyx.dtype)
    for at in range(channels):
        for top in range(0, rows, _BAND_PX):
            band = _even(image_cyx[at, top : top + _BAND_PX])
            half[at, top // 2 : (top + _BAND_PX) // 2] = _mean(band, image_cyx.dtype)
    return half


def _mean(band_yx: NDArray[np.generic], dtype: np.dtype[np.generic]) -> NDArray[np.generic]:
    wide = band_yx.astype(np.float32 if dtype.kind != "f" else dtype)
    total = wide[::2, ::2] + wide[1::2, ::2] + wide[::2, 1::2] + wide[1::2, 1::2]
    return (np.rint(total / 4) if dtype.kind in "iub" else total / 4).astype(dtype)


def _even(band_yx: NDArray[np.generic]) -> NDArray[np.generic]:
    rows, columns = band_yx.shape
    if rows % 2 or columns % 2:
        return np.pad(band_yx, ((0, rows % 2), (0, columns % 2)), mode="edge")
    return band_yx


def _forget_oldest(study_dir: StudyDir) -> None:
    for folder in _by_age(study_dir)[:-_KEPT]:
        shutil.rmtree(folder, ignore_errors=True)


def _by_age(study_dir: StudyDir) -> list[Path]:
    return sorted(study_dir.cache.glob("*.pyramid"), key=lambda each: each.stat().st_mtime)
