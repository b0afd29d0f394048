"""The only door to streamlit-drawable-canvas.

What holds for it (measured): feeding its answer back as its input loses strokes, and a page or
image switch empties it. So a mount reads its drawing once; while it stands, strokes only travel
outwards, into a draft on disk.
"""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from app.components.drawing import FILL_ALPHA

TOOLS = {
    "Outline": "freedraw",
    "Brush": "freedraw",
    "Polygon": "polygon",
    "Box": "rect",
    "Circle": "circle",
    "Dot": "point",
}
TOOL_HELP = {
    "Outline": "Draw around the thing; the line is closed and filled when you let go.",
    "Brush": "Paint over the thing; good for thin and branched ones.",
    "Polygon": "Click corner by corner; click the first corner again to close.",
    "Box": "Drag from one corner to the opposite one.",
    "Circle": "Drag from one side to the opposite one.",
    "Dot": "One click marks a small disc.",
}
SIDE_PX = 620
"""Fits beside the palette on a laptop's screen; enlarged, the canvas scrolls."""
LEAST_PX = 100
"""A strip's shorter side on the screen: room for the hand."""
MOST_PX = 16_000
"""A strip's longer side; twice as many on a fine screen, and browsers end at 32,767."""
SCROLLBAR_PX = 16
SIZED = ("Brush", "Dot")
"""Tools with a width of their own."""
BRUSH_ALPHA = "99"
"""The image shines through what is painted."""
ZOOMS = {"Whole image": 1.0, "2 ×": 2.0, "4 ×": 4.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What is drawn on."""

    picture: bytes
    """PNG or JPEG; never a PIL image, which would be encoded anew at every rerun."""
    rows: int
    columns: int
    scale: float
    """Screen pixels an image pixel."""


def scale(shape_yx: tuple[int, int], zoom: float = 1.0) -> float:
    """Return screen pixels an image pixel; at zoom 1 all is seen, of a strip only a piece."""
    short, long = sorted(shape_yx)
    return min(zoom * max(SIDE_PX / long, LEAST_PX / short), MOST_PX / long)


def show(
    view: View,
    initial: dict[str, Any],
    *,
    tool: str,
    color: str,
    width_px: float,
    key: str,
) -> dict[str, Any]:
    """Draw the canvas and return what is on it, as Fabric objects.

    `width_px` is the width of brush and dot in pixels of the image.
    `initial` must stay the same for a key: another one would be laid over the strokes.
    """
    from streamlit_drawable_canvas import st_canvas  # registers itself; needs a running page

    is_brush = tool == "Brush"
    result = st_canvas(
        fill_color=color + FILL_ALPHA,
        stroke_width=max(3, round(width_px * view.scale)) if is_brush else 2,
        stroke_color=color + BRUSH_ALPHA if is_brush else color,
        background_image=view.picture,
        drawing_mode=TOOLS[tool],
        initial_drawing=initial,
        point_display_radius=max(1, round(width_px / 2 * view.scale)),
        width=round(view.columns * view.scale),
        height=round(view.rows * view.scale),
        max_display_height=SIDE_PX + SCROLLBAR_PX,
        key=key,
    )
    drawing: dict[str, Any] = result.json_data or initial
    return drawing


def current(key: str) -> dict[str, Any] | None:
    """Return what the browser sent last, before the canvas is drawn again; None: nothing yet."""
    value = st.session_state.get(key)
    drawing = value.get("drawing") if value else None
    raw: dict[str, Any] | None = drawing.get("raw") if drawing else None
    return raw
