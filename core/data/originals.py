"""The user's pictures, kept as they came: hashed, copied, named."""

import hashlib
import os
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.data import readers, readings, scales
from core.data.axes import PROJECTIONS, Picture
from core.data.found import Found
from core.errors import ImageError
from core.paths import StudyDir
from core.records import ImageRecord, Reading, Stack, StudyRecord

_LONGEST = 80
"""Leaves room for suffixes and folders below the 255 letters file systems allow."""


def hash_of(path: Path) -> str:
    """Return the file's SHA-256; ImageError where it cannot be opened."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ImageError(f"{path.name}: it cannot be opened ({error.strerror})") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a study decided for files of a kind before this one came."""

    readings: Mapping[str, Reading] = field(default_factory=dict)
    pixel_sizes_um: Mapping[str, float] = field(default_factory=dict)
    measured_um: Mapping[str, float] = field(default_factory=dict)
    """Path of a picture of the study's own -> how large a person said that its pixels are."""

    def size_um(self, path: Path, picture: Picture) -> float | None:
        """Return how large a pixel of a picture is, by a person or by its file; None: unknown."""
        told = self.measured_um.get(str(path)) or picture.pixel_size_um
        dtype, shape_cyx = str(picture.image_cyx.dtype), picture.image_cyx.shape
        return told or self.pixel_sizes_um.get(scales.kind(path.name, dtype, shape_cyx))


def known_in(study_dir: StudyDir, record: StudyRecord) -> Known:
    """Return what a study decided until now, for pictures that are only to be predicted."""
    return Known(
        readings=record.readings,
        pixel_sizes_um=record.pixel_sizes_um,
        measured_um={
            str((study_dir.images / image.file).resolve()): image.pixel_size_um
            for image in record.images
            if image.measured and image.pixel_size_um
        },
    )


def keep(
    study_dir: StudyDir, picture: Found, sha256: str, taken: set[str], known: Known
) -> tuple[list[ImageRecord], list[str]]:
    """Copy one picture into the study and return its images and what was decided.

    Raises ImageError where it cannot be read; then nothing is copied.
    """
    read = readers.read(picture.path)
    stack = read.stack(readers.format_of(picture.path))
    image_id = new_id(picture.path.stem, taken)
    suffix = picture.path.suffix.lower()
    file = f"{image_id}{suffix if re.fullmatch(r'[.][a-z0-9]{1,8}', suffix) else ''}"
    about = ImageRecord(
        id=image_id,
        file=file,
        original_name=picture.path.name,
        sha256=sha256,
        shape_cyx=_shape(read),
        dtype=str(read.image_cyx.dtype),
        axes=read.axes,
        plane=read.plane,
        channel_names=read.channel_names,
        channel_colors=read.channel_colors,
        stack=stack,
        pixel_size_um=read.pixel_size_um,
        reduction=read.reduction,
        turned=True,
        group=picture.group,
        condition=picture.condition,
        facts=picture.facts,
        image_class=picture.image_class,
        given_split="test" if picture.test else None,
    )
    notices = list(read.notices)
    images = [about]
    decided = known.readings.get(stack.kind) if stack else None
    if stack and decided:
        try:
            images = read_as(picture.path, [about], decided, taken)
            notices = [f"{readings.sentence(stack, decided)}, as you said of files of this kind"]
        except ImageError as error:  # a plane that others of its kind have, for example
            notices.append(f"it cannot be read as others of its kind ({error})")
    if images[0].in_doubt:
        notices.append(
            "say what its planes are, on the page of images or by `aixcell readings`; until then "
            "only this one is shown"
        )
    measured = known.pixel_sizes_um.get(scales.kind_of(about))
    if measured and read.pixel_size_um is None:
        images = [replace(each, pixel_size_um=measured, measured=True) for each in images]
        notices.append(f"a pixel is {measured:.4g} um, as you said of pictures like it")
    if image_id != picture.path.stem:
        notices.append(f"it is called {image_id!r} in this study")
    if (read.image_cyx == read.image_cyx[:, :1, :1]).all():
        notices.append("it shows nothing, all its pixels are alike")
    copy(picture.path, study_dir.images / file)
    return images, [f"{picture.name}: {text}" for text in notices]


def read_as(
    path: Path, images: Sequence[ImageRecord], reading: Reading, taken: set[str]
) -> list[ImageRecord]:
    """Return a file's images under another reading, `images` being what it gave before.

    An image that shows the same plane as before keeps its id; the others take those that are left,
    then new ones that nobody has `taken`. Raises ImageError where the file cannot be read so.
    """
    stack = images[0].stack or readers.read(path).stack(readers.format_of(path))
    if stack is None:
        raise ImageError(f"{images[0].original_name}: it holds one picture only")
    reads = _reads(path, images[0], reading, stack)
    owners = _owners(images, [plane for _, plane in reads], reading)
    given: list[ImageRecord] = []
    for number, ((read, plane), owner) in enumerate(zip(reads, owners, strict=True), start=1):
        about = owner or images[0]
        several = len(reads) > 1
        new = new_id(f"{Path(about.file).stem}-{number:0{len(str(len(reads)))}}", taken)
        taken = taken if owner else {*taken, new}
        given.append(
            replace(
                about,
                id=owner.id if owner else new,
                shape_cyx=_shape(read),
                dtype=str(read.image_cyx.dtype),
                axes=read.axes,
                plane=plane,
                projection=reading.projection,
                depth=reading.depth,
                channel_names=read.channel_names,
                channel_colors=read.channel_colors,
                pixel_size_um=about.pixel_size_um if about.measured else read.pixel_size_um,
                reduction=read.reduction,
                stack=stack,
                decided=True,
                part=readings.part_of(stack, reading, plane or 0, read) if several else "",
                group=_group(about, several=several),
            )
        )
    return given


def _reads(
    path: Path, about: ImageRecord, reading: Reading, stack: Stack
) -> list[tuple[Picture, int | None]]:
    """Return each picture that the reading gives, as far as its record needs it, and its plane.

    All planes of a stack have one size, names and colours: one of them is opened, however many
    depths become one. Several pictures in one file may differ.
    """
    if stack.scenes > 1:
        first = _read(path, about, reading, None if reading.each else reading.plane)
        if not reading.each:
            return [(first, first.plane)]
        return [(_read(path, about, reading, plane), plane) for plane in range(first.planes)]
    if not (reading.each or reading.projection):
        one = _read(path, about, reading, reading.plane)
        return [(one, one.plane)]
    all_of_z = reading.projection in PROJECTIONS
    probe = _read(path, about, replace(reading, projection="") if all_of_z else reading, None)
    planes = readings.planes(stack, reading)
    if not reading.each and reading.plane >= planes:
        raise ImageError(
            f"{about.original_name}: it has {planes} planes, there is no plane {reading.plane}"
        )
    if planes == 1:
        return [(probe, None)]
    return [(probe, plane) for plane in (range(planes) if reading.each else [reading.plane])]


def _read(path: Path, about: ImageRecord, reading: Reading, plane: int | None) -> Picture:
    try:
        return readers.ask(path, readings.asked(reading, plane))
    except ImageError as error:
        raise ImageError(str(error).replace(path.name, about.original_name, 1)) from error


def _owners(
    images: Sequence[ImageRecord], shown: Sequence[int | None], reading: Reading
) -> list[ImageRecord | None]:
    """Return for each new image the earlier one whose id it keeps; None: it gets a new one."""
    left = list(images)
    found: list[ImageRecord | None] = []
    for plane in shown:
        wanted = (plane, reading.projection, reading.depth)
        same = (i for i in left if (i.plane, i.projection, i.depth) == wanted)
        found.append(next(same, None))
        if found[-1] is not None:
            left.remove(found[-1])
    left.sort(key=lambda image: image.id != Path(image.file).stem)  # the file's own name first
    return [owner or (left.pop(0) if left else None) for owner in found]


def _group(about: ImageRecord, *, several: bool) -> str | None:
    """Return the group: images of one file are never split, whatever else is known of them."""
    own = Path(about.file).stem
    if several:
        return about.group or own
    return None if about.part and about.group == own else about.group


def _shape(read: Picture) -> tuple[int, int, int]:
    channels, rows, columns = read.image_cyx.shape
    return channels, rows, columns


def new_id(stem: str, taken: set[str]) -> str:
    """Return the stem as a safe folder name that nobody has, whatever the letter case."""
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    safe = re.sub(r"[^A-Za-z0-9 ._-]+", "_", plain)[:_LONGEST].strip(" ._-") or "image"
    used = {name.lower() for name in taken}
    chosen, number = safe, 1
    while chosen.lower() in used:
        number += 1
        chosen = f"{safe}-{number}"
    return chosen


def copy(source: Path, target: Path) -> None:
    """Copy a file as it is; it appears whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.")
    try:
        with source.open("rb") as original, os.fdopen(handle, "wb") as file:
            shutil.copyfileobj(original, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
