"""The browser page: streamlit on the installed `app/main.py`."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import core
from core.jobs import address
from core.paths import Workspace

PROGRAM = Path(core.__file__).resolve().parent.parent


def open_(args: argparse.Namespace, workspace: Workspace) -> int:
    """Serve the dashboard until somebody ends it."""
    if address.cluster():
        address.check(address.cluster())
    workspace.root.mkdir(parents=True, exist_ok=True)
    print(f"AIxCell is at http://{args.host}:{args.port} - Ctrl+C ends it.", flush=True)
    environment = {**os.environ, "AIXCELL_WORKSPACE": str(workspace.root)}
    if os.name == "posix":
        # The server takes this process's place: whoever ends `aixcell` ends the server.
        os.execve(sys.executable, call(args), environment)  # noqa: S606 - a fixed list, no shell
    return subprocess.run(call(args), env=environment, check=False).returncode


def call(args: argparse.Namespace) -> list[str]:
    """Return the call; every option is named, so that it works from any folder."""
    options = {
        "server.address": args.host,
        "server.port": args.port,
        "server.headless": _flag(args.no_browser),
        "server.fileWatcherType": "none",
        "server.showEmailPrompt": "false",
        # Microscopy files are large; each is written to disk at once.
        "server.maxUploadSize": 2048,
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "viewer",
        # Its greeting offers tools for programmers, on the console and over the page.
        "logger.hideWelcomeMessage": "true",
        "theme.base": PROGRAM / "app" / "look" / "theme.toml",
    }
    return [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(PROGRAM / "app" / "main.py"),
        *(f"--{name}={value}" for name, value in options.items()),
    ]


def _flag(on: bool) -> str:
    return "true" if on else "false"
