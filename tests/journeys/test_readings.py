"""Files that do not say what their pages are, and how large a pixel is: one click, one line."""

import numpy as np
import pytest
import tifffile
from server import CHROMIUM, Dashboard

from core import workflow
from core.data import study as studies
from core.paths import Workspace

STUDY = "stacks"
PATIENCE_MS = 60_000
SIDE = 200

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine"),
]


def write_stacks(folder):
    """Put two files of four pages into the folder, a bright square on each page."""
    folder.mkdir()
    for number in range(2):
        pages = np.random.default_rng(number).integers(0, 90, (4, SIDE, SIDE), dtype=np.uint16)
        for page in range(4):
            top = 20 + 40 * page
            pages[page, top : top + 30, top : top + 30] += 900
        tifffile.imwrite(folder / f"stack-{number}.tif", pages, photometric="minisblack")


@pytest.fixture
def place(tmp_path):
    """Return a workspace with a study of two stacks."""
    place = Workspace.at(tmp_path / "workspace")
    studies.create(place, workflow.SAMPLE, simulated=True)
    write_stacks(tmp_path / "in")
    workflow.import_files(place, STUDY, [tmp_path / "in"])
    return place


@pytest.fixture
def page(place):
    """Return the page of images in a real browser."""
    from playwright.sync_api import sync_playwright

    dashboard = Dashboard(place)
    dashboard.start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{dashboard.url}/images?study={STUDY}")
        yield page
        browser.close()
    dashboard.kill()


def test_one_click_decides_and_a_line_measures(place, page):
    page.get_by_text("What are the 4 pages of stack-0.tif?").wait_for()
    page.get_by_role("button", name="This one").first.click()
    page.get_by_text("Channels, depths, times · 4 channels").wait_for()
    images = workflow.load_study(place, STUDY).images
    assert [image.shape_cyx for image in images] == [(4, SIDE, SIDE)] * 2

    page.get_by_text("Pixel size · not known yet").click()
    canvas = page.locator(".ruler canvas")
    canvas.wait_for()
    page.wait_for_timeout(500)  # the picture is decoded, then the canvas has its size
    box = canvas.bounding_box()
    scale = box["height"] / SIDE
    left, top = box["x"] + (box["width"] - SIDE * scale) / 2, box["y"]
    page.mouse.move(left + 20 * scale, top + 50 * scale)
    page.mouse.down()
    page.mouse.move(left + 120 * scale, top + 50 * scale, steps=4)
    page.mouse.up()
    length = page.get_by_label("The line is so long")
    length.fill("50")
    length.press("Enter")
    page.get_by_text("1 image like it").click()
    page.get_by_role("button", name="Use this size").click()
    page.get_by_text("Pixel size · 0.").wait_for()
    sizes = [image.pixel_size_um for image in workflow.load_study(place, STUDY).images]
    # The hand stops on whole pixels of the screen.
    assert sizes == pytest.approx([0.5, 0.5], abs=0.01)
