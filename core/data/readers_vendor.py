"""Microscopes' own formats: Nikon nd2, Zeiss czi, Leica lif. Their libraries are an extra."""

import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.axes import Asked, Picture
from core.data.scenes import Index, Scene, picture, placed
from core.errors import ImageError

Pixels = NDArray[np.generic]
# Leica's names of look-up tables; others are drawn in the program's own colours.
_LEICA_COLORS = {
    "red": "#FF0000",
    "green": "#00FF00",
    "blue": "#0000FF",
    "cyan": "#00FFFF",
    "magenta": "#FF00FF",
    "yellow": "#FFFF00",
    "gray": "#FFFFFF",
    "grey": "#FFFFFF",
}


def read_nd2(path: Path, asked: Asked) -> Picture:
    """Return the picture; see `readers.read`. Positions, times and depths are planes."""
    library = door("nd2", "Nikon ND2")
    with library.ND2File(path) as file:
        axes = "".join(file.sizes)
        channels = getattr(file.metadata, "channels", None) or []
        size_um = file.voxel_size().x
        scene = Scene(
            axes=axes,
            shape=tuple(file.sizes.values()),
            read=lambda index: _nd2_plane(file, axes, index),
            channel_names=tuple(each.channel.name for each in channels),
            channel_colors=tuple(each.channel.color.as_hex() for each in channels),
            # Where nobody calibrated the camera, the file says 1.
            pixel_size_um=float(size_um) if size_um and size_um != 1 else None,
        )
        return picture([scene], asked)


def _nd2_plane(file: Any, axes: str, index: Index) -> tuple[Pixels, str]:
    place = placed(axes, index)
    loops = file.loop_indices
    frame = next(
        (at for at, loop in enumerate(loops) if all(loop.get(a, 0) == n for a, n in place.items())),
        0,
    )
    # A copy: the library looks into the file's own memory, which is gone when it is closed.
    pixels, kept = np.array(file.read_frame(frame)), "".join(a for a in axes if a in "CYXS")
    # Colour is stored as blue, green, red, and the library gives it so. Source: Bio-Formats' pull
    # request 4321, which compared it with Nikon's program.
    return (pixels[..., ::-1] if kept.endswith("S") else pixels), kept


def read_czi(path: Path, asked: Asked) -> Picture:
    """Return the picture; see `readers.read`. Scenes, times and depths are planes."""
    library = door("pylibCZIrw.czi", "Zeiss CZI")
    with library.open_czi(str(path)) as file:
        about = file.metadata.get("ImageDocument", {}).get("Metadata", {}) or {}
        box = file.total_bounding_box
        stack = {axis: end - start for axis, (start, end) in box.items() if axis not in "XYC"}
        stack = {axis: count for axis, count in stack.items() if count > 1}
        colored = any("Bgr" in str(kind) for kind in file.pixel_types.values())
        channels = max(1, box.get("C", (0, 1))[1] - box.get("C", (0, 1))[0])
        last = "YXS" if colored else "CYX"
        names, colors = _czi_channels(about)
        scenes = [
            Scene(
                axes="".join(stack) + last,
                shape=(
                    *stack.values(),
                    *((rows, columns, 3) if colored else (channels, rows, columns)),
                ),
                read=_czi_reader(file, number, "".join(stack) + last, 0 if colored else channels),
                channel_names=names,
                channel_colors=colors,
                pixel_size_um=_czi_size_um(about),
                name="" if number is None else f"scene {number + 1}",
            )
            for number, rows, columns in _czi_scenes(file)
        ]
        return picture(scenes, asked)


def _czi_scenes(file: Any) -> list[tuple[int | None, int, int]]:
    """Return (number, rows, columns) of each scene; one without a number where there are none."""
    boxes = file.scenes_bounding_rectangle
    if not boxes:
        whole = file.total_bounding_rectangle
        return [(None, whole.h, whole.w)]
    return [(number, box.h, box.w) for number, box in sorted(boxes.items())]


def _czi_reader(
    file: Any, scene: int | None, axes: str, channels: int
) -> Callable[[Index], tuple[Pixels, str]]:
    """Return what reads planes of (channels, rows, columns); colour pictures where 0."""

    def read(index: Index) -> tuple[Pixels, str]:
        place = placed(axes, index)
        planes = [
            np.asarray(file.read(plane={**place, "C": channel}, scene=scene))
            for channel in range(max(1, channels))
        ]
        if not channels:  # stored as blue, green, red
            return planes[0][..., ::-1], "YXS"
        return np.stack([plane[..., 0] for plane in planes]), "CYX"

    return read


def _czi_channels(about: dict[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return names and `#RRGGBB` colours of the channels, as the display settings tell them."""
    told = ((about.get("DisplaySetting") or {}).get("Channels") or {}).get("Channel") or []
    told = told if isinstance(told, list) else [told]
    names = tuple(str(each.get("@Name") or each.get("ShortName") or "") for each in told)
    # #AARRGGBB
    colors = tuple(f"#{str(each['Color'])[-6:]}" for each in told if each.get("Color"))
    return (names if all(names) else ()), colors


def _czi_size_um(about: dict[str, Any]) -> float | None:
    told = ((about.get("Scaling") or {}).get("Items") or {}).get("Distance") or []
    told = told if isinstance(told, list) else [told]
    meters = next((each.get("Value") for each in told if each.get("@Id") == "X"), None)
    return float(meters) * 1e6 if meters and float(meters) > 0 else None


def read_lif(path: Path, asked: Asked) -> Picture:
    """Return the picture; see `readers.read`. Series, times and depths are planes."""
    library = door("liffile", "Leica LIF")
    with library.LifFile(path) as file:
        scenes = [_lif_scene(image) for image in file.images if _is_flat(image)]
        return picture(scenes, asked)


def _is_flat(image: Any) -> bool:
    """Return whether it is a picture: a line scan or a lifetime histogram is none."""
    return not image.is_flim and {"Y", "X"} <= set(image.dims)


def _lif_scene(image: Any) -> Scene:
    told = image.xml_element.findall("./Data/Image/ImageDescription/Channels/ChannelDescription")
    tables = [each.get("LUTName", "") for each in told]
    columns = image.coords.get("X", ())  # from the first to the last pixel's centre, in metres
    return Scene(
        axes="".join(image.dims),
        shape=tuple(image.shape),
        read=lambda index: _lif_plane(image, placed("".join(image.dims), index)),
        channel_names=tuple(tables) if len(set(tables)) == len(tables) > 1 else (),
        channel_colors=tuple(_LEICA_COLORS.get(name.lower(), "#E6E6E6") for name in tables),
        pixel_size_um=float(columns[1] - columns[0]) * 1e6 if len(columns) > 1 else None,
        name=image.name,
    )


def _lif_plane(image: Any, place: dict[str, int]) -> tuple[Pixels, str]:
    frame_axes = "".join(image.frames.frame_dims)
    sizes = dict(zip(image.dims, image.shape, strict=True))
    if "C" not in sizes or "C" in frame_axes:
        return image.frame(**place), frame_axes
    channels = [image.frame(**place, C=channel) for channel in range(sizes["C"])]
    return np.stack(channels), f"C{frame_axes}"


def door(module: str, format_name: str) -> ModuleType:
    """Return the library of a format; ImageError saying how to get it where it is missing."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImageError(
            f"{format_name} files need the extra readers; in AIxCell's folder "
            "`uv run --extra readers aixcell` or `pip install '.[readers]'` gets them, or export "
            "it as OME-TIFF (e.g. in Fiji)"
        ) from error
