"""Work for one page in several threads: one waits for the disk while others count."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx

Item = TypeVar("Item")
Result = TypeVar("Result")


def mapped(work: Callable[[Item], Result], items: Iterable[Item], at_once: int = 2) -> list[Result]:
    """Return what `work` makes of each item, in order; caches know whose page it is for."""
    context = get_script_run_ctx()

    def told(item: Item) -> Result:
        if context is not None:
            add_script_run_ctx(ctx=context)
        return work(item)

    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(told, items))
