"""Rectangles of an image too large to be worked on whole."""

import re
from dataclasses import dataclass, fields

from core.errors import ImageError
from core.records import ImageRecord

SIDE_PX = 2048
"""Longest side of a part: at this size a stroke is on the disk within the time wanted."""
_SHARED_PX = 128
"""Neighbouring parts overlap by this much, so that what lies on a border is whole in one."""
_NAME = re.compile(r"r(\d{1,9})c(\d{1,9})h(\d{1,9})w(\d{1,9})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A rectangle, in pixels of the image."""

    top: int
    left: int
    rows: int
    columns: int

    def __post_init__(self) -> None:
        """Refuse what lies outside of every image."""
        if min(self.top, self.left) < 0 or min(self.rows, self.columns) < 1:
            raise ImageError(f"a region lies inside its image and has pixels, got {self}")

    @property
    def name(self) -> str:
        """Return a name that no other region has, safe in file names."""
        return f"r{self.top}c{self.left}h{self.rows}w{self.columns}"

    @classmethod
    def named(cls, name: str) -> "Region":
        """Return the region of this name; ImageError where it is none."""
        found = _NAME.fullmatch(name)
        if found is None:
            raise ImageError(f"{name!r} names no region of an image")
        top, left, rows, columns = (int(each) for each in found.groups())
        return cls(top=top, left=left, rows=rows, columns=columns)

    @property
    def place(self) -> tuple[slice, slice]:
        """Return its rows and columns."""
        return (
            slice(self.top, self.top + self.rows),
            slice(self.left, self.left + self.columns),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(ImageRecord):
    """An image of which one region is worked on; its shape is the region's."""

    region: Region
    whole_cyx: tuple[int, int, int]
    """Shape of the whole image."""


def part(image: ImageRecord, region: Region) -> Part:
    """Return the image with the region as all there is of it."""
    known = {each.name: getattr(image, each.name) for each in fields(ImageRecord)}
    shape = (image.shape_cyx[0], region.rows, region.columns)
    return Part(**{**known, "shape_cyx": shape}, region=region, whole_cyx=image.shape_cyx)


def named(image: ImageRecord, name: str) -> ImageRecord:
    """Return the part of this region's name; the whole image where the name is empty."""
    return part(image, Region.named(name)) if name else image


def of(image: ImageRecord) -> Region | None:
    """Return the region that is worked on; None: the whole image."""
    return image.region if isinstance(image, Part) else None


def whole(image: ImageRecord) -> Region:
    """Return the region that is all of the image."""
    return Region(top=0, left=0, rows=image.shape_cyx[1], columns=image.shape_cyx[2])


def around(row: float, column: float, shape_yx: tuple[int, int], side: int = SIDE_PX) -> Region:
    """Return the region of that side with the point in its middle, moved into the image."""
    rows, columns = min(side, shape_yx[0]), min(side, shape_yx[1])
    return Region(
        top=min(max(0, round(row - rows / 2)), shape_yx[0] - rows),
        left=min(max(0, round(column - columns / 2)), shape_yx[1] - columns),
        rows=rows,
        columns=columns,
    )


def beside(region: Region, shape_yx: tuple[int, int], down: int, right: int) -> Region | None:
    """Return the next region in a direction (-1, 0, 1 each); None where the image ends.

    It shares a strip with this one.
    """
    row = region.top + region.rows / 2 + down * (region.rows - _SHARED_PX)
    column = region.left + region.columns / 2 + right * (region.columns - _SHARED_PX)
    found = around(row, column, shape_yx, max(region.rows, region.columns))
    return None if found == region else found
