"""What is shown of an image."""

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from core.data import study as studies
from core.paths import Workspace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.data.display import Look
    from core.data.regions import Region

SIDE_PX = 320
"""Longer side of a thumbnail: sharp at the size of a card on a dense screen."""


def thumbnail(workspace: Workspace, study: str, image_id: str, *, side: int = SIDE_PX) -> Path:
    """Return a small PNG of an image, made once and kept in the study's cache."""
    from core.data import thumbnails

    study_dir = workspace.study(study)
    return thumbnails.cached(study_dir, studies.load(study_dir).image(image_id), side=side)


def image_pixels(
    workspace: Workspace,
    study: str,
    image_id: str,
    *,
    look: "Look | None" = None,
    side: int | None = None,
) -> "NDArray[np.uint8]":
    """Return an image for the eye: (row, column, 3), with automatic levels unless told otherwise.

    The longer side is at most `side`; None: full size.
    """
    from core.data import display, samples

    study_dir = workspace.study(study)
    about = studies.load(study_dir).image(image_id)
    image_cyx = samples.read_image(study_dir, about)
    return display.render(
        image_cyx, look or display.AUTOMATIC, side=side, told=about.channel_colors
    )


def image_values(
    workspace: Workspace, study: str, image_id: str, region: "Region | None" = None
) -> "NDArray[np.generic]":
    """Return an image's own numbers: (channel, row, column), read as the study decided.

    With a region (of a large image), only those in it come into memory.
    """
    from core.data import pyramid, samples

    study_dir = workspace.study(study)
    about = studies.load(study_dir).image(image_id)
    if region is not None:
        return pyramid.opened(study_dir, about).read(region)
    return samples.read_image(study_dir, about)


def seen_values(
    workspace: Workspace, study: str, image_id: str, region: "Region", side: int
) -> "NDArray[np.generic]":
    """Return what the eye needs of a region of a large image: its longer side `side` or more."""
    from core.data import pyramid

    study_dir = workspace.study(study)
    return pyramid.opened(study_dir, studies.load(study_dir).image(image_id)).seen(region, side)


def sampled_values(workspace: Workspace, study: str, image_id: str) -> "NDArray[np.generic]":
    """Return every n-th pixel of a large image, from which levels are found."""
    from core.data import pyramid

    study_dir = workspace.study(study)
    return pyramid.opened(study_dir, studies.load(study_dir).image(image_id)).sample()


def file_pixels(
    workspace: Workspace, study: str, path: Path, *, most: int = 1, side: int | None = None
) -> "list[tuple[str, NDArray[np.uint8]]]":
    """Return (name, image for the eye) of the images a file outside of the study gives.

    It is read as the study reads files of its kind; a name is that of the image's answer in a
    prediction. At most `most` of a file's images.
    """
    from core.data import readings, thumbnails
    from core.data.axes import MOST_PREDICTED_PX

    known = studies.load(workspace.study(study)).readings
    given = readings.images(path, known, most_pixels=MOST_PREDICTED_PX)
    return [
        (
            readings.answer_name(path, number, part),
            thumbnails.preview(picture.image_cyx, side=side, colors=picture.channel_colors),
        )
        for number, (part, picture) in enumerate(islice(given, most), start=1)
    ]


def write_picture(path: Path, pixels: "NDArray[np.uint8]") -> None:
    """Write a picture (row, column, 3) as PNG."""
    from core.data import thumbnails
    from core.records import write_bytes

    write_bytes(path, thumbnails.png(pixels))
