"""Image and labels of one id, read together."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.data import label_states, readers, study
from core.data.axes import Asked
from core.data.labels import store, survey
from core.data.labels.model import Labels
from core.errors import LabelError
from core.paths import StudyDir
from core.records import ImageRecord, StudyRecord


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """One image with what is known of it."""

    id: str
    image_cyx: NDArray[np.generic]
    """In the file's own dtype."""
    labels: Labels | None
    """None: not annotated."""
    group: str | None = None
    image_class: str | None = None
    origin: dict[str, str] = field(default_factory=dict)
    """Where it comes from: group, condition, donor, dose ... -> value."""
    pixel_size_um: float | None = None


def load(
    study_dir: StudyDir, ids: Iterable[str], versions: Mapping[str, str] | None = None
) -> list[Sample]:
    """Return the samples in the order of `ids`.

    `versions` (image id -> label version) fixes the labels; other images get those that count.
    Raises StudyError for an unknown id, ImageError for a damaged file, LabelError where labels
    do not fit their image.
    """
    return list(stream(study_dir, ids, versions))


def stream(
    study_dir: StudyDir, ids: Iterable[str], versions: Mapping[str, str] | None = None
) -> Iterator[Sample]:
    """Yield what `load` returns one by one, so that only one image is in memory."""
    record = study.load(study_dir)
    for image_id in ids:
        about = record.image(image_id)
        labels = store.load(study_dir, image_id, (versions or {}).get(image_id))
        image_cyx = read_image(study_dir, about)
        if labels is not None and labels.shape_yx != image_cyx.shape[1:]:
            raise LabelError(
                f"the labels of {image_id!r} are {labels.shape_yx} pixels, its image is "
                f"{image_cyx.shape[1:]}; import a mask that fits"
            )
        yield Sample(
            id=image_id,
            image_cyx=image_cyx,
            labels=labels,
            group=about.group,
            image_class=about.image_class,
            origin=about.origin,
            pixel_size_um=about.pixel_size_um,
        )


def read_image(study_dir: StudyDir, about: ImageRecord) -> NDArray[np.generic]:
    """Return one image of the study as C,Y,X, read as the study decided to read it."""
    path = study_dir.images / about.file
    asked = Asked(
        plane=about.plane,
        axes=about.axes,
        projection=about.projection,
        depth=about.depth,
        turned=about.turned,
    )
    return readers.ask(path, asked).image_cyx


def content_name(about: ImageRecord) -> str:
    """Return a name for what is made of the image's pixels; another where these are others."""
    read_as = f"{about.axes or 'plain'}{about.plane or 0}{about.of_z}"
    return f"{about.id}-{about.sha256[:12]}-{read_as}"


def labelled_ids(study_dir: StudyDir, record: StudyRecord) -> list[str]:
    """Return the images that are annotated for the study's task, in the study's order."""
    marks = label_states.marks(record, survey.heads(study_dir))
    return [image_id for image_id, mark in marks.items() if mark is not None]
