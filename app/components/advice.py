"""Recommended pipelines as readable cards, and where the advice comes from."""

import html

import streamlit as st

from app import state, wording
from core.records import Recommendation, Recommended

_SHOWN_REASONS = 3
_TELLS_NOTHING = 0.95
"""Width of an interval that covers practically all scores there are."""


def card(position: int, advised: Recommended, *, is_chosen: bool) -> None:
    """Draw one pipeline; its button prefers it."""
    pipeline = advised.pipeline
    with st.container(border=True, key=f"{'chosen' if is_chosen else 'card'}-pipeline-{position}"):
        name, score, action = st.columns([6, 3, 2], vertical_alignment="center")
        with name:
            badge = " &nbsp; :green-badge[first choice]" if position == 0 else ""
            st.markdown(f"**{position + 1}. {_title(advised)}**{badge}")
            st.caption(f"`{pipeline.name}`")
        with score:
            st.html(scale(advised))
        with action:
            if is_chosen:
                st.badge("chosen", icon=":material/check:", color="green")
            else:
                st.button(
                    "Choose",
                    key=f"choose-{pipeline.name}",
                    on_click=state.choose_pipeline,
                    args=(pipeline.name,),
                )
        st.html(_facts(advised))
        if advised.reasons and (is_chosen or position < _SHOWN_REASONS):
            st.html(_reasons(advised))
        elif advised.reasons:
            with st.expander("Why"):
                st.html(_reasons(advised))


def chosen(advised: Recommended, *, first: bool, wanted: float | None) -> None:
    """Draw the chosen pipeline with its prospects."""
    st.markdown(f"**{_title(advised)}**")
    if _is_unknown(advised):
        st.caption("Nothing like it has been tried yet, so no score can be expected honestly.")
        return
    st.html(f'<div class="ax-figure"><b>{advised.score:.2f}</b><span>expected score</span></div>')
    st.html(scale(advised, wanted=wanted, big=True))
    if wanted is not None:
        st.caption(_prospect(advised, wanted))
    if not first:
        st.caption("Your own choice instead of the first of the list.")


def evidence(recommendation: Recommendation) -> None:
    """Tell what the ranking rests on, and how much of it is learned."""
    learned = recommendation.weight
    with st.container(border=True):
        st.markdown("**Where this comes from**")
        st.caption(
            f"{wording.plural(recommendation.runs, 'finished training')} on "
            f"{wording.plural(recommendation.data_sets, 'data set')} in the library."
        )
        if learned > 0:
            told = f"{wording.percent(learned)} learned from how images resemble each other"
            st.progress(learned, text=told)
        for note in recommendation.notes:
            st.caption(note)


def neighbours(recommendation: Recommendation) -> None:
    """Name the data sets that resemble the study most."""
    if not recommendation.neighbours:
        return
    with st.container(border=True):
        st.markdown("**Most similar data sets**")
        for each in recommendation.neighbours:
            st.markdown(f"{each.title or each.data_set}")
            st.caption(f"best there: {each.best_pipeline} · distance {each.distance:.2f}")


def excluded(recommendation: Recommendation) -> None:
    """List what the limits excluded, with the limit."""
    out = [each for each in recommendation.pipelines if not each.feasible]
    if not out:
        return
    with st.expander(f"{wording.plural(len(out), 'pipeline')} excluded by your limits"):
        for each in out:
            why = each.reasons[0] if each.reasons else ""  # limits come first
            st.markdown(f"**{_title(each)}** – {why}")


def scale(advised: Recommended, *, wanted: float | None = None, big: bool = False) -> str:
    """Return the predicted score and its interval on a scale from 0 to 1, as HTML."""
    if _is_unknown(advised):
        return '<div class="ax-range"><span>score not known yet</span></div>'
    low, high = max(0.0, advised.score_low), min(1.0, advised.score_high)
    mark = "" if wanted is None else f'<u style="left:{100 * wanted:.1f}%"></u>'
    label = "90 % likely" if big else f"<strong>{advised.score:.2f}</strong>"
    return (
        f'<div class="ax-range">{label} <span>{low:.2f} – {high:.2f}</span></div>'
        f'<div class="ax-scale">'
        f'<i style="left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%"></i>'
        f'<b style="left:{100 * advised.score:.1f}%"></b>{mark}</div>'
    )


def _is_unknown(advised: Recommended) -> bool:
    """Return whether the interval says nothing: the library holds nothing alike."""
    return advised.score_high - advised.score_low > _TELLS_NOTHING


def _title(advised: Recommended) -> str:
    return advised.pipeline.summary.rstrip(".") or advised.pipeline.name


def _facts(advised: Recommended) -> str:
    facts = {
        "training": wording.duration(advised.seconds),
        "memory": wording.size(advised.memory_gib),
        "image pieces seen": f"{advised.samples:,}",
    }
    if advised.seconds_per_megapixel is not None:
        facts["per megapixel of a new image"] = f"{advised.seconds_per_megapixel:.2g} s"
    cells = "".join(f"<div><span>{name}</span>{value}</div>" for name, value in facts.items())
    return f'<div class="ax-facts">{cells}</div>'


def _reasons(advised: Recommended) -> str:
    return (
        '<ul class="ax-reasons">'
        + "".join(f"<li>{html.escape(reason)}</li>" for reason in advised.reasons)
        + "</ul>"
    )


def _prospect(advised: Recommended, wanted: float) -> str:
    if advised.score_low >= wanted:
        return f"Very likely to reach your {wanted:.2f}."
    if advised.score >= wanted:
        return f"Likely to reach your {wanted:.2f}."
    if advised.score_high >= wanted:
        return f"Your {wanted:.2f} is possible, but more labels or time would help."
    return f"Unlikely to reach your {wanted:.2f}: label more images, or allow more time."
