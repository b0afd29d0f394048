"""Whose the rows of a table are: told by file names, and by folders where names are alike."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from core.data import tables
from core.data.tables import Row

_ALIKE = (
    "several images have this file name, and its folders tell none of them apart; write what the "
    "study calls each image"
)
_CONTRADICTING = "rows tell different things of one image; keep the one that is right"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """One image, as a table may call it."""

    names: tuple[str, ...]
    """One that tells where it lay has its folders before it."""
    file: str
    """What all images of one file share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """Whose the rows of a table are."""

    pairs: tuple[tuple[int, Row], ...] = ()
    """(position of an image, a row that tells of it) in the rows' order."""
    missing: tuple[str, ...] = ()
    """Names in rows that no image has."""
    unclear: dict[str, str] = field(default_factory=dict)
    """Name in rows -> why nothing of what they tell is used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """One row and the images that it means."""

    row: Row
    places: list[int]
    rank: tuple[int, int]
    """How far its name is from theirs, then of how many files they are."""
    clear: bool


def find(rows: Iterable[Row], images: Sequence[Named]) -> Owned:
    """Return which images the rows mean.

    A row's whole name counts before its last part, and that before the stem. Of several rows of
    one image those count that name it most exactly. Nothing is used of rows that contradict each
    other, nor where a folder is named that does not tell images of one name apart.
    """
    by_name: dict[str, list[int]] = {}
    for place, image in enumerate(images):
        for name in set(image.names):
            by_name.setdefault(name, []).append(place)
    claims = [_claim(row, images, by_name) for row in rows]
    unclear = {claim.row.file: _ALIKE for claim in claims if not claim.clear}
    best: dict[int, list[_Claim]] = {}
    for claim in sorted((claim for claim in claims if claim.clear), key=lambda claim: claim.rank):
        for place in claim.places:
            rivals = best.setdefault(place, [])
            if not rivals or rivals[0].rank == claim.rank:
                rivals.append(claim)
    for rivals in best.values():
        if _contradict(claim.row for claim in rivals):
            unclear |= dict.fromkeys((claim.row.file for claim in rivals), _CONTRADICTING)
    pairs = tuple(
        (place, claim.row)
        for claim in claims
        for place in claim.places
        if claim.row.file not in unclear and claim.rank == best[place][0].rank
    )
    known = {row.file for _, row in pairs} | set(unclear)
    missing = (claim.row.file for claim in claims if claim.row.file not in known)
    return Owned(pairs=pairs, missing=tuple(missing), unclear=unclear)


def _claim(row: Row, images: Sequence[Named], by_name: dict[str, list[int]]) -> _Claim:
    whole = row.file.replace("\\", "/")
    *folders, last = whole.split("/")
    names = (whole, last, tables.stem_of(last))
    far = next((at for at, name in enumerate(names) if name in by_name), len(names) - 1)
    places = by_name.get(names[far], [])
    clear = far == 0 or not folders
    if not clear:
        # The sheet may name folders around those that were imported: C:/data/plate1.
        for skipped in range(len(folders)):
            told = [place for place in places if _lies_in(folders[skipped:], images[place])]
            if told:
                places, far = told, far if skipped else 0
                break
    files = len({images[place].file for place in places})
    return _Claim(row=row, places=places, rank=(far, files), clear=clear or files <= 1)


def _lies_in(folders: Sequence[str], image: Named) -> bool:
    """Return whether the image lay in these folders; others (`images`) may lie between them."""
    for name in image.names:
        around = iter(name.split("/")[:-1])
        if all(folder in around for folder in folders):
            return True
    return False


def _contradict(rows: Iterable[Row]) -> bool:
    """Return whether two of the rows tell different things, such as two groups."""
    seen: dict[str, str] = {}
    for row in rows:
        own = {
            "class": row.image_class,
            "group": row.group,
            "split": row.split,
            "condition": row.condition,
        }
        told = {name: value for name, value in own.items() if value} | row.facts
        if any(seen.setdefault(name, value) != value for name, value in told.items()):
            return True
    return False
