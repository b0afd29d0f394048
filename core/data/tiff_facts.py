"""What a TIFF tells of its pictures: axes, names, colours, pixel sizes; by OME, ImageJ or tags."""

import math
import re
from pathlib import Path
from typing import Any

import tifffile

from core.data.axes import MIN_SIDE_PX

# In small letters; programs write many of them.
_MICRONS = {
    **dict.fromkeys(("um", "µm", "μm", "micron", "microns", "micrometer", "micrometre"), 1.0),
    **dict.fromkeys(("å", "angstrom"), 1e-4),
    **dict.fromkeys(("in", "inch"), 25_400.0),
    "pm": 1e-6,
    "nm": 1e-3,
    "mm": 1e3,
    "cm": 1e4,
    "m": 1e6,
}
_RESOLUTION_UM = {tifffile.RESUNIT.CENTIMETER: 10_000.0, tifffile.RESUNIT.INCH: 25_400.0}
# In the first page's description of Aperio's slides, in micrometres.
_APERIO_SIZE = re.compile(r"\|\s*MPP\s*=\s*([0-9.]+)")
# A plain TIFF's resolution is mostly the screen's or the printer's; below 10 um a pixel it is a
# microscope's.
_FINEST_PRINT_UM = 10.0
# The name of a file that holds planes, e.g. <UUID FileName="a_z1.ome.tif">urn:uuid:...</UUID>.
_OME_FILE = re.compile(r"<(?:\w+:)?UUID\b[^>]*>\s*([^<\s]+)")


def opened(path: Path) -> tifffile.TiffFile:
    """Return the file, open; of an OME-TIFF of several files this one alone.

    The others are named by whoever wrote the file, may lie anywhere, and stay behind as this one
    is copied into a study: what they hold would be zeros then.
    """
    return tifffile.TiffFile(path, _multifile=False)


def files_told(tif: tifffile.TiffFile) -> int:
    """Return over how many files OME spreads the pictures; 1: they are all in this one."""
    told = str(tif.ome_metadata) if tif.is_ome and tif.ome_metadata else ""
    return max(1, len(set(_OME_FILE.findall(told))))


def axes_of(tif: tifffile.TiffFile, level: Any) -> str:
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


def channel_names(tif: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> tuple[str, ...]:
    """Return the names of the channels that have one."""
    found: list[Any] = []
    if tif.is_ome and tif.ome_metadata:
        found = [channel.get("Name") for channel in _ome_channels(tif, series)]
    elif tif.is_imagej and tif.imagej_metadata:
        found = list(tif.imagej_metadata.get("Labels", ()))
    elif tif.shaped_metadata and tif.series.index(series) < len(tif.shaped_metadata):
        about = tif.shaped_metadata[tif.series.index(series)]
        told = about.get("channel_names") or about.get("Channel", {})
        found = list(told.get("Name", ()) if isinstance(told, dict) else told)
    return tuple(str(name) for name in found if name)


def channel_colors(tif: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> tuple[str, ...]:
    """Return `#RRGGBB` for each channel as OME or ImageJ tell it; empty where they do not."""
    if tif.is_ome and tif.ome_metadata:
        told = [int(each["Color"]) for each in _ome_channels(tif, series) if "Color" in each]
        # Red, green, blue, alpha in the bytes of one signed number.
        return tuple(f"#{(color & 0xFFFFFFFF) >> 8:06X}" for color in told)
    if tif.is_imagej and tif.imagej_metadata:
        tables = tif.imagej_metadata.get("LUTs", ())
        ends = [[int(value) for value in each[:, -1]] for each in tables]
        return tuple("#{:02X}{:02X}{:02X}".format(*end) for end in ends)
    return ()


def pixel_size_um(tif: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> float | None:
    """Return the width of a pixel; None where the file tells none that is a microscope's."""
    if tif.is_ome and tif.ome_metadata:
        about = _ome_pixels(tif, series)
        told = about.get("PhysicalSizeX")
        return _in_um(told, about.get("PhysicalSizeXUnit", "µm")) if told else None
    if tif.is_lsm and tif.lsm_metadata:
        return _in_um(tif.lsm_metadata.get("VoxelSizeX"), "m")
    aperio = _APERIO_SIZE.search(tif.pages.first.description) if tif.is_svs else None
    if aperio:
        return _in_um(aperio[1], "µm")
    pages = series.keyframe.tags.get("MicroManagerMetadata")
    if pages is not None and isinstance(pages.value, dict):
        return _in_um(pages.value.get("PixelSizeUm"), "µm")
    return _by_resolution(tif, series)


def _by_resolution(tif: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> float | None:
    """Return the width of a pixel as the tags tell it that printers and ImageJ use."""
    tags = series.keyframe.tags
    tag = tags.get("XResolution")
    if tag is None or not isinstance(tag.value, tuple) or not all(tag.value):
        return None
    width = tag.value[1] / tag.value[0]
    if tif.is_imagej:
        return _in_um(width, (tif.imagej_metadata or {}).get("unit", ""))
    unit = tags.get("ResolutionUnit")
    size_um = width * _RESOLUTION_UM.get(unit.value, 0) if unit is not None else 0
    return size_um if 0 < size_um < _FINEST_PRINT_UM else None


def _in_um(size: Any, unit: Any) -> float | None:
    """Return a size in micrometres; None where it is none, or in a unit that is no length."""
    scale = _MICRONS.get(str(unit).replace("\\u00B5", "µ").strip().lower())
    try:
        size_um = float(size) * (scale or 0)
    except (TypeError, ValueError):
        return None
    return size_um if 0 < size_um < math.inf else None


def _ome_channels(tif: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> list[dict[str, Any]]:
    return _listed(_ome_pixels(tif, series).get("Channel", []))


def _ome_pixels(tif: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> dict[str, Any]:
    """Return what OME tells of one of the file's pictures."""
    told = tifffile.xml2dict(str(tif.ome_metadata)).get("OME", {}).get("Image", {})
    images = _listed(told)
    if len(images) == len(tif.series):
        image = images[tif.series.index(series)]
    else:  # images without pages are no series: the names tell which is which
        image = next((each for each in images if each.get("Name") == series.name), images[0])
    pixels: dict[str, Any] = image.get("Pixels", {})
    return pixels


def _listed(told: Any) -> list[dict[str, Any]]:
    """Return one or several of an element as a list."""
    return told if isinstance(told, list) else [told]
