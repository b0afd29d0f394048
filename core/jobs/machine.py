"""Which machine this is, and whether a process on it still lives."""

import os
import socket
from pathlib import Path

import psutil

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


def cores() -> int:
    """Return how many cores this process, and a job it starts, may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def free_memory_gib() -> float:
    """Return the memory that is free now without swapping."""
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
