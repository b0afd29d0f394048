"""Labels of one region of a large image, saved into those of the whole."""

from dataclasses import dataclass

from core.data.labels import cutting, store
from core.data.labels.model import Labels, empty
from core.data.regions import Part, Region
from core.paths import StudyDir
from core.records import ImageRecord, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in an image a piece of work belongs."""

    region: Region
    whole_yx: tuple[int, int]
    """Rows and columns of the image."""
    by_class: bool = False
    """Whether a class is one object, wherever its pieces lie."""


def of(image: ImageRecord, kind: Kind) -> Place | None:
    """Return where work on the image belongs; None: it is worked on whole."""
    if not isinstance(image, Part):
        return None
    whole_yx = (image.whole_cyx[1], image.whole_cyx[2])
    return Place(region=image.region, whole_yx=whole_yx, by_class=kind is Kind.SEMANTIC)


def save(
    study_dir: StudyDir,
    image_id: str,
    place: Place,
    after: Labels,
    *,
    author: str,
    parent: str | None = None,
) -> str:
    """Put a region's labels into those of the whole image and return the version.

    `parent` is the version the region was cut from. Where another version counts by now, but is
    the same in the region, the work goes on top of that; else as in `save`.
    """
    region = place.region
    before = store.load(study_dir, image_id, parent, region) if parent else None
    now = store.head(study_dir, image_id)
    if now is not None and now != parent:
        there = store.load(study_dir, image_id, now, region)
        if there is not None and store.is_same(there, before or empty(after.shape_yx)):
            parent, before = now, there
    # The map before has no name here: both at once would be twice the memory while it is written.
    merged = cutting.paste(
        (store.load(study_dir, image_id, parent) if parent else None) or empty(place.whole_yx),
        region,
        before or empty(after.shape_yx),
        after,
        by_class=place.by_class,
    )
    return store.save(study_dir, image_id, merged, author=author, parent=parent)
