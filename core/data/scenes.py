"""Microscope files that hold several pictures, each with axes of its own.

Their planes are counted on from picture to picture, so that one number names any of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.data.axes import (
    ONE_DEPTH,
    Asked,
    Layout,
    Picture,
    colors_told,
    project,
    refuse_large,
    to_cyx,
)
from core.errors import ImageError

Index = tuple[int | slice, ...]
"""Position on each axis of a picture; a slice where all of the axis is read."""
# A longer name is no use in a list of images.
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One picture of a file: a series, a position, a tile."""

    axes: str
    shape: tuple[int, ...]
    read: Callable[[Index], tuple[NDArray[np.generic], str]]
    """From a position on every axis of the stack to one plane with its own axes."""
    channel_names: tuple[str, ...] = ()
    channel_colors: tuple[str, ...] = ()
    pixel_size_um: float | None = None
    name: str = ""
    told: str = ""
    """The axes as the file tells them, where `axes` are another reading of them."""

    def layout(self, asked: Asked) -> Layout:
        """Return what the axes mean."""
        return Layout(axes=self.axes, shape=self.shape, projected=bool(asked.projection))


def placed(axes: str, index: Index) -> dict[str, int]:
    """Return axis -> position, of those axes of which one place is read."""
    return {axis: at for axis, at in zip(axes, index, strict=True) if isinstance(at, int)}


def picture(scenes: list[Scene], asked: Asked) -> Picture:
    """Return the plane that is asked for; ImageError where there is none such."""
    if not scenes:
        raise ImageError("it holds no picture; export it again from the microscope's program")
    layouts = [scene.layout(asked) for scene in scenes]
    counts = [layout.planes for layout in layouts]
    planes, chosen = sum(counts), asked.plane or 0
    if not 0 <= chosen < planes:
        raise ImageError(f"it has {planes} planes, there is no plane {chosen}")
    at = int(np.searchsorted(np.cumsum(counts), chosen, side="right"))
    scene, layout = scenes[at], layouts[at]
    refuse_large(layout.pixels, asked.most_pixels)
    places = _places(layout, chosen - sum(counts[:at]))
    image_cyx = _pixels(scene, layout, places, asked)
    channels = len(image_cyx)
    return Picture(
        image_cyx=image_cyx,
        axes=scene.axes,
        channel_names=scene.channel_names if len(scene.channel_names) == channels else (),
        channel_colors=colors_told(scene.channel_colors, channels),
        pixel_size_um=scene.pixel_size_um,
        plane=chosen if planes > 1 else None,
        planes=planes,
        file_axes=scenes[0].told or scenes[0].axes,
        file_shape=scenes[0].shape,
        scenes=len(scenes),
        scene=at,
        scene_name=_name(scenes, at),
        place=tuple((layout.axes[axis], n) for axis, n in places.items() if layout.shape[axis] > 1),
        depths=max(_depth(each.axes, each.shape) for each in scenes),
        notices=tuple(_told(scenes, at, planes, chosen)),
    )


def _places(layout: Layout, plane: int) -> dict[int, int]:
    """Return number of the axis -> position on it, of those axes of which one place is read."""
    stacked = [at for at, axis in enumerate(layout.axes) if axis not in layout.kept]
    where = np.unravel_index(plane, layout.stack) if stacked else ()
    return {axis: int(at) for axis, at in zip(stacked, where, strict=True)}


def _pixels(
    scene: Scene, layout: Layout, places: dict[int, int], asked: Asked
) -> NDArray[np.generic]:
    index = [places.get(axis, slice(None)) for axis in range(len(layout.axes))]
    if not (layout.projected and "Z" in layout.axes):
        return to_cyx(*scene.read(tuple(index)))
    z = layout.axes.index("Z")  # one depth at a time lies in memory
    planes = (
        to_cyx(*scene.read((*index[:z], at, *index[z + 1 :])))
        for at in _depths(layout.shape[z], asked)
    )
    return next(planes) if asked.projection == ONE_DEPTH else project(planes, asked.projection)


def _depths(count: int, asked: Asked) -> Sequence[int]:
    """Return the depths that are looked at; ImageError where there is no such depth."""
    if asked.projection != ONE_DEPTH:
        return range(count)
    if not 0 <= asked.depth < count:
        raise ImageError(f"it has {count} depths (z), there is no depth {asked.depth + 1}")
    return [asked.depth]


def _depth(axes: str, shape: tuple[int, ...]) -> int:
    return dict(zip(axes, shape, strict=True)).get("Z", 1)


def _name(scenes: list[Scene], at: int) -> str:
    """Return what one of several pictures is called, another for each; empty: it is alone."""
    if len(scenes) == 1:
        return ""
    names = [" ".join(scene.name.split())[:_LONGEST_NAME] for scene in scenes]
    number = f"picture {at + 1}"
    if not names[at]:
        return number
    return names[at] if names.count(names[at]) == 1 else f"{names[at]} ({number})"


def _told(scenes: list[Scene], at: int, planes: int, chosen: int) -> list[str]:
    if planes == 1:
        return []
    several = f"{len(scenes)} pictures with together " if len(scenes) > 1 else ""
    named = f" of {_name(scenes, at)!r}" if len(scenes) > 1 else ""
    return [
        f"it is a stack of {several}{planes} planes (axes {scenes[at].axes}); plane {chosen}"
        f"{named} is used"
    ]
