"""The own painter: plain JavaScript beside this file, as a Components-v2 component.

Python holds the labels and every rule; the browser shows a picture and an overlay and sends what
the hand did. See `app.studio` for what becomes of it.
"""

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from app import desk, look, pictures, state
from app.overlay import Overlay
from app.studio import Studio

KEY = "painter"
"""One painter for all images: a change of image mounts no second one beside it."""

TOOLS = {
    "brush": "Brush (B)",
    "eraser": "Eraser (E)",
    "polygon": "Polygon (P)",
    "click": "Wand: click an object (W)",
    "box": "Wand: box around an object (X)",
    "select": "Select (V)",
    "cut": "Cut (C)",
    "teach": "Teach: this class (T)",
    "ground": "Teach: background (G)",
    "accept": "Accept by click (A)",
    "reject": "Reject by click (R)",
}
HELP = (
    "Wheel: zoom · right button: move · 0: whole image · S: hide what is marked · Ctrl+Z, Ctrl+Y: "
    "undo, redo · M merge, Del delete, H fill holes, O smooth what is selected (Shift adds) · "
    "+ and −: grow or shrink it, or the last click · digits: class · polygon: Enter, a double "
    "click or a click on the first corner closes it, Backspace takes a corner back, Esc drops it"
)
HEIGHT_PX = 640
# Tools that make objects draw in the colour of the class.
_TOOL_COLORS = {
    "eraser": "#FF4D4D",
    "cut": "#FF4D4D",
    "select": "#FFFFFF",
    "ground": look.BACKGROUND_COLOR,
    "accept": look.PREDICTED_COLOR,
    "reject": "#FF4D4D",
    "sight": look.MARK_COLOR,
}
# A component is one module: the parts are put behind each other.
_PARTS = ("outbox.js", "strokes.js", "layers.js", "corners.js", "keys.js", "view.js", "painter.js")
_HTML = """<div class="painter" tabindex="0" role="application" aria-label="Painter">
<canvas></canvas><div class="painter-status" aria-live="polite"></div></div>"""
_CSS = """.painter { position: relative; outline: none; }
.painter:focus canvas { box-shadow: 0 0 0 2px #1F9C8D; }
.painter canvas { display: block; width: 100%; background: #10181b; touch-action: none;
  cursor: crosshair; border-radius: 6px; }
.painter-status { position: absolute; left: 8px; bottom: 8px; padding: 2px 8px; color: #fff;
  background: rgba(0, 0, 0, .55); border-radius: 4px; font-size: 12px; pointer-events: none; }"""


def show(
    studio: Studio,
    overlay: Overlay,
    picture: bytes,
    *,
    tool: str,
    width_px: float,
    on_gestures: Callable[[], None],
) -> None:
    """Draw the painter; `on_gestures` is called when the hand did something, on whatever page.

    `picture` is a JPEG or PNG of the whole image, scaled down or not.
    """
    rows, columns = studio.labels.shape_yx
    name = hashlib.sha256(picture).hexdigest()[:16]
    held = _hand().get("held") or {}
    patch = overlay.patch(studio, int(held.get(overlay.token) or 0))
    _component()(
        key=KEY,
        data={
            "image": [studio.study, studio.image_id, studio.part],
            "picture": "" if name in held else _url(picture, "jpeg"),
            "name": name,
            "overlay": overlay.token,
            "revision": overlay.revision,
            "patch": patch
            and {
                "since": patch.since,
                "window": patch.window,
                "png": _url(pictures.png(patch.painted), "png"),
            },
            "rows": rows,
            "columns": columns,
            "height": HEIGHT_PX,
            "tool": tool,
            "tools": TOOLS,
            "class": studio.class_name,
            "classes": [(name, studio.color(name)) for name in studio.classes],
            "width": width_px,
            "opacity": state.opacity_percent() / 100,
            "done": desk.gestures_done(),
            "sight": studio.sight
            and {
                "token": studio.sight.token,
                "at": studio.sight.place_yx[::-1],
                "span": studio.sight.span_px,
            },
            "colors": _TOOL_COLORS,
        },
        on_hand_change=on_gestures,
    )


def sent() -> list[dict[str, Any]]:
    """Return the gestures that the browser waits to have confirmed, the oldest first."""
    return list(_hand().get("gestures") or ())


def telling() -> int:
    """Return the number of the browser's last message; one that is read again has the same."""
    return int(_hand().get("telling") or 0)


def _hand() -> dict[str, Any]:
    """Return what the browser sent last: gestures, and what it holds and need not be sent again."""
    value = st.session_state.get(KEY)
    return dict((value and value.get("hand")) or {})


@st.cache_resource(show_spinner=False)
def _script() -> str:
    here = Path(__file__).parent
    return "\n".join((here / name).read_text(encoding="utf-8") for name in _PARTS)


def _component() -> Any:
    return st.components.v2.component("aixcell_painter", html=_HTML, css=_CSS, js=_script())


def _url(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
