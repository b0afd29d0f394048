"""A training as it goes: what happens now, how far, the curves, the events, and the way out."""

import gc
import time

import streamlit as st

from app import charts, places, services, state, wording
from app.components import problem
from app.history import History
from core.records import Event, JobStatus, Kind

OPEN = ("queued", "running")
_RESUMABLE = ("cancelled", "failed", "lost")
_LEARNING = ("racing", "fitting")
_STAGES = ("reading", "racing", "fitting", "tuning", "reporting")
_STAGE_TITLES = ("Reading", "Choosing", "Learning", "Fine-tuning", "Scoring")
_LAST_EVENTS = 12


def show(run_id: str) -> None:
    """Draw the monitor; it looks again every second until the run has ended."""
    is_open = services.status(run_id).state in OPEN
    st.fragment(_panel, run_every="1s" if is_open else None)(run_id, was_open=is_open)
    _settle_memory()


@st.cache_resource
def _settle_memory() -> None:
    """Let the garbage collector pass over what is loaded by now and stays: once a process.

    Looking through the objects of Streamlit and Plotly took 80 to 100 ms each time, three quarters
    of the slowest refresh.
    """
    gc.collect()
    gc.freeze()


def _panel(run_id: str, *, was_open: bool) -> None:
    with problem.shown():
        status = services.status(run_id)
        if was_open and status.state not in OPEN:
            st.rerun()
        history = services.history(run_id)
        _now(status)
        _stages(status)
        _load(status, history)
        _actions(status)
        if history.standings:
            with st.container(border=True):
                st.markdown("**Short trials of the best candidates**")
                st.plotly_chart(
                    charts.standings(history), key=f"race-{run_id}", config=charts.CONFIG
                )
        if history.loss or history.scores:
            left, right = st.columns(2, gap="medium")
            with left, st.container(border=True):
                st.markdown(f"**{_curve_title(run_id)}**")
                st.plotly_chart(
                    charts.scores(history), key=f"scores-{run_id}", config=charts.CONFIG
                )
            with right, st.container(border=True):
                st.markdown("**Error while learning**")
                st.plotly_chart(charts.losses(history), key=f"loss-{run_id}", config=charts.CONFIG)
            st.caption(
                "The check images are looked at while learning, the test images only at the very "
                "end. The best state so far is kept."
            )
            _improving(run_id)
        elif status.state in OPEN:
            st.caption("The curves begin as soon as the first images have been learned from.")
        _events(history.told)


def _curve_title(run_id: str) -> str:
    # Where pictures are sorted, looks tell how likely the right class is: not yet the final score.
    if services.plan_task(run_id).kind is Kind.CLASSIFICATION:
        return "How sure it is of the right class, on the check images"
    return "Score on the check images"


def _now(status: JobStatus) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"#### {wording.now(status)}", width="stretch")
            st.badge(
                wording.STATE_WORDS[status.state],
                color=wording.STATE_COLORS[status.state],  # type: ignore[arg-type]
                width="content",
            )
        st.progress(status.progress, text=_remaining(status))


def _remaining(status: JobStatus) -> str:
    if status.state not in OPEN:
        took = (status.ended or status.heartbeat) - (status.started or status.created)
        return f"{wording.percent(status.progress)} done in {wording.duration(took)}"
    since = time.time() - (status.started or status.created)
    left = (
        "" if status.remaining_s is None else f", about {wording.duration(status.remaining_s)} left"
    )
    device = f" · {status.device}" if status.device else ""
    return f"{wording.percent(status.progress)} · {wording.duration(since)} so far{left}{device}"


def _stages(status: JobStatus) -> None:
    if status.state in _RESUMABLE:
        return
    done = status.state == "finished"
    at = _STAGES.index(status.stage) if status.stage in _STAGES else -1
    marks = []
    for position, title in enumerate(_STAGE_TITLES):
        if done or position < at:
            marks.append(f":green[:material/check_circle: {title}]")
        elif position == at:
            marks.append(f":primary[**:material/pending: {title}**]")
        else:
            marks.append(f":gray[:material/circle: {title}]")
    st.markdown(" &emsp; ".join(marks))


def _load(status: JobStatus, history: History) -> None:
    """Draw how quick it is and what memory it takes, while it runs."""
    if status.state != "running" or history.memory_gib is None:
        return
    speed = history.samples_per_s
    quick = f"{speed:.1f} picture parts a second · " if speed else ""
    st.caption(
        f"{quick}memory of the training {wording.size(history.memory_gib)} · "
        f"free on this computer {wording.size(services.free_memory_gib())}"
    )


def _improving(run_id: str) -> None:
    """Draw what is answered on a few check images: at the first look, and now."""
    seen = {name: looks for name, looks in services.previews(run_id).items() if looks}
    if not seen:
        return
    with st.container(border=True):
        st.markdown("**Answers on check images, at the first look and now**")
        for column, (name, looks) in zip(st.columns(len(seen)), seen.items(), strict=True):
            with column:
                for step, path in {looks[0][0]: looks[0][1], looks[-1][0]: looks[-1][1]}.items():
                    st.image(str(path), caption=f"{name}, step {step}", width="stretch")
        st.caption("Yellow: marked by you. Blue: found. White: both.")


def _actions(status: JobStatus) -> None:
    with st.container(horizontal=True):
        if status.state in OPEN:
            asked = services.is_stopping(status.id)
            if st.button(
                "Stopping …" if asked else "Stop training",
                icon=":material/stop_circle:",
                disabled=asked,
                help="The best state so far is kept where there is one.",
                key=f"stop-{status.id}",
            ):
                services.cancel(status.id)
                st.rerun(scope="fragment")
        if status.state == "running" and status.stage in _LEARNING:
            asked = services.is_finishing(status.id)
            if st.button(
                "Finishing …" if asked else "Finish now",
                icon=":material/flag:",
                disabled=asked,
                help="Learns no more, and scores the best state so far.",
                key=f"finish-{status.id}",
            ):
                services.finish_early(status.id)
                st.rerun(scope="fragment")
        if status.state in _RESUMABLE:
            _ways_on(status)
        if status.state == "finished" and st.button(
            "See the results",
            icon=":material/fact_check:",
            type="primary",
            key=f"results-{status.id}",
        ):
            state.choose_run(status.id)
            st.switch_page(places.PAGES["results"])
        added = services.added_since(status.id) if status.state == "finished" else 0
        if added and st.button(
            f"Continue with {wording.plural(added, 'image')} added since",
            icon=":material/add_photo_alternate:",
            help="Goes on from this model, in as much time again, with all images there are now.",
            key=f"continue-{status.id}",
        ):
            state.choose_run(services.continue_from(status.id))
            st.rerun()


def _ways_on(status: JobStatus) -> None:
    if st.button(
        "Resume",
        icon=":material/play_arrow:",
        type="primary",
        help="Goes on from the last checkpoint, with what is left of its time.",
        key=f"resume-{status.id}",
    ):
        services.resume(status.id)
        st.rerun()
    if services.has_checkpoint(status.id) and st.button(
        "Score what it has learned", icon=":material/flag:", key=f"score-{status.id}"
    ):
        services.resume(status.id, report=True)
        st.rerun()


def _events(told: list[Event]) -> None:
    with st.expander(f"What happened so far ({len(told)})"):
        for event in reversed(told[-_LAST_EVENTS:]):
            st.markdown(f":gray[{wording.clock(event.time)}] &ensp; {wording.event(event)}")
        if not told:
            st.caption("Nothing yet.")
