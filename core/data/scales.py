"""How large a pixel is, where a person says so: typed, or measured along a line."""

from collections.abc import Sequence
from dataclasses import replace
from math import hypot, isfinite
from pathlib import Path

from core.data import study
from core.errors import ImageError
from core.paths import StudyDir
from core.records import ImageRecord, StudyRecord

# From below what electrons resolve to a pixel as wide as a picture of tissue.
_FINEST_UM, _COARSEST_UM = 1e-5, 1e3
# Shorter lines are off by a tenth where the hand is off by half a pixel at either end.
_SHORTEST_PX = 10.0


def kind_of(image: ImageRecord) -> str:
    """Return what pictures share that come from one camera at one setting, as far as it is seen."""
    return kind(image.original_name, image.dtype, image.shape_cyx)


def kind(name: str, dtype: str, shape_cyx: tuple[int, ...]) -> str:
    """Return `kind_of` a picture that is in no study."""
    rows, columns = shape_cyx[1:]
    return f"{Path(name).suffix.lower()} {dtype} {columns} x {rows}"


def alike(record: StudyRecord, image_id: str) -> tuple[str, ...]:
    """Return the other images of the same kind whose files tell no pixel size."""
    chosen = record.image(image_id)
    return tuple(
        image.id
        for image in record.images
        if image.id != image_id
        and image.file != chosen.file
        and kind_of(image) == kind_of(chosen)
        and (image.pixel_size_um is None or image.measured)
    )


def along(line: Sequence[float], length_um: float) -> float:
    """Return the pixel size by a line (column, row, column, row in pixels) of known length.

    Raises ImageError for a line too short to measure by.
    """
    from_column, from_row, to_column, to_row = line
    length_px = hypot(to_column - from_column, to_row - from_row)
    if length_px < _SHORTEST_PX:
        raise ImageError(
            f"the line is {length_px:.0f} pixels long, too short to measure by; draw it over at "
            f"least {_SHORTEST_PX:.0f}"
        )
    return length_um / length_px


def set_size(
    study_dir: StudyDir, image_id: str, pixel_size_um: float, *, all_alike: bool = False
) -> tuple[str, ...]:
    """Say how large a pixel of an image is; return the ids of the images that have it now.

    All images of its file get it. With `all_alike` also the images of its kind whose files tell
    none, and those that come later. Raises ImageError for a size no picture has.
    """
    if not isfinite(pixel_size_um) or not _FINEST_UM <= pixel_size_um <= _COARSEST_UM:
        raise ImageError(
            f"a pixel of {pixel_size_um:g} um is no microscope's; write micrometres, for example "
            "0.325"
        )
    changed: list[str] = []

    def change(record: StudyRecord) -> StudyRecord:
        chosen = record.image(image_id)
        wanted = {image.id for image in record.images if image.file == chosen.file}
        wanted |= set(alike(record, image_id)) if all_alike else set()
        changed[:] = [image.id for image in record.images if image.id in wanted]
        images = tuple(
            replace(image, pixel_size_um=pixel_size_um, measured=True)
            if image.id in wanted
            else image
            for image in record.images
        )
        kept = record.pixel_sizes_um
        if all_alike:
            kept = {**kept, kind_of(chosen): pixel_size_um}
        return replace(record, images=images, pixel_sizes_um=kept, pixel_size_um=common(images))

    study.update(study_dir, change)
    return tuple(changed)


def common(images: Sequence[ImageRecord]) -> float | None:
    """Return the one pixel size of all images; None where they differ or none is known."""
    sizes = {image.pixel_size_um for image in images if image.pixel_size_um is not None}
    return sizes.pop() if len(sizes) == 1 else None
