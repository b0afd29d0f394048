"""TIFF in all its kinds: stacks, channels, palettes, pyramids, ImageJ, OME."""

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from core.data.axes import (
    MAX_PIXELS,
    MIN_SIDE_PX,
    Asked,
    Layout,
    Picture,
    colors_told,
    index_of,
    project,
    refuse_large,
    to_cyx,
)
from core.errors import ImageError

Pixels = NDArray[np.generic]
_MICRONS = {"um": 1.0, "µm": 1.0, "μm": 1.0, "micron": 1.0, "microns": 1.0, "nm": 1e-3, "mm": 1e3}
# A plain TIFF's resolution is mostly the screen's or the printer's; below 10 um a pixel it is a
# microscope's.
_FINEST_PRINT_UM = 10.0


def read(path: Path, asked: Asked) -> Picture:
    """Return the picture; see `readers.read`."""
    with tifffile.TiffFile(path) as tif:
        series = tif.series[0]
        notices = []
        if len(tif.series) > 1:
            notices.append(f"it holds {len(tif.series)} pictures; the first is used")
        level, factor = _level(series)
        if factor > 1:
            notices.append(f"it is a pyramid; the level {factor:.3g} times smaller is used")
        layout = _layout(tif, level, asked)
        refuse_large(layout.pixels, asked.most_pixels)
        chosen = asked.plane or 0
        if layout.planes > 1:
            notices.append(
                f"it is a stack of {layout.planes} planes (axes {layout.axes}); plane {chosen} is "
                "used"
            )
        pixels = _cyx(level, layout, chosen, asked.projection)
        pixels, more = _colours(tif, level.keyframe, pixels, asked.indices)
        size_um = _pixel_size_um(tif)
        return Picture(
            image_cyx=pixels,
            axes=layout.axes,
            channel_names=_channel_names(tif, len(pixels)),
            channel_colors=colors_told(_channel_colors(tif), len(pixels)),
            pixel_size_um=None if size_um is None else size_um * factor,
            plane=chosen if layout.planes > 1 else None,
            planes=layout.planes,
            file_axes=told_axes(tif, level),
            file_shape=tuple(level.shape),
            lossy=level.keyframe.compression in _LOSSY,
            notices=(*notices, *more),
        )


_LOSSY = (tifffile.COMPRESSION.JPEG, tifffile.COMPRESSION.OJPEG)


def _level(series: tifffile.TiffPageSeries) -> tuple[Any, float]:
    """Return the largest level of a pyramid that may be opened, and how much smaller it is."""
    for level in series.levels:
        layout = Layout(axes=level.axes, shape=level.shape)
        if layout.pixels <= MAX_PIXELS:
            return level, (_width(series) / _width(level))
    return series, 1.0


def _width(level: Any) -> int:
    return int(level.shape[level.axes.index("X")])


def _layout(tif: tifffile.TiffFile, level: Any, asked: Asked) -> Layout:
    """Return what the axes mean: as overruled, else as the file says."""
    projected = bool(asked.projection)
    if asked.axes and len(asked.axes) == len(level.shape):
        return Layout(axes=asked.axes, shape=level.shape, projected=projected)
    return Layout(axes=told_axes(tif, level), shape=level.shape, projected=projected)


def told_axes(tif: tifffile.TiffFile, level: Any) -> str:
    """Return the axes as the file tells them; Q and I where it does not."""
    said = str(level.axes)
    about = tif.imagej_metadata or {}
    # ImageJ itself always writes `mode` or `hyperstack` beside true channels; without them, the
    # word was put there by a program that had to call its pages something.
    if tif.is_imagej and "C" in said and not ("mode" in about or "hyperstack" in about):
        said = said.replace("C", "Q")
    if said in ("QYX", "IYX") and level.shape[2] < MIN_SIDE_PX <= min(level.shape[:2]):
        return f"YX{said[0]}"  # pages last, as some programs write them: no picture is so narrow
    return said


def _cyx(level: Any, layout: Layout, plane: int, how: str) -> Pixels:
    """Return channels, rows and columns, z made one plane where all of it is asked for."""
    if not (layout.projected and "Z" in layout.axes):
        return to_cyx(*_plane(level, layout, plane))
    single = replace(layout, projected=False)  # so that one depth at a time lies in memory
    return project((to_cyx(*_plane(level, single, at)) for at in _depths(layout, plane)), how)


def _depths(layout: Layout, plane: int) -> list[int]:
    """Return the number of each depth of a plane, counted as if z were not made one plane."""
    single = replace(layout, projected=False)
    places = iter(np.unravel_index(plane, layout.stack) if layout.stack else ())
    depth = layout.shape[layout.axes.index("Z")]
    index = [
        range(depth) if axis == "Z" else [int(next(places))]
        for axis in layout.axes
        if axis not in single.kept
    ]
    return [int(np.ravel_multi_index(at, single.stack)) for at in product(*index)]


def _plane(level: Any, layout: Layout, plane: int) -> tuple[Pixels, str]:
    """Return one plane's array and its axes; reads no other pages where the file allows it."""
    index = index_of(layout, plane)
    kept = "".join(
        axis for axis, at in zip(layout.axes, index, strict=True) if isinstance(at, slice)
    )
    page_axes = level.keyframe.axes
    leading = len(layout.axes) - len(page_axes)
    by_page = (
        layout.planes > 1
        and leading > 0
        and layout.axes.endswith(page_axes)
        and len(level.pages) == int(np.prod(layout.shape[:leading]))
    )
    if not by_page and layout.planes > 1 and level.dataoffset is not None:
        # One long block, as ImageJ writes stacks: only the plane's bytes are read.
        block = tifffile.memmap(level.keyframe.parent.filehandle.path, mode="r")
        return np.array(block.reshape(layout.shape)[index]), kept
    if not by_page:
        return level.asarray()[index], kept
    numbers = np.arange(len(level.pages)).reshape(layout.shape[:leading])[index[:leading]]
    pages = [level.pages[int(number)].asarray() for number in np.ravel(numbers)]
    shape = (*np.shape(numbers), *layout.shape[leading:])
    return np.stack(pages).reshape(shape), kept


def _colours(
    tif: tifffile.TiffFile, page: Any, pixels: Pixels, indices: bool
) -> tuple[Pixels, list[str]]:
    """Return grey or RGB for palettes, CMYK and transparency."""
    photometric = page.photometric
    if photometric == tifffile.PHOTOMETRIC.PALETTE and page.colormap is not None:
        # ImageJ's palettes only colour the screen; the pixels are intensities.
        if indices or tif.is_imagej or len(pixels) > 1:
            return pixels, []
        return _palette(pixels[0], page.colormap)
    if photometric == tifffile.PHOTOMETRIC.SEPARATED and len(pixels) == 4:
        top = 65535 if pixels.dtype == np.uint16 else 255
        ink = pixels.astype(np.float64) / top
        rgb = ((1 - ink[:3]) * (1 - ink[3:]) * top).round().astype(pixels.dtype)
        return rgb, ["its CMYK colours became RGB"]
    alphas = [e for e in page.extrasamples if e in _ALPHA]
    if alphas and "S" in page.axes and page.samplesperpixel == len(pixels):
        return pixels[: len(pixels) - len(alphas)], ["its transparency was dropped"]
    return pixels, []


_ALPHA = (tifffile.EXTRASAMPLE.ASSOCALPHA, tifffile.EXTRASAMPLE.UNASSALPHA)


def _palette(indices_yx: Pixels, colormap: NDArray[np.uint16]) -> tuple[Pixels, list[str]]:
    """Return the colours; the palette of 8-bit files is stored with 16 bits, each twice."""
    if indices_yx.dtype.kind != "u" or int(indices_yx.max()) >= colormap.shape[1]:
        raise ImageError("its palette is shorter than its indices; export it again as grey or RGB")
    colours = (colormap >> 8).astype(np.uint8)
    if (colours == colours[:1]).all():
        return colours[:1, indices_yx], []
    return colours[:, indices_yx], ["its palette became the colours it stands for"]


def _channel_names(tif: tifffile.TiffFile, channels: int) -> tuple[str, ...]:
    """Return the names where there is one for each channel."""
    found: list[Any] = []
    if tif.is_ome and tif.ome_metadata:
        pixels = _ome_pixels(tif)
        told = pixels.get("Channel", [])
        told = told if isinstance(told, list) else [told]
        found = [channel.get("Name") for channel in told]
    elif tif.is_imagej and tif.imagej_metadata:
        found = list(tif.imagej_metadata.get("Labels", ()))
    elif tif.shaped_metadata:
        about = tif.shaped_metadata[0]
        told = about.get("channel_names") or about.get("Channel", {})
        found = list(told.get("Name", ()) if isinstance(told, dict) else told)
    names = tuple(str(name) for name in found if name)
    return names if len(names) == channels else ()


def _channel_colors(tif: tifffile.TiffFile) -> list[str]:
    """Return `#RRGGBB` for each channel as OME or ImageJ tell it; empty where they do not."""
    if tif.is_ome and tif.ome_metadata:
        told = _ome_pixels(tif).get("Channel", [])
        told = told if isinstance(told, list) else [told]
        # Red, green, blue, alpha in the bytes of one signed number.
        return [f"#{(int(c['Color']) & 0xFFFFFFFF) >> 8:06X}" for c in told if "Color" in c]
    if tif.is_imagej and tif.imagej_metadata:
        tables = tif.imagej_metadata.get("LUTs", ())
        return ["#{:02X}{:02X}{:02X}".format(*(int(v) for v in each[:, -1])) for each in tables]
    return []


def _pixel_size_um(tif: tifffile.TiffFile) -> float | None:
    if tif.is_ome and tif.ome_metadata:
        about = _ome_pixels(tif)
        size = about.get("PhysicalSizeX")
        scale = _MICRONS.get(str(about.get("PhysicalSizeXUnit", "µm")))
        return float(size) * scale if size and scale else None
    page = tif.pages.first
    tag = page.tags.get("XResolution")
    if tag is None or not isinstance(tag.value, tuple) or not all(tag.value):
        return None
    per_unit = tag.value[0] / tag.value[1]
    if tif.is_imagej:
        unit = str((tif.imagej_metadata or {}).get("unit", "")).replace("\\u00B5", "µ")
        scale = _MICRONS.get(unit)
        return scale / per_unit if scale else None
    unit_tag = page.tags.get("ResolutionUnit")
    if unit_tag is None or unit_tag.value != tifffile.RESUNIT.CENTIMETER:
        return None
    size_um = 10_000 / per_unit
    return size_um if size_um < _FINEST_PRINT_UM else None


def _ome_pixels(tif: tifffile.TiffFile) -> dict[str, Any]:
    told = tifffile.xml2dict(str(tif.ome_metadata)).get("OME", {}).get("Image", {})
    first = told[0] if isinstance(told, list) else told
    pixels: dict[str, Any] = first.get("Pixels", {})
    return pixels
