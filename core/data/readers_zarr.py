"""OME-Zarr: a folder of chunks, or the same folder in one zip (`.ozx`, `.zarr.zip`).

Source: NGFF 0.4 and 0.5; RFC-9 for the zip.
"""

import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.data.axes import MAX_PIXELS, PYRAMID_NOTICE, Asked, Layout, Picture
from core.data.readers_vendor import door
from core.data.scenes import Index, Scene, picture, placed
from core.errors import ImageError

_ROOTS = ("zarr.json", ".zgroup", ".zattrs")
_MICRONS = {"micrometer": 1.0, "nanometer": 1e-3, "millimeter": 1e3}
# Zips know no earlier day; a fixed one gives the same picture the same hash.
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)


def is_folder(path: Path) -> bool:
    """Return whether the folder is an OME-Zarr picture."""
    return path.is_dir() and any((path / name).is_file() for name in _ROOTS)


def is_zip(path: Path) -> bool:
    """Return whether the zip holds one OME-Zarr picture, at its root or in one folder."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _root(archive.namelist()) is not None
    except (zipfile.BadZipFile, OSError):
        return False


def pack(folder: Path, target: Path) -> Path:
    """Put an OME-Zarr folder into one file, its bytes as they are; return the file.

    The same folder gives the same file. Links are left out: they may lead anywhere.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                name = path.relative_to(folder).as_posix()
                archive.writestr(zipfile.ZipInfo(name, _FIRST_DAY), path.read_bytes())
    return target


def read(path: Path, asked: Asked) -> Picture:
    """Return the picture; see `readers.read`. The finest level that fits is used."""
    zarr = door("zarr", "OME-Zarr")
    if path.is_dir():
        return _read(zarr.open_group(str(path), mode="r"), asked)
    with zipfile.ZipFile(path) as archive:
        root = _root(archive.namelist())
    with closing(zarr.storage.ZipStore(path, mode="r")) as store:
        return _read(zarr.open_group(store, path=root or "", mode="r"), asked)


def _root(names: list[str]) -> str | None:
    """Return the folder inside a zip that is the picture; None: there is none."""
    tops = {name.split("/")[0] for name in names}
    if tops & set(_ROOTS):
        return ""
    only = next(iter(tops)) if len(tops) == 1 else None
    found = only is not None and any(f"{only}/{name}" in names for name in _ROOTS)
    return only if found else None


def _read(group: Any, asked: Asked) -> Picture:
    attributes = dict(group.attrs)
    about = attributes.get("ome", attributes)
    if "multiscales" not in about:
        what = "a plate; import its wells one by one" if "plate" in about else "no OME-Zarr picture"
        raise ImageError(f"this Zarr holds {what}")
    scales = about["multiscales"][0]
    told = "".join(_letter(axis) for axis in scales.get("axes", "tczyx"))
    axes = asked.axes if len(asked.axes) == len(told) else told
    levels = scales["datasets"]
    array, level, reduction = _fitting(group, levels, axes)
    channels = about.get("omero", {}).get("channels", [])
    scene = Scene(
        axes=axes,
        shape=tuple(array.shape),
        read=lambda index: _plane(array, axes, index),
        channel_names=tuple(str(each.get("label", "")) for each in channels if each.get("label")),
        channel_colors=tuple(f"#{each['color'][-6:]}" for each in channels if each.get("color")),
        pixel_size_um=_size_um(scales, level, axes),
        told=told,
    )
    seen = picture([scene], asked)
    if reduction == 1:
        return seen
    notice = PYRAMID_NOTICE.format(factor=reduction)
    return replace(seen, reduction=reduction, notices=(notice, *seen.notices))


def _letter(axis: Any) -> str:
    return str(axis["name"] if isinstance(axis, dict) else axis)[:1].upper()


def _fitting(group: Any, levels: list[Any], axes: str) -> tuple[Any, Any, float]:
    """Return the finest array that may be opened, its entry, and how much smaller it is."""
    finest = group[levels[0]["path"]]
    for number, level in enumerate(levels):
        array = group[level["path"]] if number else finest
        # Whatever may be opened now: a model must see the level it has learned from.
        if Layout(axes=axes, shape=tuple(array.shape)).pixels <= MAX_PIXELS:
            at = axes.index("X")
            return array, level, finest.shape[at] / array.shape[at]
    return finest, levels[0], 1.0


def _plane(array: Any, axes: str, index: Index) -> tuple[np.ndarray[Any, Any], str]:
    return np.asarray(array[index]), "".join(a for a in axes if a not in placed(axes, index))


def _size_um(scales: dict[str, Any], level: dict[str, Any], axes: str) -> float | None:
    """Return the width of a pixel; scales of the picture and of its level multiply."""
    told = scales.get("axes", [])
    unit = told[axes.index("X")].get("unit") if told and isinstance(told[0], dict) else None
    if unit not in _MICRONS:
        return None
    size = _MICRONS[unit]
    for each in (
        *level.get("coordinateTransformations", ()),
        *scales.get("coordinateTransformations", ()),
    ):
        if each.get("type") == "scale":
            size *= float(each["scale"][axes.index("X")])
    return size
