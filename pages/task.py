"""What is wanted, in the user's words, and what it may cost."""

import streamlit as st

from app import places, services, state, wording
from app.components import header, problem, wishes
from core.records import Kind, TaskSpec

study = header.of_study(
    "Task", "What shall the model tell you about each image, and how long may learning it take?"
)
suggestion = services.suggest_task(study.name)
task = study.task or suggestion
if study.task is None and suggestion is not None:
    st.info(
        f"Your labels look like: **{wording.KIND_TITLES[suggestion.kind].lower()}**, "
        f"classes {', '.join(suggestion.classes)}. Check it and keep it.",
        icon=":material/auto_awesome:",
    )

st.subheader("What do you want?", anchor=False)
kinds = wording.kinds_of(study.name)
kind = st.radio(
    "What do you want?",
    kinds,
    index=kinds.index(task.kind) if task and task.kind in kinds else 0,
    format_func=wording.KIND_TITLES.__getitem__,
    captions=[wording.KIND_EXAMPLES[each] for each in kinds],
    label_visibility="collapsed",
    key=f"kind-{study.name}",
)
same_kind = task is not None and task.kind is kind

st.subheader("Classes", anchor=False)
asked = {
    Kind.INSTANCE: "Kinds of objects, one a line (a single one where they do not differ)",
    Kind.SEMANTIC: "Kinds of regions, one a line, the background among them",
    Kind.CLASSIFICATION: "Kinds of pictures, one a line",
}
usual = {
    Kind.INSTANCE: "cell",
    Kind.SEMANTIC: "background\ntissue",
    Kind.CLASSIFICATION: "treated\nuntreated",
}
left, right = st.columns([3, 2], gap="large")
with left:
    typed = st.text_area(
        asked[kind],
        value="\n".join(task.classes) if same_kind and task else usual[kind],
        height=130,
        key=f"classes-{study.name}-{kind}",
    )
classes = tuple(line.strip() for line in typed.splitlines() if line.strip())
background = None
with right:
    if kind is Kind.SEMANTIC:
        choices = ["every class counts", *classes]
        before = task.background if same_kind and task else (classes[0] if classes else None)
        picked = st.selectbox(
            "Background: the class that does not count",
            choices,
            index=choices.index(before) if before in choices else 0,
            help="Areas with nothing of interest. Leave it out of the score, or it hides the rest.",
        )
        background = None if picked == choices[0] else picked
    wishes.legend(classes, background)

st.subheader("Limits and wishes", anchor=False)
wanted = wishes.ask(task.wishes if task else None, study.name)

if st.button("Keep this task", type="primary", icon=":material/check:"):
    with problem.shown():
        report = services.set_task(
            study.name,
            TaskSpec(kind=kind, classes=classes, background=background, wishes=wanted),
        )
        state.say("Task kept.")
        if report.refused:  # what is in them comes before any recommendation
            state.say("Task kept. Some masks contradict it: their labels count no longer.")
            state.keep_notices(report)
            state.choose_image(None)
        is_next = services.labelled(study.name) and not report.refused
        st.switch_page(places.PAGES["recommendation" if is_next else "images"])
if study.task is not None:
    st.caption(
        f"Kept: {wording.KIND_TITLES[study.task.kind].lower()} · "
        f"{', '.join(study.task.classes)} · {wording.duration(study.task.wishes.seconds)}"
    )
