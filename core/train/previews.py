"""How the answers on a few validation images become better, as pictures."""

from pathlib import Path

from core.evaluate import overlays, report
from core.records import Kind, TaskSpec
from core.train.judge import Judge

# A glance judges at least two; more pictures than three nobody compares.
MOST = 3


def write(folder: Path, judge: Judge, task: TaskSpec, step: int) -> None:
    """Write `folder/ID/STEP.png` for the first images of the last look: truth and answer.

    Nothing for whole pictures: their answer is a word.
    """
    if task.kind is Kind.CLASSIFICATION:
        return
    looked_at = zip(judge.samples, judge.truths, judge.answers, strict=False)
    for sample, truth, answer in list(looked_at)[:MOST]:
        pixels = (
            overlays.draw_classes(sample.image_cyx, answer, task)
            if task.kind is Kind.SEMANTIC
            else overlays.draw(sample.image_cyx, truth, answer, task)
        )
        report.write_picture(folder / sample.id / f"{step:08d}.png", pixels)
