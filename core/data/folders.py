"""What lies in the paths a user names: pictures, their masks, their classes."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from core.data import archives, folder_tables, readers, readers_zarr, tables
from core.data.found import Findings, Found, Notice
from core.data.labels import coco, pieces, vectors
from core.errors import DataError

MASK_FOLDERS = ("masks", "labels")
_SIDES = {"train": False, "training": False, "val": False, "validation": False, "test": True}
_MASK_NAME = re.compile(
    r"(.+?)[ _.-]?(masks?|labels?|seg|gt|rois?|roiset|annotations?)", re.IGNORECASE
)
# As ImageJ proposes when the ROI manager saves.
_ROI_SET = re.compile(r"RoiSet[ _.-](.+)", re.IGNORECASE)
_RUBBISH = ("thumbs.db", "desktop.ini", "__macosx")
# What lies beside pictures without being meant as one.
_COMPANIONS = (".csv", ".txt", ".json", ".md", ".xml", ".yaml", ".yml", ".xlsx", ".pdf", ".html")


def find(paths: Iterable[Path], scratch: Path, *, test: bool = False) -> Findings:
    """Return all pictures in files, folders and zips; zips are unpacked into `scratch`."""
    found = Findings(scratch=scratch / ("test" if test else "all"))
    loose: list[Path] = []
    for number, path in enumerate(paths):
        if readers_zarr.is_folder(path):
            loose.append(_packed(path, found))
        elif path.is_dir():
            _folder(path, found, test=test, name="")
        elif path.suffix.lower() == ".zip" and not readers_zarr.is_zip(path):
            _zip(path, found.scratch / str(number), found, test=test)
        elif path.is_file():
            loose.append(path)
        else:
            found.refused.append(Notice(file=str(path), message=f"{path}: there is no such file"))
    _loose(loose, found, test=test, name="")
    return found


def _zip(path: Path, target: Path, found: Findings, *, test: bool) -> None:
    target.mkdir(parents=True)
    try:
        archives.unpack(path, target)
    except DataError as error:
        found.refused.append(Notice(file=path.name, message=str(error)))
        return
    _folder(target, found, test=test, name=f"{path.name}/")


def _folder(folder: Path, found: Findings, *, test: bool, name: str) -> None:
    """Read one folder by its shape; the shapes are tried from the most to the least telling."""
    inside = [
        _packed(path, found) if readers_zarr.is_folder(path) else path
        for path in sorted(folder.iterdir())
        if not _is_rubbish(path)
    ]
    folders = {path.name.lower(): path for path in inside if path.is_dir()}
    files = [path for path in inside if path.is_file()]
    start = len(found.pictures)
    if "images" in folders or any(key in folders for key in MASK_FOLDERS):
        _pairs(folders, found, test=test, name=name)
    elif folders and not any(_is_candidate(path) for path in files):
        _subfolders(folders, found, test=test, name=name)
    else:
        _loose(files, found, test=test, name=name)
        for sub in folders.values():
            _folder(sub, found, test=test, name=f"{name}{sub.name}/")
    folder_tables.tell(folder, found, start)


def _packed(folder: Path, found: Findings) -> Path:
    """Return an OME-Zarr folder as the one file by which the study keeps it."""
    number = len(list(found.scratch.glob("packed-*")))
    name = folder.name.removesuffix(".zarr").removesuffix(".ome")
    return readers_zarr.pack(folder, found.scratch / f"packed-{number}" / f"{name}.ozx")


def _subfolders(folders: dict[str, Path], found: Findings, *, test: bool, name: str) -> None:
    """Read folders that hold folders: sides, a wrapper, or one folder a class."""
    if set(folders) <= set(_SIDES):
        for key, sub in folders.items():
            _folder(sub, found, test=test or _SIDES[key], name=f"{name}{sub.name}/")
        return
    if any(path.is_dir() for sub in folders.values() for path in sub.iterdir()):
        for sub in folders.values():
            _folder(sub, found, test=test, name=f"{name}{sub.name}/")
        return
    for sub in folders.values():
        start = len(found.pictures)
        _loose(sorted(sub.iterdir()), found, test=test, name=f"{name}{sub.name}/")
        if len(folders) > 1:
            found.pictures[start:] = [
                replace(picture, image_class=sub.name) for picture in found.pictures[start:]
            ]


def _pairs(folders: dict[str, Path], found: Findings, *, test: bool, name: str) -> None:
    """Read `images` and `masks`, paired by stem."""
    inside = [path for key in MASK_FOLDERS if key in folders for path in _masks_in(folders[key])]
    masks = [path for path in inside if path.is_file() and (_is_candidate(path) or _is_drawn(path))]
    for each in inside:
        one_a_file = [path for path in _files_in(each) if _is_candidate(path)]
        if one_a_file:
            masks.append(_put_together(one_a_file, each.name, found))
    start = len(found.pictures)
    if "images" in folders:
        _folder(folders["images"], found, test=test, name=f"{name}images/")
    added = found.pictures[start:]
    stems: dict[str, list[int]] = {picture.path.stem: [] for picture in added}
    if len(added) == 1 and len(masks) > 1 and not any(_mask_stem(m, stems) in stems for m in masks):
        # One folder a picture, one mask an object, as the Data Science Bowl 2018 came.
        masks = [_put_together(masks, added[0].path.stem, found)]
    _marry(found, start, masks)


def _masks_in(folder: Path) -> Iterator[Path]:
    """Yield what lies in a folder of masks; a zip unpacked into it has such a folder once more."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name.lower() in MASK_FOLDERS:
            yield from _masks_in(path)
        elif not _is_rubbish(path):
            yield path


def _files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


def _put_together(masks: list[Path], stem: str, found: Findings) -> Path:
    """Return the masks of one picture's objects as the one file that is kept."""
    number = len(list(found.scratch.glob("pieces-*")))
    return pieces.pack(masks, found.scratch / f"pieces-{number}" / f"{stem}.zip")


def _is_drawn(path: Path) -> bool:
    """Return whether a file holds objects one by one: JSON, regions of ImageJ, zips of masks."""
    return vectors.kind_of(path) is not None


def _pages(path: Path, found: Findings) -> list[Path]:
    """Return a file for each picture of a COCO file; other files as they are."""
    if vectors.kind_of(path) != "coco":
        return [path]
    number = len(list(found.scratch.glob("coco-*")))
    try:
        return coco.split(path, found.scratch / f"coco-{number}")
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        found.refused.append(
            Notice(
                file=path.name,
                message=f"{path.name}: it is not written as COCO files are ({error}); export it "
                "again",
            )
        )
        return []


def _loose(files: Iterable[Path], found: Findings, *, test: bool, name: str) -> None:
    """Take single files; `x_mask.png` beside `x.png` is its mask."""
    files = [path for path in files if path.is_file() and not _is_rubbish(path)]
    drawn = [path for path in files if _is_drawn(path)]
    chosen = [path for path in files if path not in drawn and _is_candidate(path)]
    stems = {path.stem for path in chosen}
    masks = [
        path
        for path in chosen
        if (match := _MASK_NAME.fullmatch(path.stem)) and match.group(1) in stems
    ]
    start = len(found.pictures)
    found.pictures += [
        Found(path=path, name=f"{name}{path.name}", test=test)
        for path in chosen
        if path not in masks
    ]
    _marry(found, start, [*masks, *drawn])


def _marry(found: Findings, start: int, masks: list[Path]) -> None:
    """Give each picture from `start` on the mask of its stem, where there is exactly one."""
    pictures = found.pictures[start:]
    by_stem: dict[str, list[int]] = {}
    for place, picture in enumerate(pictures, start=start):
        by_stem.setdefault(picture.path.stem, []).append(place)
    chosen: dict[str, list[Path]] = {}
    for mask in (page for path in masks for page in _pages(path, found)):
        chosen.setdefault(_mask_stem(mask, by_stem), []).append(mask)
    for stem, candidates in chosen.items():
        places = by_stem.get(stem, [])
        if len(candidates) > 1 or len(places) > 1:
            several = [path.name for path in candidates] if len(candidates) > 1 else []
            several = several or [found.pictures[place].path.name for place in places]
            found.refused += [
                Notice(
                    file=mask.name,
                    message=f"{mask.name}: it is not clear which belongs to which: "
                    f"{', '.join(several)} have the same name but for the suffix; rename them. "
                    "The pictures are imported without labels",
                )
                for mask in candidates
            ]
        elif places:
            found.pictures[places[0]] = replace(found.pictures[places[0]], mask=candidates[0])
        else:
            found.lone_masks.append((candidates[0], stem))


def _mask_stem(mask: Path, stems: dict[str, list[int]]) -> str:
    """Return the stem of the picture a mask's name means."""
    patterns = (_MASK_NAME.fullmatch(mask.stem), _ROI_SET.fullmatch(mask.stem))
    means = [mask.stem, *(match.group(1) for match in patterns if match)]
    # QuPath and others append to the picture's full name: a.tif.geojson.
    means += [tables.stem_of(each) for each in means if "." in each]
    return next((each for each in means if each in stems), means[min(1, len(means) - 1)])


def _is_rubbish(path: Path) -> bool:
    return path.name.startswith(".") or path.name.lower() in _RUBBISH


def _is_candidate(path: Path) -> bool:
    """Return whether a file is meant as a picture, readable or not."""
    if _is_rubbish(path):
        return False
    if path.suffix.lower() in _COMPANIONS:
        return readers.is_picture(path)
    return True
