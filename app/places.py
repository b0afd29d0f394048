"""Where the pages are, and their order in the journey."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOOK = Path(__file__).resolve().parent / "look"

PAGES = {
    name: ROOT / "pages" / f"{name}.py"
    for name in (
        "studies",
        "images",
        "task",
        "recommendation",
        "training",
        "results",
        "library",
    )
}
"""Name -> file; the name is also the page's path in the address bar."""
