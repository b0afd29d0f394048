"""What it takes to look at images, in a real Chromium: another look, and a very large image.

    uv run python tests/benchmarks/looking.py look [--side 1024] [--changes 12]
    uv run python tests/benchmarks/looking.py large [--side 10000] [--channels 1] [--strokes 20]

`look` switches one of four channels of an image off and on, in the painter, and prints milliseconds
from the click to the new picture, noted in the page. `large` opens a simulated image of that side
(16 bits; one simulated picture again and again): the gallery, the whole image (the first time,
which makes its levels, and again in a fresh server), places zoomed into until they are sharp, a
part opened and marked, and the part left, which saves it; with the server's highest memory.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import tifffile
from playwright.sync_api import Page, sync_playwright

from core import workflow
from core.data import imports
from core.data import study as studies
from core.data.labels import store
from core.data.simulate import pictures
from core.paths import StudyDir, Workspace

sys.path.append(str(Path(__file__).parents[1] / "journeys"))
import hand as painting
from server import CHROMIUM, Dashboard

IMAGE = "noise-0"
# Notes in the page when a switch was clicked and when the painter drew the picture it led to.
_WATCH = """() => {
  globalThis.lookTook = [];
  let began = 0, name = "";
  addEventListener("click", (event) => {
    if (!event.composedPath().some((each) => each.dataset?.testid === "stCheckbox")) return;
    if (event.composedPath()[0].tagName === "INPUT") return; // the label's own click comes first
    began = performance.now();
    name = globalThis.aixcellPainter.current.data.name;
  }, true);
  const look = () => {
    const { data, behind } = globalThis.aixcellPainter.current;
    const picture = globalThis.aixcellPainter.pictures.get(data.name);
    if (began && data.name !== name && picture?.complete && behind.picture === picture) {
      globalThis.lookTook.push(performance.now() - began);
      began = 0;
    }
    requestAnimationFrame(look);
  };
  look();
}"""


def main() -> None:
    """Measure what was asked for and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("look", "large"))
    parser.add_argument("--side", type=int)
    parser.add_argument("--channels", type=int)
    parser.add_argument("--changes", type=int, default=12)
    parser.add_argument("--strokes", type=int, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(180_000)
        place = Workspace.at(folder)
        if asked.what == "look":
            make(place, asked.side or 1024, asked.channels or 4)
            look(place, page, asked.changes)
        else:
            study_dir = make(place, asked.side or 10_000, asked.channels or 1)
            large(place, page, study_dir, asked.strokes)
        browser.close()


def make(place: Workspace, side: int, channels: int) -> StudyDir:
    """Return a study with one simulated image of this side."""
    studies.create(place, workflow.SAMPLE, simulated=True)
    study_dir = studies.create(place, painting.STUDY)
    drawn = next(pictures(images_per_animal=1, side_px=512)).image_cyx.astype(np.uint16)
    times = -(-side // 512)
    planes = np.concatenate([drawn, drawn[:, ::-1], drawn[..., ::-1]])[:channels]
    image_cyx = np.tile(planes, (1, times, times))[:, :side, :side]
    path = place.root / f"{IMAGE}.tif"
    tifffile.imwrite(path, image_cyx, metadata={"axes": "CYX"}, photometric="minisblack")
    began = time.perf_counter()
    report = imports.add(study_dir, [path])
    assert report.added == (IMAGE,) or list(report.added) == [IMAGE], report
    print(f"{image_cyx.shape}, {image_cyx.nbytes / 1e6:.0f} MB; imported in {since(began)}")
    path.unlink()
    return study_dir


def look(place: Workspace, page: Page, changes: int) -> None:
    """Print how long a change of the look takes."""
    server = Dashboard(place)
    server.start()
    try:
        page.goto(f"{server.url}/images?study={painting.STUDY}&tab=hand")
        page.get_by_role("button", name=f"{IMAGE}.tif").first.click()
        hand = painting.Hand(page, server.url)
        hand.take_brush()
        hand.wait_for(IMAGE)
        page.get_by_text("Looking").first.click()
        switch = page.get_by_text("Channel 2").first
        switch.wait_for()
        page.wait_for_function("() => aixcellPainter.pictures.size > 0")
        page.wait_for_timeout(1500)
        page.evaluate(_WATCH)
        for number in range(1, changes + 1):
            # Gamma changes with each step, so that no picture has been drawn before.
            page.get_by_text("Channel 2" if number % 2 else "Channel 3").first.click()
            page.wait_for_function(f"() => lookTook.length >= {number}")
            if number % 4 == 0:
                page.get_by_role("slider", name="Gamma").press("ArrowRight")
                page.wait_for_timeout(1500)
        tell("another look", page.evaluate("() => lookTook"), "ms")
    finally:
        server.kill()


def large(place: Workspace, page: Page, study_dir: StudyDir, strokes: int) -> None:
    """Print how long each step of looking at, and marking, a large image takes."""
    server = Dashboard(place)
    server.start()
    try:
        card = page.get_by_role("button", name=f"{IMAGE}.tif").first
        # The server's imports are no image's time.
        page.goto(server.url)
        page.locator("h1").first.wait_for()
        for way in ("its card made", "again"):
            began = time.perf_counter()
            page.goto(f"{server.url}/images?study={painting.STUDY}&tab=first")
            card.wait_for()
            print(f"gallery, {way}: {since(began)}; server {peak(server)}")
        print(f"whole image, first time: {opened(page, card)}; server {peak(server)}")
    finally:
        server.kill()
    server.start()
    try:
        page.goto(f"{server.url}/images?study={painting.STUDY}&tab=hand")
        card.wait_for()
        print(f"whole image, levels there: {opened(page, card)}; server {peak(server)}")
        tell("a place sharp", places(page), "ms")
        page.get_by_role("button", name="Mark this part").click()
        hand = painting.Hand(page, server.url)
        page.get_by_role("button", name="Whole image").wait_for()
        began = time.perf_counter()
        hand.take_brush()
        hand.wait_for(IMAGE)
        page.wait_for_function("() => aixcellPainter.current?.behind")
        print(f"a part in the painter: {since(began)}; server {peak(server)}")
        rng = random.Random(0)
        while sum(hand.made.values()) < strokes:
            hand.stroke(rng)
            hand.settle()
        tell("a stroke", hand.took(), "ms")
        for way in ("first", "again"):
            began = time.perf_counter()
            page.get_by_role("button", name="Whole image").click()
            page.locator(f".navigator-status[data-image={IMAGE}]").wait_for(state="attached")
            print(f"the part left and saved, {way}: {since(began)}; server {peak(server)}")
            page.get_by_role("button", name="Mark this part").click()
            hand.take_brush()
            hand.wait_for(IMAGE)
            hand.stroke(rng)
            hand.settle()
        labels = store.load(study_dir, IMAGE)
        print(f"labels: {labels.shape_yx}, {len(labels.objects)} objects")
    finally:
        server.kill()


def opened(page: Page, card) -> str:
    """Open the image and return the seconds until it is drawn."""
    began = time.perf_counter()
    card.click()
    page.locator(f".navigator-status[data-image={IMAGE}][data-drawn=yes]").wait_for(
        state="attached"
    )
    return since(began)


def places(page: Page, count: int = 10) -> list[float]:
    """Zoom into places and return the milliseconds until each is sharp, the hand's rest included.

    The status names the sharp picture that is drawn.
    """
    canvas = page.locator(".navigator canvas")
    box, found, rng = canvas.bounding_box(), [], random.Random(0)
    status = page.locator(".navigator-status").first
    for _ in range(count):
        page.locator(".navigator").press("0")
        page.wait_for_timeout(700)
        before = status.get_attribute("data-sharp")
        x = box["x"] + box["width"] * rng.uniform(0.3, 0.7)
        page.mouse.move(x, box["y"] + box["height"] * rng.uniform(0.2, 0.8))
        for _ in range(rng.randint(3, 6)):
            page.mouse.wheel(0, -250)
        began = time.perf_counter()
        another = f'.navigator-status:not([data-sharp=""]):not([data-sharp="{before}"])'
        page.locator(another).wait_for(state="attached")
        found.append(1000 * (time.perf_counter() - began))
    return found


def tell(what: str, found: list[float], unit: str) -> None:
    """Print the middle and the slow end."""
    slow = sorted(found)[min(len(found) - 1, int(0.95 * len(found)))]
    print(f"{what}: median {statistics.median(found):.0f}, p95 {slow:.0f} {unit} ({len(found)})")


def since(began: float) -> str:
    """Return the seconds since, in words."""
    return f"{time.perf_counter() - began:.2f} s"


def peak(server: Dashboard) -> str:
    """Return the highest memory the server ever had, in words."""
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    high = next(line for line in lines if line.startswith("VmHWM"))
    return f"{int(high.split()[1]) / 1e6:.2f} GB"


if __name__ == "__main__":
    main()
