"""Which machine this is, and whether a process on it still lives."""

import os
import socket
import subprocess
from pathlib import Path

import psutil

from core.records import Machine

# psutil tells start times in hundredths of a second; a process id is not given again that soon.
SAME_START_S = 0.05


def host() -> str:
    """Return this machine's name."""
    return socket.gethostname()


def boot_id() -> str:
    """Return what changes with every start of the machine."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:  # not Linux
        return str(int(psutil.boot_time()))


def device() -> str:
    """Return what trainings on this host take turns for; found without loading torch.

    AIXCELL_DEVICE overrides it, e.g. `cuda1`.
    """
    named = os.environ.get("AIXCELL_DEVICE")
    if named:
        return named
    return "cuda" if Path("/dev/nvidiactl").exists() else "cpu"


def here() -> Machine:
    """Return what a training on this machine could use now."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return Machine(free_memory_gib=_free_memory_gib(), cores=cores or 1, device=device())


def _free_memory_gib() -> float:
    """Return the card's free memory where there is one, else the machine's."""
    if device().startswith("cuda"):
        asked = subprocess.run(
            ["nvidia-smi", "--query-gpu=memory.free", "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            check=False,
        )
        if asked.returncode == 0 and asked.stdout.strip():
            return max(float(line) for line in asked.stdout.split()) / 1024  # it tells MiB
    return float(psutil.virtual_memory().available) / 1024**3


def start_time(pid: int) -> float | None:
    """Return when the process started, in seconds since 1970; None where there is none."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return None


def alive(pid: int, started: float | None) -> bool:
    """Return whether this very process runs: no zombie, and no later owner of its id."""
    try:
        process = psutil.Process(pid)
        if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            return False
        return started is None or abs(process.create_time() - started) <= SAME_START_S
    except psutil.Error:
        return False
