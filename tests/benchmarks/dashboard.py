"""The dashboard process: each page visited once, in a real browser.

    uv run python tests/benchmarks/dashboard.py

Prints seconds until each page of the sample study is ready, the server's memory after all of them,
and whether it has loaded torch. Needs chromium.
"""

import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
from playwright.sync_api import Page, sync_playwright

PAGES = ("studies", "images", "task", "recommendation", "training", "results", "library")
STUDY = "Simulated cardiomyocytes"


def main() -> None:
    """Visit the pages and print what was measured."""
    with tempfile.TemporaryDirectory() as folder:
        server, url = started(Path(folder))
        try:
            with sync_playwright() as play:
                browser = play.chromium.launch(
                    executable_path=shutil.which("chromium"), args=["--no-sandbox"]
                )
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
            process = psutil.Process(server.pid)
            torch = any("libtorch" in each.path for each in process.memory_maps())
            print(f"memory: {process.memory_info().rss / 1e6:.0f} MB")
            print(f"torch loaded: {'yes' if torch else 'no'}")
        finally:
            server.kill()
            server.wait()


def started(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Return the server's process and address once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = Path(sys.executable).with_name("aixcell")
    server = subprocess.Popen(
        [str(command), "--no-browser", "--port", str(port), "--workspace", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=1)
            return server, url
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SystemExit("the dashboard does not answer")


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
