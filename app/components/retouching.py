"""Buttons for what keys do to the objects that are selected; each shows where it applies."""

from typing import Literal, NamedTuple

import streamlit as st

from app.studio import Studio


class _Act(NamedTuple):
    what: str
    label: str
    icon: str
    help: str
    needs: Literal["outline", "one", "two"]


_ACTS = (
    _Act("merge", "Merge", ":material/merge:", "The selected objects become one (M).", "two"),
    _Act("grow", "Grow", ":material/zoom_out_map:", "Wider by a step (+).", "outline"),
    _Act("shrink", "Shrink", ":material/zoom_in_map:", "Narrower by a step (−).", "outline"),
    _Act("fill_holes", "Fill holes", ":material/format_color_fill:", "No holes inside (H).", "one"),
    _Act("smooth", "Smooth", ":material/blur_on:", "Rounder outlines (O).", "one"),
    _Act("delete", "Delete", ":material/delete:", "Nothing is marked there any more (Del).", "one"),
)


def show(studio: Studio) -> None:
    """Draw the buttons; nothing where nothing is selected and no outline was made last."""
    acts = [each for each in _ACTS if _applies(each, studio)]
    if not acts:
        return
    with st.container(horizontal=True, gap="small"):
        for each in acts:
            st.button(
                each.label,
                icon=each.icon,
                help=each.help,
                type="tertiary",
                key=f"retouch-{each.what}",
                on_click=studio.press,
                args=(each.what,),
            )


def _applies(act: _Act, studio: Studio) -> bool:
    if act.needs == "two":
        return len(studio.selected) > 1 and not studio.is_regions
    return bool(studio.selected) or (act.needs == "outline" and studio.wand.holds)
