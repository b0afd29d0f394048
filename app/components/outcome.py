"""A report in words, figures and pictures."""

import html
from typing import Any

import streamlit as st

from app import answers, charts, look, services, wording
from app.components import comparison
from core.records import JobStatus, Kind, Report, RunResult, Score, TaskSpec

_OBJECT_ROWS = 200
"""Shown on the page; the file holds all."""


def short(run: JobStatus) -> str:
    """Return a run in one line: when, and how good."""
    report = services.report(run.id)
    score = report.test.headline if report and report.test else None
    return f"{wording.moment(run.created)} · score {wording.figure(score)}"


def headline(task: TaskSpec, report: Report) -> None:
    """Draw the headline score in words, the simple rival beside it, and the interval."""
    score = report.test or report.validation
    with st.container(border=True):
        left, right = st.columns([3, 2], gap="large", vertical_alignment="center")
        with left:
            st.html(
                f'<div class="ax-figure"><b>{score.headline:.3f}</b>'
                f"<span>{html.escape(score.name)}</span></div>"
            )
            st.markdown(wording.headline(task.kind, score))
            if report.baseline is not None:
                st.markdown(wording.versus(score, report.baseline, report.baseline_name))
            st.caption(_certainty(report))
        with right:
            st.html(_bars(score, report))
        if report.test is None:
            st.warning(
                "No labelled image was left to be kept aside for a test. The check images steered "
                "the training, so this score is likely too good: label more images and train again "
                "to learn how the model does on images it has never seen.",
                icon=":material/warning:",
            )
        for note in report.notes:
            st.caption(f":material/info: {note}")


def test_pictures(run_id: str, task: TaskSpec, report: Report) -> None:
    """Draw truth and answer of the test images."""
    if task.kind is Kind.CLASSIFICATION:
        _classified(run_id)
        return
    images = answers.test_images(run_id)
    if not images:
        st.caption("No test image has been kept for a picture.")
        return
    per_image = report.test.per_image if report.test else {}
    ordered = sorted(images, key=lambda each: per_image.get(each, 0.0))
    picked = (
        st.select_slider(
            "Test image, from the worst to the best",
            ordered,
            value=ordered[len(ordered) // 2],
            format_func=lambda each: f"{each} ({wording.figure(per_image.get(each))})",
            key=f"test-image-{run_id}",
        )
        if len(ordered) > 1
        else ordered[0]
    )
    if task.kind is Kind.INSTANCE:
        st.html(
            '<div class="ax-legend">'
            f'<span><i class="ax-swatch" style="background:{look.TRUE_COLOR}"></i>true</span>'
            f'<span><i class="ax-swatch" style="background:{look.PREDICTED_COLOR}"></i>'
            "found by the model (drawn on top)</span></div>"
        )
    shown = answers.test_pictures(run_id, picked)
    for column, (caption, picture) in zip(st.columns(len(shown)), shown, strict=True):
        column.image(picture, caption=caption, width="stretch")


def figures(run_id: str, task: TaskSpec, report: Report, result: RunResult) -> None:
    """Draw the other figures, which classes are mistaken for which, and the objects found."""
    score = report.test or report.validation
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(f"**All figures on the {_judged_by(report)}s**")
        number = st.column_config.NumberColumn(format="%.3f")
        st.dataframe(
            _table(score, report),
            hide_index=True,
            width="stretch",
            column_config={"model": number, "simple method": number},
        )
        if report.test is not None:
            st.caption(
                "On the check images, which steered the learning: "
                f"{report.validation.headline:.3f}. "
                "Only the test images tell what to expect from new ones."
            )
    with right:
        confusion = score.tables.get("confusion")
        if confusion:
            st.markdown("**Which class is taken for which**")
            st.plotly_chart(
                charts.confusion(list(confusion["classes"]), confusion["rows"]),
                key=f"confusion-{run_id}",
                config=charts.CONFIG,
            )
        else:
            st.markdown(f"**Score of each {_judged_by(report)}**")
            st.bar_chart(score.per_image, horizontal=True, height=260)
    lines = services.image_lines(run_id)
    comparison.show(lines, run_id)
    if task.kind is Kind.INSTANCE and report.test is not None:
        objects = answers.test_rows(run_id, _OBJECT_ROWS)
        found = answers.count_objects(lines, answers.test_objects(run_id))
        st.markdown(f"**Objects found in the test images** ({found:,})")
        st.dataframe(objects, hide_index=True, width="stretch", height=280)


def files(run_id: str) -> None:
    """Tell where everything of the run lies."""
    job_dir = services.workspace().find_job(run_id)[1]
    places = {
        "Everything of this training": job_dir.root,
        "The trained model": job_dir.bundle,
        "The report, with predicted labels of the test images": job_dir.report,
        "What the work wrote down": job_dir.log,
    }
    for title, path in places.items():
        st.markdown(f"**{title}**")
        st.code(str(path), language=None)
    st.caption(f"From a terminal: `aixcell predict {run_id} IMAGES --out FOLDER`")


def _judged_by(report: Report) -> str:
    """Return what an image is called by which the model was judged."""
    return "test image" if report.test else "check image"


def _certainty(report: Report) -> str:
    score = report.test or report.validation
    told = wording.plural(score.images, _judged_by(report))
    if report.test is not None:
        told += " that the model has never seen"
    if score.interval is not None:
        low, high = score.interval
        told += f"; with 95 % certainty between {low:.2f} and {high:.2f}"
    return f"{told}."


def _bars(score: Score, report: Report) -> str:
    """Return model and rival as two bars from 0 to 1."""
    bars = [("this model", score.headline, "#12897C", score.interval)]
    if report.baseline is not None:
        name = report.baseline_name or "simple method"
        bars.append((name, report.baseline.headline, "#9AA7A5", report.baseline.interval))
    rows = []
    for name, value, color, interval in bars:
        whisker = ""
        if interval is not None:
            low, high = interval
            whisker = (
                f'<i style="position:absolute;top:.35rem;height:2px;background:currentColor;'
                f'opacity:.55;left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%"></i>'
            )
        rows.append(
            f'<div style="display:flex;justify-content:space-between;font-size:.88rem">'
            f"<span>{html.escape(name)}</span><b>{value:.3f}</b></div>"
            '<div style="position:relative;height:.8rem;border-radius:99px;margin:.15rem 0 .8rem;'
            'background:color-mix(in srgb,currentColor 10%,transparent)">'
            f'<i style="position:absolute;inset:0 auto 0 0;width:{100 * value:.1f}%;'
            f'border-radius:99px;background:{color}"></i>{whisker}</div>'
        )
    return "".join(rows)


def _table(score: Score, report: Report) -> list[dict[str, Any]]:
    rival = report.baseline.others if report.baseline else {}
    rows = [
        {
            "figure": score.name,
            "model": round(score.headline, 3),
            "simple method": round(report.baseline.headline, 3) if report.baseline else None,
        }
    ]
    for name, value in score.others.items():
        other = rival.get(name)
        rows.append(
            {
                "figure": wording.score_name(name),
                "model": round(value, 3),
                "simple method": None if other is None else round(other, 3),
            }
        )
    return rows


def _classified(run_id: str) -> None:
    rows = answers.test_rows(run_id, None)
    st.dataframe(rows, hide_index=True, width="stretch")
