"""Tensors put on the disk, whole or not at all."""

import re
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from core.records import drafted


def put(path: Path, tensors: Mapping[str, Tensor], told: Mapping[str, str] | None = None) -> None:
    """Write tensors, and texts beside them, as safetensors at `path`; OSError where it refuses.

    They go out one by one: put together in memory first, they once ended a process that had little
    left, as what cannot be had there is no exception but an abort.
    """
    plain = {name: one.detach().cpu().contiguous() for name, one in tensors.items()}
    with drafted(path) as draft:
        try:
            save_file(plain, draft, dict(told) if told else None)
        except SafetensorError as error:
            raise _system_error(error) from error


def _system_error(error: SafetensorError) -> Exception:
    """Return the system's own error where one is behind it: a full disk must be known as such."""
    number = re.search(r"os error (\d+)", str(error))
    return OSError(int(number[1]), str(error)) if number else error
