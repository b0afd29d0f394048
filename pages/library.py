"""What the program has learned so far, from whom, and what this workspace added."""

import streamlit as st

from app import charts, services, state, wording
from app.components import empty, header
from core.records import Kind

header.show(
    "Library",
    "Every finished training is remembered: which images, which pipeline, how good, how long. "
    "Recommendations come from here, and each of your own trainings makes them better.",
)
stats = services.library_stats()
columns = st.columns(4)
for column, (title, value) in zip(
    columns,
    {
        "finished trainings": f"{stats.finished:,}",
        "data sets": f"{stats.data_sets:,}",
        "pipelines": f"{stats.pipelines:,}",
        "hours of computing": f"{stats.hours:.1f}",
    }.items(),
    strict=True,
):
    column.metric(title, value, border=True)

rows = services.library_rows()
if not rows:
    empty.show(
        "The library is empty",
        "Finish a training, and its score on the check images is remembered here.",
        leads_to="studies",
        label="Go to the studies",
    )
    st.stop()

brought = sum(row.brought for row in rows)
st.caption(
    wording.plural(sum(row.own for row in rows), "training")
    + " of this workspace"
    + (f" and {brought:,} from other labs" if brought else "")
    + " among them; never their images, only figures. A failed training is kept as such and does "
    "not count as a bad score."
)
kinds = [kind for kind in Kind if any(row.kind is kind for row in rows)]
of_study = services.study(state.study()).task if state.study() in services.study_names() else None
kind = st.segmented_control(
    "Task",
    kinds,
    default=of_study.kind if of_study is not None and of_study.kind in kinds else kinds[0],
    required=True,
    format_func=wording.KIND_TITLES.__getitem__,
    label_visibility="collapsed",
    key="library-kind",
)
chosen = [row for row in rows if row.kind is kind]
scored = [row for row in chosen if row.score is not None]

known, spread, mine, theirs = st.tabs(
    ["What is known", "Scores of each pipeline", "Your own trainings", "From other labs"]
)
with known:
    if scored:
        st.plotly_chart(charts.coverage(scored), key=f"coverage-{kind}", config=charts.CONFIG)
        st.caption("Best score on the check images; empty fields have not been tried yet.")
    else:
        st.caption("No training of this kind has finished yet.")
with spread:
    if scored:
        st.plotly_chart(charts.spread(scored), key=f"spread-{kind}", config=charts.CONFIG)
        st.caption("One dot a training. The further right, the better; rows far apart differ.")
for tab, listed, none in (
    (
        mine,
        [row for row in chosen if row.own],
        "None yet: your finished trainings appear here by themselves.",
    ),
    (
        theirs,
        [row for row in chosen if row.brought],
        "None yet: `aixcell library exchange import FILE` takes over what another lab exported.",
    ),
):
    with tab:
        if not listed:
            st.caption(none)
            continue
        st.dataframe(
            [
                {
                    "study": row.data_set,
                    "pipeline": row.pipeline.replace("_", " "),
                    "score": row.score,
                    "state": wording.STATE_WORDS.get(row.state, row.state),
                    "time": wording.duration(row.seconds),
                    "image pieces": row.samples,
                    "made": row.made,
                    "hardware": row.hardware,
                }
                for row in listed
            ],
            hide_index=True,
            width="stretch",
        )
