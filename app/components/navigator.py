"""A large image as a whole: zoom, pan, and the part of it that is to be marked.

The browser holds one small picture of the whole and sharp ones of what was looked at; the rest of
the image stays on the disk.
"""

import base64
import hashlib
from pathlib import Path
from typing import Any

import streamlit as st

from app import look, state, views
from app.components import looking, problem, walk
from app.overlay import MOST_SIDE_PX
from core.data import regions
from core.data.regions import Region
from core.records import ImageRecord, StudyRecord

_KEY = "navigator"
_HEIGHT_PX = 640
# A screen has no more pixels that are worth their time on the way.
_MOST_SEEN_PX = 1600
_HTML = """<div class="navigator" tabindex="0" role="application" aria-label="Whole image">
<canvas></canvas><div class="navigator-status"></div></div>"""
_CSS = """.navigator { position: relative; outline: none; }
.navigator:focus canvas { box-shadow: 0 0 0 2px #1F9C8D; }
.navigator canvas { display: block; width: 100%; background: #10181b; touch-action: none;
  cursor: crosshair; border-radius: 6px; }
.navigator-status { position: absolute; left: 8px; bottom: 8px; padding: 2px 8px; color: #fff;
  background: rgba(0, 0, 0, .55); border-radius: 4px; font-size: 12px; pointer-events: none; }"""


def show(study: StudyRecord, image: ImageRecord) -> None:
    """Draw the whole image and the choice of the part to mark."""
    st.fragment(_choice)(study, image)


def _choice(study: StudyRecord, image: ImageRecord) -> None:
    with problem.shown():
        walk.show(study, image)
        left, right = st.columns([7, 3], gap="large")
        part = _picked(image)
        with right:
            looking.show(study, image)
            st.markdown("**Where do you want to mark?**")
            rows, columns = image.shape_cyx[1:]
            st.caption(
                f"This image has {columns:,} × {rows:,} pixels. It is marked part by part; "
                "everything goes into one set of labels."
            )
            if st.button(
                "Mark this part",
                type="primary",
                icon=":material/draw:",
                width="stretch",
                key="mark-part",
            ):
                state.choose_part(part.name)
                st.rerun()
            st.caption("A click on the image moves the frame.")
        with left:
            draw(study, image, part)
            st.caption("Wheel: zoom · drag or arrows: move · 0: whole image")


def draw(study: StudyRecord, image: ImageRecord, part: Region | None = None) -> None:
    """Draw a large image to zoom and move in; with a part, its frame."""
    rows, columns = image.shape_cyx[1:]
    seen = _told("seen", image)
    held = set(seen.get("held") or ())
    whole = views.painter_picture(study.name, image)
    name = _name(whole)
    _component()(
        key=_KEY,
        data={
            "image": image.id,
            "rows": rows,
            "columns": columns,
            "height": _HEIGHT_PX,
            "whole": {"name": name, "side": MOST_SIDE_PX, "url": _url(whole, "jpeg", held)},
            "detail": _detail(study, image, seen, name),
            "marks": _marks(study, image, held),
            "part": part and [part.top, part.left, part.rows, part.columns],
            "color": look.MARK_COLOR,
        },
        on_seen_change=_nothing,
        on_picked_change=_nothing,
    )


def _nothing() -> None:
    """Let the browser's word redraw the fragment."""


def _picked(image: ImageRecord) -> Region:
    """Return the part in the frame: where the last click was, the last one, or the middle."""
    rows, columns = image.shape_cyx[1:]
    told = _told("picked", image)
    if not told and state.last_part():
        return Region.named(state.last_part())
    row, column = float(told.get("row", rows / 2)), float(told.get("column", columns / 2))
    return regions.around(row, column, (rows, columns))


def _detail(
    study: StudyRecord, image: ImageRecord, seen: dict[str, Any], whole: str
) -> dict[str, Any] | None:
    """Return the rectangle that is seen, as sharp as it is seen."""
    if not seen.get("window"):
        return None
    rows, columns = image.shape_cyx[1:]
    top, left, bottom, right = (int(each) for each in seen["window"])
    top, left = min(max(0, top), rows - 1), min(max(0, left), columns - 1)
    region = Region(
        top=top,
        left=left,
        rows=max(1, min(bottom, rows) - top),
        columns=max(1, min(right, columns) - left),
    )
    side = min(max(1, int(seen.get("side") or 1)), _MOST_SEEN_PX)
    name = f"{whole} {region.name} {side}"
    window = [top, left, top + region.rows, left + region.columns]
    if name in (seen.get("held") or ()):
        return {"name": name, "window": window, "look": whole}
    sharp = views.detail(study.name, image, region, side)
    return {
        "name": name,
        "window": window,
        "look": whole,
        "url": _url(sharp, "jpeg", set()),
    }


def _marks(study: StudyRecord, image: ImageRecord, held: set[str]) -> dict[str, Any] | None:
    painted = views.marks(study.name, image)
    if painted is None:
        return None
    return {"name": _name(painted), "url": _url(painted, "png", held)}


def _told(what: str, image: ImageRecord) -> dict[str, Any]:
    """Return what the browser said last of this image."""
    value = st.session_state.get(_KEY)
    told = dict((value and value.get(what)) or {})
    return told if told.get("image") == image.id else {}


@st.cache_resource(show_spinner=False)
def _script() -> str:
    return Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


def _component() -> Any:
    return st.components.v2.component("aixcell_navigator", html=_HTML, css=_CSS, js=_script())


def _name(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _url(data: bytes, kind: str, held: set[str]) -> str:
    """Return the picture for the browser; nothing where it holds it already."""
    if _name(data) in held:
        return ""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
