"""Labels on their way out: ordered as a job, found again through its files.

studies/NAME/exports/WHAT/TIME-FORMAT/   job.txt, and in `files` what is downloaded; WHAT is
`labels` for the study's own, else the id of the training that answered
"""

import time
from dataclasses import dataclass
from pathlib import Path

from app.services.place import study_dir, workspace
from core import workflow
from core.records import write_bytes

_JOB, _FILES, _OWN = "job.txt", "files", "labels"


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One export."""

    job: str
    folder: Path
    """Of the files."""
    format_name: str


def export_formats() -> dict[str, tuple[str, str]]:
    """Return name -> title, and what comes back when the files are imported again."""
    from core.data.labels.exchange import FORMATS

    return {name: (each.title, each.keeps) for name, each in FORMATS.items()}


def start_export(study: str, run_id: str | None, format_name: str) -> None:
    """Order the study's labels, or what a run's model answered, in another program's format."""
    now = time.time()
    stamp = f"{time.strftime('%Y%m%d-%H%M%S', time.localtime(now))}.{int(now % 1 * 1000):03d}"
    place = _folder(study, run_id) / f"{stamp}-{format_name}"
    job = workflow.start_export(workspace(), run_id or study, format_name, place / _FILES)
    write_bytes(place / _JOB, job.encode())


def last_export(study: str, run_id: str | None) -> Export | None:
    """Return the export that was ordered last; None: there is none."""
    orders = sorted(_folder(study, run_id).glob(f"*/{_JOB}"))
    if not orders:
        return None
    place = orders[-1].parent
    return Export(
        job=orders[-1].read_text(encoding="utf-8"),
        folder=place / _FILES,
        format_name=place.name.rpartition("-")[2],
    )


def _folder(study: str, run_id: str | None) -> Path:
    return study_dir(study).root / "exports" / (run_id or _OWN)
