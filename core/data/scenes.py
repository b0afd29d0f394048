"""Microscope files that hold several pictures, each with axes of its own.

Their planes are counted on from picture to picture, so that one number names any of them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.data.axes import Asked, Layout, Picture, colors_told, project, refuse_large, to_cyx
from core.errors import ImageError

Place = dict[str, int]
"""Axis of the stack -> position."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One picture of a file: a series, a position, a tile."""

    axes: str
    shape: tuple[int, ...]
    read: Callable[[Place], tuple[NDArray[np.generic], str]]
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
    image_cyx = _pixels(scene, layout, chosen - sum(counts[:at]), asked.projection)
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
        notices=tuple(_told(scenes, scene, planes, chosen)),
    )


def _pixels(scene: Scene, layout: Layout, plane: int, how: str) -> NDArray[np.generic]:
    stacked = [axis for axis in layout.axes if axis not in layout.kept]
    where = np.unravel_index(plane, layout.stack) if stacked else ()
    place = {axis: int(at) for axis, at in zip(stacked, where, strict=True)}
    if not (layout.projected and "Z" in layout.axes):
        return to_cyx(*scene.read(place))
    depth = layout.shape[layout.axes.index("Z")]
    return project((to_cyx(*scene.read({**place, "Z": z})) for z in range(depth)), how)


def _told(scenes: list[Scene], scene: Scene, planes: int, chosen: int) -> list[str]:
    if planes == 1:
        return []
    several = f"{len(scenes)} pictures with together " if len(scenes) > 1 else ""
    named = f" of {scene.name!r}" if scene.name and len(scenes) > 1 else ""
    return [
        f"it is a stack of {several}{planes} planes (axes {scene.axes}); plane {chosen}{named} is "
        "used"
    ]
