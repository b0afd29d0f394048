"""Budgets and sizes as people write them."""

import argparse
import re

SECONDS = {"s": 1, "m": 60, "h": 3600}
GIB = {
    "KIB": 2**-20,
    "MIB": 2**-10,
    "GIB": 1.0,
    "TIB": 2.0**10,
    "MB": 1e6 / 2**30,
    "GB": 1e9 / 2**30,
}

LOOPBACK = ("127.0.0.1", "localhost", "::1")

_DURATION = re.compile(r"(\d+(?:\.\d+)?)([smh])")


def seconds(text: str) -> float:
    """Return `90s`, `10m`, `2h` or `1h30m` in seconds."""
    parts = _DURATION.findall(text.strip().lower())
    total = sum(float(number) * SECONDS[unit] for number, unit in parts)
    if "".join(number + unit for number, unit in parts) != text.strip().lower() or total <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write 90s, 10m or 2h")
    return total


def gib(text: str) -> float:
    """Return `4GiB` or `500MiB` in GiB."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)", text.strip())
    unit = match[2].upper() if match else ""
    if match is None or unit not in GIB or float(match[1]) <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write 4GiB or 500MiB")
    return float(match[1]) * GIB[unit]


def host(text: str) -> str:
    """Return an address that only this computer reaches."""
    if text not in LOOPBACK:
        raise argparse.ArgumentTypeError(
            f"{text!r} can be reached by others, and there is no sign-in yet; write 127.0.0.1"
        )
    return text


def share(text: str) -> float:
    """Return a score in [0, 1]."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no score; write a number from 0 to 1")
    return value


def clock(total_s: float) -> str:
    """Return seconds as `4:05` or `1:02:03`."""
    minutes, rest = divmod(round(total_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
