"""A journal whose base.json is damaged: its strokes tell which labels they were drawn on.

The first stroke over a tile holds that tile as it was before: as in the version that counted then,
and in hardly any other.
"""

import math
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from core.data.labels import basis, store, tiles
from core.data.labels import entries as lines
from core.data.labels.entries import Entry
from core.data.labels.model import LabelObject, Labels, empty
from core.data.labels.tiles import Tile
from core.errors import LabelError, StudyError
from core.records import files

if TYPE_CHECKING:
    from core.data.labels.journal import Journal


def mend(journal: "Journal", cause: StudyError) -> str:
    """Begin the journal anew on what its strokes were drawn on; return what is to be told.

    The damaged file is set aside. Strokes that fit no version are gone on with alone: saved, they
    are a version beside the one that counts.
    """
    known = _known(journal)
    version, what = None, "no version fits them: Save makes a version of its own of them"
    for each, labels in _candidates(journal):
        if _fits(journal, labels, known):
            version, known = each, labels.objects
            what = "look whether they are as you drew them, then press Save"
            break
    told = f"{cause}. Strokes that were not saved are here again; {what}."
    kept = lines.set_file_aside(basis.path(journal.folder))
    if kept is not None:
        told += f" The damaged file stays as {kept}."
    basis.begin(journal.folder, version, known or ())
    return told


def _candidates(journal: "Journal") -> Iterator[tuple[str | None, Labels]]:
    """Give the versions that may have counted when the journal was begun, likeliest first."""
    nothing = empty(journal.shape_yx)
    begun = next((each.time for each in _strokes(journal)), math.inf)
    saved = [
        each for each in store.history(journal.study_dir, journal.image_id) if not each.conflict
    ]
    # A version that is younger than the first stroke: the clocks of two computers differ.
    earlier = [each.version or None for each in reversed(saved) if each.time <= begun]
    later = [each.version or None for each in saved if each.time > begun]
    every = dict.fromkeys([*earlier, None, *later])
    torn = _text(journal)
    for version in sorted(every, key=lambda each: each is None or f'"{each}"' not in torn):
        with suppress(StudyError):  # the version itself is damaged
            yield version, journal.load(version) or nothing


def _fits(journal: "Journal", labels: Labels, known: tuple[LabelObject, ...] | None) -> bool:
    """Return whether the strokes were drawn on these labels; `known` is what basis tells of it."""
    if known is not None and known != labels.objects:
        return False
    drawn: set[Tile] = set()
    for each in _strokes(journal):
        with suppress(LabelError):  # damaged as well: it will not be shown
            before, _ = tiles.read(lines.tiles_file(journal.folder, each.number))
            if not tiles.differing(labels, each.tiles, before) <= drawn:
                return False
            drawn.update(each.tiles)
    return True


def _strokes(journal: "Journal") -> list[Entry]:
    return files.read_lines(journal.folder / lines.LINES, Entry)


def _known(journal: "Journal") -> tuple[LabelObject, ...] | None:
    """Return the table before the first stroke; None: that file is damaged as well."""
    with suppress(StudyError):
        return basis.objects(journal.folder)
    return None


def _text(journal: "Journal") -> str:
    """Return what is left of the damaged file."""
    with suppress(OSError):
        return basis.path(journal.folder).read_text(encoding="utf-8", errors="replace")
    return ""
