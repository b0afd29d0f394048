"""How large a pixel is: a line drawn over a known length (in `ruler.js`), or the size typed."""

import base64
import hashlib
from pathlib import Path
from typing import Any

import streamlit as st

from app import services, state, views, wording
from app.components import problem
from core.records import ImageRecord, StudyRecord

_MEASURE, _TYPE = "Measure with a line", "Type it"
_HEIGHT_PX = 460
_HTML = """<div class="ruler" tabindex="0" role="application" aria-label="Ruler">
<canvas></canvas><div class="ruler-status" aria-live="polite"></div></div>"""
_CSS = """.ruler { position: relative; outline: none; }
.ruler:focus canvas { box-shadow: 0 0 0 2px #1F9C8D; }
.ruler canvas { display: block; width: 100%; background: #10181b; touch-action: none;
  cursor: crosshair; border-radius: 6px; }
.ruler-status { position: absolute; left: 8px; bottom: 8px; padding: 2px 8px; color: #fff;
  background: rgba(0, 0, 0, .55); border-radius: 4px; font-size: 13px; pointer-events: none; }"""


def show(study: StudyRecord) -> None:
    """Draw what measures the pixel size."""
    st.fragment(_panel)(study)


def summary(study: StudyRecord) -> str:
    """Return what is known of the pixel size, in a few words."""
    sizes = {image.pixel_size_um for image in study.images}
    known = sorted(size for size in sizes if size is not None)
    if not known:
        return "not known yet"
    unknown = sum(image.pixel_size_um is None for image in study.images)
    told = _um(known[0]) if len(known) == 1 else f"{_um(known[0])} to {_um(known[-1])}"
    return f"{told}; {wording.plural(unknown, 'image')} without" if unknown else told


def _panel(study: StudyRecord) -> None:
    with problem.shown():
        image = _chosen(study)
        left, right = st.columns([7, 4], gap="large")
        with left:
            line = _line(study, image)
            st.caption("Wheel: enlarge · right button: move · arrow keys: one pixel")
        with right:
            st.caption(_known(image))
            way = st.segmented_control(
                "How",
                (_MEASURE, _TYPE),
                default=_MEASURE,
                required=True,
                label_visibility="collapsed",
                key="ruler-way",
            )
            size_um = _measured(line) if way == _MEASURE else _typed(image)
            _keep(study, image, size_um)


def _chosen(study: StudyRecord) -> ImageRecord:
    """Draw the choice of an image; the first without a size is looked at first."""
    without = [at for at, image in enumerate(study.images) if image.pixel_size_um is None]
    at = st.selectbox(
        "Image with a scale bar, or with something of known length",
        range(len(study.images)),
        index=without[0] if without else 0,
        format_func=lambda at: study.images[at].title,
        key=f"ruler-image-{study.name}",
    )
    return study.images[at]


def _line(study: StudyRecord, image: ImageRecord) -> list[float] | None:
    """Draw the ruler; return (column, row, column, row) of its ends, None while there is none."""
    picture = views.painter_picture(study.name, image)
    name = hashlib.sha256(picture).hexdigest()[:16]
    key = f"ruler-{study.name}"
    before = st.session_state.get(key)
    drawn = (before and before.get("drawn")) or {}
    encoded = base64.b64encode(picture).decode("ascii")
    answer = _component()(
        key=key,
        data={
            "picture": "" if drawn.get("held") == name else f"data:image/jpeg;base64,{encoded}",
            "name": name,
            "rows": image.shape_cyx[1],
            "columns": image.shape_cyx[2],
            "height": _HEIGHT_PX,
        },
        on_drawn_change=lambda: None,
    )
    drawn = (answer and answer.get("drawn")) or {}
    return drawn.get("line") if drawn.get("held") == name else None


@st.cache_resource(show_spinner=False)
def _script() -> str:
    return Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


def _component() -> Any:
    return st.components.v2.component("aixcell_ruler", html=_HTML, css=_CSS, js=_script())


def _measured(line: list[float] | None) -> float | None:
    """Ask for the line's length; return the pixel size it tells."""
    length_um = st.number_input(
        "The line is so long, in micrometres (µm)",
        min_value=0.0,
        value=None,
        step=1.0,
        format="%g",
        placeholder="e.g. 50",
        key="ruler-length",
    )
    if line is None:
        st.caption("Draw a line over the scale bar: press at one end, let go at the other.")
        return None
    return services.pixel_size_along(line, length_um) if length_um else None


def _typed(image: ImageRecord) -> float | None:
    size_um: float | None = st.number_input(
        "Width of a pixel, in micrometres (µm)",
        min_value=0.0,
        value=image.pixel_size_um,
        step=0.01,
        format="%g",
        placeholder="e.g. 0.325",
        key=f"ruler-size-{image.id}",
        help="The microscope's program tells it. 0.5 means that two pixels are 1 µm.",
    )
    return size_um


def _keep(study: StudyRecord, image: ImageRecord, size_um: float | None) -> None:
    others = services.sized_alike(study.name, image.id)
    if size_um:
        rows, columns = image.shape_cyx[1:]
        st.markdown(
            f"A pixel is **{_um(size_um)}** wide; the picture shows "
            f"{columns * size_um:,.4g} × {rows * size_um:,.4g} µm."
        )
    alike = st.checkbox(
        f"Also for {wording.plural(len(others), 'image')} like it, now and later"
        if others
        else "Also for images like it that come later",
        key=f"ruler-alike-{image.id}",
        help="Same format and same number of pixels, and the file itself tells no size. Only where "
        "all were taken with the same magnification.",
    )
    if st.button(
        "Use this size",
        type="primary",
        icon=":material/check:",
        disabled=not size_um,
        help=None if size_um else "Draw a line and say how long it is, or type the size.",
        key="keep-pixel-size",
    ):
        ids = services.set_pixel_size(study.name, image.id, size_um or 0.0, alike=alike)
        state.say(f"A pixel is {_um(size_um or 0.0)} in {wording.plural(len(ids), 'image')}.")
        st.rerun()


def _known(image: ImageRecord) -> str:
    if image.pixel_size_um is None:
        return "The file does not tell how large a pixel is."
    by = "as you said" if image.measured else "as the file tells"
    return f"Now: {_um(image.pixel_size_um)}, {by}."


def _um(size_um: float) -> str:
    return f"{size_um:.4g} µm"
