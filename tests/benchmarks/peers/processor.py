"""What the processor can do; needs no package, as every rival's environment may ask."""

from functools import cache
from pathlib import Path

TABLE = Path("/proc/cpuinfo")
X86_BF16 = {"avx512_bf16", "amx_bf16"}
BF16 = {*X86_BF16, "bf16"}


@cache
def lines() -> tuple[str, ...]:
    """Return what the system tells of the processor; nothing where it tells nothing."""
    return tuple(TABLE.read_text().splitlines()) if TABLE.exists() else ()


@cache
def flags() -> frozenset[str]:
    """Return the names of its units."""
    told = (line for line in lines() if line.startswith(("flags", "Features")))
    return frozenset(flag for line in told for flag in line.split())
