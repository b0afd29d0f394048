"""Strokes in a real Chromium: none that is a second old is lost, and how long one takes.

    python tests/benchmarks/painter.py [--strokes 200] [--side 1024] [--objects 0] [--chaos]

Starts a dashboard on a workspace of its own. Prints the median and the 95th percentile from mouse
up to the stroke's being on the disk and part of the overlay, noted in the page. With `--chaos`
strokes follow each other without waiting while images, pages and editors change, keys are pressed
and the page is reloaded (one second after the last stroke), and the strokes are counted that the
disk does not hold on the image they were made on.
"""

import argparse
import contextlib
import random
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import TimeoutError, sync_playwright

from core.paths import Workspace

sys.path.append(str(Path(__file__).parents[1] / "journeys"))
import hand as painting
from server import CHROMIUM, Dashboard

IMAGES = 3
KEYS = ("b", "0", "s", "1", "v", "b")


def disturb(hand: painting.Hand, rng: random.Random) -> str:
    """Do what people do between strokes, and return what that was."""
    page, way = hand.page, rng.choice(["reload", "walk", "walk", "page", "keys", "save", "editor"])
    if way == "reload":
        painting.rest()
        page.reload()
        hand.enter(f"noise-{rng.randrange(IMAGES)}")
    elif way == "walk":  # on and on, painting on whatever is there
        for _ in range(3):
            for name in rng.sample(["Next", "Previous"], 2):
                button = page.get_by_role("button", name=name, exact=True)
                if button.is_enabled():
                    with contextlib.suppress(TimeoutError):  # the last image came meanwhile
                        button.click(timeout=2000)
                    break
            hand.stroke(rng)
    elif way == "page":
        page.get_by_role("link", name="Task").click(timeout=painting.PATIENCE_MS)
        page.get_by_text("What do you want?").first.wait_for(timeout=painting.PATIENCE_MS)
        page.get_by_role("link", name="Images & labels").click(timeout=painting.PATIENCE_MS)
        hand.take_brush()
    elif way == "keys":
        for key in KEYS * 3:
            page.keyboard.press(key)
    elif way == "save":
        page.get_by_role("button", name="Save", exact=True).first.click()
    else:
        page.get_by_text("Shapes").first.click(timeout=painting.PATIENCE_MS)
        hand.take_brush()
    return way


def paint(hand: painting.Hand, strokes: int, *, chaos: bool, seed: int) -> list[float]:
    """Make so many strokes; return the milliseconds each took where nothing disturbed them."""
    rng, did = random.Random(seed), []
    hand.open()
    while sum(hand.made.values()) < strokes:
        if hand.stroke(rng) and not chaos:
            hand.settle()
        if chaos and rng.random() < 0.3:
            did.append(disturb(hand, rng))
    painting.rest(2.0)
    if chaos:
        print(", ".join(f"{did.count(way)} {way}" for way in sorted(set(did))))
    return [] if chaos else hand.took()


def main() -> int:
    """Print latencies and losses; return 1 where a stroke is lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strokes", type=int, default=200)
    parser.add_argument("--side", type=int, default=1024)
    parser.add_argument("--objects", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--chaos", action="store_true")
    args = parser.parse_args()
    place = Workspace.at(tempfile.mkdtemp(prefix="aixcell-paint-"))
    painting.make_study(place, args.side, IMAGES, args.objects)
    server = Dashboard(place)
    server.start()
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1400, "height": 1000})
            hand = painting.Hand(page, server.url)
            took = sorted(paint(hand, args.strokes, chaos=args.chaos, seed=args.seed))
            browser.close()
    finally:
        server.kill()
    lost = painting.lost(place, hand, IMAGES)
    if took:
        print(f"median {took[len(took) // 2]:.0f} ms, p95 {took[int(0.95 * len(took))]:.0f} ms")
    made = sum(hand.made.values())
    print(f"{made} strokes at {args.side} px, {args.objects} objects: lost {lost or 'none'}")
    shutil.rmtree(place.root, ignore_errors=True)
    return int(bool(lost))


if __name__ == "__main__":
    sys.exit(main())
