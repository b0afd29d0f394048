"""Strokes in a real browser, while images and pages change: each is on the disk, on its image."""

import random

import hand as painting
import numpy as np
import pytest
from PIL import Image
from server import CHROMIUM, visited

from core.data import imports
from core.data import study as studies
from core.data.labels import journal, store
from core.data.labels.model import MAIN, LabelObject, Labels
from core.paths import Workspace

SIDE = 256
IMAGES = 3

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine"),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Return a workspace with a study of three images to paint on, and one with labels."""
    place = Workspace.at(tmp_path_factory.mktemp("painter") / "workspace")
    painting.make_study(place, SIDE, IMAGES + 1)
    return place


@pytest.fixture
def hand(place):
    """Return a hand in a browser of its own."""
    with visited(place, painting.PATIENCE_MS) as (page, url):
        yield painting.Hand(page, url)


def test_no_stroke_is_lost_while_images_and_pages_change(place, hand):
    """A stroke between two images was read by nobody: two painters stood there for a moment."""
    rng, page = random.Random(0), hand.page
    hand.open("noise-0")
    for button in ("Next", "Next", "Previous", "Previous"):
        hand.stroke(rng)
        page.get_by_role("button", name=button, exact=True).click()
        for _ in range(4):  # on the image that goes or on the one that comes
            hand.stroke(rng)
            page.wait_for_timeout(60)
    assert sum(hand.made.values()) >= 8
    assert len(hand.made) >= 2
    hand.settle()
    assert not painting.lost(place, hand, IMAGES)

    hand.stroke(rng)
    page.get_by_role("link", name="Task").click()
    page.get_by_text("What do you want?").first.wait_for()
    page.get_by_role("link", name="Images & labels").click()
    hand.take_brush()
    hand.settle()
    assert not painting.lost(place, hand, IMAGES)

    hand.stroke(rng)
    page.wait_for_timeout(1000)
    page.reload()
    hand.enter("noise-1")
    hand.settle()
    assert not painting.lost(place, hand, IMAGES)


MARKED = f"noise-{IMAGES}"
SPECK_YX = (200, 220)


def mark_a_disc_and_a_speck(place):
    """Put labels on the last image: one object of usual size and one of a single pixel."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    ids = ((rows - 60) ** 2 + (columns - 60) ** 2 < 200).astype(np.int32)
    ids[SPECK_YX] = 2
    objects = tuple(LabelObject(id=each, class_name="object") for each in (1, 2))
    labels = Labels(layers={MAIN: ids}, annotated_yx=ids >= 0, objects=objects)
    store.save(place.study(painting.STUDY), MARKED, labels, author="ann")


def as_it_stands(place, count):
    """Return the last image's labels once the disk holds so many entries of the hand."""
    study_dir = place.study(painting.STUDY)
    for _ in range(100):
        if "hand" in journal.waiting(study_dir, MARKED):
            work = journal.open_(study_dir, MARKED, "hand", (SIDE, SIDE), author="")
            if len(work.entries) >= count:
                return work.labels
        painting.rest(0.1)
    raise AssertionError(f"the disk does not hold {count} entries")


def test_a_finding_leads_to_its_place_where_a_polygon_is_drawn(place, hand):
    mark_a_disc_and_a_speck(place)
    page = hand.page
    page.goto(f"{hand.url}/images?study={painting.STUDY}&tab=hand")
    page.get_by_text("Label doctor").first.click()
    page.get_by_role("button", name="Look at all labels").click()
    table = page.locator("[data-testid=stDataFrame] canvas").first
    table.wait_for()
    page.wait_for_timeout(500)  # the table is drawn after it is there
    corner = table.bounding_box()
    page.mouse.click(corner["x"] + 16, corner["y"] + 54)  # the box before the first line
    hand.wait_for(MARKED)
    page.get_by_text("an object of 1 pixels").first.wait_for()

    canvas = page.locator(".painter canvas").last
    canvas.scroll_into_view_if_needed()
    page.locator(".painter").last.focus()
    page.keyboard.press("Delete")  # what was found is selected
    labels = as_it_stands(place, 1)
    assert [item.id for item in labels.objects] == [1]

    page.keyboard.press("p")
    box = canvas.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for across, down in ((-60, -60), (60, -60), (300, 0), (60, 60), (-60, 60)):
        page.mouse.click(middle[0] + across, middle[1] + down)
        if across == 300:  # one too far is taken back
            page.keyboard.press("Backspace")
    assert page.locator(".painter-status").last.get_attribute("data-corners") == "4"
    page.keyboard.press("Enter")
    labels = as_it_stands(place, 2)
    new = labels.objects[-1].id
    rows, columns = np.nonzero(labels.layers[MAIN] == new)
    assert np.hypot(rows.mean() - SPECK_YX[0], columns.mean() - SPECK_YX[1]) < 2
    assert np.ptp(rows) < SIDE / 4

    page.keyboard.press("Control+z")
    assert [item.id for item in as_it_stands(place, 3).objects] == [1]
    for across, down in ((-60, -60), (60, -60), (60, 60), (-60, -60)):
        page.mouse.click(middle[0] + across, middle[1] + down)  # the first corner closes
    assert len(as_it_stands(place, 4).objects) == 2


@pytest.fixture(scope="module")
def two_classes(place):
    """Return the id of an image of a study with two classes."""
    painting.make_study_of_classes(place, SIDE, ("mono", "bi"))
    return "noise-0"


def work_of(place, count):
    """Return the journal of the image with two classes once it holds so many entries."""
    study_dir = place.study(painting.CLASSES)
    for _ in range(100):
        if "hand" in journal.waiting(study_dir, "noise-0"):
            work = journal.open_(study_dir, "noise-0", "hand", (SIDE, SIDE), author="")
            if len(work.entries) >= count:
                return work
        painting.rest(0.1)
    raise AssertionError(f"the disk does not hold {count} entries")


def drag(page, *places):
    """Draw from place to place; each is (across, down) from the middle of the canvas."""
    box = page.locator(".painter canvas").last.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for at, (across, down) in enumerate(places):
        page.mouse.move(middle[0] + across, middle[1] + down, steps=3)
        if not at:
            page.mouse.down()
    page.mouse.up()


def test_a_class_counts_for_the_stroke_that_follows_its_key_at_once(place, hand, two_classes):
    """The stroke told the class of before: Python had not answered to the key yet."""
    page = hand.page
    hand.open(two_classes, painting.CLASSES)
    drag(page, (-150, -150), (-130, -150))
    for digit, across in (("2", -50), ("1", 50), ("2", 150)):
        page.keyboard.press(digit)
        drag(page, (across, -150), (across + 20, -150))
    labels = work_of(place, 4).labels
    assert [item.class_name for item in labels.objects] == ["mono", "bi", "mono", "bi"]


def mark_at(page, across, down):
    """Return red, green and blue of the canvas there, seen from its middle."""
    return page.locator(".painter canvas").last.evaluate(
        """(canvas, [across, down]) => {
          const per = canvas.width / canvas.getBoundingClientRect().width;
          const at = [canvas.width / 2 + across * per, canvas.height / 2 + down * per];
          return [...canvas.getContext("2d").getImageData(...at, 1, 1).data].slice(0, 3);
        }""",
        [across, down],
    )


def test_selected_objects_are_merged_by_a_button_and_labels_fade(place, hand, two_classes):
    page = hand.page
    hand.open(two_classes, painting.CLASSES)
    page.keyboard.press("b")
    drag(page, (-120, 0), (-80, 0))
    drag(page, (80, 0), (120, 0))
    hand.settle()
    page.keyboard.press("v")
    box = page.locator(".painter canvas").last.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.click(middle[0] - 100, middle[1])
    page.keyboard.down("Shift")
    page.mouse.click(middle[0] + 100, middle[1])
    page.keyboard.up("Shift")
    page.get_by_role("button", name="Merge").click()
    reach = round(100 * SIDE / min(box["width"], box["height"]))
    for _ in range(100):
        labels_yx = work_of(place, 1).labels.layers[MAIN]
        left, right = (
            labels_yx[SIDE // 2, SIDE // 2 - reach],
            labels_yx[SIDE // 2, SIDE // 2 + reach],
        )
        if left == right > 0:
            break
        painting.rest(0.1)
    assert left == right > 0
    page.locator(".painter").last.focus()
    page.keyboard.press("r")
    status = page.locator(".painter-status").last
    assert "Reject" in status.text_content()

    marked = mark_at(page, -100, 0)
    page.get_by_text("Looking").first.click()
    thumb = page.get_by_role("slider", name="Opacity of the labels")
    thumb.focus()
    page.keyboard.press("Home")
    faded = page.locator(".painter-status[data-opacity='0']").last
    faded.wait_for(state="attached", timeout=painting.PATIENCE_MS)
    red, green, blue = mark_at(page, -100, 0)
    assert red == green == blue  # the grey picture alone
    assert marked != [red, green, blue]


def test_a_palm_beside_the_pen_does_not_end_the_stroke(place, hand, two_classes):
    """A second pointer put its own place in place of the stroke; what was drawn was lost."""
    page = hand.page
    hand.open(two_classes, painting.CLASSES)
    canvas = page.locator(".painter canvas").last
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = page.context.new_cdp_session(page)
    page.mouse.move(middle[0] - 150, middle[1] + 100)
    page.mouse.down()
    page.mouse.move(middle[0], middle[1] + 100, steps=5)
    palm = [{"x": middle[0] + 20, "y": middle[1] + 220, "id": 7}]
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": palm})
    page.mouse.move(middle[0] + 100, middle[1] + 100, steps=5)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.mouse.move(middle[0] + 150, middle[1] + 100, steps=5)
    page.mouse.up()
    hand.settle()
    work = work_of(place, 1)
    assert len(work.entries) == 1
    labels = work.labels
    new = labels.layers[MAIN] == labels.objects[-1].id
    rows, columns = np.nonzero(new)
    scale = SIDE / min(box["width"], box["height"])
    assert np.ptp(columns) == pytest.approx(300 * scale, abs=12)
    assert np.ptp(rows) < 15


def test_the_toolbar_shows_the_tool_in_the_hand(place, hand, two_classes):
    """After E it still said Brush, and a click on Brush was none: strokes went on erasing."""
    page = hand.page
    hand.open(two_classes, painting.CLASSES)
    page.locator(".painter").last.focus()
    page.keyboard.press("e")
    page.get_by_role("radio", name="Eraser (E)", checked=True).wait_for()
    page.get_by_role("radio", name="Brush (B)").click()
    page.locator(".painter-status", has_text="Brush (B)").last.wait_for()
    drag(page, (-50, 200), (50, 200))
    assert [each.what for each in work_of(place, 1).entries] == ["brush"]


# Where the view stands: the pixel of the image in its middle, the scale, and the canvas's width.
_SEEN = """() => {
  const { view, canvas } = aixcellPainter.current;
  const middle = [canvas.width / 2 - view.x, canvas.height / 2 - view.y];
  return [...middle.map((each) => each / view.scale), view.scale, canvas.width];
}"""
# The pixel of the image under the mouse.
_UNDER = """([clientX, clientY]) => {
  const { view, canvas } = aixcellPainter.current;
  return view.point(canvas, { clientX, clientY });
}"""


def test_another_width_of_the_window_keeps_what_is_seen(hand, two_classes):
    """The whole image came back, and a stroke under way got a line across the picture."""
    page = hand.page
    hand.open(two_classes, painting.CLASSES)
    canvas = page.locator(".painter canvas").last
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    at = box["x"] + box["width"] / 2 + 100, box["y"] + box["height"] / 2 + 50
    page.mouse.move(*at)
    for _ in range(2):
        page.mouse.wheel(0, -300)
    page.mouse.down()
    page.mouse.move(at[0] - 40, at[1], steps=3)
    before = page.evaluate(_SEEN)
    page.set_viewport_size({"width": 1200, "height": 1000})
    page.keyboard.press("2")  # Python's answer comes while the mouse is down
    hand.settle()
    assert page.evaluate(_SEEN) == before
    page.mouse.up()
    hand.settle()
    after = page.evaluate(_SEEN)
    assert after[:3] == pytest.approx(before[:3], abs=0.01)
    assert after[3] < before[3]

    canvas.evaluate("(canvas) => { canvas.style.width = '50%'; }")
    box = canvas.bounding_box()
    at = [round(box["x"] + box["width"] / 4), round(box["y"] + box["height"] / 4)]
    page.mouse.move(*at)
    under = page.evaluate(_UNDER, at)
    page.mouse.wheel(0, -300)
    page.wait_for_function(f"() => ({_SEEN})()[2] > {1.5 * after[2]}")
    assert page.evaluate(_UNDER, at) == pytest.approx(under, abs=0.01)


def test_a_strip_has_room_for_the_hand(place, hand, tmp_path):
    """Its canvas was as flat as the strip: three pixels of the screen."""
    strip = np.random.default_rng(0).integers(20, 60, (8, 2000), dtype=np.uint8)
    Image.fromarray(strip).save(tmp_path / "strip.png")
    imports.add(studies.create(place, "strips"), [tmp_path / "strip.png"])
    hand.open("strip", "strips")
    assert hand.page.locator(".painter canvas").last.bounding_box()["height"] >= 200
    drag(hand.page, (-20, 0), (20, 0))
    hand.settle()
    assert journal.waiting(place.study("strips"), "strip") == ["hand"]


def test_keys_count_by_their_place_where_a_keyboard_writes_other_letters(place, hand, two_classes):
    """On Cyrillic and Greek keyboards and under an input method no key did anything."""
    page = hand.page
    hand.open(two_classes, painting.CLASSES)
    painter, status = page.locator(".painter").last, page.locator(".painter-status").last
    drag(page, (-50, -250), (50, -250))
    known = len(work_of(place, 1).labels.objects)
    for count, key in enumerate(("я", "y", "z"), start=2):  # the last two: on a German keyboard
        code = "KeyY" if key == "z" else "KeyZ"
        painter.dispatch_event("keydown", {"key": key, "code": code, "ctrlKey": True})
        assert len(work_of(place, count).labels.objects) == known - (key != "y")
    for key, code, tool in (
        ("ε", "KeyE", "Eraser"),
        ("Process", "KeyB", "Brush"),
        ("a", "KeyQ", "Accept"),
    ):
        painter.dispatch_event("keydown", {"key": key, "code": code})
        assert tool in status.text_content()


# Touches the canvas with a button, away from its middle.
_TOUCH = """(canvas, [button, across, down]) => {
  const box = canvas.getBoundingClientRect();
  const at = { clientX: box.x + box.width / 2 + across, clientY: box.y + box.height / 2 + down };
  for (const kind of ["pointerdown", "pointerup"]) {
    canvas.dispatchEvent(new PointerEvent(kind, { ...at, button, pointerId: 1, bubbles: true }));
  }
}"""


def test_a_pen_turned_round_erases_and_a_mouses_back_button_draws_nothing(place, hand, two_classes):
    page = hand.page
    hand.open(two_classes, painting.CLASSES)
    canvas = page.locator(".painter canvas").last
    drag(page, (-50, 250), (50, 250))
    for button in (3, 4):
        canvas.evaluate(_TOUCH, [button, 100, 250])
    canvas.evaluate(_TOUCH, [5, 0, 250])
    hand.settle()
    assert [each.what for each in work_of(place, 2).entries] == ["brush", "eraser"]
