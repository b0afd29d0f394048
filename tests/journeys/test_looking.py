"""What an image looks like, and images too large for one picture, in a real browser."""

import random

import hand as painting
import numpy as np
import pytest
import tifffile
from server import CHROMIUM, visited

from core import workflow
from core.data import display, imports
from core.data import study as studies
from core.data.labels import store
from core.data.labels.model import MAIN
from core.paths import Workspace

WIDE = (400, 5000)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine"),
]


@pytest.fixture
def place(tmp_path):
    """Return a workspace with an image of three channels and a wide one."""
    place = Workspace.at(tmp_path / "workspace")
    studies.create(place, workflow.SAMPLE, simulated=True)
    study_dir = studies.create(place, painting.STUDY)
    rng, folder = np.random.default_rng(0), tmp_path / "in"
    folder.mkdir()
    stack = rng.integers(100, 200, (3, 256, 256), dtype=np.uint16)
    for at in range(3):
        stack[at, :, at * 80 : at * 80 + 60] += 3000
    tifffile.imwrite(
        folder / "noise-0.tif", stack, photometric="minisblack", metadata={"axes": "CYX"}
    )
    tifffile.imwrite(folder / "wide.tif", rng.integers(100, 900, WIDE, dtype=np.uint16))
    imports.add(study_dir, [folder])
    return place


@pytest.fixture
def page(place):
    """Return a browser's page at the study's images."""
    with visited(place, painting.PATIENCE_MS) as (page, url):
        page.goto(f"{url}/images?study={painting.STUDY}&tab=hand")
        yield page


# Blue of the painter's left tenth, where the first channel alone is bright.
_BLUE = """() => {
  const { canvas } = globalThis.aixcellPainter.current;
  const x = (canvas.width - Math.min(canvas.width, canvas.height)) / 2 + canvas.height / 10;
  return canvas.getContext("2d").getImageData(x, canvas.height / 4, 1, 1).data[2];
}"""


def test_looks_change_the_view_alone_and_large_images_are_marked_part_by_part(place, page):
    page.get_by_role("button", name="noise-0.tif").first.click()
    hand = painting.Hand(page, "")
    hand.take_brush()
    hand.wait_for("noise-0")
    rng = random.Random(3)
    while not hand.made:
        hand.stroke(rng)
    hand.settle()
    page.wait_for_function(f"() => ({_BLUE})() > 150")
    mounted = page.evaluate("() => (aixcellPainter.current.mark = 'the same')")

    page.get_by_text("Looking").first.click()
    page.get_by_text("Channel 1").first.click()
    page.wait_for_function(f"() => ({_BLUE})() < 60")
    assert page.evaluate("() => aixcellPainter.current.mark") == mounted
    study_dir = place.study(painting.STUDY)
    look = display.load(study_dir, 3, "uint16")
    assert [each.shown for each in look.channels] == [False, True, True]
    assert painting.held(place, 1) == {"noise-0": 1}

    page.get_by_role("button", name="All images").click()
    page.get_by_role("button", name="wide.tif").first.click()
    page.locator(".navigator-status[data-image=wide]").wait_for(state="attached")
    canvas = page.locator(".navigator canvas")
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2)
    for _ in range(4):
        page.mouse.wheel(0, -300)
    page.locator('.navigator-status:not([data-sharp=""])').wait_for(state="attached")
    canvas.click(position={"x": 0.9 * box["width"], "y": box["height"] / 2})
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Mark this part").click()
    hand.wait_for("wide")
    hand.made.clear()
    while not hand.made:
        hand.stroke(rng)
    hand.settle()
    page.get_by_role("button", name="Whole image").click()
    page.locator(".navigator-status[data-image=wide]").wait_for(state="attached")
    labels = store.load(study_dir, "wide")
    assert labels.shape_yx == WIDE
    assert len(labels.objects) == 1
    assert np.flatnonzero(labels.layers[MAIN].any(axis=0)).min() > WIDE[1] / 2
