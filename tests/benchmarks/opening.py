"""A study of 2,000 images, opened in a real browser: how long, and which pictures are decoded.

    uv run python tests/benchmarks/opening.py [--images 2000] [--side 512]

Three in four images are labelled, with 50 objects each. Prints seconds until the page of images is
drawn, and how many images of the study were decoded for it (counted by file access times):
by a click on the study in a dashboard that is open, the first time after the import; again from
another page; in a browser that was never here (it loads and reads Streamlit's own program first);
and, to compare with, a study without images in such a browser.
Needs chromium.
"""

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import tifffile
from dashboard import CHROMIUM, Dashboard, visit
from playwright.sync_api import Browser, Page, sync_playwright

from core import workflow
from core.data import study as studies
from core.data.labels import store
from core.data.labels.model import MAIN, LabelObject, Labels
from core.paths import StudyDir, Workspace
from core.records import Kind, TaskSpec

STUDY, EMPTY = "Large", "Empty"
LONG_AGO_S = 1_000_000_000


def main() -> None:
    """Make the study, open it twice, print what was measured."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--side", type=int, default=512)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Workspace.at(Path(folder))
        study_dir = make(place, args.images, args.side)
        server = Dashboard(place)
        server.start()
        url = server.url
        try:
            with sync_playwright() as play:
                browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                # The sample study of the first visit and the server's imports are no page's time.
                page = fresh(browser)
                visit(page, f"{url}/task?study={STUDY}")
                for name in ("by a click, the first time", "by a click, again"):
                    with told(name, study_dir):
                        page.get_by_role("link", name="Images & labels").click()
                        drawn(page)
                    page.get_by_role("link", name="Task").click()
                    page.get_by_role("heading", name="Task").wait_for()
                page = fresh(browser)
                with told("in a new browser", study_dir):
                    page.goto(f"{url}/images?study={STUDY}")
                    drawn(page)
                page = fresh(browser)
                with told("a study without images in a new browser", study_dir):
                    visit(page, f"{url}/images?study={EMPTY}")
                    page.get_by_text("No images yet").wait_for()
                browser.close()
        finally:
            server.kill()


def fresh(browser: Browser) -> Page:
    """Return a page that has nothing of ours in its cache."""
    return browser.new_page(viewport={"width": 1400, "height": 900})


def drawn(page: Page) -> None:
    """Wait until the first page of images is drawn, all pictures of it."""
    page.get_by_text("Label the next one").wait_for()
    page.wait_for_function(
        """() => {
            const app = document.querySelector('[data-testid=stApp]');
            const seen = [...document.querySelectorAll('[data-testid=stImage] img')];
            return app?.getAttribute('data-test-script-state') === 'notRunning'
                && seen.length >= 24 && seen.every(one => one.complete && one.naturalWidth);
        }"""
    )


@contextmanager
def told(name: str, study_dir: StudyDir) -> Iterator[None]:
    """Print how long it took, and how many images were read meanwhile."""
    untouched(study_dir)
    began = time.perf_counter()
    yield
    spent = time.perf_counter() - began
    print(f"{name}: {spent:.2f} s, {read(study_dir)} images of the study read", flush=True)


def make(place: Workspace, count: int, side: int) -> StudyDir:
    """Return a study of `count` noisy images; three in four have 50 objects."""
    studies.create(place, EMPTY)
    study_dir = studies.create(place, STUDY)
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 4000, (side, side), dtype=np.uint16)
    ids_yx = np.zeros((side, side), np.int32)
    step = side // 8
    for at in range(50):
        row, column = divmod(at, 7)
        ids_yx[row * step : row * step + step // 2, column * step : column * step + step // 2] = (
            at + 1
        )
    labels = Labels(
        layers={MAIN: ids_yx},
        annotated_yx=np.ones(ids_yx.shape, bool),
        objects=tuple(
            LabelObject(id=at, class_name=("cell", "debris")[at % 2]) for at in range(1, 51)
        ),
    )
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            name = f"D{number % 20}_drug_{number:04d}.tif"
            tifffile.imwrite(Path(folder) / name, np.roll(pixels, number))
        began = time.perf_counter()
        workflow.import_files(place, STUDY, [Path(folder)])
        print(f"{count} images imported in {time.perf_counter() - began:.0f} s", flush=True)
    ids = [image.id for image in studies.load(study_dir).images]
    store.save(study_dir, ids[1], labels, author="benchmark")
    for number, each in enumerate(ids):
        if number % 4 and number != 1:
            shutil.copytree(study_dir.labels / ids[1], study_dir.labels / each)
    task = TaskSpec(kind=Kind.INSTANCE, classes=("cell", "debris"))
    studies.update(study_dir, lambda record: replace(record, task=task))
    assert len(workflow.labelled_ids(place, STUDY)) == count - -(-count // 4)
    return study_dir


def untouched(study_dir: StudyDir) -> None:
    """Set the access times of all images back."""
    for path in study_dir.images.iterdir():
        os.utime(path, (LONG_AGO_S, LONG_AGO_S))


def read(study_dir: StudyDir) -> int:
    """Return how many images were read since (access times older than the change are renewed)."""
    return sum(path.stat().st_atime > LONG_AGO_S + 1 for path in study_dir.images.iterdir())


if __name__ == "__main__":
    main()
