"""Which machine this is, and whether a process on it still lives."""

import ctypes
import os
import platform
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

from core.errors import JobError
from core.records import Machine

# psutil tells start times in hundredths of a second; a process id is not given again that soon.
SAME_START_S = 0.05
# Where the start of the machine is known as a time alone, the clock's corrections move it.
SAME_BOOT_S = 60


def host() -> str:
    """Return this machine's name."""
    return socket.gethostname()


def boot_id() -> str:
    """Return what changes with every start of the machine."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:  # not Linux
        return str(int(psutil.boot_time()))


def is_this_boot(told: str) -> bool:
    """Return whether `boot_id` told this since the machine was started last."""
    now = boot_id()
    if told.isdecimal() and now.isdecimal():
        return abs(int(told) - int(now)) <= SAME_BOOT_S
    return told == now


@dataclass(frozen=True, slots=True)
class Slot:
    """Where one training runs: a device, or a part of its cores."""

    device: str
    part: int
    parts: int

    @property
    def name(self) -> str:
        """Return its name, safe for a file."""
        return f"{self.device}-{self.part}"


def device() -> str:
    """Return what trainings on this host take turns for; found without loading torch.

    AIXCELL_DEVICE overrides it, e.g. `cuda1`.
    """
    named = os.environ.get("AIXCELL_DEVICE")
    if named:
        return named
    if Path("/dev/nvidiactl").exists():
        return "cuda"
    return "mps" if sys.platform == "darwin" and platform.machine() == "arm64" else "cpu"


def slots() -> list[Slot]:
    """Return where trainings of this host may run at the same time.

    Each card is one; AIXCELL_SLOTS (1 where it is not set) says how many share a device.
    """
    parts = parts_wanted()
    found = [f"cuda{card}" for card in _cards()] if device() == "cuda" else [device()]
    return [Slot(one, part, parts) for part in range(parts) for one in found]


def parts_wanted() -> int:
    """Return how many runs share a device: AIXCELL_SLOTS, 1 where it is not set."""
    named = os.environ.get("AIXCELL_SLOTS", "1")
    if not named.isdigit() or int(named) < 1:
        raise JobError(f"AIXCELL_SLOTS must be a number from 1 on, got {named!r}")
    return int(named)


def _cards() -> list[str]:
    """Return the numbers of the NVIDIA cards that this user may use; at least one."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible:
        return [one.strip() for one in visible.split(",")]
    cards = sorted(int(path.name[6:]) for path in Path("/dev").glob("nvidia[0-9]*"))
    return [str(card) for card in cards] or ["0"]


def occupy(slot: Slot) -> None:
    """Let this process see the slot's card alone, or its part of the cores."""
    if slot.device.startswith("cuda") and slot.device != "cuda":
        os.environ["CUDA_VISIBLE_DEVICES"] = slot.device.removeprefix("cuda")
    elif slot.parts > 1 and hasattr(os, "sched_setaffinity"):
        ours = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, ours[slot.part :: slot.parts] or ours)


def here() -> Machine:
    """Return what a training on this machine could use now."""
    return Machine(free_memory_gib=_free_memory_gib(), cores=cores(), device=device())


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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
    return min(float(psutil.virtual_memory().available), _group_free_bytes()) / 1024**3


def _group_free_bytes() -> float:
    """Return what the control groups of this process (a container's, say) leave it; else inf."""
    free = float("inf")
    for line in _lines(Path("/proc/self/cgroup")):
        _, kind, path = line.split(":", 2)
        old = kind == "memory"
        if kind and not old:
            continue
        base = Path("/sys/fs/cgroup/memory" if old else "/sys/fs/cgroup")
        here = base / path.lstrip("/")
        for group in (here, *here.parents):
            if group.is_relative_to(base):
                free = min(free, _one_group_free_bytes(group, old=old))
    return free


def _one_group_free_bytes(group: Path, *, old: bool) -> float:
    names = ("memory.limit_in_bytes", "memory.usage_in_bytes") if old else (
        "memory.max", "memory.current"
    )  # fmt: skip
    found = [next(iter(_lines(group / name)), "max") for name in names]
    if not all(word.isdigit() for word in found):
        return float("inf")
    # Pages of files that were read are given back when they are needed.
    cached = [line.split()[1] for line in _lines(group / "memory.stat") if "inactive_file" in line]
    return float(int(found[0]) - int(found[1]) + int(cached[-1] if cached else 0))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []


# The rest is for what is no data: programs, pages of files, the system.
SHARE_OF_FREE = 0.95
# Below this, blocks that were freed must not stay with the process: what one attempt left would be
# missing for the next, smaller one. Above, keeping them is quicker.
TIGHT_GIB = 3.0
BLOCK_BYTES = 1 << 20
# The number by which glibc's mallopt knows the size from which blocks come from the system.
M_MMAP_THRESHOLD = -3


def hold_memory(most_gib: float | None) -> float | None:
    """Let more memory than is free, or than `most_gib`, be an error instead of a kill.

    An error can be answered (smaller parts, another candidate), a kill cannot. Returns the limit
    in GiB; None where the system has no such limit, or where networks run on a card.
    """
    if sys.platform != "linux" or device().startswith("cuda"):
        return None
    import resource

    free = SHARE_OF_FREE * _free_memory_gib()
    limit_gib = free if most_gib is None else min(free, most_gib)
    held = psutil.Process().memory_info().data
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = int(held + limit_gib * 1024**3)
    known = [one for one in (soft, hard) if one != resource.RLIM_INFINITY]
    limit = min([limit, *known])
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
    if limit < TIGHT_GIB * 1024**3 and platform.libc_ver()[0] == "glibc":
        ctypes.CDLL("libc.so.6").mallopt(M_MMAP_THRESHOLD, BLOCK_BYTES)
    return limit / 1024**3


def start_time(pid: int) -> float | None:
    """Return when the process started; None where there is none.

    In seconds since the machine was started on Linux, else since 1970: what stays the same when
    the clock is set.
    """
    try:
        return _start_time(pid)
    except psutil.Error:
        return None


def alive(pid: int, started: float | None) -> bool:
    """Return whether this very process runs: no zombie, and no later owner of its id."""
    try:
        process = psutil.Process(pid)
        if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            return False
        # Workers of an earlier version told seconds since 1970 on Linux too, and may still run.
        known = (_start_time(pid), process.create_time())
        return started is None or any(abs(each - started) <= SAME_START_S for each in known)
    except psutil.Error:
        return False


def _start_time(pid: int) -> float:
    if sys.platform != "linux":
        return psutil.Process(pid).create_time()
    # Linux counts from its start; psutil adds when that was, which it reads afresh and which moves
    # with the clock. Asked first: psutil 6 goes on adding what it read last.
    booted = psutil.boot_time()
    return psutil.Process(pid).create_time() - booted
