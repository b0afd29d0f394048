"""Where networks run, and in which precision."""

import gc
import os
import platform
import sys
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path

import psutil
import torch

PROCESSOR = torch.device("cpu")

# The last ones are how the libraries below torch say it: oneDNN, and on a card cuBLAS and cuDNN.
_NO_MEMORY = (
    "allocate memory",
    "bad_alloc",
    "bad alloc",
    "not enough memory",
    "out of memory",
    "could not create a primitive",
    "STATUS_ALLOC_FAILED",
    "ALLOCATION_FAILED",
)


@cache
def choose() -> torch.device:
    """Return the best device of this machine: a CUDA card, Apple's, or the processor."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def use_all_cores() -> int:
    """Let torch use the cores this process may use; return how many."""
    cores = cores_available()
    torch.set_num_threads(cores)
    return cores


def cores_available() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def autocast(device: torch.device) -> AbstractContextManager[None]:
    """Return the context in which the network computes in bf16 where that is faster."""
    return torch.autocast(device.type, torch.bfloat16, enabled=mixed_precision(device))


@cache
def mixed_precision(device: torch.device) -> bool:
    """Return whether bf16 pays: on CUDA cards that have it, and on processors with bf16 units.

    Measured on two cores with AVX512-BF16: a U-Net's training step takes 0.65-0.8 of its float32
    time (tests/benchmarks/README.md); without such units bf16 is emulated and slower.
    """
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu":
        return False
    return bool({"avx512_bf16", "amx_bf16", "bf16"} & _processor_flags())


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether memory did not suffice, on a card or on the processor."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    # All else torch raises as a plain RuntimeError, in words of the layer that met it.
    return isinstance(error, RuntimeError) and any(one in str(error) for one in _NO_MEMORY)


def hold_memory(most_gib: float | None) -> None:
    """Let a card give this process at most so much; on a processor the system sees to it."""
    if most_gib is not None and torch.cuda.is_available():
        total = torch.cuda.get_device_properties(choose()).total_memory / 2**30
        torch.cuda.set_per_process_memory_fraction(min(1.0, most_gib / total))


def memory_gib(device: torch.device) -> float:
    """Return what this process holds now: of the card, else of the machine."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device) / 2**30
    return float(psutil.Process().memory_info().rss) / 2**30


def peak_memory_gib(device: torch.device) -> float:
    """Return the most memory this process held: of the card, else of the machine."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**30
    if sys.platform == "win32":
        return float(psutil.Process().memory_info().peak_wset) / 2**30
    import resource  # Windows has none

    # Linux tells KiB, macOS bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30


def free_memory() -> None:
    """Give back what a failed attempt left on the card."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def forget_peak_memory() -> None:
    """Let a card's peak memory count from now; a processor's cannot be reset."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()


def hardware(device: torch.device) -> str:
    """Return the machine in a few words, e.g. `cpu 2 cores AMD EPYC`."""
    if device.type == "cuda":
        return f"cuda {torch.cuda.get_device_name(device)}"
    name = _processor_name() or platform.processor() or platform.machine()
    return f"{device.type} {cores_available()} cores {name}"


def _processor_flags() -> set[str]:
    line = _cpuinfo("flags") or _cpuinfo("Features")
    return set(line.split())


def _processor_name() -> str:
    return _cpuinfo("model name")


@cache
def _cpuinfo(key: str) -> str:
    """Return the first value of the key in Linux's /proc/cpuinfo, else nothing."""
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return ""
    for line in path.read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return ""
