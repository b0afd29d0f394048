"""Versions of labels on disk.

labels/IMAGE/HASH.tif   one page a layer, then the annotated area (0, 1); strips, zlib
labels/IMAGE/HASH.json  objects, layer names, author, time, parent
labels/IMAGE/head.json  the version that counts, who found it right, and every version ever saved
"""

import time as clock
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from core.data.labels import cutting, pages
from core.data.labels.model import LabelObject, Labels, content_hash
from core.data.readers import DECODER_FAULTS
from core.data.regions import Region
from core.errors import ConflictError, StudyError
from core.paths import StudyDir, check_name
from core.records import files


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelVersion:
    """One save."""

    version: str
    """Content hash; empty where the labels were withdrawn."""
    author: str
    time: float
    """Seconds since 1970."""
    parent: str | None
    """The version it was made from; None: the first."""
    note: str = ""
    """Where it came from, e.g. `import`; empty: drawn by hand."""
    conflict: bool = False
    """Whether somebody else had saved meanwhile: kept, but it does not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A person looked at labels and found them right."""

    of: str
    """What was looked at: the version, or the class of the whole image."""
    author: str
    time: float
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What counts of an image's labels."""

    version: str | None = None
    """None: the image has no label map."""
    history: tuple[LabelVersion, ...] = ()
    checked: Check | None = None
    """Gone with the next version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    layers: tuple[str, ...]
    objects: tuple[LabelObject, ...]
    author: str
    time: float
    parent: str | None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    class_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """Of a page, what is counted: the rest is passed over when it is read."""

    objects: tuple[_Named, ...]


def save(
    study_dir: StudyDir,
    image_id: str,
    labels: Labels,
    *,
    author: str,
    parent: str | None = None,
    note: str = "",
) -> str:
    """Keep the labels and return their version.

    `parent` is the version the work started from (None: there was none). Where another version
    counts by now, the labels are kept but do not count, and ConflictError is raised. Saving what
    counts already changes nothing.
    """
    folder = _folder(study_dir, image_id)
    folder.mkdir(parents=True, exist_ok=True)
    version = content_hash(labels)
    with FileLock(folder / ".lock"):
        before = _read_head(folder)
        if before.version == version:
            return version
        conflict = before.version != parent
        entry = LabelVersion(
            version=version,
            author=author,
            time=clock.time(),
            parent=parent,
            note=note,
            conflict=conflict,
        )
        _write_version(folder, labels, entry)
        counts = before.version if conflict else version
        after = Head(
            version=counts,
            history=(*before.history, entry),
            checked=before.checked if conflict else None,
        )
        files.write(folder / "head.json", after)
    if conflict:
        raise ConflictError(
            f"the labels of {image_id!r} were changed meanwhile{_by(before)}; yours are kept as "
            f"version {version[:8]} but do not count: load the newer ones and draw again, or "
            "choose yours in the history"
        )
    return version


def choose(study_dir: StudyDir, image_id: str, version: str, *, author: str) -> str:
    """Make an earlier version count again; return it. StudyError where there is none such."""
    labels = load(study_dir, image_id, version)
    if labels is None:
        raise StudyError(f"image {image_id!r} has no labels of version {version!r}")
    parent = head(study_dir, image_id)
    return save(study_dir, image_id, labels, author=author, parent=parent, note="chosen")


def withdraw(study_dir: StudyDir, image_id: str, *, author: str, note: str = "") -> None:
    """Make no version count: the image is not annotated any more. All versions stay."""
    folder = _folder(study_dir, image_id)
    if not folder.is_dir():
        return
    with FileLock(folder / ".lock"):
        before = _read_head(folder)
        if before.version is None:
            return
        entry = LabelVersion(
            version="", author=author, time=clock.time(), parent=before.version, note=note
        )
        files.write(folder / "head.json", Head(history=(*before.history, entry)))


def check(study_dir: StudyDir, image_id: str, check: Check | None) -> None:
    """Note that a person found the labels right; None: nobody did, or it is taken back."""
    folder = _folder(study_dir, image_id)
    if check is None and not folder.is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        before = _read_head(folder)
        if before.checked != check:
            files.write(folder / "head.json", replace(before, checked=check))


def load(
    study_dir: StudyDir,
    image_id: str,
    version: str | None = None,
    region: Region | None = None,
) -> Labels | None:
    """Return a version's labels, by default the one that counts; None: not labelled.

    With a region, only what lies in it is read. Raises StudyError where the version is not there
    or its files are damaged.
    """
    folder = _folder(study_dir, image_id)
    chosen = version or _read_head(folder).version
    if chosen is None:
        return None
    page = files.read(folder / f"{check_name(chosen, 'version')}.json", _Page)
    found, annotated = _pixels(folder / f"{chosen}.tif", page, region)
    layers = {
        name: np.ascontiguousarray(layer_yx, dtype=np.int32)
        for name, layer_yx in zip(page.layers, found, strict=True)
    }
    if region is not None:
        return cutting.of_layers(layers, annotated > 0, page.objects)
    return Labels(layers=layers, annotated_yx=annotated > 0, objects=page.objects)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Overview:
    """Every n-th pixel of a version."""

    ids_yx: NDArray[np.int32]
    """Of all layers, the last on top."""
    annotated_yx: NDArray[np.bool_]
    objects: tuple[LabelObject, ...]


def overview(study_dir: StudyDir, image_id: str, version: str, every: int) -> Overview:
    """Return every n-th pixel of a version, without the whole in memory.

    Raises StudyError where the version is not there or its files are damaged.
    """
    folder = _folder(study_dir, image_id)
    page = files.read(folder / f"{check_name(version, 'version')}.json", _Page)
    found, annotated = _pixels(folder / f"{version}.tif", page, every=every)
    flat_yx = np.asarray(found[0], np.int32)
    for layer_yx in found[1:]:
        flat_yx = np.where(layer_yx > 0, layer_yx, flat_yx)
    return Overview(ids_yx=flat_yx, annotated_yx=annotated > 0, objects=page.objects)


def is_same(one: Labels, other: Labels) -> bool:
    """Return whether pixels, annotated area and objects are the same."""
    return (
        one.objects == other.objects
        and bool((one.annotated_yx == other.annotated_yx).all())
        and all((one.layers[name] == other.layers[name]).all() for name in one.layers)
    )


def objects(
    study_dir: StudyDir, image_id: str, version: str | None = None
) -> tuple[LabelObject, ...]:
    """Return a version's objects without reading pixels, by default of the one that counts."""
    folder = _folder(study_dir, image_id)
    chosen = version or _read_head(folder).version
    if chosen is None:
        return ()
    return files.read(folder / f"{check_name(chosen, 'version')}.json", _Page).objects


def class_names(study_dir: StudyDir, image_id: str, version: str) -> list[str | None]:
    """Return the class of each object of a version: what counting thousands of images needs."""
    page = files.read(
        _folder(study_dir, image_id) / f"{check_name(version, 'version')}.json", _Told
    )
    return [each.class_name for each in page.objects]


def head(study_dir: StudyDir, image_id: str) -> str | None:
    """Return the version that counts; None: not labelled."""
    return _read_head(_folder(study_dir, image_id)).version


def history(study_dir: StudyDir, image_id: str) -> list[LabelVersion]:
    """Return every save, oldest first, those that lost a conflict among them."""
    return list(_read_head(_folder(study_dir, image_id)).history)


def _folder(study_dir: StudyDir, image_id: str) -> Path:
    return study_dir.labels / check_name(image_id, "image")


def _read_head(folder: Path) -> Head:
    path = folder / "head.json"
    return files.read(path, Head) if path.is_file() else Head()


def _pixels(
    path: Path, page: _Page, region: Region | None = None, every: int = 1
) -> tuple[list[NDArray[np.int32]], NDArray[np.int32]]:
    """Return the layers of a version and its annotated area; StudyError where they are damaged."""
    try:
        *found, annotated = pages.read(path, region, every)
        if len(found) != len(page.layers):
            raise ValueError(f"it holds {len(found)} layers instead of {len(page.layers)}")
    except DECODER_FAULTS as error:
        raise StudyError(
            f"{path} cannot be read: {error}; choose another version in the history"
        ) from error
    return found, annotated


def _write_version(folder: Path, labels: Labels, entry: LabelVersion) -> None:
    """Write pixels first: a table without pixels would look complete."""
    picture, table = folder / f"{entry.version}.tif", folder / f"{entry.version}.json"
    if picture.is_file() and table.is_file():
        return
    pages.write(picture, labels)
    files.write(
        table,
        _Page(
            layers=tuple(labels.layers),
            objects=labels.objects,
            author=entry.author,
            time=entry.time,
            parent=entry.parent,
            note=entry.note,
        ),
    )


def _by(before: Head) -> str:
    authors = [item.author for item in before.history if item.version == before.version]
    return f" by {authors[-1]}" if authors and authors[-1] else ""
