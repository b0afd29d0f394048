"""The dashboard as a user starts it: a process that can be killed and started again."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")


class Dashboard:
    """A server that can be killed and started again on the same workspace."""

    def __init__(self, place):
        self.place = place
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self):
        """Start the server and wait until it answers."""
        words = ["--no-browser", "--port", str(self.port), "--workspace", str(self.place.root)]
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from core.cli import main; raise SystemExit(main())", *words],
            cwd=self.place.root,
            # Trainings of other programs on this machine are not waited for.
            env={**os.environ, "AIXCELL_TURNS": str(self.place.root / "turns")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise AssertionError("the dashboard does not answer")

    def kill(self):
        """End the server without a word."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def visited(place, patience_ms):
    """Give a page of a real browser, and the address of a dashboard started for it."""
    from playwright.sync_api import sync_playwright

    dashboard = Dashboard(place)
    dashboard.start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1400, "height": 1000})
            page.set_default_timeout(patience_ms)
            yield page, dashboard.url
            browser.close()
    finally:
        dashboard.kill()
