"""Memory that is not there is an error that can be answered, never a kill."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.jobs import machine

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import numpy as np
from core.jobs import machine
held = machine.hold_memory(0.5)
assert held is not None
np.ones(2**26 // 8)  # 64 MiB
try:
    np.ones(2**30 // 8)  # 1 GiB
except MemoryError:
    print("answered")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process's data")
def test_asking_for_more_than_allowed_is_an_error():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env={**os.environ, "AIXCELL_DEVICE": "cpu"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "answered"


def test_a_container_leaves_what_its_group_has_not_used(tmp_path: Path):
    (tmp_path / "memory.max").write_text("1000000\n")
    (tmp_path / "memory.current").write_text("600000\n")
    (tmp_path / "memory.stat").write_text("anon 500000\ninactive_file 50000\n")
    assert machine._one_group_free_bytes(tmp_path, old=False) == 450000


def test_a_group_without_a_limit_leaves_all(tmp_path: Path):
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("600000\n")
    assert machine._one_group_free_bytes(tmp_path, old=False) == float("inf")
