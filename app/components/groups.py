"""Where the images come from: a pattern or a sheet, shown live, and what is done with it."""

from collections import Counter
from typing import TYPE_CHECKING

import streamlit as st

from app import services, state, wording
from app.components import problem
from core.records import Grouping, StudyRecord

if TYPE_CHECKING:
    from core.data.grouping import Told

_NAMES, _SHEET = "From the file names", "From a sheet"


def show(study: StudyRecord) -> None:
    """Draw the choice; what is typed redraws this part of the page only."""
    st.fragment(_chooser)(study)


def summary(study: StudyRecord) -> str:
    """Return what is known of groups and conditions, in a few words; empty: nothing."""
    groups = {image.group for image in study.images if image.group is not None}
    conditions = {image.condition for image in study.images if image.condition is not None}
    if not groups and not conditions:
        return ""
    told = [wording.plural(len(groups), "group")] if groups else []
    told += [wording.plural(len(conditions), "condition")] if conditions else []
    return ", ".join(told)


def _chooser(study: StudyRecord) -> None:
    st.caption(
        "Say which images belong together. Those of one animal, donor, well or slide never stand "
        "on both sides when a model is judged, and conditions can be compared later."
    )
    way = st.segmented_control(
        "Where it is told",
        (_NAMES, _SHEET),
        default=_NAMES,
        required=True,
        key=f"groups-way-{study.name}",
        label_visibility="collapsed",
    )
    with problem.shown():
        told = _by_names(study) if way == _NAMES else _by_sheet(study)
        if told is not None:
            _choose(study, told)


def _by_names(study: StudyRecord) -> "Told | None":
    pattern = st.text_input(
        "How the file names are made",
        value=services.suggest_pattern(study.name),
        placeholder="{donor}_{treatment}_{date}_{*}",
        key=f"groups-pattern-{study.name}",
        help="Write a file name and put braces around what differs, with a name of your own: "
        "`{donor}_{treatment}_{*}`. `{*}` is anything. The suffix is left out.",
    )
    first = study.images[0].original_name
    st.caption(f"The first file is called `{first}`; `{{*}}` stands for anything.")
    return services.told_by_pattern(study.name, pattern) if pattern.strip() else None


def _by_sheet(study: StudyRecord) -> "Told | None":
    sheet = st.file_uploader(
        "A sheet with a column `file` and one column for each thing you know",
        type=["csv", "xlsx", "xlsm"],
        key=state.upload_key("groups"),
        help="CSV or Excel (its first sheet). File names with or without suffix.",
    )
    return None if sheet is None else services.told_by_sheet(study.name, sheet)


def _choose(study: StudyRecord, told: "Told") -> None:
    """Show every file and let the user say what its columns mean."""
    for sentence in told.sentences():
        st.markdown(f":orange[:material/error:] {sentence}")
    seen = services.suggest_columns(told)
    kept = study.grouping
    before = kept if kept and {*kept.group, *kept.conditions} <= set(told.fields) else seen
    key = f"{study.name}-{'-'.join(told.fields)}"
    left, right = st.columns(2)
    with left:
        group = st.multiselect(
            "Keeps images together (group)",
            told.fields,
            default=before.group,
            key=f"groups-group-{key}",
            help="Choose two where only both together name one thing: plate and well.",
        )
    with right:
        conditions = st.multiselect(
            "What is compared (conditions)",
            told.fields,
            default=before.conditions,
            key=f"groups-conditions-{key}",
        )
    rows = [_row(line.file, line.facts, told.fields, tuple(group)) for line in told.lines]
    st.dataframe(rows, hide_index=True, width="stretch", height=280)
    if group:
        st.caption(_sizes([str(row["Group"]) for row in rows if row["Group"]]))
    chosen = Grouping(pattern=told.pattern, group=tuple(group), conditions=tuple(conditions))
    nothing = not (group or conditions)
    if st.button(
        "Use these",
        type="primary",
        icon=":material/check:",
        disabled=nothing,
        help="Choose at least one column." if nothing else None,
        key="keep-groups",
    ):
        said = services.set_groups(study.name, told, chosen)
        state.say(" ".join(["Groups and conditions are kept.", *(f"{each}." for each in said)]))
        state.clear_uploads()
        st.rerun()


def _row(
    file: str, facts: dict[str, str] | None, fields: tuple[str, ...], group: tuple[str, ...]
) -> dict[str, str]:
    """Return a line of the table: the file, what is told of it, and the group it comes to."""
    told = facts or {}
    row = {"File": file, **{name: told.get(name, "") for name in fields}}
    if group:
        whole = all(name in told for name in group)
        row["Group"] = " ".join(told[name] for name in group) if whole else ""
    row["Does not fit"] = "nothing is told" if facts is None else ""
    return row


def _sizes(groups: list[str]) -> str:
    sizes = sorted(Counter(groups).values())
    if not sizes:
        return "No image comes to a group so."
    span = str(sizes[0]) if sizes[0] == sizes[-1] else f"{sizes[0]} to {sizes[-1]}"
    few = " Too few for an honest margin of error: at least 5 are better." if len(sizes) < 5 else ""
    return f"{wording.plural(len(sizes), 'group')} of {span} images each.{few}"
