"""The one place where errors are shown: their sentences as they stand."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import AIxCellError, ConflictError


@contextmanager
def shown() -> Iterator[None]:
    """Show an error of the engine where it happens and go on; anything else is a bug and rises."""
    try:
        yield
    except ConflictError as error:
        st.warning(f"{error}", icon=":material/sync_problem:")
    except AIxCellError as error:
        st.error(f"{error}", icon=":material/error:")
