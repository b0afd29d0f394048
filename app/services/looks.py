"""How the images of a study are shown."""

from app.services.place import study_dir
from core.data import display
from core.data.display import Look
from core.records import ImageRecord


def look(name: str, image: ImageRecord) -> Look:
    """Return how images of this one's kind are shown in the study."""
    return display.load(study_dir(name), image.shape_cyx[0], image.dtype)


def set_look(name: str, image: ImageRecord, chosen: Look) -> None:
    """Show images of this one's kind so from now on."""
    display.save(study_dir(name), image.shape_cyx[0], image.dtype, chosen)
