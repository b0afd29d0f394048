"""Colours and spacing: the theme's files, the class palette, the style sheet."""

import colorsys
from pathlib import Path

import streamlit as st

HERE = Path(__file__).resolve().parent
ICON = str(HERE / "icon.svg")
WORDMARK = str(HERE / "wordmark.svg")

# Readable on dark pixels and for the colour-blind; after Okabe and Ito, lightened.
CLASS_COLORS = (
    "#2EC4B6",
    "#FF9F1C",
    "#C77DFF",
    "#56B4E9",
    "#F15BB5",
    "#B5E48C",
    "#FFD60A",
    "#E76F51",
)
BACKGROUND_COLOR = "#8D99AE"
"""The declared background and whatever else does not count."""
UNNAMED_COLOR = "#E5E5E5"
"""Marked, but nobody said what it is."""
LINE_COLOR = "#1F9C8D"
MARK_COLOR = "#E0912F"
"""Curves and their best points; both readable on paper and on slate."""
SCALE = ["#CFE8E2", "#83C4B7", "#3A9787", "#0E685E"]
"""From bad to good."""
SERIES = ("#1F9C8D", "#E0912F", "#9A5FB5", "#4A8FD0", "#D0567A", "#7FA33A", "#7C8B93", "#C9B24A")
"""Data sets in one chart."""
TRUE_COLOR = "#2EC4B6"
PREDICTED_COLOR = "#FF9F1C"
"""Outlines of the truth and of the model's answer, in every picture."""
GHOST_COLOR = "#DDE3E6"
"""What is marked in other layers; seen, but not touched."""


def apply() -> None:
    """Put the style sheet into the page."""
    st.html(HERE / "style.css")


def class_color(classes: tuple[str, ...], name: str, background: str | None = None) -> str:
    """Return a class's colour; the same class has the same colour on every page."""
    if name == background:
        return BACKGROUND_COLOR
    counted = [each for each in classes if each != background]
    position = counted.index(name) if name in counted else len(counted)
    return CLASS_COLORS[position] if position < len(CLASS_COLORS) else _further(position)


def _further(position: int) -> str:
    """Return a colour that no other position has: on the canvas a class is told by it alone."""
    # Steps of the golden ratio never come back to a hue that was there.
    hue = position * 0.618034 % 1
    lightness = (0.62, 0.76, 0.5)[position % 3]
    shares = colorsys.hls_to_rgb(hue, lightness, 0.7)
    return "#" + "".join(f"{round(255 * share):02X}" for share in shares)


def rgb(color: str) -> tuple[int, int, int]:
    """Return `#RRGGBB` as three numbers."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
