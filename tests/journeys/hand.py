"""A hand at the painter in a real browser, and what the disk holds of its strokes."""

import time

import numpy as np
from PIL import Image
from playwright.sync_api import TimeoutError

from core import workflow
from core.data import imports
from core.data import study as studies
from core.data.labels import entries, journal, store
from core.data.labels.model import MAIN, LabelObject, Labels
from core.records import Kind, TaskSpec, Wishes

STUDY = "paint"
CLASSES = "classes"
"""A study with a task."""
PATIENCE_MS = 60_000
# Notes in the page itself when the mouse was let go and when the stroke was part of the overlay:
# asking the page from outside takes longer than the stroke.
_WATCH = """() => {
  const took = (globalThis.painterTook ??= []);
  if (globalThis.painterWatch) return;
  globalThis.painterWatch = true;
  let up = 0, number = "";
  addEventListener("pointerup", (event) => {
    if (!event.composedPath().some((each) => each.matches?.(".painter canvas"))) return;
    up = performance.now();
    queueMicrotask(() => setTimeout(() => { number = globalThis.aixcellPainter.next; }));
  }, true);
  const look = () => {
    if (number && globalThis.aixcellPainter.redrawn >= number) {
      took.push(performance.now() - up);
      number = "";
    }
    requestAnimationFrame(look);
  };
  look();
}"""


def make_study(place, side, images=2, objects=0):
    """Make a study of noisy images, the first with so many objects marked."""
    studies.create(place, workflow.SAMPLE, simulated=True)
    study_dir = studies.create(place, STUDY)
    folder = place.root / "in"
    folder.mkdir()
    for number in range(images):
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


def make_study_of_classes(place, side, classes):
    """Make a study of one noisy image, in which objects of these classes are marked."""
    study_dir = studies.create(place, CLASSES)
    imports.add(study_dir, [place.root / "in" / "noise-0.png"])
    task = TaskSpec(kind=Kind.INSTANCE, classes=classes, wishes=Wishes(seconds=60))
    workflow.set_task(place, CLASSES, task)


class Hand:
    """Paints in one tab and remembers which stroke was made on which image."""

    def __init__(self, page, url):
        self.page = page
        self.url = url
        self.made = {}
        """Image -> how many strokes the painter took."""

    def open(self, image="noise-0", study=STUDY):
        """Go to an image's painter by the address, as after a reload."""
        self.page.goto(f"{self.url}/images?study={study}&tab=hand")
        self.enter(image)

    def enter(self, image="noise-0"):
        """Choose image and painter in the gallery."""
        self.page.get_by_role("button", name=f"{image}.png").first.click(timeout=PATIENCE_MS)
        self.take_brush()
        self.wait_for(image)

    def take_brush(self):
        """Choose the painter; a click into a page that is being replaced is made again."""
        painter = self.page.locator(".painter-status").first
        for _ in range(PATIENCE_MS // 5000):
            self.page.get_by_text("Brush and clicks").first.click(timeout=PATIENCE_MS)
            try:
                painter.wait_for(timeout=5000)
                return
            except TimeoutError:
                continue
        raise AssertionError("the painter does not come")

    def wait_for(self, image):
        """Wait until the painter shows the image; others may fade out beside it."""
        there = f".painter-status[data-image={image}]"
        self.page.locator(there).first.wait_for(state="attached", timeout=PATIENCE_MS)
        self.page.evaluate(_WATCH)

    def stroke(self, rng):
        """Draw one short stroke where the canvas is now; return whether the painter took it.

        The page may be moving: what met no canvas was no stroke.
        """
        canvas = self.page.locator(".painter canvas")
        box = canvas.last.bounding_box() if canvas.count() else None
        if not box:
            return False
        side = min(box["width"], box["height"])
        x = box["x"] + box["width"] / 2 + (rng.random() - 0.5) * 0.9 * side
        y = box["y"] + box["height"] / 2 + (rng.random() - 0.5) * 0.9 * side
        before = self._last()
        mouse = self.page.mouse
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + 6, y + 3, steps=3)
        mouse.up()
        last = self._last()
        if last is None or (before and before[0] == last[0]):
            return False
        self.made[last[1]] = self.made.get(last[1], 0) + 1
        return True

    def _last(self):
        """Return number and image of the last gesture the painter took."""
        return self.page.evaluate(
            "() => { const it = globalThis.aixcellPainter; return it && [it.next, it.last]; }"
        )

    def settle(self):
        """Wait until all that was drawn is on the disk and on the screen."""
        self.page.wait_for_function(
            "() => { const it = globalThis.aixcellPainter; return it && !it.outbox.length"
            " && !it.traces.length; }",
            timeout=PATIENCE_MS,
        )

    def took(self):
        """Return the milliseconds from mouse up to redrawn of each stroke since the page came."""
        return self.page.evaluate("() => globalThis.painterTook ?? []")


def held(place, images=2):
    """Return image -> how many brush strokes the disk holds, in versions and in journals."""
    study_dir, counts = place.study(STUDY), {}
    record = studies.load(study_dir)
    for image in (f"noise-{number}" for number in range(images)):
        told = entries.strokes(study_dir, image)
        _, rows, columns = record.image(image).shape_cyx
        for who in journal.waiting(study_dir, image):
            told += journal.open_(study_dir, image, who, (rows, columns), author="").entries
        counts[image] = sum(each.what == "brush" for each in told)
    return counts


def lost(place, hand, images=2):
    """Return image -> strokes that were made on it and are not on the disk (below 0: doubled)."""
    there = held(place, images)
    differing = {image: hand.made.get(image, 0) - count for image, count in there.items()}
    return {image: count for image, count in differing.items() if count}


def rest(seconds=1.0):
    """Let the last stroke grow a second old."""
    time.sleep(seconds)
