"""The folder `report/` of a run: the scores as a record, and pictures to judge them by."""

import io
import time
from collections.abc import Sequence
from pathlib import Path

from core import records
from core.data.samples import Sample
from core.data.truth import Truth
from core.evaluate import overlays
from core.paths import JobDir
from core.pipeline.answers import Answer
from core.records import Kind, Report, Score, TaskSpec

FILE = "report.json"
OVERLAYS = "overlays"


def write(
    job_dir: JobDir,
    report: Report,
    shown: Sequence[tuple[Sample, Truth, Answer]],
    task: TaskSpec,
    *,
    until: float | None = None,
) -> None:
    """Write report.json, README.txt and, worst image first, overlays/ID.png (ID-classes.png).

    No new picture is begun after `until` (seconds since 1970); the scores are written first.
    """
    folder = job_dir.report
    records.write(folder / FILE, report)
    records.write_bytes(folder / "README.txt", _told(report, task).encode())
    scores = report.test.per_image if report.test else {}
    for sample, truth, answer in sorted(shown, key=lambda one: scores.get(one[0].id, 1.0)):
        if until is not None and time.time() >= until:
            break
        outlines = overlays.draw(sample.image_cyx, truth, answer, task)
        write_picture(folder / OVERLAYS / f"{sample.id}.png", outlines)
        if task.kind is Kind.SEMANTIC:
            classes = overlays.draw_classes(sample.image_cyx, answer, task)
            write_picture(folder / OVERLAYS / f"{sample.id}-classes.png", classes)


def read(job_dir: JobDir) -> Report:
    """Return a run's report; StudyError where there is none."""
    return records.read(job_dir.report / FILE, Report)


def pictures(job_dir: JobDir) -> dict[str, Path]:
    """Return image id -> its overlay with outlines, as far as they were written."""
    return {
        path.stem: path
        for path in sorted((job_dir.report / OVERLAYS).glob("*.png"))
        if not path.stem.endswith("-classes")
    }


def write_picture(path: Path, pixels: overlays.Pixels) -> None:
    """Put a picture at `path` as PNG, whole or not at all."""
    from PIL import Image

    drawn = io.BytesIO()
    # The quickest compression: a report has seconds for all its pictures.
    Image.fromarray(pixels).save(drawn, "png", compress_level=1)
    records.write_bytes(path, drawn.getvalue())


def _told(report: Report, task: TaskSpec) -> str:
    """Return the report in words, for whoever opens the folder."""
    head = [f"Run {report.run} of the study {report.study}", f"Pipeline: {report.pipeline}"]
    if report.simulated:
        head.append("The images are simulated: none shows a real specimen.")
    parts = [head]
    if report.test:
        parts.append(["On images the model never saw:", *_figures(report.test)])
    if report.baseline:
        rival = f"The simple rival ({report.baseline_name}) on the same images:"
        parts.append([rival, *_figures(report.baseline)])
    steered = "On the validation images, which steered the choice of thresholds:"
    parts.append([steered, *_figures(report.validation)])
    parts.append([*report.notes, f"{FILE}: everything above as data."])
    if task.kind is not Kind.CLASSIFICATION:
        parts[-1].append(
            f"{OVERLAYS}: true outlines in yellow, predicted ones in blue, both in white; "
            "a red square marks a found object of wrong class."
        )
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _figures(score: Score) -> list[str]:
    span = (
        f" (95 % interval {score.interval[0]:.3f} to {score.interval[1]:.3f})"
        if score.interval
        else ""
    )
    return [
        f"  {score.name}: {score.headline:.3f}{span}, {score.images} images",
        *(f"  {name}: {value:.3f}" for name, value in score.others.items()),
    ]
