"""Strokes in a real Chromium: none that is a second old is lost, and how long one takes.

    python tests/benchmarks/painter.py [--strokes 200] [--side 1024] [--objects 0] [--chaos]

Starts a dashboard on a workspace of its own. With `--chaos` the page is reloaded, the image is
changed and the page is left between strokes. Prints the median and the 95th percentile from mouse
up to "saved" (the new overlay is asked for), and the strokes that the disk does not hold.
"""

import argparse
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from core import workflow
from core.data import imports
from core.data import study as studies
from core.data.labels import journal, store
from core.data.labels.model import MAIN, LabelObject, Labels
from core.paths import Workspace

PATIENCE_MS = 60_000


def make_study(place: Workspace, side: int, objects: int) -> None:
    """Make a study of two noisy images, the first with so many objects marked."""
    studies.create(place, workflow.SAMPLE, simulated=True)
    study_dir = studies.create(place, "paint")
    folder = place.root / "in"
    folder.mkdir()
    for number in range(2):
        noise = np.random.default_rng(number).integers(20, 60, (side, side), dtype=np.uint8)
        Image.fromarray(noise).save(folder / f"noise-{number}.png")
    imports.add(study_dir, [folder])
    if objects:
        ids = np.zeros((side, side), np.int32)
        every = int(side / np.ceil(np.sqrt(objects)))
        places = [(r, c) for r in range(0, side - 9, every) for c in range(0, side - 9, every)]
        for number, (row, column) in enumerate(places[:objects], start=1):
            ids[row : row + 9, column : column + 9] = number
        drawn = tuple(LabelObject(id=i, class_name="object") for i in np.unique(ids).tolist() if i)
        labels = Labels(layers={MAIN: ids}, annotated_yx=ids > 0, objects=drawn)
        store.save(study_dir, "noise-0", labels, author="benchmark")


class Server:
    """The dashboard as a user starts it."""

    def __init__(self, place: Workspace) -> None:
        """Start it and wait until it answers."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        words = ["--no-browser", "--port", self.url.rsplit(":", 1)[1], "--workspace", place.root]
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "from core.cli import main; raise SystemExit(main())",
                *map(str, words),
            ],
            cwd=place.root,
            env=dict(os.environ),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise SystemExit("the dashboard does not answer")

    def stop(self) -> None:
        """End it without a word."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def open_painter(page: Page, url: str) -> None:
    """Go to the first image's painter."""
    page.goto(f"{url}/images?study=paint&tab=bench")
    choose(page)
    enter(page)


def choose(page: Page) -> None:
    """Open the first image from the gallery."""
    page.get_by_role("button", name="noise-0.png").first.click(timeout=PATIENCE_MS)


def enter(page: Page) -> None:
    """Choose the painter where the editor for shapes is shown."""
    page.get_by_text("Brush and clicks").first.click(timeout=PATIENCE_MS)
    settle(page)


def settle(page: Page) -> None:
    """Wait until there is one painter (an image that was left fades out) and all is saved."""
    status, end = page.locator(".painter-status"), time.monotonic() + PATIENCE_MS / 1000
    while time.monotonic() < end:
        if [each.get_attribute("data-saved") for each in status.all()] == ["yes"]:
            return
        time.sleep(0.01)
    raise SystemExit("the painter does not say that all is saved")


def stroke(page: Page, rng: random.Random) -> float:
    """Draw one short stroke and return the seconds from mouse up to `saved`."""
    box = page.locator(".painter canvas").bounding_box()
    if box is None:
        raise SystemExit("the painter is not there")
    side = min(box["width"], box["height"])
    x = box["x"] + box["width"] / 2 + (rng.random() - 0.5) * 0.9 * side
    y = box["y"] + box["height"] / 2 + (rng.random() - 0.5) * 0.9 * side
    status = page.locator(".painter-status")
    before = status.get_attribute("data-drawn")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 6, y + 3, steps=3)
    page.mouse.up()
    start = time.perf_counter()
    if status.get_attribute("data-drawn") == before:
        # The page was still moving: the mouse met something else than the canvas.
        return stroke(page, rng)
    settle(page)
    return time.perf_counter() - start


def disturb(page: Page, url: str, rng: random.Random) -> None:
    """Do what people do between strokes; strokes are a second old by then."""
    time.sleep(1.0)
    way = rng.choice(["reload", "next", "page"])
    if way == "reload":
        page.reload()
        choose(page)
        enter(page)
    elif way == "next":
        page.get_by_role("button", name="Next", exact=True).click(timeout=PATIENCE_MS)
        page.get_by_text("2 of 2").wait_for(timeout=PATIENCE_MS)
        page.get_by_role("button", name="Previous", exact=True).click(timeout=PATIENCE_MS)
        page.get_by_text("1 of 2").wait_for(timeout=PATIENCE_MS)
        time.sleep(0.5)  # the picture that was left fades out
        settle(page)
    else:
        page.goto(f"{url}/task?study=paint&tab=bench")
        page.get_by_text("What do you want?").first.wait_for(timeout=PATIENCE_MS)
        open_painter(page, url)


def held(place: Workspace) -> int:
    """Return how many strokes the disk holds, in versions and in journals."""
    study_dir = place.study("paint")
    count = 0
    for image in ("noise-0", "noise-1"):
        count += sum(entry.what == "brush" for entry in journal.strokes(study_dir, image))
        for who in journal.waiting(study_dir, image):
            work = journal.open_(study_dir, image, who, (1, 1), author="")
            count += sum(entry.what == "brush" for entry in work.entries)
    return count


def main() -> int:
    """Print latencies and losses; return 1 where a stroke is lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strokes", type=int, default=200)
    parser.add_argument("--side", type=int, default=1024)
    parser.add_argument("--objects", type=int, default=0)
    parser.add_argument("--chaos", action="store_true")
    args = parser.parse_args()
    place = Workspace.at(tempfile.mkdtemp(prefix="aixcell-paint-"))
    make_study(place, args.side, args.objects)
    server, rng, took = Server(place), random.Random(0), []
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=shutil.which("chromium"))
            page = browser.new_page(viewport={"width": 1400, "height": 1000})
            open_painter(page, server.url)
            for at in range(args.strokes):
                took.append(stroke(page, rng))
                if args.chaos and at % 10 == 9:
                    disturb(page, server.url, rng)
            time.sleep(1.0)
            browser.close()
    finally:
        server.stop()
    lost = args.strokes - held(place)
    ordered = sorted(took)
    print(
        f"{args.strokes} strokes at {args.side} px, {args.objects} objects: median "
        f"{1000 * ordered[len(ordered) // 2]:.0f} ms, p95 "
        f"{1000 * ordered[int(0.95 * len(ordered))]:.0f} ms, {lost} lost"
    )
    shutil.rmtree(place.root, ignore_errors=True)
    return int(lost > 0)


if __name__ == "__main__":
    sys.exit(main())
