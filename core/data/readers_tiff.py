"""TIFF in all its kinds: stacks, channels, palettes, pyramids, ImageJ, OME."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from core.data import scenes, tiff_facts
from core.data.axes import MAX_PIXELS, PYRAMID_NOTICE, Asked, Layout, Picture, to_cyx
from core.errors import ImageError

Pixels = NDArray[np.generic]
# What scanners put beside a slide (the words are tifffile's), and Bio-Formats' names of the same.
_PREVIEWS = ("Thumbnail", "Label", "Macro", "Map", "label image", "macro image")
_LOSSY = (tifffile.COMPRESSION.JPEG, tifffile.COMPRESSION.OJPEG)


def read(path: Path, asked: Asked) -> Picture:
    """Return the picture; see `readers.read`. Series are counted on as microscopes' scenes are."""
    with tiff_facts.opened(path) as tif:
        series, notices = _pictures(tif)
        # Axes are overruled for files of one picture: those of several need not be alike.
        axes = asked.axes if len(series) == 1 else ""
        told: list[str] = []
        levels = [_level(each) for each in series]
        found = [
            _scene(tif, each, level, axes=axes, indices=asked.indices, told=told)
            for each, level in zip(series, levels, strict=True)
        ]
        picture = scenes.picture(found, asked)
        level, factor = levels[picture.scene]
        if factor > 1:
            notices.append(PYRAMID_NOTICE.format(factor=factor))
        return replace(
            picture,
            reduction=factor,
            lossy=level.keyframe.compression in _LOSSY,
            notices=(*notices, *picture.notices, *dict.fromkeys(told)),
        )


def size_of(path: Path) -> tuple[int, int] | None:
    """Return rows and columns by the header; None: the file's pictures differ in size."""
    with tiff_facts.opened(path) as tif:
        series, _ = _pictures(tif)
        sides = [
            dict(zip(tiff_facts.axes_of(tif, each), each.shape, strict=True)) for each in series
        ]
        sizes = {(int(each["Y"]), int(each["X"])) for each in sides}
        return sizes.pop() if len(sizes) == 1 else None


def _pictures(tif: tifffile.TiffFile) -> tuple[list[tifffile.TiffPageSeries], list[str]]:
    """Return the file's pictures without previews of them, and what was left out."""
    kept = [each for each in tif.series if not _is_preview(each)] or tif.series[:1]
    left_out = len(tif.series) - len(kept)
    notices = [f"{left_out} small previews in it are left out"] if left_out > 1 else []
    notices += ["a small preview in it is left out"] if left_out == 1 else []
    # Pages of half the size that say nothing of it are mostly levels of a pyramid, not always.
    guessed = [
        level
        for series in kept
        for level in series.levels[1:]
        if series.kind == "generic" and not (level.keyframe.is_reduced or level.keyframe.is_subifd)
    ]
    notices += [
        f"its page of {_width(level)} pixels' width counts as a smaller copy of the one before; if "
        "it is a picture of its own, save it as a file of its own"
        for level in guessed
    ]
    files = tiff_facts.files_told(tif)
    if files > 1:
        notices.append(
            f"it is one of {files} files that belong together; only what lies in this one is read: "
            "export all as one file to have them in one picture"
        )
    return kept, notices


def _is_preview(series: tifffile.TiffPageSeries) -> bool:
    """Return whether it is a thumbnail, a mask of transparency or a photo of the slide's label."""
    page = series.keyframe
    return page.is_reduced or page.is_mask or (series.kind != "shaped" and series.name in _PREVIEWS)


def _scene(
    tif: tifffile.TiffFile,
    series: tifffile.TiffPageSeries,
    sized: tuple[Any, float],
    *,
    axes: str,
    indices: bool,
    told: list[str],
) -> scenes.Scene:
    """Return one of the file's pictures; what is decided while it is read goes to `told`."""
    level, factor = sized
    said = tiff_facts.axes_of(tif, level)
    size_um = tiff_facts.pixel_size_um(tif, series)
    layout = Layout(axes=axes if len(axes) == len(said) else said, shape=tuple(level.shape))

    def plane(index: scenes.Index) -> tuple[Pixels, str]:
        pixels, more = _colours(tif, level.keyframe, to_cyx(*_plane(level, layout, index)), indices)
        told.extend(more)
        return pixels, "CYX"

    return scenes.Scene(
        axes=layout.axes,
        shape=layout.shape,
        read=plane,
        channel_names=tiff_facts.channel_names(tif, series),
        channel_colors=tiff_facts.channel_colors(tif, series),
        pixel_size_um=None if size_um is None else size_um * factor,
        name=series.name,
        told=said,
    )


def _level(series: tifffile.TiffPageSeries) -> tuple[Any, float]:
    """Return the largest level of a pyramid that may be opened, and how much smaller it is."""
    for level in series.levels:
        layout = Layout(axes=level.axes, shape=level.shape)
        if layout.pixels <= MAX_PIXELS:
            return level, (_width(series) / _width(level))
    return series, 1.0


def _width(level: Any) -> int:
    return int(level.shape[level.axes.index("X")])


def _plane(level: Any, layout: Layout, index: scenes.Index) -> tuple[Pixels, str]:
    """Return one plane's array and its axes; reads no other pages where the file allows it."""
    kept = "".join(
        axis for axis, at in zip(layout.axes, index, strict=True) if isinstance(at, slice)
    )
    stacked = layout.planes > 1
    page_axes = level.keyframe.axes
    leading = len(layout.axes) - len(page_axes)
    by_page = (
        stacked
        and leading > 0
        and layout.axes.endswith(page_axes)
        and len(level.pages) == int(np.prod(layout.shape[:leading]))
    )
    if not by_page and stacked and level.dataoffset is not None:
        # One long block, as ImageJ writes stacks: only the plane's bytes are read.
        file = level.keyframe.parent
        block = np.memmap(
            file.filehandle.path,
            dtype=level.dtype.newbyteorder(file.byteorder),
            mode="r",
            offset=level.dataoffset,
            shape=layout.shape,
        )
        return np.array(block[index]), kept
    if not by_page:
        return level.asarray()[index], kept
    numbers = np.arange(len(level.pages)).reshape(layout.shape[:leading])[index[:leading]]
    pages = [level.pages[int(number)].asarray() for number in np.ravel(numbers)]
    shape = (*np.shape(numbers), *layout.shape[leading:])
    return np.stack(pages).reshape(shape), kept


def _colours(
    tif: tifffile.TiffFile, page: Any, pixels: Pixels, indices: bool
) -> tuple[Pixels, list[str]]:
    """Return grey or RGB for palettes, CMYK, transparency and white that is 0."""
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
    # In ImageJ's own files and in masks the numbers count, not how bright they are shown.
    turned = photometric == tifffile.PHOTOMETRIC.MINISWHITE and not (indices or tif.is_imagej)
    if turned and pixels.dtype.kind in "ub":
        white = (1 << page.bitspersample) - 1
        return (white - pixels).astype(pixels.dtype), ["its white is stored as 0: it was turned"]
    alphas = _alphas(page, pixels)
    return pixels[: len(pixels) - alphas], ["its transparency was dropped"] if alphas else []


def _alphas(page: Any, pixels: Pixels) -> int:
    """Return how many of the last samples are transparency."""
    if "S" not in page.axes or page.samplesperpixel != len(pixels):
        return 0
    told = sum(sample in _ALPHA for sample in page.extrasamples)
    # Many programs do not say what the fourth sample is; one that hides nothing holds nothing.
    unsaid = page.photometric == tifffile.PHOTOMETRIC.RGB and len(pixels) == 4 and not told
    if unsaid and pixels.dtype.kind == "u" and (pixels[3] == (1 << 8 * pixels.itemsize) - 1).all():
        return 1
    return told


_ALPHA = (tifffile.EXTRASAMPLE.ASSOCALPHA, tifffile.EXTRASAMPLE.UNASSALPHA)


def _palette(indices_yx: Pixels, colormap: NDArray[np.uint16]) -> tuple[Pixels, list[str]]:
    """Return the colours; the palette of 8-bit files is stored with 16 bits, each twice."""
    if indices_yx.dtype.kind != "u" or int(indices_yx.max()) >= colormap.shape[1]:
        raise ImageError("its palette is shorter than its indices; export it again as grey or RGB")
    colours = (colormap >> 8).astype(np.uint8)
    if (colours == colours[:1]).all():
        return colours[:1, indices_yx], []
    return colours[:, indices_yx], ["its palette became the colours it stands for"]
