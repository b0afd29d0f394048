"""The own painter: one plain JavaScript file beside this one, as a Components-v2 component.

Python holds the labels and every rule; the browser shows a picture and an overlay and sends what
the hand did. See `app.studio` for what becomes of it.
"""

import base64
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from app import look, pictures
from app.studio import Studio
from core.data.labels.model import MAIN

TOOLS = {
    "brush": "Brush (B)",
    "eraser": "Eraser (E)",
    "click": "Wand: click an object (W)",
    "box": "Wand: box around an object (X)",
    "select": "Select (V)",
    "cut": "Cut (C)",
    "teach": "Teach: object (T)",
    "ground": "Teach: background (G)",
}
HELP = (
    "Wheel: zoom · right button: move · 0: whole image · S: hide what is marked · Ctrl+Z, Ctrl+Y: "
    "undo, redo · + and −: grow or shrink the last click · M merge, Del delete, H fill holes, "
    "O smooth what is selected (Shift adds) · digits: class"
)
HEIGHT_PX = 640
MOST_SIDE_PX = 2048
"""Larger pictures are shown scaled down; strokes stay in pixels of the image."""
_TINT, _EDGE = 70, 255
_SELECTED = (255, 255, 255)
_HTML = """<div class="painter" tabindex="0" role="application" aria-label="Painter">
<canvas></canvas><div class="painter-status" aria-live="polite"></div></div>"""
_CSS = """.painter { position: relative; outline: none; }
.painter:focus canvas { box-shadow: 0 0 0 2px #1F9C8D; }
.painter canvas { display: block; width: 100%; background: #10181b; touch-action: none;
  cursor: crosshair; border-radius: 6px; }
.painter-status { position: absolute; left: 8px; bottom: 8px; padding: 2px 8px; color: #fff;
  background: rgba(0, 0, 0, .55); border-radius: 4px; font-size: 12px; pointer-events: none; }"""


def show(studio: Studio, picture: bytes, *, tool: str, width_px: float, key: str) -> None:
    """Draw the painter; what it sent last lies in `sent(key)` at the next run.

    `picture` is a JPEG or PNG of the whole image, scaled down or not.
    """
    rows, columns = studio.labels.shape_yx
    name = hashlib.sha256(picture).hexdigest()[:16]
    _component()(
        key=key,
        data={
            "picture": "" if _holds(key) == name else _url(picture, "jpeg"),
            "name": name,
            "overlay": _url(overlay(studio), "png"),
            "rows": rows,
            "columns": columns,
            "height": HEIGHT_PX,
            "tool": tool,
            "tools": TOOLS,
            "width": width_px,
            "done": studio.done,
            "colors": _tool_colors(studio),
        },
        on_gestures_change=_nothing,
        on_holds_change=_nothing,
    )


def sent(key: str) -> list[dict[str, Any]]:
    """Return the gestures that the browser sent last and waits to have confirmed."""
    value = st.session_state.get(key)
    found = value.get("gestures") if value else None
    return list(found or ())


def _holds(key: str) -> str | None:
    """Return the name of the picture the browser has; it is the largest part of what is sent."""
    value = st.session_state.get(key)
    return value.get("holds") if value else None


def _nothing() -> None:
    """Stand where a state without a callback would not be reported."""


@st.cache_resource(show_spinner=False)
def _script() -> str:
    return Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


def _component() -> Any:
    return st.components.v2.component("aixcell_painter", html=_HTML, css=_CSS, js=_script())


def overlay(studio: Studio) -> bytes:
    """Return what is marked as a PNG with transparency: tint, borders, selection, strokes."""
    labels_yx = studio.labels.layers[MAIN]
    every = max(1, -(-max(labels_yx.shape) // MOST_SIDE_PX))
    ids = labels_yx[::every, ::every]
    table = np.zeros((int(ids.max(initial=0)) + 1, 4), np.uint8)
    for item in studio.labels.objects:
        if item.id < len(table):
            table[item.id] = (*look.rgb(_color(studio, item.class_name)), _TINT)
    painted = table[ids]
    edge = pictures.edges(ids) & (ids > 0)
    painted[edge, 3] = _EDGE
    painted[edge & np.isin(ids, studio.selected)] = (*_SELECTED, _EDGE)
    if studio.taught_yx is not None:
        taught = studio.taught_yx[::every, ::every]
        painted[taught == 1] = (*look.rgb(look.MARK_COLOR), 150)
        painted[taught == 0] = (*look.rgb(look.BACKGROUND_COLOR), 150)
    return pictures.png(painted)


def _color(studio: Studio, name: str | None) -> str:
    if name is None:
        return look.UNNAMED_COLOR
    return look.class_color(studio.classes, name, studio.background)


def _tool_colors(studio: Studio) -> dict[str, str]:
    own = _color(studio, studio.class_name)
    return {
        "brush": own,
        "box": own,
        "click": own,
        "eraser": "#FF4D4D",
        "cut": "#FF4D4D",
        "select": "#FFFFFF",
        "teach": look.MARK_COLOR,
        "ground": look.BACKGROUND_COLOR,
    }


def _url(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
