"""A journal's strokes become one version, and stay as the image's history."""

from dataclasses import replace

import numpy as np

from core.data.labels import entries, placed, store
from core.data.labels.journal import Journal
from core.data.labels.model import Labels, empty
from core.errors import ConflictError


def finish(journal: Journal, *, complete: bool | None = None) -> str | None:
    """Make one version of the journal's work and return it; None where nothing was done.

    `complete` tells whether all is marked: then the rest is background, else only what is marked
    counts; None leaves the annotated area as it was drawn. The journal goes once a version on the
    disk holds its strokes and not before, whatever fails. Raises ConflictError where somebody
    saved meanwhile: then both versions stay, and the other's counts.
    """
    with journal.turn():
        before = journal.before or empty(journal.shape_yx)
        labels = _annotated(journal.labels, before, complete)
        if not journal.entries and store.is_same(before, labels):
            journal.forget()
            return None
        try:
            version = _saved(journal, labels)
        except ConflictError:
            _file(journal)  # a version beside holds the work
            raise
        _file(journal)
        return version


def _saved(journal: Journal, labels: Labels) -> str:
    where, who, base = (journal.study_dir, journal.image_id), journal.author, journal.base
    if journal.place is not None:
        return placed.save(*where, journal.place, labels, author=who, parent=base)
    return store.save(*where, labels, author=who, parent=base)


def _file(journal: Journal) -> None:
    """Put the strokes into the image's history and let the journal go."""
    entries.keep(journal.study_dir, journal.image_id, journal.entries)
    journal.settle()
    journal.forget()


def _annotated(labels: Labels, before: Labels, complete: bool | None) -> Labels:
    if complete:
        return replace(labels, annotated_yx=np.ones(labels.shape_yx, dtype=bool))
    if complete is False and before.annotated_yx.all():
        # It was complete and is not any more.
        return replace(labels, annotated_yx=labels.flat_yx > 0)
    return labels
