"""What is printed: progress to standard error, answers to standard output."""

import json
import shutil
import sys
import time
from collections.abc import Iterable
from typing import Any, Self

from core.cli.units import clock
from core.records import JobStatus, Score

LINE_EVERY_S = 5.0
"""Between two lines of progress where standard error is no terminal."""
BAR = 24
"""Cells of the progress bar."""


def answer(plain: dict[str, Any], told: Iterable[str], *, as_json: bool) -> None:
    """Print the one JSON object, or the lines for people."""
    if as_json:
        print(json.dumps(plain, default=str))
    else:
        for line in told:
            print(line)


def note(line: str) -> None:
    """Tell something beside the answer."""
    print(line, file=sys.stderr, flush=True)


class ProgressLine:
    """Shows a job: one line that rewrites itself in a terminal, else a line now and then."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._shown = 0.0
        self._stage = ""

    def __call__(self, status: JobStatus) -> None:
        """Show how the job stands."""
        now = time.monotonic()
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r{self._line(status):<{width}.{width}}", end="", file=sys.stderr, flush=True)
        elif status.stage != self._stage or now - self._shown >= LINE_EVERY_S:
            self._shown, self._stage = now, status.stage
            note(self._line(status))

    def __enter__(self) -> Self:
        """Begin the line."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the line."""
        if self._terminal:
            note("")

    @staticmethod
    def _line(status: JobStatus) -> str:
        done = round(status.progress * BAR)
        left = "" if status.remaining_s is None else f"  {clock(status.remaining_s)} left"
        bar = "#" * done + "." * (BAR - done)
        return f"[{bar}] {status.progress:4.0%}  {status.message or status.stage}{left}"


def score(found: Score | None) -> dict[str, Any] | None:
    """Return a score's figures: headline, its name, the number of images, and the others."""
    if found is None:
        return None
    return {
        "headline": found.headline,
        "name": found.name,
        "images": found.images,
        "interval": None if found.interval is None else list(found.interval),
        **found.others,
    }


def sentence(found: Score) -> str:
    """Return a score for people."""
    text = f"{found.name} {found.headline:.3f}"
    if found.interval is not None:
        text += f" ({found.interval[0]:.3f} to {found.interval[1]:.3f})"
    others = ", ".join(f"{name} {value:.3f}" for name, value in found.others.items())
    return f"{text} on {found.images} images" + (f"; {others}" if others else "")
