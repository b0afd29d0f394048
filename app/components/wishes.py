"""Time, memory, wanted score and quick prediction, asked in plain words; and the class colours."""

import html

import streamlit as st

from app import look, services, wording
from core.records import Wishes

_MINUTES = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 240, 480)
_GIB = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)


def ask(before: Wishes | None, study: str) -> Wishes:
    """Draw the questions and return the answers."""
    wishes = before or Wishes()
    left, right = st.columns(2, gap="large")
    with left:
        minutes = st.select_slider(
            "Time a training may take",
            options=_with(_MINUTES, wishes.seconds / 60),
            value=wishes.seconds / 60,
            format_func=lambda each: wording.duration(60 * each),
            help="Choice, learning, fine-tuning and scoring together. More time, better model, "
            "up to a point; the next page tells what to expect.",
            key=f"minutes-{study}",
        )
        wanted = st.slider(
            "Score you would like to reach",
            min_value=0.0,
            max_value=1.0,
            step=0.01,
            value=wishes.wanted_score or 0.0,
            format="%.2f",
            help="0: no particular one. Pipelines that are likely to reach it are marked.",
            key=f"wanted-{study}",
        )
    with right:
        free = services.free_memory_gib()
        options = [None, *_with(_GIB, wishes.memory_gib)]
        memory = st.selectbox(
            "Memory it may use",
            options,
            index=options.index(wishes.memory_gib),
            format_func=lambda each: (
                f"whatever is free ({wording.size(free)} now)"
                if each is None
                else f"up to {wording.size(each)}"
            ),
            key=f"memory-{study}",
        )
        fast = st.toggle(
            "New images must be answered quickly",
            value=wishes.fast_prediction,
            help="For thousands of images: prefers small models, which may score a little lower.",
            key=f"fast-{study}",
        )
    return Wishes(
        seconds=60 * minutes,
        memory_gib=memory,
        wanted_score=wanted or None,
        fast_prediction=fast,
    )


def legend(classes: tuple[str, ...], background: str | None = None) -> None:
    """Draw each class with its colour."""
    entries = "".join(
        f'<span><i class="ax-swatch" style="background:'
        f'{look.class_color(classes, name, background)}"></i>{html.escape(name)}</span>'
        for name in classes
    )
    st.html(f'<div class="ax-legend">{entries}</div>')


def _with(values: tuple[float, ...], also: float | None) -> list[float]:
    return sorted({*values} | ({also} if also is not None else set()))
