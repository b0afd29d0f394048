"""What the duel runs on, in a few words."""

import os
import shutil
import subprocess
from functools import cache

import processor
import psutil


@cache
def cards() -> tuple[str, ...]:
    """Return the names of the CUDA cards; empty without any."""
    if not shutil.which("nvidia-smi"):
        return ()
    line = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    return tuple(done.stdout.split("\n")[:-1]) if done.returncode == 0 else ()


def hardware() -> str:
    """Return e.g. `2 cores AMD EPYC, no GPU`.

    Processors of one name differ by half in speed where one has units for bf16: that is told.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    slow = "" if processor.BF16 & processor.flags() else " without bf16"
    return f"{cores} cores {_processor()}{slow}, {' + '.join(cards()) or 'no GPU'}"


def busy_percent() -> float:
    """Return how much of all cores others use now; looks for two seconds."""
    return float(psutil.cpu_percent(2.0))


def _processor() -> str:
    told = [line for line in processor.lines() if line.startswith("model name")]
    names = [line.split(":")[1].strip() for line in told]
    return names[0] if names else os.uname().machine
