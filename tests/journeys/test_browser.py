"""The whole job in a real browser: upload, draw, save, train, see the result."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from server import CHROMIUM, Dashboard

from core import workflow
from core.data import study as studies
from core.data.labels import store
from core.paths import Workspace

SIDE = 96
RADIUS = 14
PICTURES = 6
DRAWN = 1
"""Pictures drawn on by hand; the others bring masks, so that the journey takes minutes."""
BUDGET_S = 30
"""The least the task page offers."""
PATIENCE_MS = 60_000
"""A page on two busy cores; a page that takes longer is broken."""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine"),
]


def centres(number):
    """Return (column, row) of the two discs of a picture."""
    return ((28 + 2 * number, 30), (64, 66 - 2 * number))


def write_picture(folder, number, *, with_mask):
    """Put a picture of two discs into the folder, and its mask beside it."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    ids = np.zeros((SIDE, SIDE), dtype=np.uint8)
    for object_id, (column, row) in enumerate(centres(number), start=1):
        ids[(rows - row) ** 2 + (columns - column) ** 2 <= RADIUS**2] = object_id
    noise = np.random.default_rng(number).normal(0, 8, ids.shape)
    picture = np.clip(40 + 140 * (ids > 0) + noise, 0, 255).astype(np.uint8)
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(folder / "images" / f"disc-{number}.png")
    if with_mask:
        Image.fromarray(ids).save(folder / "masks" / f"disc-{number}.png")
    return ids


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Return a workspace with a small stand-in for the sample study, which takes long to draw."""
    place = Workspace.at(tmp_path_factory.mktemp("browser") / "workspace")
    studies.create(place, workflow.SAMPLE, simulated=True)
    return place


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Return a zip of pictures with masks, and the pictures to be drawn on."""
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(PICTURES):
        write_picture(folder / "zip", number, with_mask=number >= DRAWN)
    for number in range(DRAWN):
        picture = folder / "zip" / "images" / f"disc-{number}.png"
        shutil.move(picture, folder / picture.name)
    archive = shutil.make_archive(str(folder / "discs"), "zip", folder / "zip")
    return Path(archive), [folder / f"disc-{number}.png" for number in range(DRAWN)]


@pytest.fixture(scope="module")
def dashboard(place):
    """Return a running dashboard."""
    dashboard = Dashboard(place)
    dashboard.start()
    yield dashboard
    dashboard.kill()


@pytest.fixture(scope="module")
def page(dashboard, tmp_path_factory):
    """Return a page of a real browser; what it fetches from elsewhere is noted in `outside`."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(PATIENCE_MS)
        page.outside = []
        page.on(
            "request",
            lambda request: (
                page.outside.append(request.url)
                if request.url.startswith("http") and dashboard.url not in request.url
                else None
            ),
        )
        yield page
        page.screenshot(path=tmp_path_factory.mktemp("seen") / "last.png")  # for whoever repairs
        browser.close()


def press(page, name):
    """Click the button of this name as soon as it can be clicked."""
    page.get_by_role("button", name=name, exact=False).first.click()


def draw_disc(page, canvas, column, row):
    """Draw around a disc by hand, as a person does: press, go round, let go."""
    box = canvas.bounding_box()
    scale = box["width"] / SIDE
    angles = np.linspace(0, 2 * np.pi, 25)
    points = [
        (
            box["x"] + (column + 0.5 + RADIUS * np.cos(a)) * scale,
            box["y"] + (row + 0.5 + RADIUS * np.sin(a)) * scale,
        )
        for a in angles
    ]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=2)
    page.mouse.up()


def overlap(one, other):
    return (one & other).sum() / (one | other).sum()


def test_upload_draw_save_train_and_see_the_result(dashboard, page, place, files):
    archive, pictures = files
    page.goto(dashboard.url)
    page.get_by_role("textbox", name="Name").fill("discs")
    press(page, "Create study")

    page.locator("input[type=file]").first.set_input_files([archive, *pictures])
    press(page, "Look at 2 files")
    press(page, "Import")
    page.get_by_text(f"{PICTURES} new images").wait_for()
    assert len(workflow.labelled_ids(place, "discs")) == PICTURES - DRAWN

    drawn_on_and_saved(page, place)
    reloaded(page, place)

    page.get_by_role("link", name="Task").click()
    page.get_by_text("Your labels look like").wait_for()
    page.get_by_role("slider").first.press("Home")
    page.get_by_text("30 s").first.wait_for()
    press(page, "Keep this task")
    page.get_by_role("heading", name="Recommendation").wait_for()
    assert workflow.load_study(place, "discs").task.wishes.seconds == BUDGET_S
    press(page, "Start training")
    page.get_by_role("button", name="Stop training").wait_for()

    # The server dies while the training runs; the training goes on and is shown again.
    run = workflow.listing(place, "discs", "train")[0].id
    assert f"run={run}" in page.url
    dashboard.kill()
    assert workflow.status(place, run).state in ("queued", "running")
    dashboard.start()
    page.goto(page.url)
    page.get_by_role("button", name="See the results").wait_for(timeout=180_000)
    press(page, "See the results")
    page.get_by_text("AP at IoU 0.5").first.wait_for()
    score = workflow.report(place, run).test.headline
    page.get_by_text(f"{score:.3f}").first.wait_for()
    assert not page.outside


def drawn_on_and_saved(page, place):
    press(page, "Label the next one")
    canvas = page.locator("canvas.upper-canvas")
    canvas.wait_for()
    for column, row in centres(0):
        draw_disc(page, canvas, column, row)
        page.get_by_text("Not saved yet").wait_for()
        page.wait_for_timeout(1500)  # a person looks at the next disc before drawing it
    press(page, "Save")
    page.get_by_text("Saved: 2 objects").first.wait_for()
    first = workflow.load_study(place, "discs").images[-1].id
    labels, _ = workflow.load_labels(place, "discs", image_of(place, "disc-0.png", first))
    rows, columns = np.mgrid[:SIDE, :SIDE]
    for (column, row), known in zip(centres(0), labels.objects, strict=True):
        disc = (rows - row) ** 2 + (columns - column) ** 2 <= RADIUS**2
        assert overlap(labels.flat_yx == known.id, disc) > 0.9


def image_of(place, name, otherwise):
    images = workflow.load_study(place, "discs").images
    return next((each.id for each in images if each.original_name == name), otherwise)


def reloaded(page, place):
    """Reload the page and save again: not one pixel of the labels changes."""
    image = image_of(place, "disc-0.png", "")
    before = store.head(place.study("discs"), image)
    page.reload()
    page.get_by_role("button", name="disc-0.png").first.click()
    page.locator("canvas.upper-canvas").wait_for()
    page.get_by_text("Saved: 2 objects").first.wait_for()
    press(page, "Save")
    page.wait_for_timeout(2000)
    assert store.head(place.study("discs"), image) == before
