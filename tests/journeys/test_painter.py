"""Strokes in a real browser, while images and pages change: each is on the disk, on its image."""

import random

import hand as painting
import pytest
from server import CHROMIUM, visited

from core.paths import Workspace

SIDE = 256
IMAGES = 3

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine"),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Return a workspace with a study of three images."""
    place = Workspace.at(tmp_path_factory.mktemp("painter") / "workspace")
    painting.make_study(place, SIDE, IMAGES)
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
