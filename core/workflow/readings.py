"""What the planes of a study's files are, and how large their pixels are."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core import jobs
from core.data import study as studies
from core.errors import StudyError
from core.paths import Workspace
from core.records import ImageRecord, Reading, Stack
from core.workflow.people import author

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.data.rereading import Reread


def stacks(workspace: Workspace, study: str) -> dict[str, list[ImageRecord]]:
    """Return kind of stack -> its images, those of which nobody said how they are read first."""
    from core.data import rereading

    found = rereading.kinds(rereading.looked_at(workspace.study(study)))
    return dict(sorted(found.items(), key=lambda kind: not any(i.in_doubt for i in kind[1])))


def readings(image: ImageRecord) -> list[tuple[str, str, Reading]]:
    """Return (name, sentence, reading) of each way an image's file can be read."""
    from core.data import readings as ways

    stack = _stack(image)
    return [
        (ways.name_of(stack, each), ways.sentence(stack, each), each)
        for each in ways.offered(stack)
    ]


def reading_named(image: ImageRecord, name: str) -> Reading:
    """Return the reading of this name, e.g. `page-3`; ImageError listing the choices."""
    from core.data import readings as ways

    return ways.named(_stack(image), name)


def reading_sentence(image: ImageRecord, reading: Reading) -> str:
    """Return in plain words what a reading makes of an image's file."""
    from core.data import readings as ways

    return ways.sentence(_stack(image), reading)


def planes_of(image: ImageRecord, reading: Reading) -> int:
    """Return how many planes of an image's file a reading leaves to choose from."""
    from core.data import readings as ways

    return ways.planes(_stack(image), reading)


def depths_of(image: ImageRecord, reading: Reading) -> int:
    """Return of how many depths a reading shows one that may be chosen; 1: it shows no such."""
    from core.data import readings as ways

    return ways.depths(_stack(image), reading)


def reading_now(image: ImageRecord) -> Reading:
    """Return how an image's file is read now."""
    from core.data import readings as ways

    return ways.current(image)


def reading_question(image: ImageRecord) -> str:
    """Return what is to be decided of an image's file."""
    from core.data import readings as ways

    return ways.question(image)


def reading_pictures(
    workspace: Workspace, study: str, image: ImageRecord, chosen: Sequence[Reading]
) -> "list[NDArray[np.uint8]]":
    """Return a small picture (row, column, 3) of what each reading shows of an image's file."""
    from core.data import vignettes

    path = workspace.study(study).images / image.file
    return vignettes.pictures(path, _stack(image), chosen)


def read_as(
    workspace: Workspace, study: str, image_id: str, reading: Reading, *, alike: bool = True
) -> "Reread":
    """Say how an image's file is read, and with `alike` all files of its kind, now and later.

    Labels that were drawn on pixels no longer shown are set aside, and the answer names them.
    Raises StudyError while a training of the study, or of a layer of it, is at work.
    """
    from core.data import rereading

    at_work = [
        job.id
        for sheet in workspace.study(study).sheets
        for job in jobs.listing(workspace, sheet.name)
        if job.kind == "train" and job.state in ("queued", "running")
    ]
    if at_work:
        raise StudyError(
            f"the training {at_work[0]} is at work on these images; wait for its end or stop it"
        )

    return rereading.decide(workspace.study(study), image_id, reading, alike=alike, author=author())


def set_pixel_size(
    workspace: Workspace, study: str, image_id: str, pixel_size_um: float, *, alike: bool = False
) -> tuple[str, ...]:
    """Say how large a pixel is; return the ids of the images that have this size now.

    With `alike` also the images of its kind whose files tell none, and those that come later.
    """
    from core.data import scales

    return scales.set_size(workspace.study(study), image_id, pixel_size_um, all_alike=alike)


def sized_alike(workspace: Workspace, study: str, image_id: str) -> tuple[str, ...]:
    """Return the other images of an image's kind whose files tell no pixel size."""
    from core.data import scales

    return scales.alike(studies.load(workspace.study(study)), image_id)


def pixel_size_along(line: Sequence[float], length_um: float) -> float:
    """Return the pixel size by a line (column, row, column, row) drawn over a known length."""
    from core.data import scales

    return scales.along(line, length_um)


def _stack(image: ImageRecord) -> Stack:
    if image.stack is None:
        raise StudyError(f"{image.original_name!r} holds one picture only; nothing is in doubt")
    return image.stack
