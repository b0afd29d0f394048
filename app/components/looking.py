"""How the image is shown: channels, colours, levels, gamma. Changes nothing but the view."""

from dataclasses import replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from app import services, state, views
from core.data import display
from core.data.axes import PRIMARIES
from core.data.display import ChannelLook, Levels, Look
from core.records import ImageRecord, StudyRecord

_COLORS = ("Red", "Green", "Blue")
# A slider over all 65,536 values would leave the few that matter within one pixel of the mouse.
_STEPS = 500


def show(study: StudyRecord, image: ImageRecord, *, fades_labels: bool = False) -> None:
    """Draw the settings and keep what was chosen for all images of this kind in the study.

    `fades_labels`: also how much of the labels is seen, for as long as this tab is open.
    """
    asked = st.expander("Looking", icon=":material/contrast:", key="looking", on_change="rerun")
    if not asked.open:
        return
    with asked:
        image_cyx = views.sampled(study.name, image)
        before = services.look(study.name, image)
        names = _names(study, image, image_cyx)
        drawn = state.look_drawn(image.id)
        if drawn is not None and _differ(drawn, before, len(names)):
            # Somebody else chose another: what is still set here is not what was chosen here.
            state.renew_look()
        with st.container(key="look-channels"):
            switched = _switched(image, image_cyx, names, before)
        if fades_labels:
            _opacity()
        chosen = _adjusted(image, image_cyx, names, switched)
        if _differ(chosen, before, len(names)):
            services.set_look(study.name, image, chosen)
        state.keep_look_drawn(image.id, chosen)
        st.button(
            "Back to automatic",
            icon=":material/restart_alt:",
            type="tertiary",
            key="look-automatic",
            disabled=chosen == Look(channels=(ChannelLook(),) * len(names)),
            on_click=_forget,
            args=(study, image),
        )


def _differ(one: Look, other: Look, channels: int) -> bool:
    return any(one.of(at) != other.of(at) for at in range(channels))


def _opacity() -> None:
    told = st.slider(
        "Opacity of the labels",
        0,
        100,
        value=state.opacity_percent(),
        step=5,
        format="%d %%",
        key="labels-opacity",
        help="What is marked, over the image. S hides and shows it at once.",
    )
    state.choose_opacity(told)


def _forget(study: StudyRecord, image: ImageRecord) -> None:
    services.set_look(study.name, image, display.AUTOMATIC)
    state.renew_look()


def _names(
    study: StudyRecord, image: ImageRecord, image_cyx: NDArray[np.generic]
) -> tuple[str, ...]:
    count = len(image_cyx)
    for told in (image.channel_names, study.channel_names):
        if len(told) == count:
            return tuple(name or f"Channel {at}" for at, name in enumerate(told, start=1))
    samples = image.channel_colors == PRIMARIES
    if samples or display.is_true_colour(image_cyx, image.channel_colors):
        return _COLORS
    return tuple(f"Channel {at}" for at in range(1, count + 1))


def _switched(
    image: ImageRecord, image_cyx: NDArray[np.generic], names: tuple[str, ...], before: Look
) -> Look:
    """Draw a switch and a colour for each channel."""
    usual = display.colors(image_cyx, told=image.channel_colors)
    chosen = []
    for at, name in enumerate(names):
        look = before.of(at)
        switch, swatch = st.columns([5, 1], vertical_alignment="center")
        shown = len(names) == 1 or switch.toggle(
            name, value=look.shown, key=_key("shown", image, at)
        )
        if len(names) == 1:
            switch.markdown(name)
        color = swatch.color_picker(
            f"Colour of {name}",
            value=look.color or usual[at],
            label_visibility="collapsed",
            key=_key("color", image, at),
        )
        own = "" if color.lower() == usual[at].lower() else color
        chosen.append(replace(look, shown=shown, color=own))
    return Look(channels=tuple(chosen))


def _adjusted(
    image: ImageRecord, image_cyx: NDArray[np.generic], names: tuple[str, ...], look: Look
) -> Look:
    """Draw levels and gamma of one channel."""
    at = 0
    if len(names) > 1:
        # Channels may bear the same name.
        at = st.selectbox(
            "Levels of",
            range(len(names)),
            format_func=names.__getitem__,
            key=f"look-channel-{len(names)}",
            persist_state="session",
        )
    one = look.of(at)
    automatic = st.toggle(
        "Automatic levels",
        value=one.levels is None,
        key=_key("automatic", image, at),
        help="On: from each image's own values. Off: the same values for all images, so that they "
        "can be compared.",
    )
    shown = display.levels(image_cyx, look, image.channel_colors)[at]
    told = _levels(image, image_cyx[at], at, shown, automatic=automatic)
    gamma = st.slider(
        "Gamma",
        *display.GAMMAS,
        value=one.gamma,
        step=0.05,
        key=_key("gamma", image, at),
        help="Below 1, what is dark becomes brighter.",
    )
    levels = None if automatic else told
    changed = replace(one, levels=levels, percentiles=False, gamma=gamma)
    return Look(channels=(*look.channels[:at], changed, *look.channels[at + 1 :]))


def _levels(
    image: ImageRecord,
    channel_yx: NDArray[np.generic],
    at: int,
    shown: Levels,
    *,
    automatic: bool,
) -> Levels:
    """Draw what is shown black and what at full brightness; return it, black below white."""
    least, most = _range(channel_yx, shown)
    whole = channel_yx.dtype.kind in "iub"
    step = max(1, round((most - least) / _STEPS)) if whole else (most - least) / _STEPS
    if whole:
        least, most = int(np.floor(least)), int(np.ceil(most))
        shown = int(shown[0]), max(int(shown[0]) + 1, int(shown[1]))
    low, high = st.slider(
        "Black and white",
        least,
        most,
        value=shown,
        step=step,
        format=None if whole else "%.4g",
        disabled=automatic,
        key=_key("levels" if automatic else "own-levels", image, at),
    )
    return float(low), float(max(high, low + step))


def _range(channel_yx: NDArray[np.generic], shown: Levels) -> Levels:
    """Return what the slider covers: twice the usual span, and all that is shown now."""
    low, high = display.levels(channel_yx[None])[0]
    values = display.sample(channel_yx[None])
    least = float(np.nanmin(values))
    most = min(float(np.nanmax(values)), high + (high - low))
    return min(least, shown[0]), max(most, shown[1], least + 1e-6)


def _key(what: str, image: ImageRecord, at: int) -> str:
    return f"look-{what}-{image.id}-{at}-{state.look_turn()}"
