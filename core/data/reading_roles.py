"""The roles of a stack's axes: channels of one picture, depths, images of their own."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from core.data.axes import ONE_DEPTH, PROJECTIONS
from core.records import Reading, Stack

UNKNOWN = "QI"
"""Axes of which a file tells nothing."""
# More dyes are told apart by special instruments only, whose files say so.
MOST_CHANNELS = 16
OVERRULED = ("TIFF", "OME-Zarr")
"""Readers of other formats know their axes, which stay."""
# Up to here, pages that nobody named are mostly channels.
_FEW = 5


def stacked(stack: Stack, reading: Reading) -> list[tuple[str, int]]:
    """Return (letter, length) of the axes longer than 1 that are no row, column or colour."""
    axes = reading.axes or stack.axes
    return [
        (letter, count)
        for letter, count in zip(axes, stack.shape, strict=True)
        if letter not in "YXS" and count > 1
    ]


def role_sets(stack: Stack) -> Iterator[tuple[str, ...]]:
    """Yield a role (C, Z, T) for each axis of the stack; channels and depths are one axis each."""
    axes = stacked(stack, Reading())
    choices = [_roles(stack, letter, count, alone=len(axes) == 1) for letter, count in axes]
    for roles in product(*choices):
        if roles.count("C") <= 1 and roles.count("Z") <= 1:
            yield roles


def _roles(stack: Stack, letter: str, count: int, *, alone: bool) -> tuple[str, ...]:
    """Return what an axis may be, the most plausible first."""
    free = stack.format in OVERRULED
    if letter == "C" and not (alone and free):
        return ("C",)
    likely = "CZT" if count <= _FEW else "ZTC"
    if letter in "CZT":
        likely = letter + likely.replace(letter, "")
    elif letter not in UNKNOWN:
        return ("T",)
    if not (free and (alone or letter in UNKNOWN)):
        return ("Z", "T") if letter == "Z" else ("T",)
    others = stack.axes.replace(letter, "", 1)
    barred = {axis for axis in "CZ" if axis in others}
    if count > MOST_CHANNELS or "S" in others:
        barred.add("C")
    return tuple(role for role in likely if role not in barred)


def with_roles(stack: Stack, roles: tuple[str, ...]) -> list[Reading]:
    """Return the readings by which the axes have these roles: one for each way to show z."""
    given = iter(roles)
    letters = []
    for letter, count in zip(stack.axes, stack.shape, strict=True):
        role = letter if letter in "YXS" or count == 1 else next(given)
        # An axis that the file names keeps its name where its planes are images of their own.
        keeps = (role == "T" and letter not in (*UNKNOWN, "C")) or role in stack.axes
        letters.append(letter if keeps else role)
    axes = "".join(letters)
    as_told = axes == stack.axes or stack.format not in OVERRULED
    read = Reading(axes="" if as_told else axes, each="T" in roles)
    if "Z" not in roles:
        return [read]
    depths = dict(zip(axes, stack.shape, strict=True))["Z"]
    return each_way(read, depths)


def each_way(read: Reading, depths: int) -> list[Reading]:
    """Return the reading with each way to show z, one depth in the middle of them last.

    Where nothing but z is stacked, one depth is one plane alone, which is offered anyway.
    """
    ways = [replace(read, projection=how) for how in PROJECTIONS]
    return [*ways, replace(read, projection=ONE_DEPTH, depth=depths // 2)] if read.each else ways
