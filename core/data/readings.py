"""How a file of many planes may become a picture: what is offered, in plain words.

A reading gives every axis of the stack a role: channels of one picture, depths of which one plane
is made, or images of their own. Axes that the file tells are believed first, but may be overruled.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from math import prod
from pathlib import Path

import numpy as np

from core.data import readers
from core.data.axes import ONE_DEPTH, PROJECTIONS, Asked, Picture
from core.data.reading_roles import OVERRULED, UNKNOWN, each_way, role_sets, stacked, with_roles
from core.errors import ImageError
from core.records import ImageRecord, Reading, Stack

# More pictures than a person compares at a glance.
_MOST_OFFERED = 8
_WORDS = {
    "Z": ("depth", "depths"),
    "T": ("time", "times"),
    "P": ("position", "positions"),
    "M": ("tile", "tiles"),
    "H": ("phase", "phases"),
    "V": ("view", "views"),
}
_PAGES = ("page", "pages")
_SHOWN_OF_Z = {
    "max": "the brightest shown",
    "mean": "their mean shown",
    "focus": "the sharpest shown",
}


def offered(stack: Stack) -> tuple[Reading, ...]:
    """Return the readings a user may choose from, the most plausible first."""
    if stack.scenes > 1:
        depths = _depths(stack, Reading())
        flat = each_way(Reading(each=True), depths) if depths > 1 else []
        return (*flat, Reading(each=True), Reading())
    found = [reading for roles in role_sets(stack) for reading in with_roles(stack, roles)]
    if len(found) >= _MOST_OFFERED:
        found = [each for each in found if each.projection in ("", PROJECTIONS[0], ONE_DEPTH)]
    return (*dict.fromkeys(found), Reading(axes=paged(stack)))


def name_of(stack: Stack, reading: Reading) -> str:
    """Return a short name for the command line, e.g. `channels`, `times+z-max`, `page-3`."""
    if not (reading.each or reading.projection) and planes(stack, reading) > 1:
        return f"page-{reading.plane + 1}"
    if stack.scenes > 1:  # other pictures may have depths where the first has none
        return f"pictures+z-{_z_name(reading)}" if reading.projection else "pictures"
    parts = []
    for letter, _ in stacked(stack, reading):
        if letter == "C":
            told = "C" in stack.axes and len(stacked(stack, reading)) > 1
            parts += [] if told else ["channels"]
        elif letter == "Z" and reading.projection:
            parts.append(f"z-{_z_name(reading)}")
        elif reading.each:
            parts.append(_WORDS.get(letter, _PAGES)[1])
    return "+".join(parts)


def _z_name(reading: Reading) -> str:
    return str(reading.depth + 1) if reading.projection == ONE_DEPTH else reading.projection


def named(stack: Stack, name: str) -> Reading:
    """Return the reading of this name; ImageError listing the choices where there is none."""
    depth = re.search(r"\bz-([1-9]\d*)$", name)
    for reading in offered(stack):
        chosen = replace(reading, depth=int(depth[1]) - 1 if depth else 0)
        if reading.projection == ONE_DEPTH and name_of(stack, chosen) == name:
            return chosen
    choices = {name_of(stack, reading): reading for reading in offered(stack)}
    page = re.fullmatch(r"page-([1-9]\d*)", name)
    if page is not None:
        return replace(offered(stack)[-1], plane=int(page[1]) - 1)
    if name not in choices:
        raise ImageError(
            f"{name!r} is no way to read {stack.kind}; choose {', '.join(choices)} "
            "(or the number of another page or depth)"
        )
    return choices[name]


def current(image: ImageRecord) -> Reading:
    """Return how an image's file is read now."""
    if image.stack is None:
        return Reading()
    return Reading(
        axes="" if image.axes == image.stack.axes else image.axes,
        projection=image.projection,
        depth=image.depth,
        plane=0 if image.part else image.plane or 0,
        each=bool(image.part),
    )


def question(image: ImageRecord) -> str:
    """Return what is to be decided of an image's file, in one sentence or two."""
    stack = image.stack
    name = image.original_name
    if stack is None:
        return f"{name} holds one picture."
    if stack.scenes > 1:
        return f"{name} holds {stack.scenes} pictures. Which do you want to work on?"
    axes = stacked(stack, Reading())
    if len(axes) == 1 and axes[0][0] in UNKNOWN:
        return f"What are the {axes[0][1]} pages of {name}?"
    words = {**{letter: many for letter, (_, many) in _WORDS.items()}, "C": "channels"}
    told = " × ".join(f"{count} {words.get(letter, _PAGES[1])}" for letter, count in axes)
    return f"{name} holds {told}. How shall it be shown?"


def sentence(stack: Stack, reading: Reading) -> str:
    """Return what the reading makes of the file, in a few plain words."""
    if stack.scenes > 1:
        told = f"{stack.scenes} pictures in one file, each an image of its own"
        return (
            f"{told}; of each depth {_shown_of_z(reading)}"
            if reading.projection
            else (told if reading.each else f"only plane {reading.plane + 1}")
        )
    parts, images = [], 1
    for letter, count in stacked(stack, reading):
        one, many = _WORDS.get(letter, _PAGES)
        if letter == "C":
            parts.append(f"{count} channels")
        elif letter == "Z" and reading.projection:
            parts.append(f"{count} depths (z), {_shown_of_z(reading)}")
        elif reading.each:
            parts.append(f"{count} {many}")
            images *= count
        else:
            total = planes(stack, reading)
            return f"only {one if total == count else 'plane'} {reading.plane + 1} of {total}"
    told = ", ".join(parts)
    return f"{told}: {images} images" if reading.each else told


def _shown_of_z(reading: Reading) -> str:
    if reading.projection == ONE_DEPTH:
        return f"depth {reading.depth + 1} shown"
    return _SHOWN_OF_Z[reading.projection]


def planes(stack: Stack, reading: Reading) -> int:
    """Return how many planes the reading leaves.

    Depths of several pictures are taken to be as many as the first one's.
    """
    if stack.scenes > 1 and stack.planes and not reading.projection:
        return stack.planes
    kept = "C" + "Z" * bool(reading.projection)
    left = prod(count for letter, count in stacked(stack, reading) if letter not in kept)
    return left * stack.scenes


def depths(stack: Stack, reading: Reading) -> int:
    """Return of how many depths the reading shows one that may be chosen; 1: it shows no such."""
    return _depths(stack, reading) if reading.projection == ONE_DEPTH else 1


def part_of(stack: Stack, reading: Reading, plane: int, read: Picture) -> str:
    """Return which part of its file a plane is, e.g. `time 3` or `Series 2, time 3`.

    `read` is the picture of this plane, or of any other where the file holds one stack.
    """
    if stack.scenes > 1:
        return ", ".join((read.scene_name, *_counted(read.place)))
    kept = "C" + "Z" * bool(reading.projection)
    axes = [(letter, n) for letter, n in stacked(stack, reading) if letter not in kept]
    places = np.unravel_index(plane, [n for _, n in axes]) if axes else ()
    return ", ".join(_counted(zip((letter for letter, _ in axes), map(int, places), strict=True)))


def _counted(places: Iterable[tuple[str, int]]) -> list[str]:
    """Return e.g. `time 3` for each axis and position."""
    return [f"{_WORDS.get(letter, _PAGES)[0]} {at + 1}" for letter, at in places]


def images(
    path: Path, known: Mapping[str, Reading], *, most_pixels: int | None = None
) -> Iterator[tuple[str, Picture]]:
    """Yield (part, picture) of each image a file outside of a study gives.

    It is read as `known` (kind of stack -> reading) says of files of its kind; the part is empty
    where the file gives one image. Raises ImageError where it cannot be read so.
    """
    first = readers.read(path, most_pixels=most_pixels)
    stack = first.stack(readers.format_of(path))
    reading = known.get(stack.kind) if stack else None
    if stack is None or reading is None:
        yield "", first
        return
    del first  # large files are not held twice
    how = partial(asked, reading, most_pixels=most_pixels)
    if not reading.each:
        yield "", readers.ask(path, how(reading.plane))
        return
    picture = readers.ask(path, how(0))
    for plane in range(picture.planes):
        read = picture if plane == 0 else readers.ask(path, how(plane))
        yield part_of(stack, reading, plane, read) if picture.planes > 1 else "", read


def asked(reading: Reading, plane: int | None, *, most_pixels: int | None = None) -> Asked:
    """Return what to ask a reader for, to have a plane by this reading; None: the first."""
    return Asked(
        plane=plane,
        axes=reading.axes,
        projection=reading.projection,
        depth=reading.depth,
        most_pixels=most_pixels,
    )


def answer_name(path: Path, number: int, part: str) -> str:
    """Return what the answer to a file's image is called, `number` counted from 1."""
    return f"{path.stem}-{number}" if part else path.stem


def _depths(stack: Stack, reading: Reading) -> int:
    """Return how many depths there are, in the deepest picture of several."""
    axes = reading.axes or stack.axes
    told = stack.depths if stack.scenes > 1 else 0
    return told or dict(zip(axes, stack.shape, strict=True)).get("Z", 1)


def paged(stack: Stack) -> str:
    """Return axes by which every plane can be had singly; empty: the file's own do."""
    others = [a for a, n in zip(stack.axes, stack.shape, strict=True) if a not in "YXSC" and n > 1]
    if "C" in stack.axes and not others and stack.format in OVERRULED:
        return stack.axes.replace("C", "Q")
    return ""
