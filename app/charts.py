"""Every chart; colours come from the theme, so that they fit light and dark."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app import look
from app.history import History, thinned

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from app.services import LibraryRow

CONFIG = {"displayModeBar": False, "responsive": True}
_HEIGHT_PX = 260
_SHORT = 40
"""Points of a curve that needs no smoothing."""
_KEEP = 0.9
"""Share of the past in the smoothed line: about ten points."""


def scores(history: History) -> "Figure":
    """Return the validation score against the step, the best point marked."""
    from plotly import graph_objects as go

    points = thinned(history.scores)
    figure = go.Figure()
    figure.add_scatter(
        x=[x for x, _ in points],
        y=[y for _, y in points],
        mode="lines+markers",
        name="score",
        line={"color": look.LINE_COLOR, "width": 2.5},
        hovertemplate="step %{x:.0f}: %{y:.3f}<extra></extra>",
    )
    if history.scores:
        step, best = max(history.scores, key=lambda point: point[1])
        figure.add_scatter(
            x=[step],
            y=[best],
            mode="markers+text",
            text=[f"{best:.3f}"],
            textposition="top center",
            marker={"size": 12, "symbol": "star", "color": look.MARK_COLOR},
            hoverinfo="skip",
        )
    figure.update_yaxes(range=[0, 1.05])
    return _plain(figure, "steps")


def standings(history: History) -> "Figure":
    """Return one bar a candidate of the race: its score on the check images."""
    from plotly import graph_objects as go

    best = max((score for _, score in history.standings), default=0.0)
    figure = go.Figure(
        go.Bar(
            x=[score for _, score in history.standings],
            y=[name for name, _ in history.standings],
            orientation="h",
            text=[f"{score:.3f}" for _, score in history.standings],
            textposition="outside",
            cliponaxis=False,
            marker_color=[
                look.MARK_COLOR if score == best else look.LINE_COLOR
                for _, score in history.standings
            ],
            hoverinfo="skip",
        )
    )
    figure.update_xaxes(range=[0, 1.08])
    figure.update_yaxes(autorange="reversed")
    height_px = 60 + 34 * len(history.standings)
    return _plain(figure, "score on the check images", height=height_px, grid=False)


def losses(history: History) -> "Figure":
    """Return the training loss against the step, with a smoothed line over it."""
    from plotly import graph_objects as go

    points = thinned(history.loss)
    x, y = [x for x, _ in points], [y for _, y in points]
    figure = go.Figure()
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines",
        opacity=0.35,
        line={"width": 1, "color": look.LINE_COLOR},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=x,
        y=_smoothed(y),
        mode="lines",
        line={"width": 2.5, "color": look.LINE_COLOR},
        hovertemplate="step %{x:.0f}: %{y:.3f}<extra></extra>",
    )
    figure.update_yaxes(rangemode="tozero")
    return _plain(figure, "steps")


def confusion(classes: list[str], rows: list[list[float]]) -> "Figure":
    """Return true classes (rows) against given classes (columns), counts written in."""
    from plotly import graph_objects as go

    shares = [[cell / max(1.0, sum(row)) for cell in row] for row in rows]
    figure = go.Figure(
        go.Heatmap(
            z=shares,
            x=classes[: len(rows[0])] if rows else [],
            y=classes[: len(rows)],
            text=[[f"{cell:g}" for cell in row] for row in rows],
            texttemplate="%{text}",
            showscale=False,
            colorscale=look.SCALE,
            zmin=0,
            zmax=1,
            xgap=3,
            ygap=3,
            hovertemplate="true %{y}, given %{x}: %{text}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", title="true")
    return _plain(figure, "given by the model", height=110 + 55 * len(rows), grid=False)


def coverage(rows: "Sequence[LibraryRow]") -> "Figure":
    """Return data sets against pipelines: which have been tried, and the best score of each."""
    from plotly import graph_objects as go

    best: dict[tuple[str, str], float] = {}
    for row in rows:
        place = (row.title, row.pipeline)
        best[place] = max(best.get(place, 0.0), row.score or 0.0)
    data_sets = sorted({title for title, _ in best}, reverse=True)
    pipelines = sorted({pipeline for _, pipeline in best})
    figure = go.Figure(
        go.Heatmap(
            z=[[best.get((title, each)) for each in pipelines] for title in data_sets],
            x=[each.replace("_", " ") for each in pipelines],
            y=data_sets,
            colorscale=look.SCALE,
            zmin=0,
            zmax=1,
            xgap=2,
            ygap=2,
            showscale=False,
            texttemplate="%{z:.2f}",
            hovertemplate="%{y}<br>%{x}: %{z:.3f}<extra></extra>",
        )
    )
    figure.update_xaxes(tickangle=-40)
    return _plain(figure, "", height=200 + 28 * len(data_sets), grid=False)


def spread(rows: "Sequence[LibraryRow]") -> "Figure":
    """Return score against pipeline: one dot a training, one colour a data set."""
    from plotly import graph_objects as go

    figure = go.Figure()
    for position, title in enumerate(sorted({row.title for row in rows})):
        mine = [row for row in rows if row.title == title]
        figure.add_scatter(
            x=[row.score for row in mine],
            y=[row.pipeline.replace("_", " ") for row in mine],
            mode="markers",
            name=title,
            marker={
                "size": 9,
                "opacity": 0.85,
                "color": look.SERIES[position % len(look.SERIES)],
            },
            customdata=[[row.seconds / 60, row.samples] for row in mine],
            hovertemplate="%{y}: %{x:.3f}<br>%{customdata[0]:.1f} min, "
            "%{customdata[1]:,} image pieces",
        )
    pipelines = len({row.pipeline for row in rows})
    figure.update_xaxes(range=[0, 1.02])
    return _plain(figure, "score", height=160 + 34 * pipelines, legend=True)


def _plain(
    figure: "Figure",
    x_title: str,
    *,
    height: int = _HEIGHT_PX,
    legend: bool = False,
    grid: bool = True,
) -> "Figure":
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 12, "b": 8},
        showlegend=legend,
        legend={"orientation": "h", "y": -0.15},
        hovermode="closest",
    )
    figure.update_xaxes(title=x_title, showgrid=grid, automargin=True)
    figure.update_yaxes(showgrid=grid, automargin=True)
    return figure


def _smoothed(values: list[float]) -> list[float]:
    # Short curves are shown as they are: an average over them would hide the start.
    keep = _KEEP if len(values) > _SHORT else 0.0
    smoothed: list[float] = []
    for value in values:
        smoothed.append(value if not smoothed else keep * smoothed[-1] + (1 - keep) * value)
    return smoothed
