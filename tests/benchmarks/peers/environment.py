"""Each rival in an environment of its own, kept by uv's cache."""

import os
import subprocess
import sys
from pathlib import Path

import machine
from rivals import PYTHON, SCORING, Rival

HERE = Path(__file__).parent
# What would let the project's own packages into a rival's environment.
INHERITED = ("VIRTUAL_ENV", "PYTHONPATH", "UV_PROJECT_ENVIRONMENT")
# Where it is set every import compiles anew, so that nobody's first import would be the only one.
FORGETFUL = "PYTHONDONTWRITEBYTECODE"


class FailedError(Exception):
    """A rival's script ended with an error; says its last lines."""


def warm(rival: Rival) -> str:
    """Install what the rival needs, import it once and return its version."""
    line = _line(_packages(rival), HERE / rival.script, "warm")
    done = subprocess.run(
        line, env=_variables(rival.packages), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise FailedError(f"{rival.name} cannot be imported:\n{_end_of(done.stderr)}")
    return done.stdout.strip().splitlines()[-1]


def call(rival: Rival, word: str, folder: Path, limit_s: float) -> None:
    """Run one word of the rival's script; what it says goes to `FOLDER/log.txt`.

    Raises FailedError where it ends with an error or has to be stopped after `limit_s`.
    """
    line = _line(_packages(rival), HERE / rival.script, word, str(folder), offline=True)
    log = folder / "log.txt"
    with log.open("a") as out:
        process = subprocess.Popen(
            line,
            cwd=folder,
            env=_variables(rival.packages),
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(limit_s)
        except subprocess.TimeoutExpired:
            # The group is this process's own: workers it started end with it.
            os.killpg(process.pid, 9)
            process.wait()
            raise FailedError(f"{rival.name} did not end within {limit_s:.0f} s") from None
    if code:
        raise FailedError(f"{rival.name} failed:\n{_end_of(log.read_text())}")


def judge(folder: Path) -> str:
    """Return what `score.py` says of the answers in the folder."""
    line = _line(SCORING, HERE / "score.py", str(folder))
    done = subprocess.run(
        line, env=_variables(SCORING), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise FailedError(f"the answers could not be scored:\n{_end_of(done.stderr)}")
    return done.stdout.strip().splitlines()[-1]


def _line(packages: tuple[str, ...], script: Path, *words: str, offline: bool = False) -> list[str]:
    if not packages:
        return [sys.executable, str(script), *words]
    # `warm` has filled the cache: no look-up of packages may cost a rival its seconds.
    options = ["--offline"] if offline else []
    needs = [word for package in packages for word in ("--with", package)]
    head = ["uv", "run", "--quiet", "--no-project", "--isolated", "--python", PYTHON]
    return [*head, *options, *needs, "python", str(script), *words]


def _packages(rival: Rival) -> tuple[str, ...]:
    return rival.packages + (rival.gpu_packages if machine.cards() else ())


def _variables(packages: tuple[str, ...]) -> dict[str, str]:
    left_out = (FORGETFUL, *(INHERITED if packages else ()))
    return {name: value for name, value in os.environ.items() if name not in left_out}


def _end_of(text: str, lines: int = 15) -> str:
    return "\n".join(text.strip().splitlines()[-lines:])
