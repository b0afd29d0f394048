"""The dashboard's entry: `streamlit run app/main.py`, or simply `aixcell`."""

import streamlit as st

from app import desk, look, people, places, services, state
from app.components import problem, sidebar
from core import workflow


def main() -> None:
    """Draw what stands around every page, then the page."""
    workflow.ask(people.name)
    st.set_page_config(page_title="AIxCell", page_icon=look.ICON, layout="wide")
    look.apply()
    st.logo(look.WORDMARK, size="large", icon_image=look.ICON)
    page = st.navigation(
        {
            "": [_page("studies", "Studies", ":material/folder_open:", default=True)],
            "Journey": [
                _page("images", "Images & labels", ":material/draw:"),
                _page("task", "Task", ":material/flag:"),
                _page("recommendation", "Recommendation", ":material/lightbulb:"),
                _page("training", "Training", ":material/monitoring:"),
                _page("results", "Results", ":material/fact_check:"),
            ],
            "Knowledge": [_page("library", "Library", ":material/local_library:")],
        }
    )
    with problem.shown():
        services.ensure_sample()
        state.restore()
        desk.visit(page.url_path)
        sidebar.show()
        page.run()


def _page(name: str, title: str, icon: str, *, default: bool = False) -> st.Page:
    return st.Page(places.PAGES[name], title=title, icon=icon, url_path=name, default=default)


main()
