"""What was found, compared between conditions."""

from collections.abc import Sequence

import streamlit as st

from app import services, wording
from app.services import Line

_HELP = (
    "Each group (animal, donor, well) counts once, by the mean of its images: many images of one "
    "animal are not many animals."
)


def show(lines: Sequence[Line], key: str) -> None:
    """Draw means and spreads by what the user chooses; nothing where the images do not differ."""
    columns = services.compared_by(lines)
    if not columns:
        return
    st.markdown("**Compared between conditions**", help=_HELP)
    by = (
        st.segmented_control("By", columns, default=columns[0], required=True, key=f"by-{key}")
        if len(columns) > 1
        else columns[0]
    )
    rows = [
        {
            by: one.value or "not told",
            "figure": wording.figure_name(one.figure),
            "mean": one.mean,
            "± standard deviation": one.spread,
            "samples": one.groups,
            "images": one.images,
        }
        for one in services.compared(lines, by)
    ]
    rows.sort(key=lambda row: str(row["figure"]))
    number = st.column_config.NumberColumn(format="%.3g")
    st.dataframe(
        rows,
        hide_index=True,
        width="stretch",
        column_config={"mean": number, "± standard deviation": number},
        placeholder="–",  # of one sample nothing is known of the spread
    )
    areas = services.compared_areas(lines)
    if areas:
        st.caption(areas)
    if not any(line.get("group") for line in lines):
        st.caption("No groups are told: every image counts as a sample of its own.")
