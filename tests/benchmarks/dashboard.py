"""The dashboard process: each page visited once, in a real browser.

    uv run python tests/benchmarks/dashboard.py

Prints seconds until each page of the sample study is ready, the server's memory after all of them,
and whether it has loaded torch. Needs chromium.
"""

import sys
import tempfile
import time
from pathlib import Path

import psutil
from playwright.sync_api import Page, sync_playwright

from core.paths import Workspace

sys.path.append(str(Path(__file__).parents[1] / "journeys"))
from server import CHROMIUM, Dashboard

PAGES = ("studies", "images", "task", "recommendation", "training", "results", "library")
STUDY = "Simulated cardiomyocytes"


def main() -> None:
    """Visit the pages and print what was measured."""
    with tempfile.TemporaryDirectory() as folder:
        server = Dashboard(Workspace.at(folder))
        server.start()
        url = server.url
        try:
            with sync_playwright() as play:
                browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
                page = browser.new_page(viewport={"width": 1400, "height": 900})
                # The first visit draws the sample study; that is no page's time.
                began = time.perf_counter()
                visit(page, url)
                print(f"first start, the sample study drawn: {time.perf_counter() - began:.1f} s")
                for name in PAGES:
                    began = time.perf_counter()
                    visit(page, f"{url}/{'' if name == 'studies' else name}?study={STUDY}")
                    print(f"{name}: {time.perf_counter() - began:.2f} s")
                browser.close()
            process = psutil.Process(server.process.pid)
            torch = any("libtorch" in each.path for each in process.memory_maps())
            print(f"memory: {process.memory_info().rss / 1e6:.0f} MB")
            print(f"torch loaded: {'yes' if torch else 'no'}")
        finally:
            server.kill()


def visit(page: Page, url: str) -> None:
    """Open a page and wait until it is drawn and nothing runs any more."""
    page.goto(url)
    page.locator("h1").first.wait_for(timeout=120_000)
    page.wait_for_function(
        "() => document.querySelector('[data-testid=stApp]')"
        "?.getAttribute('data-test-script-state') === 'notRunning'",
        timeout=120_000,
    )


if __name__ == "__main__":
    main()
