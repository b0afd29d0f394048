"""All studies: open one, or begin a new one."""

import streamlit as st

from app import places, services, state, views, wording
from app.components import empty, header, problem

header.show(
    "Studies",
    "From microscopy images to counts you can trust: add images, mark what matters in a few of "
    "them, say what you want, and let AIxCell choose, train and score a model on this computer.",
)

for fault in (*services.damaged_studies(), *services.damaged_jobs()):
    st.warning(fault, icon=":material/folder_off:")

overviews = services.overviews()
if not overviews:
    empty.show("No study yet", "Create one below; it is a folder on this computer and stays there.")

columns = st.columns(2, gap="medium")
for position, study in enumerate(overviews):
    opened = study.name == state.study()
    key = f"{'chosen' if opened else 'card'}-study-{position}"
    with columns[position % 2], st.container(border=True, key=key):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(study.name, anchor=False)
            if study.simulated:
                st.badge("simulated data", color="orange")
            if opened:
                st.badge("open", color="green")
        pictures = views.cover(study.name)
        if pictures:
            with st.container(key=f"gallery-cover-{position}"):
                for column, picture in zip(st.columns(len(pictures)), pictures, strict=True):
                    column.image(picture, width="stretch")
        st.markdown(study.description or "No description yet.")
        st.caption(
            f"{wording.plural(study.images, 'image')} · {wording.labelled(study)} · "
            f"{study.wanted} · {wording.plural(study.runs, 'training')}"
            + (f" · best score {wording.figure(study.best)}" if study.best is not None else "")
        )
        with st.container(horizontal=True):
            for name in (study.name, *study.layers):
                is_layer, is_open = name != study.name, name == state.study()
                if st.button(
                    wording.layer(name) if is_layer else "Continue" if is_open else "Open",
                    key=f"open-{name}",
                    type="primary" if is_open else "secondary",
                    icon=":material/stacks:" if is_layer else ":material/arrow_forward:",
                    help="A layer: something else, marked on the same pictures."
                    if is_layer
                    else None,
                ):
                    state.choose_study(name)
                    st.switch_page(places.PAGES[services.next_step(name)])

st.space("medium")
st.subheader("New study", anchor=False)
with st.form("new study", border=True):
    name = st.text_input(
        "Name",
        placeholder="e.g. cardiomyocytes 2026",
        max_chars=100,
        help="Letters, digits, blanks, dots, dashes and underscores; it names the folder.",
    )
    description = st.text_input(
        "What is it about? (optional)", placeholder="Mouse heart cells under three substances"
    )
    if st.form_submit_button("Create study", type="primary", icon=":material/add:"):
        with problem.shown():
            services.create_study(name.strip(), description.strip())
            state.choose_study(name.strip())
            st.switch_page(places.PAGES["images"])
st.caption(f"Everything lies in `{services.workspace().root}` and never leaves this computer.")
